import { kindOfColumn, orderOf, rowOf, type RawRow, type ReportDefinition, type Row } from '@deal-ledger/reports';
import { Problem } from '@deal-ledger/service';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { z } from 'zod';
import { callOf, Values } from './call';
import { keyOf, type Question } from './question';

/** An answer in pages is held as a whole; one of more rows than this is had as CSV or NDJSON, or in parts by a filter. */
export const MAX_ROWS = 100_000;

/**
 * What of whole answers is kept in memory, as text, so that the pages of one job are worked out
 * once. An answer larger than that is worked out anew for every page.
 */
const MAX_KEPT_BYTES = 128 * 1024 * 1024;
/** About what a row costs beside its text. */
const ROW_BYTES = 64;

const ROWS_AT_ONCE = 1_000;
const MAX_NAMED_CELLS = 100;

/** Every row of an answer, as text, and what is said of all of them. */
export interface Whole {
  /** Each row as JSON. */
  readonly lines: readonly string[];
  /** Each row's key, as JSON. */
  readonly keys: readonly string[];
  readonly fxRates: readonly FxRate[];
  readonly policyEventId: string | null;
  /** Events up to the position that no figure counts, because this version does not know them. */
  readonly unknownEvents: number;
  readonly totals: object;
  readonly unconverted: readonly UnconvertedRow[];
}

export interface FxRate {
  readonly base: string;
  readonly quote: string;
  readonly rateType: string;
  readonly onDate: string;
  readonly rate: string;
  readonly eventId: string;
}

/** A row with cells that could not be converted. */
export interface UnconvertedRow {
  readonly key: Row;
  readonly columns: readonly string[];
  readonly flags: readonly string[];
}

/** Reads what the functions of the reports answer. */
export class Answers {
  private readonly kept = new LRUCache<string, Whole, Question>({
    maxSize: MAX_KEPT_BYTES,
    sizeCalculation: ({ lines, keys }) =>
      [...lines, ...keys].reduce((bytes, text) => bytes + text.length, 1 + lines.length * ROW_BYTES),
    // Whoever asks while it is worked out gets the same one.
    fetchMethod: (_key, _stale, { context }) => this.workOut(context),
  });

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
  ) {}

  /** All rows, worked out at most once at a time, and kept for a while. */
  async whole(question: Question): Promise<Whole> {
    const whole = await this.kept.fetch(keyOf(question), { context: question });
    if (whole === undefined) throw new Error('an answer that was being worked out was given up');
    return whole;
  }

  /** All rows, some at a time, without holding more than these. */
  async *inParts(question: Question): AsyncGenerator<readonly Row[]> {
    const kept = this.kept.peek(keyOf(question));
    if (kept !== undefined || question.changedSince !== null) {
      const { lines } = kept ?? (await this.whole(question));
      for (let from = 0; from < lines.length; from += ROWS_AT_ONCE)
        yield lines.slice(from, from + ROWS_AT_ONCE).map((line) => JSON.parse(line) as Row);
      return;
    }
    const { row } = question.definition;
    const client = await this.pool.connect();
    let isDone = false;
    try {
      await client.query('begin read only');
      // A reader who does not read must not hold a connection for ever.
      await client.query(`set local idle_in_transaction_session_timeout = '60s'`);
      const { text, values } = this.statementOf(question);
      await client.query(`declare answer no scroll cursor for ${text}`, values);
      for (;;) {
        const { rows } = await client.query<RawRow>(`fetch ${ROWS_AT_ONCE} from answer`);
        if (rows.length > 0) yield rows.map((raw) => rowOf(row, raw));
        if (rows.length < ROWS_AT_ONCE) break;
      }
      await client.query('commit');
      isDone = true;
    } finally {
      // A reader who has gone away leaves the cursor open.
      client.release(!isDone);
    }
  }

  private async workOut(question: Question): Promise<Whole> {
    const { changedSince } = question;
    if (changedSince === null) return this.read(question);
    const [now, before] = await Promise.all([
      this.whole({ ...question, changedSince: null }),
      this.whole({ ...question, changedSince: null, position: changedSince }),
    ]);
    return changes(question.definition, before, now);
  }

  private async read(question: Question): Promise<Whole> {
    const { definition, position } = question;
    const { text, values } = this.statementOf(question);
    const { rows: raw } = await this.pool.query<RawRow>({
      text: `${text} limit ${MAX_ROWS + 1}`,
      values,
    });
    if (raw.length > MAX_ROWS) throw tooManyRows();
    const rows = raw.map((each) => rowOf(definition.row, each));
    const first = raw.find((each) => typeof each['policyEventId'] === 'string');
    return {
      lines: rows.map((row) => JSON.stringify(row)),
      keys: rows.map((row) => JSON.stringify(keyIn(definition, row))),
      fxRates: await this.ratesOf(position, raw),
      policyEventId: (first?.['policyEventId'] as string | undefined) ?? null,
      unknownEvents: await this.unknownEvents(position),
      totals: definition.totals(withSummedOnly(definition, rows, raw)),
      unconverted: rows.flatMap((row) => unconvertedIn(definition, row)).slice(0, MAX_NAMED_CELLS),
    };
  }

  private statementOf(question: Question): { text: string; values: unknown[] } {
    const values = new Values();
    const { definition, sort } = question;
    const call = callOf(this.schema, question, values);
    return { text: `select * from ${call} order by ${orderOf(definition, sort)}`, values: values.all };
  }

  private async unknownEvents(position: number): Promise<number> {
    const { rows } = await this.pool.query<{ count: string }>({
      name: 'unknown-events-until',
      text: 'select count(*) from events where not known and position <= $1',
      values: [position],
    });
    return Number(rows[0]?.count ?? 0);
  }

  /** The exchange rates that any of the rows is converted by. */
  private async ratesOf(position: number, raw: readonly RawRow[]): Promise<FxRate[]> {
    const eventIds = [...new Set(raw.flatMap((each) => (each['fxEventIds'] as string[] | null) ?? []))];
    if (eventIds.length === 0) return [];
    const { rows } = await this.pool.query<FxRate>({ text: RATES, values: [position, eventIds] });
    return rows;
  }
}

const RATES = `
select split_part(subject, '/', 1) as base, split_part(subject, '/', 2) as quote, terms ->> 'rateType' as "rateType",
  terms ->> 'onDate' as "onDate", terms ->> 'rate' as rate, terms ->> 'eventId' as "eventId"
from (
  select subject, value::jsonb as terms from postings where measure = 'fx' and position <= $1
  group by subject, value having sum(amount) > 0
) as recorded
where terms ->> 'eventId' = any ($2)
order by base, quote, "rateType", "onDate", "eventId"`;

/** The rows of `now` that are not as they were `before`, and the keys of those that are gone. */
function changes({ key }: ReportDefinition, before: Whole, now: Whole): Whole {
  const earlier = new Map(before.keys.map((each, index) => [each, before.lines[index]]));
  const changed = now.keys.flatMap((each, index) => (earlier.get(each) === now.lines[index] ? [] : [index]));
  for (const each of now.keys) earlier.delete(each);
  const gone = [...earlier.keys()];
  const tombstone = (each: string): string => {
    const values = JSON.parse(each) as Row[string][];
    return JSON.stringify({ ...Object.fromEntries(key.map((column, at) => [column, values[at]])), deleted: true });
  };
  return {
    ...now,
    keys: [...changed.map((index) => now.keys[index] as string), ...gone],
    lines: [...changed.map((index) => now.lines[index] as string), ...gone.map(tombstone)],
  };
}

const keyIn = ({ key }: ReportDefinition, row: Row): Row[string][] => key.map((column) => row[column] ?? null);

const UNCONVERTED = ['FX_RATE_MISSING', 'FX_RATE_STALE'];

function unconvertedIn(definition: ReportDefinition, row: Row): UnconvertedRow[] {
  const { flags } = row;
  const named = Array.isArray(flags) ? UNCONVERTED.filter((flag) => flags.includes(flag)) : [];
  if (named.length === 0) return [];
  const columns = Object.entries(definition.row.shape)
    .filter(([name, type]) => row[name] === null && kindOfColumn(type as z.ZodType) === 'money')
    .map(([name]) => name);
  return [{ key: Object.fromEntries(definition.key.map((name) => [name, row[name] ?? null])), columns, flags: named }];
}

/** The rows with the columns that only their totals show. */
function withSummedOnly(
  { row, summedOnly }: ReportDefinition,
  rows: readonly Row[],
  raw: readonly RawRow[],
): readonly Row[] {
  if (summedOnly === undefined) return rows;
  const schema = row.extend(summedOnly.shape);
  return raw.map((each) => rowOf(schema, each));
}

function tooManyRows(): Problem {
  return new Problem({
    status: 400,
    code: 'TOO_MANY_ROWS',
    detail: `The report has more than ${MAX_ROWS} rows, which is more than can be had in pages. Ask for a part of it with a filter, or for all of it with format=ndjson or format=csv and no limit.`,
    members: { maximum: MAX_ROWS },
  });
}

import { orderOf, rowOf, Tally, type RawRow, type Row } from '@deal-ledger/reports';
import { Problem } from '@deal-ledger/service';
import type { Pool } from 'pg';
import { idsBetween } from './between';
import { callOf, Values } from './call';
import { exchanged, ofGroups, ofIds } from './carrying';
import { Kept, type Base } from './kept';
import { familyOf, keyOf, type Question } from './question';
import { addedBy, exchangedSums, rowsOf } from './sums';
import { changes, entriesOf, unconvertedIn, type FxRate, type Whole } from './whole';

/** An answer in pages is held as a whole; one of more rows than this is had as CSV or NDJSON, or in parts by a filter. */
export const MAX_ROWS = 100_000;

const ROWS_AT_ONCE = 1_000;
const MAX_NAMED_CELLS = 100;

/** An answer that is being worked out for a position this near is waited for, to be made into the one that is asked for. */
const NEAR_POSITIONS = 1_000;

interface Underway {
  readonly position: number;
  readonly whole: Promise<Whole>;
}

/** Reads what the functions of the reports answer, or makes it of an answer at another position. */
export class Answers {
  private readonly kept: Kept;
  /** Whoever asks while it is made gets the same one. */
  private readonly underway = new Map<string, Promise<Whole>>();
  /** By family, what is being worked out from postings. */
  private readonly readings = new Map<string, Underway>();

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    maxKeptBytes: number,
  ) {
    this.kept = new Kept(maxKeptBytes);
  }

  /** All rows, worked out at most once at a time, and kept for a while. */
  async whole(question: Question): Promise<Whole> {
    const kept = this.kept.get(question);
    if (kept !== undefined) return kept;
    const key = keyOf(question);
    const underway = this.underway.get(key);
    if (underway !== undefined) return underway;
    const made = this.make(question).finally(() => this.underway.delete(key));
    this.underway.set(key, made);
    return made;
  }

  /** All rows, some at a time, without holding more than these. */
  async *inParts(question: Question): AsyncGenerator<readonly Row[]> {
    const whole =
      question.changedSince === null
        ? (this.kept.get(question) ?? (await this.carried(question)))
        : await this.whole(question);
    if (whole !== undefined) {
      const { lines } = whole;
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

  private async make(question: Question): Promise<Whole> {
    const { changedSince } = question;
    if (changedSince === null) return this.settled(question);
    const [now, before] = await Promise.all([
      this.whole({ ...question, changedSince: null }),
      this.whole({ ...question, changedSince: null, position: changedSince }),
    ]);
    const whole = changes(question.definition, before, now);
    this.kept.keep(question, whole);
    return whole;
  }

  /** The answer made of another one, if need be of one that is just being worked out; else worked out itself. */
  private async settled(question: Question): Promise<Whole> {
    const carried = await this.carried(question);
    if (carried !== undefined) return carried;
    const reading = this.nearReading(question);
    if (reading === undefined) return this.workedOut(question);
    // Whoever asked for that one is told why there is none.
    await reading.catch(() => undefined);
    return (await this.carried(question)) ?? this.workedOut(question);
  }

  /** The answer made of that at another position, if there is one from which it is not far. */
  private async carried(question: Question): Promise<Whole | undefined> {
    if (question.definition.carried === undefined) return undefined;
    const base = this.kept.nearest(question);
    if (base === undefined) return undefined;
    const [between, unknownEvents] = await Promise.all([
      idsBetween(this.pool, question, base.position),
      this.unknownEvents(question.position),
    ]);
    if (between === undefined) return undefined;
    const ids = askedAmong(between, question);
    const rows = ids.length === 0 ? base.whole : await this.exchanged(question, ids, base);
    if (rows === undefined) return undefined;
    if (rows.lines.length > MAX_ROWS) throw tooManyRows();
    const whole = { ...rows, unknownEvents };
    // Who goes on with the ledger does not come back to where it was. The two share the text of most rows.
    const goesOn = question.position > base.position;
    if (goesOn && !base.isWanted) this.kept.drop(question, base);
    this.kept.keep(question, whole, !goesOn);
    return whole;
  }

  private async exchanged(
    question: Question,
    ids: readonly string[],
    { position, whole }: Base,
  ): Promise<Whole | undefined> {
    const { definition, sort, filter, reportingCurrency } = question;
    // What is converted rests on rates as well.
    if (whole.seams === undefined || reportingCurrency !== null) return undefined;
    const { added } = whole.seams;
    const { sums } = definition.carried ?? {};
    if (sums !== undefined && added !== undefined) {
      const after = await exchangedSums(this.pool, sums, question, { position, added, roots: ids });
      const rows = await rowsOf(this.pool, sums, question, after);
      const made = exchanged(whole, whole.seams, { definition, sort, givesWay: ofGroups(after.groups), rows });
      return { ...whole, ...made, seams: { ...made.seams, added: after.added } };
    }
    const [column = ''] = definition.key;
    // What is of these ids alone is soon worked out.
    if (sums !== undefined || filter[column] !== undefined) return undefined;
    const { text, values } = this.statementOf({ ...question, filter: { ...filter, [column]: ids.join(',') } });
    const { rows } = await this.pool.query<RawRow>({ text, values });
    return { ...whole, ...exchanged(whole, whole.seams, { definition, sort, givesWay: ofIds(ids), rows }) };
  }

  /** An answer of which the one that is asked for could be made, and that is just being worked out. */
  private nearReading(question: Question): Promise<Whole> | undefined {
    const reading = this.readings.get(familyOf(question) ?? '');
    const isNear = reading !== undefined && Math.abs(reading.position - question.position) <= NEAR_POSITIONS;
    return isNear && question.definition.carried !== undefined ? reading.whole : undefined;
  }

  private async workedOut(question: Question): Promise<Whole> {
    const { position } = question;
    const family = familyOf(question) ?? '';
    const reading = { position, whole: this.read(question) };
    this.readings.set(family, reading);
    try {
      const whole = await reading.whole;
      this.kept.keep(question, whole);
      return whole;
    } finally {
      if (this.readings.get(family) === reading) this.readings.delete(family);
    }
  }

  private async read(question: Question): Promise<Whole> {
    const { definition, position } = question;
    const { text, values } = this.statementOf(question);
    const { sums, bearings } = definition.carried ?? {};
    const [{ rows: raw }, added] = await Promise.all([
      this.pool.query<RawRow>({ text: `${text} limit ${MAX_ROWS + 1}`, values }),
      sums === undefined || question.reportingCurrency !== null ? undefined : addedBy(this.pool, sums, question),
    ]);
    if (raw.length > MAX_ROWS) throw tooManyRows();
    const first = raw.find((each) => typeof each['policyEventId'] === 'string');
    const entries = entriesOf(definition, raw);
    const tally = Tally.over(
      definition.totals,
      entries.map(({ row }) => row),
    );
    return {
      lines: entries.map(({ line }) => line),
      keys: entries.map(({ key }) => key),
      fxRates: await this.ratesOf(position, raw),
      policyEventId: (first?.['policyEventId'] as string | undefined) ?? null,
      unknownEvents: await this.unknownEvents(position),
      totals: tally.shown(),
      unconverted: entries
        .flatMap(({ row }, index) => unconvertedIn(definition, row, raw[index] as RawRow))
        .slice(0, MAX_NAMED_CELLS),
      ...(bearings === undefined && added === undefined
        ? {}
        : {
            seams: { besides: entries.map(({ beside }) => beside), tally, ...(added === undefined ? {} : { added }) },
          }),
    };
  }

  private statementOf(question: Question): { text: string; values: unknown[] } {
    const values = new Values();
    const { definition, sort } = question;
    const call = callOf(this.schema, question, values);
    return { text: `select * from ${call} order by ${orderOf(definition, sort)}`, values: values.all };
  }

  /** Events up to a position that no figure counts, because this version does not know them. */
  async unknownEvents(position: number): Promise<number> {
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

/** Those of the ids whose rows the question does not filter away by their id. */
function askedAmong(ids: readonly string[], { definition, filter }: Question): readonly string[] {
  const asked = filter[definition.key[0] ?? '']?.split(',');
  return asked === undefined ? ids : ids.filter((id) => asked.includes(id));
}

function tooManyRows(): Problem {
  return new Problem({
    status: 400,
    code: 'TOO_MANY_ROWS',
    detail: `The report has more than ${MAX_ROWS} rows, which is more than can be had in pages. Ask for a part of it with a filter, or for all of it with format=ndjson or format=csv and no limit.`,
    members: { maximum: MAX_ROWS },
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@deal-ledger/log';
import { columnsOf, rowOf, type RawRow, type ReportDefinition, type ReportSet, type Row } from '@deal-ledger/reports';
import { Problem, type Clock } from '@deal-ledger/service';
import { type Pool } from 'pg';
import { Answers } from './answers';
import { keyText } from './basis';
import { callOf, Values } from './call';
import { Explanations, narrowed } from './explanation';
import type { ExplainQuery } from './figure-query';
import { Positions, type Projecting } from './positions';
import { questionOf, ruleVersionOf, textsOf, type Question } from './question';
import { poolIn } from './database';

/** What an auditor takes away of a figure: what was asked, the row, and the postings it rests on. */
export interface FigureEvidence {
  readonly report: string;
  /** Every parameter, however little of it was said, so that the same can be asked again. */
  readonly asked: Readonly<Record<string, string>>;
  readonly ruleVersion: string;
  readonly position: number;
  readonly asOfRecordedAt: string;
  readonly key: string;
  readonly column: string;
  readonly value: Row[string];
  /** The measures of its basis that the figure is made of; undefined: all of them. */
  readonly measures: readonly string[] | undefined;
  readonly row: Row;
  readonly postings: readonly Row[];
}

/** Where the events of a stream stand, up to a position. */
export interface StreamEvidence {
  readonly position: number;
  readonly asOfRecordedAt: string;
  readonly events: readonly { readonly position: number; readonly ordinal: number; readonly eventId: string }[];
}

export interface EvidenceOptions {
  readonly connectionString: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly onIdleError: (error: Error) => void;
}

const READ_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 2;
const POLL_MS = 50;
/** Of whole answers, from which figures of the same report are taken one after the other. */
const KEPT_BYTES = 16 * 1024 * 1024;
const UNDEFINED_TABLE = '42P01';

/** The tables of one projection. */
interface Tables {
  readonly pool: Pool;
  readonly answers: Answers;
}

/** Reads figures out of the tables of any projection in one database, whoever writes them. */
export class Evidence {
  private readonly tables = new Map<string, Tables>();

  constructor(private readonly options: EvidenceOptions) {}

  async figure(
    { name, schema }: ReportSet,
    definition: ReportDefinition,
    query: ExplainQuery,
  ): Promise<FigureEvidence> {
    const { key, column } = query;
    const { pool, answers } = this.tablesOf(schema);
    const positions = await this.positionsOf(pool, name);
    const position = await positions.asked(query);
    const effectiveOn = query.effectiveOn ?? new Date(this.options.clock.nowMs()).toISOString().slice(0, 10);
    const question = questionOf(definition, query, { position, effectiveOn });
    const { value, rows } = await new Explanations(pool, schema, answers).of(question, key, column);
    const { sort: _, ...asked } = textsOf(question);
    return {
      report: definition.name,
      asked,
      ruleVersion: ruleVersionOf(definition),
      position,
      asOfRecordedAt: await positions.recordedAt(position),
      key,
      column,
      value,
      measures: definition.rests[column],
      row: await rowWithKey({ pool, answers }, schema, question, key),
      postings: rows,
    };
  }

  /** @param limit how many events are read at most */
  async stream(
    { name, schema }: ReportSet,
    stream: string,
    query: { readonly asOf: string; readonly minPosition?: number | undefined },
    limit: number,
  ): Promise<StreamEvidence> {
    const { pool } = this.tablesOf(schema);
    const positions = await this.positionsOf(pool, name);
    const position = await positions.asked(query);
    const { rows } = await pool.query<{ position: string; ordinal: number; eventId: string }>(
      `select position, ordinal, event_id as "eventId" from events
       where stream = $1 and position <= $2 order by version limit $3`,
      [stream, position, limit],
    );
    const events = rows.map((row) => ({ ...row, position: Number(row.position) }));
    return { position, asOfRecordedAt: await positions.recordedAt(position), events };
  }

  async close(): Promise<void> {
    await Promise.all([...this.tables.values()].map(({ pool }) => pool.end()));
  }

  private tablesOf(schema: string): Tables {
    const known = this.tables.get(schema);
    if (known !== undefined) return known;
    const pool = poolIn({
      connectionString: this.options.connectionString,
      schema,
      name: `evidence of ${schema}`,
      max: MAX_CONNECTIONS,
      onIdleError: this.options.onIdleError,
      statementTimeoutMs: READ_TIMEOUT_MS,
    });
    const tables = { pool, answers: new Answers(pool, schema, KEPT_BYTES) };
    this.tables.set(schema, tables);
    return tables;
  }

  private async positionsOf(pool: Pool, name: string): Promise<Positions> {
    const { log, clock } = this.options;
    return new Positions({ pool, runner: await watched(pool, name), log, clock });
  }
}

/** How far somebody else has projected, as the tables say. */
async function watched(pool: Pool, name: string): Promise<Projecting> {
  const look = async (): Promise<number> => {
    try {
      const { rows } = await pool.query<{ next: string }>('select next_position as next from progress');
      return Number(rows[0]?.next ?? 0);
    } catch (error) {
      if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
      throw new Problem({
        status: 503,
        code: 'TABLES_ELSEWHERE',
        detail: `The tables of ${name} are not in the database that this service uses. Let both use one, or ask where they are.`,
        retryAfterS: 60,
      });
    }
  };
  let nextPosition = await look();
  return {
    halted: undefined,
    progress: {
      get nextPosition() {
        return nextPosition;
      },
      async includes(position, timeoutMs) {
        const deadlineMs = performance.now() + timeoutMs;
        while (position >= nextPosition && performance.now() < deadlineMs) {
          await sleep(POLL_MS);
          nextPosition = await look();
        }
        return position < nextPosition;
      },
    },
  };
}

async function rowWithKey({ pool, answers }: Tables, schema: string, question: Question, key: string): Promise<Row> {
  const { definition } = question;
  // A report that adds up over much is there as a whole already, for its postings were told by it.
  if (definition.carried?.sums !== undefined) {
    const { lines } = await answers.whole(question);
    const rows = lines.map((line) => JSON.parse(line) as Row);
    return present(rows.find((row) => keyOf(definition, row) === key));
  }
  const values = new Values();
  const { rows } = await pool.query<RawRow>({
    text: `select f.* from ${callOf(schema, narrowed(question, key), values)} as f
      where ${keyText(definition, 'f')} = ${values.add(key)}`,
    values: values.all,
  });
  return present(rows.map((row) => rowOf(definition.row, row))[0]);
}

const keyOf = ({ key }: ReportDefinition, row: Row): string =>
  key
    .map((column) => row[column])
    .filter((part) => part !== null)
    .join('/');

function present(row: Row | undefined): Row {
  if (row === undefined) throw new Error('a row that was explained is not there any more');
  return row;
}

/** Whether a column holds numbers, which may be sums of postings. */
export const isSummable = (definition: ReportDefinition, column: string): boolean =>
  ['money', 'quantity', 'decimal'].includes(columnsOf(definition).find(({ name }) => name === column)?.kind ?? '');

import type { LedgerEvent } from '@deal-ledger/domain';
import type { JudgeSnapshot } from '@deal-ledger/ledger';
import { type Pool } from 'pg';
import { columnsOf, eventOf, type Batch } from './batch';
import { isKnown } from './known';
import { poolIn } from './database';

/** The writer, and what loads histories while it writes. */
const MAX_CONNECTIONS = 3;

/** How far a projection's tables reach. */
export interface Reached {
  /** Of the ledger they are about; nothing while they are empty. */
  readonly ledgerId: string | null;
  readonly nextPosition: number;
}

/**
 * The tables of one projection. Everything a batch adds goes in with one statement, which is one
 * transaction: whatever happens, all of it is there, or nothing.
 */
export class Store {
  private readonly pool: Pool;

  constructor(
    connectionString: string,
    readonly schema: string,
    onIdleError: (error: Error) => void,
  ) {
    this.pool = poolIn({
      connectionString,
      schema,
      name: schema,
      max: MAX_CONNECTIONS,
      onIdleError,
    });
  }

  async reached(): Promise<Reached> {
    const { rows } = await this.pool.query<{ ledger_id: string | null; next_position: string }>(
      'select ledger_id, next_position from progress',
    );
    const [row] = rows;
    if (row === undefined) throw new Error(`schema ${this.schema} has no progress: its tables were tampered with`);
    return { ledgerId: row.ledger_id, nextPosition: Number(row.next_position) };
  }

  /** What judging goes on from, or nothing while nothing is projected. */
  async snapshot(): Promise<JudgeSnapshot | undefined> {
    const client = await this.pool.connect();
    try {
      await client.query('begin isolation level repeatable read read only');
      const { rows: progress } =
        await client.query<Record<'ledger_id' | 'next_position' | 'last_hash' | 'last_time_ms', string>>(
          'select * from progress',
        );
      const { rows: writers } = await client.query<[string, string]>({
        text: 'select writer, n from writers',
        rowMode: 'array',
      });
      const { rows: heads } = await client.query<[string, string, number]>({
        text: `select distinct on (stream) stream, writer || '/' || n, version from events order by stream, version desc`,
        rowMode: 'array',
      });
      await client.query('commit');
      client.release();
      const [row] = progress;
      if (row === undefined || row.ledger_id === null) return undefined;
      return {
        ledgerId: row.ledger_id,
        nextPosition: Number(row.next_position),
        lastHash: row.last_hash,
        lastTimeMs: Number(row.last_time_ms),
        writers: writers.map(([writer, n]) => [writer, Number(n)]),
        heads,
      };
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** The events of these streams that stand before a position of the ledger, each stream's in order. */
  async histories(streams: readonly string[], before: number): Promise<LedgerEvent[]> {
    const { rows } = await this.pool.query<Parameters<typeof eventOf>[0]>({
      name: 'histories',
      text: `select stream, version, event_id, type, event from events
        where stream = any($1) and position < $2 order by stream, version`,
      values: [streams, before],
    });
    return rows.map(eventOf);
  }

  /** How many events are of a type or shape that was not known when they were added. */
  async unknownEvents(): Promise<number> {
    const { rows } = await this.pool.query<{ count: string }>({
      name: 'unknownEvents',
      text: 'select count(*) from events where not known',
    });
    return Number(rows[0]?.count ?? 0);
  }

  /**
   * Whether the tables lack what an event says that was not known when it was added, and is now, or
   * what an earlier version did not keep of records that are no facts.
   */
  async isBehindTheTimes(): Promise<boolean> {
    const { rows } = await this.pool.query<{ stream: string; type: string; schemaVersion: number }>(
      `select distinct on (split_part(stream, '/', 1), type, (event ->> 'schemaVersion'))
         stream, type, (event ->> 'schemaVersion')::integer as "schemaVersion"
       from events where not known`,
    );
    if (rows.some(isKnown)) return true;
    const { rowCount } = await this.pool.query('select from skipped where record is null limit 1');
    return rowCount !== 0;
  }

  /** Empties the tables, so that the ledger is projected from its beginning. */
  async startOver(): Promise<void> {
    await this.pool.query(START_OVER);
  }

  /**
   * Adds a batch, if the tables reach exactly to where it begins and are about its ledger.
   * Says whether it did.
   */
  async add(batch: Batch): Promise<boolean> {
    const { skipped, events, postings, writers } = columnsOf(batch);
    const { ledgerId, nextPosition, lastHash, lastTimeMs } = batch.after;
    const { rows } = await this.pool.query<{ moved: number }>({
      name: 'add',
      text: ADD,
      values: [
        batch.from,
        nextPosition,
        ledgerId,
        lastHash,
        lastTimeMs,
        ...skipped,
        ...events,
        ...postings,
        ...writers,
      ],
    });
    return rows[0]?.moved === 1;
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/** `unnest` of parameters from `$first` on, one array of each type. */
function unnest(first: number, types: readonly string[]): string {
  const columns = types.map((type, index) => {
    const parameter = `$${first + index}`;
    // JSON texts come with a separator between them, and none as empty text.
    if (type === JSON_TEXTS) return `string_to_array(${parameter}, U&'\\001E', '')`;
    return type === 'json' ? `string_to_array(${parameter}, U&'\\001E')::json[]` : `${parameter}::${type}[]`;
  });
  return `select column_values.* from moved, unnest(${columns.join(', ')}) as column_values`;
}

const JSON_TEXTS = 'json texts';

const EVENT_COLUMNS = 'position, ordinal, stream, version, event_id, type, writer, n, recorded_at, known, event';

// A rival's batch that goes first makes `moved` empty, and then nothing else is added either.
const ADD = `
with moved as (
  update progress set next_position = $2, ledger_id = $3, last_hash = $4, last_time_ms = $5
  where next_position = $1 and (ledger_id is null or ledger_id = $3)
  returning 1
),
skip as (insert into skipped (position, recorded_at, verdict, reason, record) ${unnest(6, ['bigint', 'timestamptz', 'text', 'text', 'json'])}),
event as (insert into events (${EVENT_COLUMNS}) ${unnest(11, ['bigint', 'integer', 'text', 'integer', 'text', 'text', 'text', 'bigint', 'timestamptz', 'boolean', 'json'])}),
posting as (insert into postings ${unnest(22, ['bigint', 'integer', 'integer', 'text', 'text', JSON_TEXTS, 'text', 'date', 'text', 'numeric'])}),
writer as (
  insert into writers as known (writer, n) ${unnest(32, ['text', 'bigint'])}
  on conflict (writer) do update set n = greatest(known.n, excluded.n)
)
select count(*)::integer as moved from moved`;

// Several statements in one query are one transaction.
const START_OVER = `
alter table events disable trigger append_only;
alter table postings disable trigger append_only;
truncate events, postings, skipped, writers;
alter table events enable trigger append_only;
alter table postings enable trigger append_only;
update progress set ledger_id = null, next_position = 0, last_hash = '', last_time_ms = 0`;

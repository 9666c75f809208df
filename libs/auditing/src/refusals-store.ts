import type { RecordedRefusal } from '@deal-ledger/ledger';
import { poolIn } from '@deal-ledger/projection';
import { type Pool, type QueryResult, type QueryResultRow } from 'pg';

const MAX_CONNECTIONS = 3;

/** How far the log of refusals has been read. */
export interface RefusalsReached {
  readonly nextPosition: number;
  /** Of the record before it; empty while there is none. */
  readonly lastHash: string;
  /** Records that were no refusals. */
  readonly strange: number;
}

/** A refusal at its place in its log. */
export interface KeptRefusal {
  readonly position: number;
  readonly timeMs: number;
  readonly refusal: RecordedRefusal;
}

/** The tables of the refusals. What is added goes in with how far was read, or not at all. */
export class RefusalsStore {
  private readonly pool: Pool;

  constructor(connectionString: string, schema: string, onIdleError: (error: Error) => void) {
    this.pool = poolIn({
      connectionString,
      schema,
      name: schema,
      max: MAX_CONNECTIONS,
      onIdleError,
    });
  }

  async reached(): Promise<RefusalsReached> {
    const { rows } = await this.pool.query<{ next_position: string; last_hash: string; strange: string }>(
      'select next_position, last_hash, strange from refusals_progress',
    );
    const [row] = rows;
    if (row === undefined) throw new Error('table refusals_progress is empty: its row was removed');
    return { nextPosition: Number(row.next_position), lastHash: row.last_hash, strange: Number(row.strange) };
  }

  /**
   * Adds what was read from `from` on, if nobody else has by now; says whether it did. A refusal that
   * stands in its log twice counts once.
   */
  async add(from: number, refusals: readonly KeptRefusal[], after: RefusalsReached): Promise<boolean> {
    const { rows } = await this.pool.query<{ moved: number }>({
      name: 'add',
      text: ADD,
      values: [from, after.nextPosition, after.lastHash, after.strange, JSON.stringify(refusals.map(rowOf))],
    });
    return rows[0]?.moved === 1;
  }

  query<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    return this.pool.query<Row>(text, [...values]);
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

const COLUMNS: Readonly<Record<string, string>> = {
  position: 'bigint',
  id: 'text',
  recorded_at: 'timestamptz',
  how: 'text',
  count: 'bigint',
  first_at: 'timestamptz',
  last_at: 'timestamptz',
  service: 'text',
  route: 'text',
  actor: 'text',
  status: 'integer',
  code: 'text',
  faults: 'jsonb',
  details: 'jsonb',
  streams: 'text[]',
  correlation_ids: 'text[]',
  body_sha256: 'text',
  body_bytes: 'bigint',
  key_sha256: 'text',
  ledger_position: 'bigint',
};
const NAMES = Object.keys(COLUMNS);

const ADD = `
with moved as (
  update refusals_progress set next_position = $2, last_hash = $3, strange = $4 where next_position = $1 returning 1
), put as (
  insert into refusals (${NAMES.join(', ')})
  select ${NAMES.map((name) => `r.${name}`).join(', ')}
  from moved, json_to_recordset($5::json) as r (${NAMES.map((name) => `${name} ${COLUMNS[name] ?? ''}`).join(', ')})
  on conflict (id) do nothing
)
select count(*)::integer as moved from moved`;

const rowOf = ({ position, timeMs, refusal }: KeptRefusal): object => ({
  position,
  id: refusal.id,
  recorded_at: new Date(timeMs),
  how: refusal.how,
  count: refusal.count,
  first_at: refusal.firstAt,
  last_at: refusal.lastAt,
  service: refusal.service,
  route: refusal.route,
  actor: refusal.actor,
  status: refusal.status,
  code: refusal.code,
  faults: refusal.faults,
  details: refusal.details,
  streams: refusal.streams,
  correlation_ids: refusal.correlationIds,
  body_sha256: refusal.bodySha256,
  body_bytes: refusal.bodyBytes,
  key_sha256: refusal.keySha256,
  ledger_position: refusal.ledgerPosition,
});

import type { Client, Pool } from 'pg';
import type { LogRecord } from './log';

/**
 * One table per log, and one row per log that says where it goes on. A writer advances that row
 * first and holds it until its records are committed: so positions are dense, they are committed in
 * their order, and no reader can skip one that comes late.
 */

export const LOG_SCHEMA = 'ledger_log';

const PAGE_RECORDS = 1_000;
const PAGE_BYTES = 2 * 1024 * 1024;

export interface RecordRow {
  readonly position: string;
  readonly time_ms: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Buffer;
}

export type Row = { readonly next: string } & (RecordRow | { readonly position: null });

export function recordOf({ position, time_ms, key, value, headers }: RecordRow): LogRecord {
  return { position: Number(position), timeMs: Number(time_ms), key, value, headers: decodeHeaders(headers) };
}

/** @throws RangeError for a name that would not do as a table's, or is too long for its channel's */
export function qualified(table: string): string {
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,51}$/.test(table))
    throw new RangeError(`"${table}" is no name for a log: letters, digits, "_", "-" and ".", at most 52`);
  return `${LOG_SCHEMA}."${table}"`;
}

/** The channel on which a commit tells the position after its last record. */
export function channelOf(table: string): string {
  return `${LOG_SCHEMA}:${table}`;
}

/** Makes what is missing. Several processes may do this at the same moment. */
export async function ensureTable(pool: Pool | Client, table: string): Promise<void> {
  const name = qualified(table);
  await pool.query(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtext('${LOG_SCHEMA}'));
    CREATE SCHEMA IF NOT EXISTS ${LOG_SCHEMA};
    CREATE TABLE IF NOT EXISTS ${LOG_SCHEMA}.heads (log text PRIMARY KEY, next bigint NOT NULL) WITH (fillfactor = 10);
    CREATE TABLE IF NOT EXISTS ${name} (
      position bigint PRIMARY KEY,
      time_ms bigint NOT NULL,
      key bytea,
      value bytea,
      headers bytea NOT NULL
    );
    CREATE OR REPLACE FUNCTION ${LOG_SCHEMA}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'a log is only ever appended to'; END $$;
    CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${name}
      EXECUTE FUNCTION ${LOG_SCHEMA}.refuse_change();
    INSERT INTO ${LOG_SCHEMA}.heads (log, next) SELECT '${table}', coalesce(max(position) + 1, 0) FROM ${name} ON CONFLICT DO NOTHING;
    COMMIT;`);
}

/** Whether there is such a log. */
export async function isTable(pool: Pool, table: string): Promise<boolean> {
  const { rows } = await pool.query<{ found: string | null }>('select to_regclass($1)::text as found', [
    qualified(table),
  ]);
  return rows[0]?.found != null;
}

/** $1 log, $2 how many, $3 append time or null, $4 keys, $5 values, $6 headers, $7 channel */
export function appendSql(table: string): string {
  return `
    WITH head AS (
      UPDATE ${LOG_SCHEMA}.heads SET next = next + $2::int WHERE log = $1
      RETURNING next - $2::int AS first, next, coalesce($3::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS time_ms
    ), put AS (
      INSERT INTO ${qualified(table)} (position, time_ms, key, value, headers)
      SELECT head.first + r.ord - 1, head.time_ms, r.key, r.value, r.headers
      FROM head, unnest($4::bytea[], $5::bytea[], $6::bytea[]) WITH ORDINALITY AS r (key, value, headers, ord)
    )
    SELECT first, time_ms, pg_notify($7, next::text) FROM head`;
}

/** $1 log, $2 position. Where the log goes on, and the records from the position on, both as of one moment. */
export function pageSql(table: string): string {
  return `
    SELECT h.next, r.position, r.time_ms, r.key, r.value, r.headers
    FROM ${LOG_SCHEMA}.heads h LEFT JOIN LATERAL (
      SELECT * FROM (
        SELECT *, sum(octet_length(coalesce(value, ''))) OVER (ORDER BY position) AS bytes
        FROM (SELECT * FROM ${qualified(table)} WHERE position >= $2::bigint ORDER BY position LIMIT ${PAGE_RECORDS}) s
      ) t WHERE t.bytes <= ${PAGE_BYTES} OR t.position = $2::bigint
    ) r ON true
    WHERE h.log = $1 ORDER BY r.position`;
}

/** $1 positions */
export function recordsSql(table: string): string {
  return `SELECT position, time_ms, key, value, headers FROM ${qualified(table)} WHERE position = ANY ($1::bigint[]) ORDER BY position`;
}

export const END_SQL = `SELECT next FROM ${LOG_SCHEMA}.heads WHERE log = $1`;

/** Names and values, each after its length in four bytes, so that they come back byte for byte and in order. */
export function encodeHeaders(headers: LogRecord['headers']): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [lengthPrefixed(Buffer.from(name)), lengthPrefixed(value)]));
}

function decodeHeaders(bytes: Buffer): LogRecord['headers'] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    parts.push(bytes.subarray(start, at));
  }
  return Array.from(
    { length: parts.length / 2 },
    (_, index) => [(parts[2 * index] as Buffer).toString(), parts[2 * index + 1] as Buffer] as const,
  );
}

function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

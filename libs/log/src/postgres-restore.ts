import { Client } from 'pg';
import type { LogRecord } from './log';
import { encodeHeaders, ensureTable, LOG_SCHEMA, qualified, recordOf, type RecordRow } from './postgres-table';
import { RestoreRefused, type LogRestore } from './restore';

const CONNECT_TIMEOUT_MS = 5_000;
const PAGE_RECORDS = 500;
/** Of one statement. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A log that is restored into a table of another name, which becomes the log's when all is in. */
export class PostgresRestore implements LogRestore {
  private next = 0;

  private constructor(
    private readonly client: Client,
    private readonly table: string,
  ) {}

  /** @throws RestoreRefused when the log is there and has records, or is just being restored */
  static async begin(connectionString: string, table: string): Promise<PostgresRestore> {
    const log = qualified(table);
    const client = new Client({
      connectionString,
      application_name: 'deal-ledger restore',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      options: '-c synchronous_commit=on',
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows: locks } = await client.query<{ mine: boolean }>(
        'select pg_try_advisory_lock(hashtext($1)) as mine',
        [`${LOG_SCHEMA} restore ${table}`],
      );
      if (locks[0]?.mine !== true) throw new RestoreRefused(`log ${table} is being restored by somebody else just now`);
      await ensureTable(client, table);
      const { rows } = await client.query<{ records: string }>(`select count(*) as records from ${log}`);
      const records = Number(rows[0]?.records);
      if (records > 0)
        throw new RestoreRefused(
          `log ${table} exists already in the database, with ${records} records: name another database, or another log in LEDGER_TOPIC. A ledger is restored only where there is nothing`,
        );
      // What a restore that did not come to its end has left is of no use to anybody.
      await client.query(`drop table if exists ${restoring(table)}`);
      await client.query(`create table ${restoring(table)} (like ${log} including all)`);
      return new PostgresRestore(client, table);
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  async put(records: readonly LogRecord[]): Promise<void> {
    for (let start = 0; start < records.length;) {
      let bytes = 0;
      let end = start;
      while (end < records.length && end - start < PAGE_RECORDS && (end === start || bytes < MAX_BYTES)) {
        bytes += records[end]?.value?.length ?? 0;
        end += 1;
      }
      await this.insert(records.slice(start, end));
      start = end;
    }
  }

  async *readBack(end: number): AsyncGenerator<readonly LogRecord[]> {
    for (let from = 0; from < end;) {
      const { rows } = await this.client.query<RecordRow>(
        `select position, time_ms, key, value, headers from ${restoring(this.table)} where position >= $1 order by position limit ${PAGE_RECORDS}`,
        [from],
      );
      if (rows.length === 0) throw new Error(`the restored log has no record at position ${from}`);
      yield rows.map(recordOf);
      from += rows.length;
    }
  }

  async finish(): Promise<void> {
    const { client, table } = this;
    const log = qualified(table);
    await client.query('begin');
    try {
      // Whoever uses the log may have begun it meanwhile, and holds its row of the heads when he appends.
      const { rows } = await client.query<{ next: string }>(
        `select next from ${LOG_SCHEMA}.heads where log = $1 for update`,
        [table],
      );
      if (Number(rows[0]?.next) !== 0)
        throw new RestoreRefused(`log ${table} was begun by somebody else meanwhile: stop all services, then restore`);
      await client.query(`drop table ${log}`);
      await client.query(`alter table ${restoring(table)} rename to "${table}"`);
      await client.query(
        `create trigger append_only before update or delete or truncate on ${log} execute function ${LOG_SCHEMA}.refuse_change()`,
      );
      await client.query(`update ${LOG_SCHEMA}.heads set next = $2 where log = $1`, [table, this.next]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.end();
  }

  private async insert(records: readonly LogRecord[]): Promise<void> {
    await this.client.query(
      `insert into ${restoring(this.table)} (position, time_ms, key, value, headers)
       select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])`,
      [
        records.map(({ position }) => position),
        records.map(({ timeMs }) => timeMs),
        records.map(({ key }) => key),
        records.map(({ value }) => value),
        records.map(({ headers }) => encodeHeaders(headers)),
      ],
    );
    this.next += records.length;
  }
}

/** No log can have this name. */
const restoring = (table: string): string => `${LOG_SCHEMA}."restoring ${table}"`;

import { Pool, type ClientConfig, type PoolClient } from 'pg';
import { GroupCommit } from './group-commit';
import { LogHalted, type Log, type LogRecord, type NewRecord } from './log';
import { Pages, type Page } from './pages';
import { listen } from './postgres-listener';
import {
  appendSql,
  channelOf,
  encodeHeaders,
  END_SQL,
  ensureTable,
  isTable,
  pageSql,
  qualified,
  recordOf,
  recordsSql,
  type RecordRow,
  type Row,
} from './postgres-table';
import { backoffMs, pause, reportFailure, SharedQuestion, SILENT, type LogLogger } from './waiting';

export interface PostgresLogOptions {
  readonly connectionString: string;
  /** The log's name; it is a table of schema `ledger_log`. */
  readonly table?: string;
  /** Gives the append time in milliseconds; the database's clock unless given. */
  readonly clock?: () => number;
  readonly logger?: LogLogger;
  /** Make the table if it is missing; true unless said otherwise. */
  readonly createIfMissing?: boolean;
}

const DEFAULT_TABLE = 'deal-ledger';
const MAX_CONNECTIONS = 4;
const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 6_000;
const END_TIMEOUT_MS = 2_500;
const FIND_SERVER_TIMEOUT_MS = 3_000;
/** A safety net under the notifications. */
const POLL_MS = 2_000;
const LARGE_PAGE_RECORDS = 256;
const UNDEFINED_TABLE = '42P01';

/** The log as a table, for small installations and for one without Kafka. */
export class PostgresLog implements Log {
  private readonly closing = new AbortController();
  private readonly commit = new GroupCommit((records) => this.send(records));
  private readonly pages = new Pages((from) => this.page(from));
  private readonly endQuestion = new SharedQuestion(() => this.askEnd());
  private readonly sql: { readonly append: string; readonly page: string; readonly records: string };
  private knownEnd = 0;
  private listening: Promise<void> | undefined;
  private poll: NodeJS.Timeout | undefined;
  private closed: Promise<void> | undefined;

  private constructor(
    private readonly pool: Pool,
    private readonly config: ClientConfig,
    private readonly table: string,
    private readonly clock: (() => number) | undefined,
    private readonly logger: LogLogger,
  ) {
    this.sql = { append: appendSql(table), page: pageSql(table), records: recordsSql(table) };
  }

  /**
   * Opens the log, and makes its table if need be.
   * @throws LogHalted `LOG_MISCONFIGURED` when it is missing and is not to be made
   */
  static async open({
    connectionString,
    table = DEFAULT_TABLE,
    clock,
    logger = SILENT,
    createIfMissing = true,
  }: PostgresLogOptions): Promise<PostgresLog> {
    qualified(table);
    const config: ClientConfig = {
      connectionString,
      application_name: 'deal-ledger log',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      statement_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      // Whatever the database's default is, what is acknowledged here is on disk.
      options: '-c synchronous_commit=on',
    };
    const pool = new Pool({ ...config, max: MAX_CONNECTIONS });
    pool.on('error', (error) => logger.debug({ err: error }, 'an idle connection to Postgres was lost'));
    // A connection that is in use tells its query what happened; without a listener it would end the process as well.
    pool.on('connect', (client) => client.on('error', () => undefined));
    try {
      if (createIfMissing) await ensureTable(pool, table);
      else if (!(await isTable(pool, table)))
        throw new LogHalted('LOG_MISCONFIGURED', `the database has no log ${table}`);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return new PostgresLog(pool, config, table, clock, logger);
  }

  append(record: NewRecord): Promise<number> {
    return this.commit.append(record);
  }

  async *read(from: number, outer: AbortSignal): AsyncGenerator<Page, void, undefined> {
    const signal = AbortSignal.any([outer, this.closing.signal]);
    this.startListening();
    let next = from;
    let failures = 0;
    while (!signal.aborted) {
      const { version } = this.pages;
      let page: Page;
      try {
        page = await this.pages.get(next);
        failures = 0;
      } catch (error) {
        if (error instanceof LogHalted) throw error;
        if (signal.aborted) return;
        failures += 1;
        reportFailure(
          this.logger,
          failures,
          { err: error, position: next },
          'reading from Postgres was interrupted and goes on',
        );
        await pause(backoffMs(failures), signal);
        continue;
      }
      if (page.length === 0) {
        await this.pages.wakened(version, signal);
        continue;
      }
      next += page.length;
      // After a large page there is likely more, to be fetched while the caller works on this one.
      if (page.length >= LARGE_PAGE_RECORDS) this.pages.get(next).catch(() => {});
      if (!signal.aborted) yield page;
    }
  }

  async at(positions: readonly number[]): Promise<readonly LogRecord[]> {
    const { rows } = await this.pool.query<RecordRow>({
      name: 'records',
      text: this.sql.records,
      values: [positions],
    });
    return rows.length === positions.length ? rows.map(recordOf) : this.lost(positions, rows);
  }

  end(): Promise<number> {
    return this.endQuestion.ask();
  }

  /** Settles the appends that wait, and ends all reading. */
  close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  private async closeOnce(): Promise<void> {
    await this.commit.close();
    this.closing.abort();
    clearInterval(this.poll);
    await this.listening;
    await this.pool.end();
  }

  /** One statement, so one round trip and one write to the disk. It is never sent twice: whoever appends has to decide. */
  private async send(records: readonly NewRecord[]): Promise<number> {
    const headers = records.map((record) =>
      Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)] as const),
    );
    const keys = records.map(({ key }) => Buffer.from(key));
    const values = [
      this.table,
      records.length,
      this.clock?.() ?? null,
      keys,
      records.map(({ value }) => value),
      headers.map(encodeHeaders),
      channelOf(this.table),
    ];
    const client = await this.connected();
    let answer: { first: string; time_ms: string } | undefined;
    try {
      ({
        rows: [answer],
      } = await client.query<{ first: string; time_ms: string }>({ name: 'append', text: this.sql.append, values }));
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
    if (!answer) throw new LogHalted('LOG_POSITION_GONE', `the log ${this.table} is no longer in the database`);
    const first = Number(answer.first);
    const timeMs = Number(answer.time_ms);
    this.pages.keep(
      records.map(({ value }, index) => ({
        position: first + index,
        timeMs,
        key: keys[index] ?? null,
        value,
        headers: headers[index] ?? [],
      })),
    );
    this.reached(first + records.length);
    return first;
  }

  /** A connection; for a short time it waits for a database that is just starting. */
  private async connected(): Promise<PoolClient> {
    const deadlineMs = Date.now() + FIND_SERVER_TIMEOUT_MS;
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.pool.connect();
      } catch (error) {
        const waitMs = backoffMs(failures);
        if (Date.now() + waitMs >= deadlineMs || this.closing.signal.aborted) throw error;
        await pause(waitMs, this.closing.signal);
      }
    }
  }

  /** @throws LogHalted when what must be there is not */
  private async page(from: number): Promise<Page> {
    const { rows } = await this.pool
      .query<Row>({ name: 'page', text: this.sql.page, values: [this.table, from] })
      .catch((error: { code?: string }) => {
        if (error.code === UNDEFINED_TABLE) return { rows: [] };
        throw error;
      });
    const [head] = rows;
    if (!head) throw new LogHalted('LOG_POSITION_GONE', `the log ${this.table} is no longer in the database`);
    const end = Number(head.next);
    if (from > end)
      throw new LogHalted(
        'LOG_POSITION_GONE',
        `the log ${this.table} ends at ${end} and no longer reaches to position ${from}`,
      );
    const page: LogRecord[] = [];
    for (const row of rows) {
      if (row.position === null) continue;
      const position = from + page.length;
      if (Number(row.position) !== position)
        throw new LogHalted(
          'LOG_GAP',
          `the log ${this.table} has position ${row.position}, but ${position} before it is missing`,
        );
      page.push(recordOf(row));
    }
    if (page.length === 0 && from < end)
      throw new LogHalted('LOG_GAP', `the log ${this.table} ends at ${end}, but position ${from} is missing`);
    return page;
  }

  private lost(positions: readonly number[], rows: readonly RecordRow[]): never {
    const missing = positions.find((position, index) => Number(rows[index]?.position) !== position);
    throw new LogHalted('LOG_GAP', `the log ${this.table} has no record at position ${missing}`);
  }

  private async askEnd(): Promise<number> {
    const { rows } = await this.pool.query<{ next: string }>({
      name: 'end',
      text: END_SQL,
      values: [this.table],
      query_timeout: END_TIMEOUT_MS,
    } as { name: string; text: string; values: unknown[] });
    if (!rows[0]) throw new LogHalted('LOG_POSITION_GONE', `the log ${this.table} is no longer in the database`);
    return Number(rows[0].next);
  }

  private reached(end: number): void {
    if (end <= this.knownEnd) return;
    this.knownEnd = end;
    this.pages.wake();
  }

  private startListening(): void {
    if (this.listening) return;
    // It hears of one commit at a time, or that it may have missed some.
    const heard = (end: number | undefined): void => (end === undefined ? this.pages.forget() : this.reached(end));
    this.listening = listen(this.config, channelOf(this.table), heard, this.logger, this.closing.signal);
    this.poll = setInterval(() => this.pages.wake(), POLL_MS);
    this.poll.unref();
  }
}

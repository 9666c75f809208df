import { Client, type QueryConfig } from 'pg';
import { batchesOf, eventsIn, recordsOf } from './floors-records';
import { createTables, rowsOf, writeRows } from './floors-tables';
import { median } from './statistics';
import type { Where } from './stores';

export interface PostgresPlan {
  /** The log that ours wrote: its records are the bytes. */
  readonly from: Where;
  readonly first: number;
  readonly last: number;
}

const WARM_UP_QUERIES = 5;
const PAGE_RECORDS = 500;
const STATEMENT_WITHIN_MS = 30_000;

async function connected({ databaseUrl }: Pick<Where, 'databaseUrl'>): Promise<Client> {
  const database = new Client({ connectionString: databaseUrl, statement_timeout: STATEMENT_WITHIN_MS });
  await database.connect();
  return database;
}

async function createLog(database: Client): Promise<void> {
  await database.query(`
    drop table if exists floor_log;
    create table floor_log (position bigserial primary key, key bytea, value bytea)`);
}

/** The median time of a query asked again and again, in ms. */
async function timed(database: Client, query: QueryConfig, seconds: number): Promise<{ p50Ms: number }> {
  for (let asked = 0; asked < WARM_UP_QUERIES; asked += 1) await database.query(query);
  const latenciesMs: number[] = [];
  for (const endMs = performance.now() + seconds * 1_000; performance.now() < endMs;) {
    const askedMs = performance.now();
    await database.query(query);
    latenciesMs.push(performance.now() - askedMs);
  }
  return { p50Ms: median(latenciesMs) };
}

/** Inserts one record after the other into a plain table, each a transaction. */
export async function insertOneByOne(plan: PostgresPlan & { seconds: number }): Promise<{ p50Ms: number }> {
  const [record] = await recordsOf(plan.from, plan.first, plan.first + 1);
  const database = await connected(plan.from);
  await createLog(database);
  const result = await timed(
    database,
    {
      name: 'floor',
      text: 'insert into floor_log (key, value) values ($1, $2) returning position',
      values: [record?.key, record?.value],
    },
    plan.seconds,
  );
  await database.end();
  return result;
}

/** Inserts the same records into a plain table in batches of 512 KiB, each a transaction. */
export async function insertBatches(plan: PostgresPlan): Promise<{ eventsPerSecond: number }> {
  const records = await recordsOf(plan.from, plan.first, plan.last + 1);
  const events = eventsIn(records);
  const batches = batchesOf(records);
  const database = await connected(plan.from);
  await createLog(database);
  const startedMs = performance.now();
  for (const batch of batches) {
    await database.query({
      name: 'floor',
      text: 'insert into floor_log (key, value) select * from unnest($1::bytea[], $2::bytea[])',
      values: [batch.map(({ key }) => key), batch.map(({ value }) => value)],
    });
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await database.end();
  return { eventsPerSecond: events / seconds };
}

/** Reads a log in Postgres from its beginning, parses it, and does nothing with it. */
export async function pageAndParse(plan: PostgresPlan): Promise<{ events: number; eventsPerSecond: number }> {
  const reader = await connected(plan.from);
  const startedMs = performance.now();
  let events = 0;
  for (let from = 0; from <= plan.last;) {
    const { rows } = await reader.query<{ position: string; value: Buffer }>({
      name: 'page',
      text: pageSql(plan.from.topic),
      values: [from],
    });
    for (const { value } of rows) events += (JSON.parse(String(value)) as unknown[]).length;
    from = Number(rows.at(-1)?.position ?? plan.last) + 1;
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await reader.end();
  return { events, eventsPerSecond: events / seconds };
}

/** Reads a log in Postgres from its beginning, parses it, and puts as many rows as ours into two plain tables. */
export async function pageAndInsert(
  plan: PostgresPlan & { postingsPerEvent: number },
): Promise<{ eventsPerSecond: number }> {
  const [reader, writer] = await Promise.all([connected(plan.from), connected(plan.from)]);
  await createTables(writer);
  let events = 0;
  let startedMs: number | undefined;
  for (let from = 0; from <= plan.last;) {
    const { rows } = await reader.query<{ position: string; value: Buffer }>({
      name: 'page',
      text: pageSql(plan.from.topic),
      values: [from],
    });
    const records = rows.map(({ position, value }) => ({ position: Number(position), value }));
    const page = rowsOf(records, plan.postingsPerEvent);
    await writeRows(writer, page);
    // What comes before the first page is written is the start.
    if (startedMs === undefined) startedMs = performance.now();
    else events += page.events;
    from = (records.at(-1)?.position ?? plan.last) + 1;
  }
  const seconds = (performance.now() - (startedMs ?? NaN)) / 1_000;
  await Promise.all([reader.end(), writer.end()]);
  return { eventsPerSecond: events / seconds };
}

const pageSql = (topic: string): string =>
  `select position, value from ledger_log."${topic}" where position >= $1 order by position limit ${PAGE_RECORDS}`;

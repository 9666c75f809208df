import type { Client } from 'pg';

/** Rows for two plain tables, in columns. */
export interface Rows {
  readonly events: number;
  /** As text that Postgres reads by itself: the client's own arrays would take longer than all else. */
  readonly columns: readonly string[];
}

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: string;
}

/** Tables as ours have them, without constraints beyond a primary key; a schema to throw away. */
export async function createTables(database: Client): Promise<void> {
  await database.query(`
    drop schema if exists floor cascade;
    create schema floor;
    create table floor.events (position bigint, ordinal integer, stream text, version integer, event_id text, type text, event json,
      primary key (position, ordinal));
    create table floor.postings (position bigint, ordinal integer, measure text, subject text, period text, effective date, unit text, amount numeric,
      primary key (position, ordinal));`);
}

/** What is inserted for some records: a row an event, and as many postings as ours has on average. */
export function rowsOf(
  records: readonly { readonly position: number; readonly value: Buffer | null }[],
  postingsPerEvent: number,
): Rows {
  const events: (string | number)[][] = [[], [], [], [], [], [], []];
  const postings: (string | number)[][] = [[], [], [], [], [], [], [], []];
  let count = 0;
  for (const { position, value } of records) {
    let posted = 0;
    for (const [ordinal, event] of (JSON.parse(String(value)) as CloudEvent[]).entries()) {
      const { subject, sequence, id, type } = event;
      put(events, [position, ordinal, subject, sequence, id, type, JSON.stringify(event)]);
      const due = Math.floor((count + 1) * postingsPerEvent) - Math.floor(count * postingsPerEvent);
      for (let line = 0; line < due; line += 1, posted += 1)
        put(postings, [position, posted, 'leg.firm', subject, '2026-01', '2025-10-05', 'USD', '100000000.00']);
      count += 1;
    }
  }
  const texts = events.pop() ?? [];
  return { events: count, columns: [...[...events, ...postings].map(arrayOf), texts.join(SEPARATOR)] };
}

/** One insert, which is one transaction. */
export async function writeRows(database: Client, { columns }: Rows): Promise<void> {
  await database.query({
    name: 'floor',
    text: `
      with event as (
        insert into floor.events
        select * from unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[], $5::text[], $6::text[],
          string_to_array($15, U&'\\001E')::json[])
      )
      insert into floor.postings
      select * from unnest($7::bigint[], $8::integer[], $9::text[], $10::text[], $11::text[], $12::date[], $13::text[], $14::numeric[])`,
    values: [...columns],
  });
}

/** Between JSON texts, which never contain it unescaped. */
const SEPARATOR = '\u001E';

/** None of the values here has a quote or a backslash in it. */
const arrayOf = (values: readonly (string | number)[]): string =>
  values.length === 0 ? '{}' : `{"${values.join('","')}"}`;

function put(columns: (string | number)[][], values: readonly (string | number)[]): void {
  for (const [index, value] of values.entries()) columns[index]?.push(value);
}

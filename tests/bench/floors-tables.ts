import type { Client } from 'pg';

/** Rows for two plain tables, in columns. */
export interface Rows {
  readonly events: number;
  readonly columns: readonly (readonly (string | number)[])[];
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
      put(events, [position, ordinal, subject, Number(sequence), id, type, JSON.stringify(event)]);
      const due = Math.floor((count + 1) * postingsPerEvent) - Math.floor(count * postingsPerEvent);
      for (let line = 0; line < due; line += 1, posted += 1)
        put(postings, [position, posted, 'leg.firm', subject, '2026-01', '2025-10-05', 'USD', '100000000.00']);
      count += 1;
    }
  }
  return { events: count, columns: [...events, ...postings] };
}

/** One insert, which is one transaction. */
export async function writeRows(database: Client, { columns }: Rows): Promise<void> {
  await database.query({
    name: 'floor',
    text: `
      with event as (
        insert into floor.events
        select * from unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::json[])
      )
      insert into floor.postings
      select * from unnest($8::bigint[], $9::integer[], $10::text[], $11::text[], $12::text[], $13::date[], $14::text[], $15::numeric[])`,
    values: [...columns],
  });
}

function put(columns: (string | number)[][], values: readonly (string | number)[]): void {
  for (const [index, value] of values.entries()) columns[index]?.push(value);
}

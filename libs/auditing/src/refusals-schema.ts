import { inSchema } from '@deal-ledger/projection';
import { Client } from 'pg';

const STATEMENTS = [
  // One row: how far the log of refusals has been read, a hash of the record before, and how many were no refusals.
  `create table if not exists refusals_progress (
     only_one boolean primary key default true check (only_one),
     next_position bigint not null,
     last_hash text not null,
     strange bigint not null
   )`,
  `insert into refusals_progress (next_position, last_hash, strange) values (0, '', 0) on conflict do nothing`,
  // Ids and words compare byte by byte, as in the projection's tables.
  `create table if not exists refusals (
     position bigint primary key,
     id text not null unique,
     recorded_at timestamptz not null,
     how text not null,
     count bigint not null,
     first_at timestamptz not null,
     last_at timestamptz not null,
     service text not null,
     route text,
     actor text collate "C",
     status integer,
     code text collate "C",
     faults jsonb not null,
     details jsonb not null,
     streams text[] collate "C" not null,
     correlation_ids text[] collate "C" not null,
     body_sha256 text,
     body_bytes bigint,
     key_sha256 text,
     ledger_position bigint not null
   )`,
  'create index if not exists refusals_by_code on refusals (code, position)',
  'create index if not exists refusals_by_actor on refusals (actor, position)',
  'create index if not exists refusals_by_stream on refusals using gin (streams)',
  'create index if not exists refusals_by_correlation on refusals using gin (correlation_ids)',
  `create or replace function refuse_change_of_refusals() returns trigger language plpgsql as $$
   begin
     raise exception '% of % is refused: what was refused stays on record', tg_op, tg_table_name
       using errcode = 'restrict_violation';
   end $$`,
  `create or replace trigger append_only before update or delete or truncate on refusals
     for each statement execute function refuse_change_of_refusals()`,
];

/** Makes the tables that are missing. Instances that start at the same moment wait for each other. */
export async function prepareRefusals(connectionString: string, schema: string): Promise<void> {
  const client = new Client({ connectionString, options: inSchema(schema) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [`deal-ledger ${schema}`]);
    await client.query(`create schema if not exists ${schema}`);
    for (const statement of STATEMENTS) await client.query(statement);
  } finally {
    await client.end();
  }
}

import { inSchema, migrated } from '@deal-ledger/projection';
import { Client } from 'pg';
import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Where the auditors' service keeps what it makes of the log besides its projection. */
export const AUDITING_SCHEMA = 'auditing';

/** The tree over the log's records, and what was signed of it. */
class CreateTree1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...GUARDS]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table tree, tree_hashes, checkpoints, cosignatures');
    await runner.query('drop function refuse_change');
  }
}

/** How a ledger was signed where it was before. */
class KeepCheckpointBefore1766000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table signed_before (only_one boolean primary key default true check (only_one), note text not null)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table signed_before');
  }
}

const TABLES = [
  // One row: how far the tree has grown, and the hashes at its right edge, which are all that growing further takes.
  `create table tree (
     only_one boolean primary key default true check (only_one),
     ledger_id text,
     size bigint not null,
     edge bytea not null,
     signed_size bigint not null,
     check (signed_size <= size)
   )`,
  `insert into tree (size, edge, signed_size) values (0, '', 0)`,
  // What tiles are made of: level 0 are the leaves, by position; a hash of a higher level stands for 256 of the one below.
  `create table tree_hashes (
     level smallint,
     index bigint,
     hash bytea not null check (octet_length(hash) = 32),
     primary key (level, index)
   )`,
  `create table checkpoints (
     size bigint primary key,
     root bytea not null check (octet_length(root) = 32),
     note text not null,
     signed_at timestamptz not null default now()
   )`,
  // A line of each witness on a checkpoint.
  `create table cosignatures (
     size bigint references checkpoints,
     witness text collate "C",
     line text not null,
     cosigned_at timestamptz not null default now(),
     primary key (size, witness)
   )`,
];

const GUARDS = [
  `create function refuse_change() returns trigger language plpgsql as $$
   begin
     raise exception '% of % is refused: what was signed for stays as it is', tg_op, tg_table_name
       using errcode = 'restrict_violation';
   end $$`,
  ...['tree_hashes', 'checkpoints', 'cosignatures'].map(
    (table) =>
      `create trigger append_only before update or delete or truncate on ${table} for each statement execute function refuse_change()`,
  ),
];

/** Makes the tables, or brings them up to date. Instances that start at the same moment wait for each other. */
export async function prepareAuditing(connectionString: string, schema = AUDITING_SCHEMA): Promise<void> {
  await migrated(connectionString, schema, [CreateTree1765000000000, KeepCheckpointBefore1766000000000]);
}

/** Keeps the checkpoint of a ledger that comes from elsewhere: the tree over it is signed with no other key than that. */
export async function keepCheckpointBefore(
  connectionString: string,
  note: string,
  schema = AUDITING_SCHEMA,
): Promise<void> {
  await prepareAuditing(connectionString, schema);
  const client = new Client({ connectionString, options: inSchema(schema) });
  await client.connect();
  try {
    await client.query(
      'insert into signed_before (note) values ($1) on conflict (only_one) do update set note = excluded.note',
      [note],
    );
  } finally {
    await client.end();
  }
}

import { createHash } from 'node:crypto';
import {
  PROJECTIONS,
  REPORTS_VERSION,
  SQL_LIBRARY,
  sqlFunctionOf,
  type ReportDefinition,
  type SqlFunction,
} from '@deal-ledger/reports';
import type { Client } from 'pg';
import { READER, readerRole } from './reader-role';

/** Where readers find a projection's reports. Real projections share one schema; any other has one beside its own. */
export function reportsSchemaOf(schema: string): string {
  return PROJECTIONS.some((projection) => projection.schema === schema) ? 'reports' : `${schema}_reports`;
}

/**
 * Makes the functions and views of a projection's reports, in one transaction, those whose text has
 * changed since they were last made.
 */
export async function prepareReports(
  client: Client,
  schema: string,
  definitions: readonly ReportDefinition[],
  warn: (message: string) => void,
): Promise<void> {
  const reader = await readerRole(client, warn);
  const reportsSchema = reportsSchemaOf(schema);
  await client.query('begin');
  try {
    // Projections that share the schema would fall over each other's grants on it.
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [`deal-ledger ${reportsSchema}`]);
    const { rows } = await client.query<Made>(`select name, signature, hash from ${schema}.report_functions`);
    const made = new Map(rows.map((row) => [row.name, row]));
    await prepareLibrary(client, { schema, reportsSchema, reader }, made);
    for (const definition of definitions) {
      const wanted = sqlFunctionOf(definition, { schema, reportsSchema });
      await prepareReport(client, { schema, reportsSchema, reader }, wanted, made.get(wanted.name));
      made.delete(wanted.name);
    }
    made.delete(LIBRARY);
    for (const { name } of made.values()) {
      await drop(client, reportsSchema, name);
      await client.query(`delete from ${schema}.report_functions where name = $1`, [name]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

interface Made {
  readonly name: string;
  readonly signature: string;
  readonly hash: string;
}

interface Where {
  readonly schema: string;
  readonly reportsSchema: string;
  /** The reader's object id, by which one that was made again is told from the one that was granted something. */
  readonly reader: string | undefined;
}

const LIBRARY = '(library)';

/** What all reports of the projection are written with, and the schema that they are shown in. */
async function prepareLibrary(client: Client, where: Where, made: ReadonlyMap<string, Made>): Promise<void> {
  const { schema, reportsSchema, reader } = where;
  const shown = [
    `create schema if not exists ${reportsSchema}`,
    `comment on schema ${reportsSchema} is 'Deal Ledger, reports version ${REPORTS_VERSION}: of each report a view with all that is known, today, and a function of the same name that can be asked as of any position, for any day. Names, arguments and columns stay as they are under one version; columns may be added.'`,
    ...(reader === undefined ? [] : [`grant usage on schema ${reportsSchema} to ${READER}`]),
  ];
  const hash = hashOf(where, [...SQL_LIBRARY, ...shown]);
  if (made.get(LIBRARY)?.hash === hash) return;
  await client.query(`set local search_path = ${schema}`);
  for (const statement of [...SQL_LIBRARY, ...shown]) await client.query(statement);
  await remember(client, schema, { name: LIBRARY, signature: '', hash });
}

async function prepareReport(client: Client, where: Where, wanted: SqlFunction, made: Made | undefined): Promise<void> {
  const { schema, reportsSchema, reader } = where;
  const { name, signature, statements } = wanted;
  const hash = hashOf(where, statements);
  if (made?.hash === hash) return;
  if (made?.signature !== signature) await drop(client, reportsSchema, name);
  for (const statement of statements) await client.query(statement);
  await client.query(`revoke all on function ${reportsSchema}.${name} from public`);
  if (reader !== undefined) {
    await client.query(`grant execute on function ${reportsSchema}.${name} to ${READER}`);
    await client.query(`grant select on ${reportsSchema}.${name} to ${READER}`);
  }
  await remember(client, schema, { name, signature, hash });
}

/** A view that somebody built on it refuses this, and is named: whether it may go is not ours to say. */
async function drop(client: Client, reportsSchema: string, name: string): Promise<void> {
  await client.query(`drop view if exists ${reportsSchema}.${name}`);
  await client.query(`drop function if exists ${reportsSchema}.${name}`);
}

async function remember(client: Client, schema: string, { name, signature, hash }: Made): Promise<void> {
  await client.query(
    `insert into ${schema}.report_functions (name, signature, hash) values ($1, $2, $3)
     on conflict (name) do update set signature = excluded.signature, hash = excluded.hash`,
    [name, signature, hash],
  );
}

function hashOf({ reader }: Where, statements: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([reader ?? null, ...statements]))
    .digest('hex');
}

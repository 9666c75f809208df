import type { Client } from 'pg';

/** Whoever is granted this role can read the reports, and nothing else. */
export const READER = 'ledger_reader';

const DUPLICATE = new Set(['42710', '23505']);
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * The object id of the readers' role, which is made if it is missing; nothing when that is not allowed.
 * Whoever has that role alone cannot write either, as far as this user may see to it.
 */
export async function readerRole(client: Client, warn: (message: string) => void): Promise<string | undefined> {
  const role = await madeRole(client, warn);
  if (role !== undefined) for (const limit of [TEMPORARY_TABLES, LARGE_OBJECTS]) await hold(client, limit, warn);
  return role;
}

async function madeRole(client: Client, warn: (message: string) => void): Promise<string | undefined> {
  const find = async (): Promise<string | undefined> => {
    const { rows } = await client.query<{ oid: string }>('select oid from pg_roles where rolname = $1', [READER]);
    return rows[0]?.oid;
  };
  const found = await find();
  if (found !== undefined) return found;
  try {
    await client.query(`create role ${READER} nologin`);
    await client.query(
      `comment on role ${READER} is 'May read the reports of the Deal Ledger in the schema reports, and nothing else. Grant it to whoever reads them.'`,
    );
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (code === INSUFFICIENT_PRIVILEGE) {
      warn(
        `the role ${READER} is missing and this user may not create it, so nobody else can read the reports in SQL: ` +
          `let an administrator run "create role ${READER} nologin" and start again`,
      );
      return undefined;
    }
    // A role is of all databases of the server: somebody else has just made it.
    if (!DUPLICATE.has(code)) throw error;
  }
  return find();
}

/** What Postgres lets everybody write who may connect, and readers are not to. */
interface Limit {
  readonly what: string;
  /** SQL for rows with an `object` of which everybody has the privilege. */
  readonly open: string;
  readonly privilege: string;
}

const TEMPORARY_TABLES: Limit = {
  what: 'make temporary tables',
  open: `select format('database %I', current_database()) as object where has_database_privilege('public', current_database(), 'temporary')`,
  privilege: 'temporary',
};

const LARGE_OBJECTS: Limit = {
  what: 'make large objects',
  open: `select format('function pg_catalog.%I(%s)', proname, pg_get_function_identity_arguments(oid)) as object from pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('public', oid, 'execute')
      and proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'lo_truncate', 'lo_truncate64', 'lo_unlink')
    order by object`,
  privilege: 'execute',
};

// Others may live in the same database: whoever owns something in it, or it, goes on as before.
const WHO_STAYS = `
  select quote_ident(rolname) as role from pg_roles
  where rolname = current_user or oid in (
    select datdba from pg_database where datname = current_database()
    union
    select refobjid from pg_shdepend join pg_database as d on d.oid = dbid
    where d.datname = current_database() and refclassid = 'pg_authid'::regclass and deptype = 'o'
  )
  order by role`;

/** Takes from everybody what readers are not to have, or says who can. */
async function hold(client: Client, { what, open, privilege }: Limit, warn: (message: string) => void): Promise<void> {
  const openNow = async (): Promise<string[]> =>
    (await client.query<{ object: string }>(open)).rows.map(({ object }) => object);
  if ((await openNow()).length === 0) return;
  const { rows } = await client.query<{ role: string }>(WHO_STAYS);
  const staying = rows.map(({ role }) => role).join(', ');
  const statementsFor = (objects: readonly string[]): string =>
    objects
      .flatMap((object) => [
        `grant ${privilege} on ${object} to ${staying}`,
        `revoke ${privilege} on ${object} from public`,
      ])
      .join('; ');
  await client.query('begin');
  try {
    // Instances that start together would change the same rows of the catalogue.
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [`deal-ledger ${READER}`]);
    const objects = await openNow();
    if (objects.length > 0) await client.query(statementsFor(objects));
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
  }
  // What somebody else granted, Postgres takes away from nobody without an error.
  const left = await openNow();
  if (left.length > 0)
    warn(
      `everybody who may connect to this database can ${what}, readers with ${READER} too, and this user may not take that from them: ` +
        `let an administrator run "${statementsFor(left)}"`,
    );
}

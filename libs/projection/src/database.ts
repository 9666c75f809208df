import { Client, Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** Unquoted in SQL, so that nobody has to wonder where it needs quotes. */
const SCHEMA_NAME = /^[a-z][a-z0-9_]{0,40}$/;
const CONNECT_TIMEOUT_MS = 5_000;

/** Connection options under which unqualified names mean this schema's. */
export function inSchema(schema: string): string {
  if (!SCHEMA_NAME.test(schema))
    throw new RangeError(`${schema} is no name for a schema here: lower case letters, digits and _`);
  return `-c search_path=${schema} -c datestyle=ISO`;
}

export interface PoolOptions {
  readonly connectionString: string;
  readonly schema: string;
  /** What the database shows as the name of who is connected. */
  readonly name: string;
  readonly max: number;
  readonly onIdleError: (error: Error) => void;
  /** After which the database gives a statement up. */
  readonly statementTimeoutMs?: number;
}

/** Connections to a schema. That one breaks never ends the process. */
export function poolIn(options: PoolOptions): Pool {
  const { connectionString, schema, name, max, onIdleError, statementTimeoutMs } = options;
  const pool = new Pool({
    connectionString,
    options: inSchema(schema),
    application_name: `deal-ledger ${name}`,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(statementTimeoutMs === undefined ? {} : { statement_timeout: statementTimeoutMs }),
    keepAlive: true,
  });
  pool.on('error', onIdleError);
  // A connection that is in use tells its query what happened; without a listener it would end the process as well.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Makes a schema, or brings it up to date, and then does what else it needs. Instances that start at
 * the same moment wait for each other.
 */
export async function migrated(
  connectionString: string,
  schema: string,
  migrations: NonNullable<DataSourceOptions['migrations']>,
  then: (client: Client) => Promise<void> = async () => undefined,
): Promise<void> {
  const options = inSchema(schema);
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [`deal-ledger ${schema}`]);
    await client.query(`create schema if not exists ${schema}`);
    const source = new DataSource({
      type: 'postgres',
      url: connectionString,
      schema,
      migrations,
      migrationsTransactionMode: 'all',
      extra: { options },
    });
    await source.initialize();
    try {
      await source.runMigrations();
    } finally {
      await source.destroy();
    }
    await then(client);
  } finally {
    await client.end();
  }
}

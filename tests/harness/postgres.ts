import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canConnect, EmbeddedPostgresFailed, startEmbeddedPostgres, type EmbeddedPostgres } from '@deal-ledger/log';
import { NotAvailable, startContainer } from './containers';
import { endWithUs, eventually, freePorts } from './processes';

export interface PostgresOptions {
  /** Kept when given; else a temporary folder that goes with `stop`. */
  readonly dataDir?: string;
  /** Only a PostgreSQL of our own, that can be killed and started again. */
  readonly restartable?: boolean;
  /** `false` is faster, and all a test needs that does not measure. */
  readonly durable?: boolean;
}

/** A PostgreSQL to test against. Only an embedded one can be killed and started again. */
export interface RunningPostgres {
  readonly url: string;
  readonly origin: 'environment' | 'docker' | 'embedded';
  /** Of an embedded one. */
  readonly passwordFile?: string;
  /** As a crash would. */
  kill9(): Promise<void>;
  /** The same data and port again; resolves when it serves. */
  start(): Promise<void>;
  /** Leaves no process behind, and no data unless `dataDir` was given. */
  stop(): Promise<void>;
}

const IMAGE = 'postgres:18-alpine';
const READY_WITHIN_MS = 90_000;

/**
 * Finds or starts a PostgreSQL: the one `DATABASE_URL` names, else one in Docker, else the embedded one.
 * @throws NotAvailable saying what is missing
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  if (!options.restartable) {
    const { DATABASE_URL } = process.env;
    if (DATABASE_URL) return unbreakable('environment', DATABASE_URL, async () => {});
    const container = await startPostgresContainer();
    if (container) return container;
  }
  return startOwn(options);
}

async function startOwn({ dataDir, durable = true }: PostgresOptions): Promise<RunningPostgres> {
  const folder = dataDir ?? join(tmpdir(), `deal-ledger-postgres-${randomBytes(6).toString('hex')}`);
  const [port] = (await freePorts(1)) as [number];
  const launch = async (): Promise<EmbeddedPostgres> => {
    try {
      return await startEmbeddedPostgres({ dataDir: folder, port, durable });
    } catch (error) {
      throw error instanceof EmbeddedPostgresFailed ? new NotAvailable(`no PostgreSQL: ${error.message}`) : error;
    }
  };
  let server = await launch();
  let unwatch = endWithUs(server.pid);
  return {
    url: server.url,
    origin: 'embedded',
    passwordFile: server.passwordFile,
    kill9: async () => {
      unwatch();
      process.kill(server.pid, 'SIGKILL');
      await eventually(async () => {
        if (await canConnect(server.url)) throw new Error('it still answers');
      }, READY_WITHIN_MS);
    },
    start: async () => {
      server = await launch();
      unwatch = endWithUs(server.pid);
    },
    stop: async () => {
      unwatch();
      await server.stop();
      if (dataDir) return;
      for (const suffix of ['', '.password', '.log', '.owner'])
        rmSync(`${folder}${suffix}`, { recursive: true, force: true });
    },
  };
}

async function startPostgresContainer(): Promise<RunningPostgres | undefined> {
  const [port] = (await freePorts(1)) as [number];
  const password = randomBytes(12).toString('hex');
  const container = await startContainer(() => ({
    image: IMAGE,
    ports: [{ container: 5432, host: port }],
    environment: { POSTGRES_PASSWORD: password },
  }));
  if (!container) return undefined;
  const url = `postgres://postgres:${password}@${container.host}:${port}/postgres`;
  try {
    await eventually(async () => {
      if (!(await canConnect(url))) throw new Error('PostgreSQL in Docker does not answer');
    }, READY_WITHIN_MS);
  } catch (error) {
    await container.stop();
    throw error;
  }
  return unbreakable('docker', url, container.stop);
}

function unbreakable(origin: RunningPostgres['origin'], url: string, stop: () => Promise<void>): RunningPostgres {
  const refuse = async (): Promise<never> => {
    throw new Error(`a PostgreSQL of origin "${origin}" cannot be killed or started again: ask for a restartable one`);
  };
  return { url, origin, stop, kill9: refuse, start: refuse };
}

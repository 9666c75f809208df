import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePorts, isTaken, startServer, type Server } from './processes';
import { ROOT } from './root';

const READY_WITHIN_MS = 60_000;

export const SERVICES = [
  'deals',
  'funding',
  'capacity',
  'spend-forecast',
  'supplier-commitments',
  'audit',
  'witness',
  'front-door',
] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface ServiceOptions {
  readonly service: ServiceName | 'standalone';
  readonly environment: Readonly<Record<string, string>>;
  /** A free one unless given. */
  readonly port?: number;
}

/** One service as a process of its own, that can be killed and started again on its port. */
export interface RunningService {
  readonly url: string;
  readonly port: number;
  /** Of the process, while there is one. */
  readonly pid: number | undefined;
  output(): string;
  /** As a crash would. */
  kill9(): Promise<void>;
  /** Resolves when it is ready. */
  start(): Promise<void>;
  /** Asks it to stop, and resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a service that was built before, and resolves when it is ready. */
export async function startService({ service, environment, port: wanted }: ServiceOptions): Promise<RunningService> {
  const port = wanted ?? ((await freePorts(1))[0] as number);
  const url = `http://127.0.0.1:${port}`;
  // What it keeps in files goes with it, unless it was given a folder.
  const folder = mkdtempSync(join(tmpdir(), `deal-ledger-${service}-`));
  const env = {
    ...process.env,
    DATA_DIR: folder,
    LOG_LEVEL: 'warn',
    NODE_ENV: 'test',
    ...environment,
    PORT: String(port),
  };
  let server: Server | undefined;
  const start = async (): Promise<void> => {
    // Whoever has it would answer in the place of this service.
    if (await isTaken(port)) throw new Error(`${service} was not started: port ${port} of 127.0.0.1 is taken`);
    const started = await startServer(
      process.execPath,
      ['--enable-source-maps', join(ROOT, 'apps', service, 'dist', 'main.js')],
      ROOT,
      env,
    );
    server = started;
    try {
      await eventually(
        () => beReady(url, started),
        READY_WITHIN_MS,
        () => started.running,
      );
    } catch (error) {
      await started.end('SIGKILL');
      throw new Error(`${service} did not become ready: ${String(error)}\n${started.output()}`);
    }
  };
  await start();
  return {
    url,
    port,
    start,
    get pid() {
      return server?.running ? server.pid : undefined;
    },
    output: () => server?.output() ?? '',
    kill9: async () => server?.end('SIGKILL'),
    stop: async () => {
      await server?.end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An answer counts only from a service that still runs: another process may have come to the port before it. */
async function beReady(url: string, server: Server): Promise<void> {
  const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(await answer.text());
  if (!server.running) throw new Error('it has ended, and another process answers on its port');
}

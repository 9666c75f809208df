import {
  isAlive,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
import { backoffMs, pause, type LogLogger } from './waiting';

/** An embedded Postgres that is started again whenever it ends without having been told to. */
export interface SupervisedPostgres {
  /** The same for as long as it is supervised. */
  readonly url: string;
  readonly passwordFile: string;
  stop(): Promise<void>;
}

const WATCH_MS = 200;
/** What ran this long did not fail because of how it was started. */
const STEADY_MS = 30_000;
/** Failures in a row after which it is said again that it does not run. */
const REMIND_EVERY = 30;

/**
 * Starts the embedded Postgres and keeps it running, on one port and with its data, until `stop`.
 * Whoever is connected is cut off meanwhile, and connects again.
 * @throws EmbeddedPostgresFailed when the first start fails; later ones are tried again
 */
export async function superviseEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
  logger: LogLogger,
): Promise<SupervisedPostgres> {
  const first = await startEmbeddedPostgres(options);
  const { url, passwordFile } = first;
  const onSamePort = { ...options, port: Number(new URL(url).port) };
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: EmbeddedPostgres | undefined = first;

  const supervise = async (): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      const startedAtMs = Date.now();
      const ended = running as EmbeddedPostgres;
      while (isAlive(ended.pid)) {
        await pause(WATCH_MS, signal);
        if (signal.aborted) return;
      }
      if (Date.now() - startedAtMs > STEADY_MS) failures = 0;
      const details = { pid: ended.pid, dataDir: ended.dataDir };
      logger.warn(details, 'the database, PostgreSQL, has ended by itself; it is started again on the same data');
      await ended.stop();
      running = undefined;
      while (running === undefined && !signal.aborted) {
        if (failures > 0) await pause(backoffMs(failures), signal);
        if (signal.aborted) return;
        failures += 1;
        running = await startEmbeddedPostgres(onSamePort).catch((err: unknown) => {
          if (failures % REMIND_EVERY === 1)
            logger.warn({ ...details, err, failures }, 'the database cannot be started, trying again');
          return undefined;
        });
      }
      if (running !== undefined) logger.warn({ pid: running.pid }, 'the database, PostgreSQL, runs again');
    }
  };
  const supervision = supervise();
  return {
    url,
    passwordFile,
    stop: async () => {
      stopping.abort();
      await supervision;
      await running?.stop();
    },
  };
}

import { pino, type Logger } from 'pino';
import { clockOf } from './clock';
import type { Settings } from './settings';

/** The root logger of a process: JSON lines on standard output. */
export const logOf = (name: string, settings: Pick<Settings, 'LOG_LEVEL'>): Logger =>
  pino({ name, level: settings.LOG_LEVEL });

/** Where the settings put the log, and how: what `openLog` asks for. */
export const logPlaceOf = (name: string, settings: Settings) => ({
  brokers: settings.KAFKA_BROKERS,
  databaseUrl: settings.DATABASE_URL,
  topic: settings.LEDGER_TOPIC,
  flushEveryMessage: settings.KAFKA_FLUSH_EVERY_MESSAGE,
  // The database's own clock counts, unless a test sets another.
  nowMs: settings.LEDGER_CLOCK === undefined ? undefined : () => clockOf(settings).nowMs(),
  logger: logOf(name, settings),
});

/** A service that runs alone keeps its data somewhere it is told: the embedded database is for `npm start`. */
export function requireStores(
  name: string,
  settings: Pick<Settings, 'KAFKA_BROKERS' | 'DATABASE_URL'>,
  needs: readonly ('log' | 'database')[],
): void {
  const missing = [
    ...(needs.includes('log') && !settings.KAFKA_BROKERS && !settings.DATABASE_URL
      ? ['the log: set KAFKA_BROKERS (or DATABASE_URL, to keep it in Postgres)']
      : []),
    ...(needs.includes('database') && !settings.DATABASE_URL ? ['the tables: set DATABASE_URL'] : []),
  ];
  if (missing.length === 0) return;
  process.stderr.write(
    `${name} cannot start, it does not know where to find ${missing.join('; and ')}.\nnpm start runs everything with a database of its own, npm run cluster with a Kafka besides.\n`,
  );
  process.exit(2);
}

/** A process cannot start for a reason that its message says whole, with the way out. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

/** Runs a process's main; what it cannot get over ends the process with the reason and exit code 1. */
export function runMain(name: string, main: () => Promise<unknown>): void {
  main().catch((error: unknown) => {
    process.stderr.write(lastWords(name, error));
    process.exit(1);
  });
}

/** What a process says when it ends: the reason, and where it came from unless the reason is plain. */
export function lastWords(name: string, error: unknown): string {
  const reason = `${name} cannot go on: ${error instanceof Error ? error.message : String(error)}\n`;
  return error instanceof Error && error.stack && !(error instanceof CannotStart)
    ? `${reason}${error.stack}\n`
    : reason;
}

import { KafkaLog } from './kafka';
import { LogHalted, type Log } from './log';
import { PostgresLog } from './postgres';
import type { LogLogger } from './waiting';

export interface OpenLogOptions {
  /** The log is in Kafka when there are any, else in Postgres. */
  readonly brokers: readonly string[] | undefined;
  readonly databaseUrl: string | undefined;
  /** Name of the log. */
  readonly topic: string;
  /** Whether a lone Kafka broker must write every request through to its disk. */
  readonly flushEveryMessage: boolean;
  /** Append time of a log in Postgres, where it is not the database's own. */
  readonly nowMs?: (() => number) | undefined;
  readonly logger: LogLogger;
}

/** The name of the log of refusals that belongs to a ledger of this name. */
export const refusalsTopicOf = (topic: string): string => `${topic}-refusals`;

const RETRY_MS = 1_000;

/**
 * Opens the log that the settings name, and waits as long as it takes for the broker or database to
 * come up: services and stores may be started in any order.
 * @throws LogHalted when it is there but not as it must be
 */
export async function openLog({
  brokers,
  databaseUrl,
  topic,
  flushEveryMessage,
  nowMs,
  logger,
}: OpenLogOptions): Promise<Log> {
  for (;;) {
    try {
      if (brokers) return await KafkaLog.open({ brokers, topic, logger, flushEveryMessage });
      if (databaseUrl !== undefined)
        return await PostgresLog.open({
          connectionString: databaseUrl,
          table: topic,
          logger,
          ...(nowMs ? { clock: nowMs } : {}),
        });
      throw new LogHalted(
        'LOG_MISCONFIGURED',
        'neither Kafka brokers nor a database are set: there is nowhere to keep the log',
      );
    } catch (error) {
      if (error instanceof LogHalted) throw error;
      logger.warn({ err: error, store: brokers ?? 'Postgres' }, 'the log cannot be opened yet, trying again');
      await new Promise((resume) => setTimeout(resume, RETRY_MS));
    }
  }
}

/**
 * Opens a log that is there already. Nothing is made or changed, and nobody is waited for: what cannot be
 * reached now is an error.
 * @throws LogHalted when it is not there, or not as it must be
 */
export async function openExistingLog({
  brokers,
  databaseUrl,
  topic,
  flushEveryMessage,
  logger,
}: Omit<OpenLogOptions, 'nowMs'>): Promise<Log> {
  if (brokers) return KafkaLog.open({ brokers, topic, logger, flushEveryMessage, createIfMissing: false });
  if (databaseUrl !== undefined)
    return PostgresLog.open({ connectionString: databaseUrl, table: topic, logger, createIfMissing: false });
  throw new LogHalted('LOG_MISCONFIGURED', 'neither Kafka brokers nor a database are named: there is no log');
}

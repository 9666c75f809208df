import { KafkaRestore } from './kafka-restore';
import { PostgresRestore } from './postgres-restore';
import { RestoreRefused, type LogRestore } from './restore';
import type { LogLogger } from './waiting';

export interface RestorePlace {
  /** The log goes into Kafka when there are any, else into Postgres. */
  readonly brokers: readonly string[] | undefined;
  readonly databaseUrl: string | undefined;
  /** Name of the log. */
  readonly topic: string;
  readonly flushEveryMessage: boolean;
  readonly logger: LogLogger;
}

/**
 * Begins a log where there is none.
 * @throws RestoreRefused when there is one, or the beginnings of one in Kafka
 */
export async function beginRestore(place: RestorePlace): Promise<LogRestore> {
  const { brokers, databaseUrl, topic, flushEveryMessage, logger } = place;
  if (brokers)
    return KafkaRestore.begin({ brokers, topic, clientId: 'deal-ledger-restore', logger }, flushEveryMessage);
  if (databaseUrl !== undefined) return PostgresRestore.begin(databaseUrl, topic);
  throw new RestoreRefused('neither Kafka brokers nor a database are named: there is nowhere to restore to');
}

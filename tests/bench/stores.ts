import { randomBytes } from 'node:crypto';
import { openLog } from '@deal-ledger/log';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import type { RunningKafka } from '../harness/kafka';
import type { RunningPostgres } from '../harness/postgres';

export const STORES = ['kafka', 'kafka-flush', 'postgres'] as const;
export type StoreName = (typeof STORES)[number];

/** A log, and the database beside it, or that it is in. */
export interface Where {
  readonly brokers: readonly string[] | undefined;
  readonly databaseUrl: string;
  readonly topic: string;
  readonly flushEveryMessage: boolean;
}

/** Where ours and its floor keep what they are given: fresh logs, and a database of its own. */
export class Store {
  private readonly run = randomBytes(4).toString('hex');
  private readonly topics: string[] = [];
  private readonly databaseName = `bench_${this.run}`;

  private constructor(
    readonly name: StoreName,
    private readonly postgres: RunningPostgres,
    private readonly kafka: RunningKafka | undefined,
  ) {}

  static async create(name: StoreName, postgres: RunningPostgres, kafka: RunningKafka | undefined): Promise<Store> {
    const store = new Store(name, postgres, kafka);
    await store.onServer(`create database ${store.databaseName}`);
    return store;
  }

  get databaseUrl(): string {
    const url = new URL(this.postgres.url);
    url.pathname = `/${this.databaseName}`;
    return url.href;
  }

  /** A log that is there and empty. */
  async newLog(): Promise<Where> {
    const topic = `bench-${this.run}-${this.topics.length}`;
    this.topics.push(topic);
    const where: Where = {
      brokers: this.kafka?.brokers,
      databaseUrl: this.databaseUrl,
      topic,
      flushEveryMessage: this.name !== 'kafka',
    };
    await (await openLog({ ...where, logger: { debug: () => undefined, warn: () => undefined } })).close();
    return where;
  }

  /** Does something with the database on a connection of its own. */
  async query<Row extends object>(text: string): Promise<Row[]> {
    return rowsOf<Row>(this.databaseUrl, text);
  }

  /** Takes away everything that was put into servers that stay. */
  async remove(): Promise<void> {
    if (this.postgres.origin === 'environment')
      await this.onServer(`drop database if exists ${this.databaseName} with (force)`);
    if (this.kafka?.origin !== 'environment' || this.topics.length === 0) return;
    const admin = new Kafka({ brokers: this.kafka.brokers, clientId: 'bench', logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: this.topics });
    await admin.disconnect();
  }

  private async onServer(text: string): Promise<void> {
    await rowsOf(this.postgres.url, text);
  }
}

/** The settings under which a service uses a log. */
export const settingsFor = ({ brokers, databaseUrl, topic, flushEveryMessage }: Where): Record<string, string> => ({
  KAFKA_BROKERS: brokers?.join(',') ?? '',
  KAFKA_FLUSH_EVERY_MESSAGE: String(flushEveryMessage),
  DATABASE_URL: databaseUrl,
  LEDGER_TOPIC: topic,
});

async function rowsOf<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

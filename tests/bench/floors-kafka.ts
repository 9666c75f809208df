import type { LogRecord } from '@deal-ledger/log';
import { Kafka, logLevel, type Consumer, type EachBatchPayload, type Message, type Producer } from 'kafkajs';
import { Client } from 'pg';
import { batchesOf, eventsIn, recordsOf } from './floors-records';
import { createTables, rowsOf, writeRows } from './floors-tables';
import { median } from './statistics';
import type { Where } from './stores';

export interface KafkaPlan {
  /** The log that ours wrote: its records are the bytes. */
  readonly from: Where;
  readonly first: number;
  readonly last: number;
}

const WARM_UP_SENDS = 100;

const clientOf = ({ brokers }: Where): Kafka =>
  new Kafka({ brokers: [...(brokers ?? [])], clientId: 'floor', logLevel: logLevel.NOTHING });

async function producerOf(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ createPartitioner: () => () => 0, allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
}

const messageOf = ({ key, value, headers }: LogRecord): Message => ({
  key,
  value,
  headers: Object.fromEntries(headers),
});

/** Sends one record after the other to `to`, an empty log, each when the one before was read back; the median time of one, in ms. */
export async function produceAndReadBack(
  plan: KafkaPlan & { to: string; seconds: number },
): Promise<{ p50Ms: number }> {
  const messages = (await recordsOf(plan.from, plan.first, plan.first + 1)).map(messageOf);
  const kafka = clientOf(plan.from);
  const producer = await producerOf(kafka);
  let seen: (() => void) | undefined;
  const readBack = (): Promise<void> => new Promise((resolve) => (seen = resolve));
  const consumer = await consuming(kafka, plan.to, async () => seen?.());
  const send = async (): Promise<number> => {
    const sentMs = performance.now();
    const back = readBack();
    await producer.send({ topic: plan.to, acks: -1, messages });
    await back;
    return performance.now() - sentMs;
  };
  for (let sent = 0; sent < WARM_UP_SENDS; sent += 1) await send();
  const latenciesMs: number[] = [];
  for (const endMs = performance.now() + plan.seconds * 1_000; performance.now() < endMs;)
    latenciesMs.push(await send());
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  return { p50Ms: median(latenciesMs) };
}

/** Sends the same records to `to` in batches of 512 KiB, one request after the other. */
export async function produceBatches(plan: KafkaPlan & { to: string }): Promise<{ eventsPerSecond: number }> {
  const records = await recordsOf(plan.from, plan.first, plan.last + 1);
  const events = eventsIn(records);
  const batches = batchesOf(records).map((batch) => batch.map(messageOf));
  const producer = await producerOf(clientOf(plan.from));
  const startedMs = performance.now();
  for (const messages of batches) await producer.send({ topic: plan.to, acks: -1, messages });
  const seconds = (performance.now() - startedMs) / 1_000;
  await producer.disconnect();
  return { eventsPerSecond: events / seconds };
}

/** Reads a log from its beginning, parses it, and puts as many rows as ours into two plain tables, one insert a batch. */
export async function consumeAndInsert(
  plan: KafkaPlan & { databaseUrl: string; postingsPerEvent: number },
): Promise<{ eventsPerSecond: number }> {
  const database = new Client({ connectionString: plan.databaseUrl });
  await database.connect();
  await createTables(database);
  let events = 0;
  let startedMs: number | undefined;
  let finish: (eventsPerSecond: number) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const finished = new Promise<number>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const take = async ({ batch }: EachBatchPayload): Promise<void> => {
    const rows = rowsOf(
      batch.messages.map(({ offset, value }) => ({ position: Number(offset), value })),
      plan.postingsPerEvent,
    );
    await writeRows(database, rows);
    // What comes before the first batch is written is the start.
    if (startedMs === undefined) startedMs = performance.now();
    else events += rows.events;
    if (Number(batch.lastOffset()) >= plan.last) finish(events / ((performance.now() - startedMs) / 1_000));
  };
  const consumer = await consuming(clientOf(plan.from), plan.from.topic, (payload) => take(payload).catch(fail));
  const eventsPerSecond = await finished;
  await consumer.disconnect();
  await database.end();
  return { eventsPerSecond };
}

/** Reads a log from its beginning, parses it, and does nothing with it. */
export async function consumeAndParse(plan: KafkaPlan): Promise<{ events: number; eventsPerSecond: number }> {
  let events = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let startedMs: number | undefined;
  const consumer = await consuming(clientOf(plan.from), plan.from.topic, async ({ batch }) => {
    startedMs ??= performance.now();
    for (const { value } of batch.messages) events += (JSON.parse(String(value)) as unknown[]).length;
    if (Number(batch.lastOffset()) >= plan.last) finish();
  });
  await finished;
  const seconds = (performance.now() - (startedMs ?? NaN)) / 1_000;
  await consumer.disconnect();
  return { events, eventsPerSecond: events / seconds };
}

/** A consumer in a group of its own, from the beginning on, that has been given its partition. */
async function consuming(
  kafka: Kafka,
  topic: string,
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId: `floor-${process.pid}`, allowAutoTopicCreation: false });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatch });
  await joined;
  return consumer;
}

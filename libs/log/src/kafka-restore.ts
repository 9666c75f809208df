import type { IHeaders, Message, Producer } from 'kafkajs';
import { kafkaClient, type KafkaSettings } from './kafka-connection';
import { readKafka } from './kafka-read';
import { createRestoredTopic, handOverTopic, recordsInTopic } from './kafka-topic';
import type { LogRecord } from './log';
import { MAX_BATCH_BYTES } from './limits';
import { RestoreRefused, type LogRestore } from './restore';

const ALL_REPLICAS = -1;
const REQUEST_TIMEOUT_MS = 30_000;
const RETRIES = 8;
/** What stands around a record, generously. */
const RECORD_OVERHEAD_BYTES = 200;

/**
 * A log that is restored into a topic. While it is, the topic keeps the times that it is given, with which no
 * service takes it for a log; when all is in, the broker dates what comes after.
 *
 * A position that a marker of somebody's transaction held gets a record without key, value and headers: that is what
 * readers are given of a marker, and so it stays the same leaf. Which batches records came in is not kept.
 */
export class KafkaRestore implements LogRestore {
  private next = 0;

  private constructor(
    private readonly settings: KafkaSettings,
    private readonly flushEveryMessage: boolean,
    private readonly producer: Producer,
  ) {}

  /** @throws RestoreRefused when there is such a topic */
  static async begin(settings: KafkaSettings, flushEveryMessage: boolean): Promise<KafkaRestore> {
    const there = await recordsInTopic(settings);
    if (there !== undefined) {
      const half = there.isUnfinished ? ' of a restore that did not come to its end' : '';
      throw new RestoreRefused(
        `topic ${settings.topic} exists already, with ${there.records} records${half}: delete it, or name another one in LEDGER_TOPIC. A ledger is restored only where there is nothing`,
      );
    }
    await createRestoredTopic(settings, flushEveryMessage);
    // The broker drops what is sent twice; and every answer is held against the position that is due.
    const producer = kafkaClient(settings, REQUEST_TIMEOUT_MS).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: RETRIES },
    });
    await producer.connect();
    return new KafkaRestore(settings, flushEveryMessage, producer);
  }

  async put(records: readonly LogRecord[]): Promise<void> {
    for (let start = 0; start < records.length;) {
      let bytes = 0;
      let end = start;
      while (end < records.length && (end === start || bytes + sizeOf(records[end] as LogRecord) <= MAX_BATCH_BYTES)) {
        bytes += sizeOf(records[end] as LogRecord);
        end += 1;
      }
      await this.send(records.slice(start, end));
      start = end;
    }
  }

  async *readBack(end: number): AsyncGenerator<readonly LogRecord[]> {
    const reading = new AbortController();
    let read = 0;
    try {
      if (end === 0) return;
      for await (const records of readKafka(this.settings, 0, reading.signal)) {
        yield records;
        read += records.length;
        if (read >= end) return;
      }
    } finally {
      reading.abort();
    }
  }

  finish(): Promise<void> {
    return handOverTopic(this.settings, this.flushEveryMessage);
  }

  close(): Promise<void> {
    return this.producer.disconnect();
  }

  private async send(records: readonly LogRecord[]): Promise<void> {
    const { topic } = this.settings;
    const messages = records.map(messageOf);
    const [answer] = await this.producer.send({ topic, acks: ALL_REPLICAS, timeout: REQUEST_TIMEOUT_MS, messages });
    const first = Number(answer?.baseOffset);
    if (first !== this.next)
      throw new RestoreRefused(
        `topic ${topic} put the record of position ${this.next} at ${first}: somebody else writes to it. Delete it, and restore to one that nobody uses`,
      );
    this.next += records.length;
  }
}

function messageOf({ key, value, headers, timeMs }: LogRecord): Message {
  const named: IHeaders = {};
  for (const [name, content] of headers) {
    const before = named[name];
    named[name] = before === undefined ? content : [...[before].flat(), content];
  }
  return { partition: 0, key, value, headers: named, timestamp: String(timeMs) };
}

function sizeOf({ key, value, headers }: LogRecord): number {
  return headers.reduce(
    (sum, [name, content]) => sum + name.length + content.length,
    RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0),
  );
}

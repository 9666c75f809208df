import type { KafkaConfig } from 'kafkajs';
import { GroupCommit } from './group-commit';
import { KafkaConnection, type KafkaSettings } from './kafka-connection';
import { produceBody } from './kafka-produce';
import { readKafka, recordsInKafka } from './kafka-read';
import { ensureTopic } from './kafka-topic';
import type { Log, LogRecord, NewRecord } from './log';
import { backoffMs, pause, SharedQuestion, SILENT, StoreTimeout, within, type LogLogger } from './waiting';

export interface KafkaLogOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly clientId?: string;
  readonly logger?: LogLogger;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** Make the topic if it is missing; true unless said otherwise. */
  readonly createIfMissing?: boolean;
  /** Whether a lone broker must write every request through to its disk; true unless said otherwise. With replicas it does not matter. */
  readonly flushEveryMessage?: boolean;
}

const ACK_TIMEOUT_MS = 4_000;
const PRODUCE_TIMEOUT_MS = 5_000;
const FIND_LEADER_TIMEOUT_MS = 3_000;
const END_TIMEOUT_MS = 4_500;

/** With these a broker says that it has appended nothing. */
const NOTHING_APPENDED = [
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_ENOUGH_REPLICAS',
];

/** The log as a topic of one partition. A record's offset is its position. */
export class KafkaLog implements Log {
  private readonly closing = new AbortController();
  private readonly commit = new GroupCommit((records) => this.send(records));
  private readonly endQuestion = new SharedQuestion(() => this.askEnd());
  private appending: KafkaConnection | undefined;
  private asking: KafkaConnection | undefined;

  private constructor(private readonly settings: KafkaSettings) {}

  /**
   * Opens the log, and makes its topic if need be.
   * @throws LogHalted `LOG_MISCONFIGURED` when the topic's settings could lose or alter records
   */
  static async open(options: KafkaLogOptions): Promise<KafkaLog> {
    const {
      createIfMissing = true,
      flushEveryMessage = true,
      clientId = 'deal-ledger',
      logger = SILENT,
      ...rest
    } = options;
    const settings = { ...rest, clientId, logger };
    await ensureTopic(settings, { createIfMissing, flushEveryMessage });
    return new KafkaLog(settings);
  }

  append(record: NewRecord): Promise<number> {
    return this.commit.append(record);
  }

  read(from: number, signal: AbortSignal): AsyncGenerator<readonly LogRecord[], void, undefined> {
    return readKafka(this.settings, from, AbortSignal.any([signal, this.closing.signal]));
  }

  at(positions: readonly number[]): Promise<readonly LogRecord[]> {
    return recordsInKafka(this.settings, positions);
  }

  end(): Promise<number> {
    return this.endQuestion.ask();
  }

  /** Settles the appends that wait, and ends all reading. */
  async close(): Promise<void> {
    await this.commit.close();
    this.closing.abort();
    this.appending?.destroy();
    this.asking?.destroy();
  }

  /**
   * Sends a batch. As long as nothing can have been appended it is tried again, for a short time;
   * as soon as something may have been, the caller has to decide.
   */
  private async send(records: readonly NewRecord[]): Promise<number> {
    const nowMs = Date.now();
    const deadlineMs = nowMs + FIND_LEADER_TIMEOUT_MS;
    const body = produceBody(records, { topic: this.settings.topic, ackTimeoutMs: ACK_TIMEOUT_MS, nowMs });
    for (let failures = 1; ; failures += 1) {
      let sent = false;
      try {
        const timeoutMs = Math.max(1, deadlineMs - Date.now());
        this.appending ??= await KafkaConnection.open(this.settings, PRODUCE_TIMEOUT_MS, timeoutMs);
        const leader = await this.appending.leader();
        sent = true;
        return await this.appending.produce(leader, body);
      } catch (error) {
        this.appending?.destroy();
        this.appending = undefined;
        const surelyNotAppended = !sent || NOTHING_APPENDED.includes((error as { type?: string }).type ?? '');
        const waitMs = backoffMs(failures);
        if (!surelyNotAppended || Date.now() + waitMs >= deadlineMs || this.closing.signal.aborted) throw error;
        this.settings.logger.debug({ err: error, failures }, 'appending to Kafka is tried again');
        await pause(waitMs, this.closing.signal);
      }
    }
  }

  private async askEnd(): Promise<number> {
    const deadlineMs = Date.now() + END_TIMEOUT_MS;
    const kept = this.asking;
    if (kept) {
      try {
        return await this.endBy(deadlineMs, kept);
      } catch (error) {
        if (error instanceof StoreTimeout) throw error;
        // It may only be that another broker leads by now.
        this.settings.logger.debug({ err: error }, 'Kafka is asked for the end again');
      }
    }
    if (this.closing.signal.aborted) throw new Error('the log is closed');
    this.asking = await KafkaConnection.open(this.settings, END_TIMEOUT_MS, deadlineMs - Date.now());
    return this.endBy(deadlineMs, this.asking);
  }

  private async endBy(deadlineMs: number, connection: KafkaConnection): Promise<number> {
    try {
      return await within(
        Math.max(1, deadlineMs - Date.now()),
        "asking Kafka for the log's end",
        connection.endOffset(),
        () => connection.destroy(),
      );
    } catch (error) {
      connection.destroy();
      this.asking = undefined;
      throw error;
    }
  }
}

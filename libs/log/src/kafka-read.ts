import type { IHeaders } from 'kafkajs';
import { KafkaConnection, type KafkaSettings } from './kafka-connection';
import { LogHalted, type LogRecord } from './log';
import { backoffMs, pause, reportFailure } from './waiting';

const FETCH_BYTES = 1024 * 1024;
/** Of a fetch for a single record; a broker sends the batch it stands in, even where that is larger. */
const PIECE_BYTES = 64 * 1024;
/** How long the broker holds a fetch open for which it has nothing. */
const FETCH_WAIT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** A replica that leads no more, and does not know it yet, may miss what others have: so it is asked again. */
const GONE_ANSWERS = 2;
const GONE_PAUSE_MS = 500;

/** So many times in a row a broker may say that it has more and send nothing. */
const EMPTY_ANSWERS = 10;

const NEVER = new AbortController().signal;
const NO_HEADERS: LogRecord['headers'] = [];

interface FetchedMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly isControlRecord?: boolean;
}

interface FetchedPartition {
  readonly highWatermark: string;
  readonly messages: readonly FetchedMessage[];
}

/**
 * Reads the topic from offset `from` on. The next fetch is under way while the caller works on what
 * the last one brought, and no more than that: a slow caller makes it wait.
 *
 * Of a stranger's record that repeats a header's name, the headers of one name come together.
 */
export async function* readKafka(
  settings: KafkaSettings,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<readonly LogRecord[], void, undefined> {
  let next = from;
  let failures = 0;
  let goneAnswers = 0;
  while (!signal.aborted) {
    let connection: KafkaConnection | undefined;
    const destroy = (): void => connection?.destroy();
    signal.addEventListener('abort', destroy);
    try {
      connection = await KafkaConnection.open(settings, REQUEST_TIMEOUT_MS, CONNECT_TIMEOUT_MS);
      if (signal.aborted) return;
      for await (const records of fetchOn(connection, settings.topic, next)) {
        failures = 0;
        goneAnswers = 0;
        if (records.length === 0) continue;
        next += records.length;
        yield records;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof LogHalted) throw error;
      if (isOutOfRange(error)) {
        goneAnswers += 1;
        if (goneAnswers >= GONE_ANSWERS)
          throw new LogHalted(
            'LOG_POSITION_GONE',
            `topic ${settings.topic} no longer has offset ${next}, or does not reach to it any more`,
          );
        await pause(GONE_PAUSE_MS, signal);
        continue;
      }
      failures += 1;
      reportFailure(
        settings.logger,
        failures,
        { err: error, position: next },
        'reading from Kafka was interrupted and goes on',
      );
      await pause(backoffMs(failures), signal);
    } finally {
      signal.removeEventListener('abort', destroy);
      connection?.destroy();
    }
  }
}

async function* fetchOn(
  connection: KafkaConnection,
  topic: string,
  from: number,
): AsyncGenerator<readonly LogRecord[], never, undefined> {
  let next = from;
  let emptyAnswers = 0;
  let fetching = fetchAt(connection, topic, next);
  for (;;) {
    const { messages, highWatermark } = await fetching;
    const records = checked(messages, next, topic);
    emptyAnswers = records.length === 0 && Number(highWatermark) > next ? emptyAnswers + 1 : 0;
    if (emptyAnswers >= EMPTY_ANSWERS)
      throw new LogHalted(
        'LOG_GAP',
        `topic ${topic} goes on to offset ${highWatermark}, but there is nothing at ${next}`,
      );
    next += records.length;
    fetching = fetchAt(connection, topic, next);
    // It is awaited in the next round, if there is one.
    fetching.catch(() => {});
    yield records;
  }
}

/**
 * The records at these offsets, rising.
 * @throws LogHalted when one of them is gone
 */
export async function recordsInKafka(
  settings: KafkaSettings,
  offsets: readonly number[],
): Promise<readonly LogRecord[]> {
  if (offsets.length === 0) return [];
  for (let goneAnswers = 1; ; goneAnswers += 1) {
    const connection = await KafkaConnection.open(settings, REQUEST_TIMEOUT_MS, CONNECT_TIMEOUT_MS);
    try {
      return await recordsOn(connection, settings.topic, offsets);
    } catch (error) {
      if (!isOutOfRange(error)) throw error;
      if (goneAnswers >= GONE_ANSWERS)
        throw new LogHalted('LOG_POSITION_GONE', `topic ${settings.topic} no longer has what was read from it before`);
    } finally {
      connection.destroy();
    }
    await pause(GONE_PAUSE_MS, NEVER);
  }
}

/** What a fetch brings beside the record it was for is used if it is wanted too. */
async function recordsOn(
  connection: KafkaConnection,
  topic: string,
  offsets: readonly number[],
): Promise<readonly LogRecord[]> {
  const found: LogRecord[] = [];
  for (let offset = offsets[0]; offset !== undefined; offset = offsets[found.length]) {
    const { messages } = await fetchAt(connection, topic, offset, PIECE_BYTES);
    const brought = checked(messages, offset, topic);
    if (brought.length === 0) throw new LogHalted('LOG_GAP', `topic ${topic} has nothing at offset ${offset}`);
    const wanted = new Set(offsets.slice(found.length));
    found.push(...brought.filter(({ position }) => wanted.has(position)));
  }
  return found;
}

async function fetchAt(
  connection: KafkaConnection,
  topic: string,
  offset: number,
  maxBytes = FETCH_BYTES,
): Promise<FetchedPartition> {
  const leader = await connection.leader();
  const { responses } = (await leader.fetch({
    isolationLevel: 0,
    maxWaitTime: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: String(offset), maxBytes }] }],
  })) as { responses: readonly { partitions: readonly FetchedPartition[] }[] };
  const partition = responses[0]?.partitions[0];
  if (!partition) throw new Error(`the answer to a fetch lacks topic ${topic}`);
  return partition;
}

/** The records from `from` on; every offset must be there. */
function checked(messages: readonly FetchedMessage[], from: number, topic: string): LogRecord[] {
  const records: LogRecord[] = [];
  for (const message of messages) {
    const position = Number(message.offset);
    const due = from + records.length;
    // A broker sends whole batches, so the first may begin before the offset asked for.
    if (position < due) continue;
    if (position > due)
      throw new LogHalted('LOG_GAP', `topic ${topic} has offset ${position}, but ${due} before it is missing`);
    records.push(toRecord(message, position));
  }
  return records;
}

/** A marker of somebody's transaction takes an offset too: it becomes a record without content. */
function toRecord({ timestamp, key, value, headers, isControlRecord }: FetchedMessage, position: number): LogRecord {
  const timeMs = Number(timestamp);
  if (isControlRecord) return { position, timeMs, key: null, value: null, headers: NO_HEADERS };
  return { position, timeMs, key, value, headers: toHeaders(headers) };
}

function toHeaders(headers: IHeaders): LogRecord['headers'] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, Buffer.from(value ?? '')] as const),
  );
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && error.name === 'KafkaJSOffsetOutOfRange';
}

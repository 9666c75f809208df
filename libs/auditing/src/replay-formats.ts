import type { JudgedRecord } from '@deal-ledger/ledger';
import type { LogRecord } from '@deal-ledger/log';
import { elementsOf } from './json-elements';
import type { Replayed } from './replays';

export type Verdict = JudgedRecord['verdict'];

/** How a replay is written. */
export interface ReplayFormat {
  readonly mediaType: string;
  readonly head: string;
  readonly tail: string;
  /** Adds a record to what is about to be sent; `isBegun` says whether any was written before. */
  add(chunk: Buffer[], replayed: Replayed, isBegun: boolean): void;
}

/** A line a record, in which the events are the bytes that were recorded. */
const ndjson: ReplayFormat = {
  mediaType: 'application/x-ndjson; charset=utf-8',
  head: '',
  tail: '',
  add: (chunk, { record, judged }) => {
    const { position, recordedAt, verdict } = judged;
    const about = `{"position":${position},"recordedAt":"${recordedAt}","verdict":"${verdict}"`;
    if (judged.verdict === 'foreign') {
      const what = `,"reason":${JSON.stringify(judged.reason)},"record":${JSON.stringify(inBase64(record))}}\n`;
      chunk.push(Buffer.from(about + what));
      return;
    }
    const why = judged.verdict === 'void' ? `,"reason":"${judged.reason}","met":${JSON.stringify(judged.met)}` : '';
    const { id, heads } = judged.commit;
    const commit = `,"commit":"${id}","heads":${JSON.stringify(Object.fromEntries(heads))},"events":`;
    chunk.push(Buffer.from(about + why + commit), batchOf(record), LINE_END);
  },
};

/** CloudEvents 1.0: all events as one JSON batch, a line an event. */
const cloudevents: ReplayFormat = {
  mediaType: 'application/cloudevents-batch+json; charset=utf-8',
  head: '[',
  tail: '\n]\n',
  add: (chunk, { record, judged }, isBegun) => {
    // Bytes that are no commit hold no events.
    if (judged.verdict === 'foreign') return;
    const { position, recordedAt, verdict, commit } = judged;
    const why = judged.verdict === 'void' ? `,"voidreason":"${judged.reason}"` : '';
    // Text, as CloudEvents have no whole numbers above 2^31; and last, so that nothing that was recorded takes its place.
    const more = Buffer.from(
      `,"position":"${position}","recordedat":"${recordedAt}","commit":"${commit.id}","verdict":"${verdict}"${why}}`,
    );
    elementsOf(batchOf(record)).forEach((event, index) => {
      chunk.push(isBegun || index > 0 ? NEXT_EVENT : FIRST_EVENT, event.subarray(0, -1), more);
    });
  },
};

const LINE_END = Buffer.from('}\n');
const FIRST_EVENT = Buffer.from('\n');
const NEXT_EVENT = Buffer.from(',\n');

export const REPLAY_FORMATS = { ndjson, cloudevents } as const;

/**
 * A replay as bytes, a chunk for what was read together. The same records are the same bytes, so
 * that one that was cut off can be gone on with.
 */
export async function* replayed(
  { head, tail, add }: ReplayFormat,
  parts: AsyncIterable<Iterable<Replayed>>,
  verdicts: ReadonlySet<Verdict>,
): AsyncGenerator<Buffer, void, undefined> {
  let isBegun = false;
  let chunk = [Buffer.from(head)];
  for await (const part of parts) {
    for (const each of part) {
      if (!verdicts.has(each.judged.verdict)) continue;
      add(chunk, each, isBegun);
      isBegun = true;
    }
    if (!isBegun || chunk.length === 0) continue;
    yield Buffer.concat(chunk);
    chunk = [];
  }
  chunk.push(Buffer.from(tail));
  yield Buffer.concat(chunk);
}

const LINE_BREAK = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;

/** The batch of a commit. Outside of a text a line break is a space, and inside of one JSON has none. */
function batchOf({ value }: LogRecord): Buffer {
  const batch = value ?? Buffer.alloc(0);
  if (!batch.includes(LINE_BREAK) && !batch.includes(CARRIAGE_RETURN)) return batch;
  return Buffer.from(batch.map((byte) => (byte === LINE_BREAK || byte === CARRIAGE_RETURN ? SPACE : byte)));
}

/** Bytes of any kind, byte for byte. */
function inBase64({ key, value, headers }: LogRecord): object {
  return {
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: headers.map(([name, bytes]) => [name, bytes.toString('base64')]),
  };
}

import type { FileHandle } from 'node:fs/promises';
import { EXIT, Failure } from './failure';

export const REPLAY_FORMATS = ['ndjson', 'cloudevents'] as const;
export type ReplayFormat = (typeof REPLAY_FORMATS)[number];

/** What there is of a replay that was cut off. */
export interface BegunReplay {
  /** The last position that is there: it is asked for once more. */
  readonly from: number;
  /** Where in the file it begins. */
  readonly start: number;
  /** What is there of it, whole lines alone: what comes must begin with that. */
  readonly known: Buffer;
}

const FIRST_WINDOW_BYTES = 4 * 1024 * 1024;
const LINE_END = 10;
const COMMA = 44;

/** By these an event or a record is known to be whole, and its position read. */
const WHOLE: Readonly<Record<ReplayFormat, RegExp>> = {
  ndjson: /^\{"position":(\d+),.*\}\n$/s,
  cloudevents:
    /"position":"(\d+)","recordedat":"[^"]*","commit":"[^"]*","verdict":"[a-z]+"(?:,"voidreason":"[A-Z_]+")?\}$/,
};

/** What can be gone on with of the replay in a file; nothing when it holds nothing whole. */
export async function begunReplayIn(file: FileHandle, format: ReplayFormat): Promise<BegunReplay | undefined> {
  const { size } = await file.stat();
  for (let window = FIRST_WINDOW_BYTES; ; window *= 4) {
    const offset = Math.max(0, size - window);
    const bytes = Buffer.alloc(size - offset);
    await file.read(bytes, 0, bytes.length, offset);
    const pieces = piecesOf(bytes, format);
    const last = pieces.at(-1);
    const first = pieces.find(({ position }) => position === last?.position);
    // What comes first in a window may go on before it.
    if (offset > 0 && (first === undefined || first === pieces[0])) continue;
    if (last === undefined || first === undefined) {
      if (bytes.includes(LINE_END) && !/^\[\n\]?\n?$/.test(String(bytes)))
        throw new Failure(
          EXIT.usage,
          `the file holds no replay as ${format}. Name another, or the --format that it has.`,
        );
      return undefined;
    }
    return { from: last.position, start: offset + first.start, known: bytes.subarray(first.start, last.end) };
  }
}

interface Piece {
  readonly position: number;
  readonly start: number;
  readonly end: number;
}

function piecesOf(bytes: Buffer, format: ReplayFormat): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < bytes.length;) {
    const lineEnd = bytes.indexOf(LINE_END, start);
    const next = lineEnd < 0 ? bytes.length : lineEnd + 1;
    const end = format === 'ndjson' ? next : endOfEvent(bytes, start, lineEnd < 0 ? bytes.length : lineEnd);
    const [, position] = WHOLE[format].exec(bytes.toString('utf8', start, end)) ?? [];
    if (position !== undefined) pieces.push({ position: Number(position), start, end });
    start = next;
  }
  return pieces;
}

/** Without the comma behind it. */
const endOfEvent = (bytes: Buffer, start: number, end: number): number =>
  end > start && bytes[end - 1] === COMMA ? end - 1 : end;

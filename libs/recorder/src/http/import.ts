import { MAX_LINE_BYTES } from './schemas';

/**
 * On their way at the most: enough to fill some produce requests, and so little that the last of them
 * is answered within its time even by a slow store.
 */
const MAX_LINES_IN_FLIGHT = 1_000;
const MAX_BYTES_IN_FLIGHT = 2 * 1024 * 1024;
/** Answers are gathered up to this size while the next one is there already. */
const MAX_CHUNK_CHARACTERS = 64 * 1024;

export interface ImportLine {
  /** From 1, blank lines counted. */
  readonly number: number;
  /** Without the line end; nothing when the line is longer than {@link MAX_LINE_BYTES}. */
  readonly bytes: Buffer | undefined;
}

/** Answers a line; the text of the answer has no line end. Begins its work before it first waits. */
export type AnswerLine = (line: ImportLine) => Promise<string>;

/**
 * Answers NDJSON line by line, in order, while it still comes in. Nothing is read on while too many
 * lines are under way or the reader of the answers is slow, and nothing while memory would grow.
 */
export async function* answerLines(
  chunks: AsyncIterable<Buffer>,
  answer: AnswerLine,
): AsyncGenerator<string, void, undefined> {
  const underWay: { readonly answer: Promise<string>; readonly size: number }[] = [];
  let sizeUnderWay = 0;
  const isFull = (): boolean => underWay.length >= MAX_LINES_IN_FLIGHT || sizeUnderWay >= MAX_BYTES_IN_FLIGHT;
  let done = false;
  let failure: unknown;
  let wakeReader: (() => void) | undefined;
  let wakeWriter: (() => void) | undefined;
  let abandoned = false;

  const readAll = async (): Promise<void> => {
    for await (const lines of linesOf(chunks)) {
      for (const line of lines) {
        while (isFull() && !abandoned) await new Promise<void>((wake) => (wakeReader = wake));
        if (abandoned) return;
        const size = line.bytes?.length ?? 0;
        underWay.push({ answer: answer(line), size });
        sizeUnderWay += size;
        wakeWriter?.();
      }
    }
  };
  const reading = readAll().then(
    () => (done = true),
    (error: unknown) => {
      failure = error;
      done = true;
    },
  );
  void reading.then(() => wakeWriter?.());

  try {
    let chunk = '';
    for (;;) {
      const next = underWay.shift();
      if (next) {
        chunk += `${await next.answer}\n`;
        sizeUnderWay -= next.size;
        wakeReader?.();
        if (underWay.length > 0 && chunk.length < MAX_CHUNK_CHARACTERS) continue;
      }
      if (chunk !== '') yield chunk;
      chunk = '';
      if (underWay.length > 0) continue;
      if (done) break;
      await new Promise<void>((wake) => (wakeWriter = wake));
    }
    if (failure !== undefined) throw failure;
  } finally {
    abandoned = true;
    wakeReader?.();
  }
}

const NEWLINE = 10;

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 32 || byte === 9 || byte === 13);

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<ImportLine[], void, undefined> {
  let number = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  /** The line has grown too long; the rest of it is passed over. */
  let skipping = false;
  const take = (part: Buffer): ImportLine[] => {
    number += 1;
    const tooLong = skipping || restBytes + part.length > MAX_LINE_BYTES;
    const bytes = tooLong ? undefined : Buffer.concat([...rest, part]);
    rest = [];
    restBytes = 0;
    skipping = false;
    return bytes && isBlank(bytes) ? [] : [{ number, bytes }];
  };

  for await (const chunk of chunks) {
    const lines: ImportLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE, from); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      lines.push(...take(chunk.subarray(from, at)));
      from = at + 1;
    }
    if (from < chunk.length && !skipping) {
      rest.push(chunk.subarray(from));
      restBytes += chunk.length - from;
      if (restBytes > MAX_LINE_BYTES) {
        skipping = true;
        rest = [];
        restBytes = 0;
      }
    }
    if (lines.length > 0) yield lines;
  }
  if (restBytes > 0 || skipping) {
    const last = take(Buffer.alloc(0));
    if (last.length > 0) yield last;
  }
}

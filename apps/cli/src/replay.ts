import { open, type FileHandle } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { EXIT, Failure } from './failure';
import { grouped, print, say, type Global } from './output';
import { begunReplayIn, REPLAY_FORMATS, type BegunReplay, type ReplayFormat } from './begun-replay';
import { progressOf } from './progress';
import { queryOf } from './report';
import { addressOf, ask, bytesOf } from './service';

interface Options extends Global {
  readonly from?: string;
  readonly to?: string;
  readonly format: ReplayFormat;
  readonly include?: string;
  readonly out?: string;
  readonly resume?: boolean;
  readonly report?: string;
  readonly asOf?: string;
  readonly effectiveOn?: string;
  readonly filter?: readonly string[];
}

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('Streams the whole history, or a stretch of it, straight from the log, judged anew.')
    .option('--from <position>', 'the first position; by default the beginning')
    .option('--to <position>', 'the last position; by default all there is')
    .addOption(
      new Option('--format <format>', 'a record a line, or a batch of CloudEvents 1.0, an event a line')
        .choices(REPLAY_FORMATS)
        .default('ndjson'),
    )
    .option('--include <what>', 'beside facts: void, foreign, or void,foreign')
    .option('--out <file>', 'writes there; by default to standard output')
    .option(
      '--resume',
      'goes on with a file that was cut off, for the same bytes as in one run; of what it has, its last line alone is held against the ledger',
    )
    .option('--report <name>', 'folds the events into this report here, and compares it with what the service answers')
    .option('--as-of <position>', 'of the report: as known then, a position or an instant; by default all there is')
    .option('--effective-on <day>', 'of the report: what had happened by then; by default today')
    .option('--filter <name=value...>', 'of the report: any of its parameters, such as provider=nvidia')
    .addHelpText(
      'after',
      '\nExamples:\n  ledger replay --out ledger.ndjson\n  ledger replay --out ledger.ndjson --resume\n  ledger replay --from 30 --to 58 --format cloudevents\n  ledger replay --as-of 58 --report spend-outlook --effective-on 2025-10-07\n\nA report is folded in a PostgreSQL that is started for it and thrown away: every record is judged here, every posting\nmade anew, and every row and total compared. It ends with 1 at the first that differs, and names it.',
    )
    .action((_: unknown, command: Command) => replay(command.optsWithGlobals()));
}

async function replay(options: Options): Promise<void> {
  const { out, resume, report, asOf, effectiveOn, filter = [] } = options;
  if (report !== undefined) {
    const { refold } = await import('./refold.js');
    return refold(report, { ...queryOf(filter.map((each) => `--${each}`)), asOf, effectiveOn }, options);
  }
  if (asOf !== undefined || effectiveOn !== undefined || filter.length > 0)
    throw new Failure(EXIT.usage, '--as-of, --effective-on and --filter are of a report. Name it with --report.');
  if (out === undefined) {
    if (resume === true) throw new Failure(EXIT.usage, '--resume goes on with a file. Name it with --out.');
    await stream(options, options.from, print);
    return;
  }
  const file = await opened(out, resume === true);
  try {
    const begun = resume === true ? await begunReplayIn(file, options.format) : undefined;
    await (begun === undefined ? fromBeginning(options, file) : goneOn(options, file, begun, out));
  } finally {
    await file.close();
  }
}

async function opened(name: string, isThere: boolean): Promise<FileHandle> {
  try {
    return await open(name, isThere ? 'r+' : 'wx');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (isThere && code === 'ENOENT') return opened(name, false);
    if (code === 'EEXIST')
      throw new Failure(EXIT.usage, `${name} exists. --resume goes on with it, or name another with --out.`);
    throw new Failure(EXIT.usage, `${name} cannot be written: ${message}`);
  }
}

async function fromBeginning(options: Options, file: FileHandle): Promise<void> {
  await file.truncate(0);
  await stream(options, options.from, appendTo(file, 0));
}

/** Asks for the last position once more, so that only what is of the same ledger is gone on with. */
async function goneOn(
  options: Options,
  file: FileHandle,
  { from, start, known }: BegunReplay,
  name: string,
): Promise<void> {
  const head = options.format === 'cloudevents' ? '[\n' : '';
  const due = Buffer.concat([Buffer.from(head), known]);
  let ahead: Buffer | undefined = Buffer.alloc(0);
  const append = appendTo(file, start + known.length);
  await stream(options, String(from), async (bytes) => {
    if (ahead === undefined) return append(bytes);
    ahead = Buffer.concat([ahead, bytes]);
    if (ahead.length < due.length) return;
    if (!ahead.subarray(0, due.length).equals(due)) throw differs(name, from);
    await file.truncate(start + known.length);
    await append(ahead.subarray(due.length));
    ahead = undefined;
  });
  if (ahead !== undefined) throw differs(name, from);
}

const differs = (name: string, position: number): Failure =>
  new Failure(
    EXIT.refused,
    `${name} has something else at position ${position} than this ledger, or was made with other options. It is left as it is; name another with --out.`,
    { code: 'REPLAY_DIFFERS', position },
  );

function appendTo(file: FileHandle, start: number): (bytes: Uint8Array) => Promise<void> {
  let at = start;
  return async (bytes) => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  };
}

/** Hands on what the service answers, and says how far it is. */
async function stream(
  { url, to, format, include, out }: Options,
  from: string | undefined,
  take: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const address = addressOf(url, '/v1/audit/replay', { from, to, format, include });
  const answer = await ask(address);
  const first = Number(answer.headers.get('replay-from'));
  const last = Number(answer.headers.get('replay-to'));
  const progress = progressOf('replaying', last, 'positions');
  let size = 0;
  try {
    for await (const bytes of bytesOf(answer, address)) {
      await take(bytes);
      size += bytes.length;
      progress.reached(positionIn(bytes) ?? first);
    }
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.unavailable && out !== undefined)
      throw new Failure(
        EXIT.unavailable,
        `the replay was cut off; the same command with --resume goes on with ${out}.`,
        { ...error.members, resumable: true },
      );
    throw error;
  } finally {
    progress.stop();
  }
  if (out !== undefined)
    say(
      last < first
        ? `there is nothing from position ${first} on`
        : `positions ${first} to ${last} replayed, ${grouped(String(size))} bytes, into ${out}`,
    );
}

/** The last position that is named in some of a replay. */
function positionIn(bytes: Uint8Array): number | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = text.lastIndexOf('"position":');
  const [, position] = /^"position":"?(\d+)/.exec(text.toString('latin1', at, at + 30)) ?? [];
  return position === undefined ? undefined : Number(position);
}

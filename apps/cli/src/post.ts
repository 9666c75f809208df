import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { EXIT, Failure } from './failure';
import { inputOf, unreadable } from './input';
import { printLine, type Global } from './output';
import { addressOf, ask } from './service';

interface Options extends Global {
  readonly stream?: string;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly dryRun?: boolean;
}

interface Recorded {
  readonly position?: number;
  readonly events: readonly {
    readonly stream: string;
    readonly id: string;
    readonly version: number;
    readonly type: string;
  }[];
}

export function addPost(program: Command): void {
  program
    .command('post')
    .argument('[file]', 'JSON as POST /v1/commits takes it: {"events": […]}; by default standard input')
    .description('Posts one commit: its events are recorded all together, or none.')
    .option('--stream <kind/id>', 'the stream of every event that names none, such as deal/nvda-openai')
    .option('--idempotency-key <key>', 'by which a repeated post is known, where events have no ids')
    .option('--if-match <version>', 'only if the stream of the first event is at this version; 0: if it does not exist')
    .option('--dry-run', 'says what would be answered, and records nothing')
    .addHelpText('after', '\nExamples:\n  ledger post events.json --dry-run\n  ledger post --if-match 3 < events.json')
    .action((file: string | undefined, _: unknown, command: Command) => post(file, command.optsWithGlobals()));
}

async function post(file: string | undefined, options: Options): Promise<void> {
  const { url, json, stream, idempotencyKey, ifMatch, dryRun } = options;
  if (ifMatch !== undefined && !/^\d{1,15}$/.test(ifMatch))
    throw new Failure(EXIT.usage, `--if-match is the version of a stream, a whole number; "${ifMatch}" is none.`);
  const given = await text(inputOf(file)).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const address = addressOf(url, '/v1/commits', { dryRun: dryRun === true ? 'true' : undefined });
  const answer = await ask(address, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
    },
    body: stream === undefined ? given : withStream(given, stream, file),
  });
  const body = await answer.text();
  if (json === true) return printLine(body);
  const { position, events } = JSON.parse(body) as Recorded;
  const outcome =
    position === undefined
      ? 'would be recorded'
      : `${answer.headers.get('idempotent-replayed') === 'true' ? 'was recorded before' : 'recorded'} at position ${position}`;
  const listed = events.map((event) => `  ${event.stream} version ${event.version}: ${event.type} ${event.id}`);
  await printLine([outcome, ...listed].join('\n'));
}

/** The commit, with the stream of every event that names none. */
function withStream(given: string, stream: string, file: string | undefined): string {
  let body: { readonly events?: unknown };
  try {
    body = JSON.parse(given) as typeof body;
  } catch (error) {
    throw unreadable(file, error);
  }
  const events = Array.isArray(body.events) ? (body.events as object[]) : [];
  return JSON.stringify({ ...body, events: events.map((event) => ({ stream, ...event })) });
}

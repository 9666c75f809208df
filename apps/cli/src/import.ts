import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { EXIT } from './failure';
import { inputOf, unreadable } from './input';
import { linesOf } from './lines';
import { grouped, printLine, say, type Global } from './output';
import { progressOf, type Progress } from './progress';
import { addressOf, ask, bytesOf, sentenceOf } from './service';

/** The answer to a line; a problem, where it is refused. */
type Result = Parameters<typeof sentenceOf>[0] & { readonly line: number };

const CREATED = 201;
const LAST_SUCCESS = 299;
const BUSY = 503;

export function addImport(program: Command): void {
  program
    .command('import')
    .argument('[file]', 'NDJSON, a commit a line: {"events": […]}; by default standard input')
    .description('Records many commits, a line each. A refused line does not stop the others.')
    .addHelpText(
      'after',
      '\nRefused lines are listed on standard output, with --json the answers to all. The whole may be imported again:\nnothing is doubled.\n\nExample:\n  ledger import history.ndjson --json > answers.ndjson',
    )
    .action((file: string | undefined, _: unknown, command: Command) => importLines(file, command.optsWithGlobals()));
}

async function importLines(file: string | undefined, { url, json }: Global): Promise<void> {
  const input = inputOf(file);
  const address = addressOf(url, '/v1/import');
  const progress = progressOf('importing', sizeOf(file), 'bytes');
  const counts = { recorded: 0, before: 0, refused: 0, undone: 0 };
  let unread: unknown;
  input.once('error', (error) => (unread = error));
  try {
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await ask(address, { method: 'POST', headers, body: counted(input, progress), duplex: 'half' });
    for await (const lines of linesOf(bytesOf(answer, address)))
      for (const line of lines) {
        const result = JSON.parse(line) as Result;
        counts[kindOf(result)] += 1;
        if (json === true) await printLine(line);
        else if (result.status > LAST_SUCCESS) await printLine(`line ${result.line}: ${sentenceOf(result)}`);
      }
  } catch (error) {
    throw unread === undefined ? error : unreadable(file, unread);
  } finally {
    progress.stop();
  }
  const { recorded, before, refused, undone } = counts;
  const said = [
    `${grouped(String(recorded))} recorded`,
    `${grouped(String(before))} recorded before`,
    `${grouped(String(refused))} refused`,
    ...(undone === 0 ? [] : [`${grouped(String(undone))} not done: import the whole again`]),
  ];
  say(`${grouped(String(recorded + before + refused + undone))} lines: ${said.join(', ')}`);
  if (undone > 0) process.exitCode = EXIT.unavailable;
  else if (refused > 0) process.exitCode = EXIT.refused;
}

function kindOf({ status }: Result): 'recorded' | 'before' | 'undone' | 'refused' {
  if (status === CREATED) return 'recorded';
  if (status <= LAST_SUCCESS) return 'before';
  return status === BUSY ? 'undone' : 'refused';
}

async function* counted(input: Readable, progress: Progress): AsyncGenerator<Buffer, void, undefined> {
  let bytes = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    yield chunk;
    bytes += chunk.length;
    progress.reached(bytes);
  }
}

/** Of a pipe nobody knows it. */
function sizeOf(file: string | undefined): number {
  return file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
}

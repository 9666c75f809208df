import { basename } from 'node:path';
import type { Command } from 'commander';
import { EXIT, Failure } from './failure';
import { grouped, keep, printLine, type Global } from './output';
import { queryOf } from './report';
import { addressOf, ask, cutOff } from './service';

interface Options extends Global {
  readonly out?: string;
}

export function addPack(program: Command): void {
  program
    .command('pack')
    .argument('[stream]', 'kind/id of a stream; without it, a figure of a report')
    .argument('[options...]', 'of a figure: --report, --key, --column and every parameter of the report')
    .description('Makes one file with all the evidence of a figure or a stream, to be checked without the ledger.')
    .option('--out <file>', 'where to; by default in this folder, under a name that says what it is of')
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nIt is a zip file. Unpack it anywhere; node verify.mjs --vkey <key>, which is in it, checks all of it offline.\n\nExamples:\n  ledger pack deal/nvda-openai --as-of 58\n  ledger pack --report funding-position --key nvda-openai --column ceiling --out ceiling.zip',
    )
    .action((_: unknown, __: unknown, ___: unknown, command: Command) => pack(command.args, command.optsWithGlobals()));
}

async function pack(given: readonly string[], { url, json, out }: Options): Promise<void> {
  const [first, ...rest] = given;
  const stream = first?.startsWith('--') === false ? first : undefined;
  const query = queryOf(stream === undefined ? given : rest);
  if (stream !== undefined && !/^[a-z-]+\/[^/]+$/.test(stream))
    throw new Failure(EXIT.usage, `"${stream}" is no stream. Streams are kind/id, such as deal/nvda-openai.`);
  const [kind = '', id = ''] = stream?.split('/') ?? [];
  const path = stream === undefined ? '/v1/audit/packs' : `/v1/audit/packs/streams/${kind}/${encodeURIComponent(id)}`;
  const address = addressOf(url, path, query);
  const answer = await ask(address);
  const bytes = Buffer.from(
    await answer.arrayBuffer().catch((error: unknown) => {
      throw cutOff(address, error);
    }),
  );
  const [, named = 'evidence.zip'] = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '') ?? [];
  const file = out ?? basename(named);
  keep(file, bytes);
  await printLine(
    json === true
      ? JSON.stringify({ file, bytes: bytes.length })
      : `${file}, ${grouped(String(bytes.length))} bytes; unpack it, and node verify.mjs --vkey '<the key as it was handed to you>' in it checks it`,
  );
}

import type { Command } from 'commander';
import { EXIT, Failure } from './failure';
import { print, printLine, say, type Global } from './output';
import { addressOf, ask, askJson, bytesOf, camel, kebab, type Query } from './service';
import { tableOf, type Row } from './table';

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

interface Options extends Global {
  readonly format?: string;
  readonly columns?: string;
}

interface Listed {
  readonly reports: readonly { readonly name: string; readonly summary: string; readonly address: string }[];
}

interface Page {
  readonly rows: readonly Row[];
  readonly meta: Readonly<Record<string, unknown>> & {
    readonly asOfPosition: number;
    readonly effectiveOn: string;
    readonly rowCount: number | null;
    readonly nextCursor: string | null;
  };
}

export function addReport(program: Command): void {
  program
    .command('report')
    .argument('[name]', 'such as commitment-lines; without it, the reports that there are')
    .argument('[options...]', 'every parameter of the report, such as --as-of 58 --provider nvidia')
    .description('Reads a report, as known at a position, for a day.')
    .option(
      '--format <format>',
      `one of ${FORMATS.join(', ')}; csv and ndjson have all rows, the others a page`,
      'table',
    )
    .option('--columns <names>', 'the columns of the table, with commas between')
    .option('--help', 'this; behind the name of a report, its parameters')
    .helpOption(false)
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nExamples:\n  ledger report commitment-lines --as-of 58 --effective-on 2025-10-07 --provider nvidia\n  ledger report spend-outlook --reporting-currency EUR --format csv > outlook.csv\n  ledger report capacity-balance --help',
    )
    .action(async (name: string | undefined, rest: string[], { help }: { help?: boolean }, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (name === undefined) return help === true ? command.outputHelp() : list(options);
      const address = (await reportsOf(options)).find((report) => report.name === name)?.address;
      if (address === undefined)
        throw new Failure(EXIT.usage, `there is no report "${name}". ledger report lists those that there are.`);
      return help === true ? describe(address, options) : read(address, queryOf(rest), options);
    });
}

const reportsOf = async ({ url }: Global): Promise<Listed['reports']> =>
  (await askJson<Listed>(addressOf(url, '/v1/reports'))).reports;

async function list(options: Options): Promise<void> {
  const reports = await reportsOf(options);
  if (options.json === true) return printLine(JSON.stringify({ reports }));
  const width = Math.max(...reports.map(({ name }) => name.length));
  for (const { name, summary } of reports) await printLine(`${name.padEnd(width)}  ${summary}`);
}

/** Reads what is at `path` and prints it. */
export async function read(
  path: string,
  query: Query,
  { url, json, format: given, columns }: Options,
  shown?: readonly string[],
): Promise<void> {
  const format = json === true ? 'json' : FORMATS.find((each) => each === given);
  if (format === undefined)
    throw new Failure(EXIT.usage, `--format is one of ${FORMATS.join(', ')}; "${String(given)}" is none.`);
  const address = addressOf(url, path, { ...query, format: format === 'table' ? 'json' : format });
  if (format !== 'table') {
    for await (const bytes of bytesOf(await ask(address), address)) await print(bytes);
    if (format === 'json') await print('\n');
    return;
  }
  const { rows, meta } = await askJson<Page>(address);
  const wanted = columns?.split(',').map((name) => name.trim()) ?? shown;
  const unknown =
    columns === undefined ? undefined : wanted?.find((name) => rows[0] !== undefined && !(name in rows[0]));
  if (unknown !== undefined)
    throw new Failure(
      EXIT.usage,
      `--columns: there is no column ${unknown}. There are ${Object.keys(rows[0] ?? {}).join(', ')}.`,
    );
  const { text, left } = tableOf(rows, wanted, process.stdout.isTTY ? process.stdout.columns : undefined);
  await printLine(text);
  const counted = meta.rowCount === null ? '' : ` of ${meta.rowCount}`;
  say(
    `${rows.length}${counted} rows, as known at position ${meta.asOfPosition}, effective on ${meta.effectiveOn}; "–" is not stated or not disclosed`,
  );
  if (left.length > 0) say(`Not shown: ${left.join(', ')}. Choose with --columns, or take --format csv.`);
  if (meta.nextCursor !== null) say('There is more: --format csv or ndjson has all of it, --limit up to 1000 rows.');
}

/** `--name value` and `--name=value`, as parameters of a query. */
export function queryOf(given: readonly string[]): Query {
  const query: Record<string, string> = {};
  for (let at = 0; at < given.length; at += 1) {
    const [, name = '', value = given[at + 1]] = /^--([a-zA-Z][\w-]*)(?:=(.*))?$/s.exec(given[at] ?? '') ?? [];
    if (name === '')
      throw new Failure(EXIT.usage, `"${given[at]}" is no option. Options are --name value, see --help.`);
    if (value === undefined) throw new Failure(EXIT.usage, `--${name} needs a value.`);
    if (!given[at]?.includes('=')) at += 1;
    query[camel(name)] = value;
  }
  return query;
}

interface Documented {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get?: {
          readonly summary: string;
          readonly parameters?: readonly {
            readonly name: string;
            readonly in: string;
            readonly description?: string;
          }[];
        };
      }
    >
  >;
}

/** Prints the parameters that the service documents of a path. */
export async function describe(path: string, { url }: Global): Promise<void> {
  const document = await askJson<Documented>(addressOf(url, '/openapi.json'));
  const { summary = '', parameters = [] } = document.paths[path]?.get ?? {};
  const asked = parameters.filter((each) => each.in === 'query' && each.name !== 'format');
  const width = Math.max(...asked.map(({ name }) => kebab(name).length));
  await printLine(
    [
      summary,
      '',
      ...asked.map(({ name, description = '' }) => `  --${kebab(name).padEnd(width)}  ${description}`),
    ].join('\n'),
  );
}

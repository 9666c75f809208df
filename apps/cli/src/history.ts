import type { Command } from 'commander';
import { FORMATS, describe, queryOf, read } from './report';
import type { Global } from './output';

const PATH = '/v1/audit/events';
/** What a terminal has room for. */
const SHOWN = ['position', 'recordedAt', 'verdict', 'stream', 'version', 'type', 'action', 'actorId', 'summary'];

interface Options extends Global {
  readonly format?: string;
  readonly columns?: string;
  readonly help?: boolean;
}

export function addHistory(program: Command): void {
  program
    .command('history')
    .argument('[options...]', 'every filter of the audit events, such as --stream deal/nvda-openai --action correct')
    .description('Lists events in the order recorded: who, when, why, on what source, and what a correction changed.')
    .option(
      '--format <format>',
      `one of ${FORMATS.join(', ')}; csv and ndjson have all rows, the others a page`,
      'table',
    )
    .option('--columns <names>', 'the columns of the table, with commas between')
    .option('--help', 'this, and the filters')
    .helpOption(false)
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nExamples:\n  ledger history --stream deal/nvda-openai --sort -position --limit 10\n  ledger history --include void,foreign --format ndjson\n\nFilters:',
    )
    .action(async (rest: string[], { help }: { help?: boolean }, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (help !== true) return read(PATH, queryOf(rest), options, SHOWN);
      command.outputHelp();
      await describe(PATH, options);
    });
}

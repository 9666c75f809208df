import type { Command } from 'commander';
import type { Global } from './output';
import { KEY_OPTION, STORES_HELP } from './stores-help';

export interface VerifyCommand extends Global {
  readonly key?: string;
  readonly checkpoint: readonly string[];
  readonly sample?: string;
  readonly wait: string;
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'Checks the whole ledger: reads the raw log, decides every fact again, makes every row of the tables and the tree anew and compares.',
    )
    .option(...KEY_OPTION)
    .option(
      '--checkpoint <file>',
      'a signed checkpoint that was kept elsewhere; may be given several times',
      (file: string, files: readonly string[]) => [...files, file],
      [],
    )
    .option('--sample <n>', 'compare the rows of one position in n only; then it is never OK')
    .option('--wait <seconds>', 'how long to wait for projections and the tree to come to the end of the log', '30')
    .addHelpText(
      'after',
      `${STORES_HELP}\n\nExamples:\n  ledger verify\n  ledger verify --key auditor/ledger.vkey --checkpoint auditor/2026-10.checkpoint --json`,
    )
    .action(async (_: unknown, command: Command) => {
      // Only who needs it waits for so much to be loaded.
      const { verify } = await import('./verifying.js');
      await verify(command.optsWithGlobals());
    });
}

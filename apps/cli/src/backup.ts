import type { Command } from 'commander';
import type { Global } from './output';
import { KEY_OPTION, STORES_HELP } from './stores-help';

export interface BackupCommand extends Global {
  readonly key?: string;
  readonly checkpoint?: string;
  readonly wait: string;
}

export function addBackup(program: Command): void {
  program
    .command('backup')
    .argument('<file>', 'where to; it must not exist')
    .description('Copies the ledger into one file, byte for byte, with the checkpoint that was signed for it.')
    .option(...KEY_OPTION)
    .option('--checkpoint <file>', 'the signed checkpoint to keep with it; by default the last one in the database')
    .option('--wait <seconds>', 'how long to wait for a checkpoint of all that is recorded', '30')
    .addHelpText('after', `${STORES_HELP}\n\nExample:\n  ledger backup /safe/ledger-2026-10-31.backup`)
    .action(async (file: string, _: unknown, command: Command) => {
      const { backup } = await import('./backing-up.js');
      await backup(file, command.optsWithGlobals());
    });
}

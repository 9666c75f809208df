import type { Command } from 'commander';
import type { Global } from './output';

export interface RestoreCommand extends Global {
  readonly key?: string;
  readonly checkpoint?: string;
  readonly unsigned?: boolean;
}

export function addRestore(program: Command): void {
  program
    .command('restore')
    .argument('<file>', 'a backup')
    .description(
      'Puts a ledger together from a backup, where there is none, with the positions, bytes and times it had.',
    )
    .option('--key <vkey>', 'the public key that its checkpoint must be signed with, or a file with it')
    .option('--checkpoint <file>', 'a signed checkpoint that was kept elsewhere, to hold it against as well')
    .option('--unsigned', 'take a backup that no checkpoint is signed for, or not for all of it')
    .addHelpText(
      'after',
      `
Restores to Kafka where KAFKA_BROKERS is set, else to DATABASE_URL, else to DATA_DIR (.data), where npm start finds it;
the log is called LEDGER_TOPIC. Before it writes it checks the whole file, and before it is done it reads everything
back and holds it against the signed checkpoint. Tables are not restored: every service makes its own from the log.

Example:
  KAFKA_BROKERS=kafka:9092 ledger restore ledger-2026-10-31.backup --key auditor/ledger.vkey`,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const { restore } = await import('./restoring.js');
      await restore(file, command.optsWithGlobals());
    });
}

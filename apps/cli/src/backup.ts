import { existsSync } from 'node:fs';
import { backupLedger, BackupRefused, signedFor } from '@deal-ledger/auditing';
import type { Command } from 'commander';
import { EXIT, Failure } from './failure';
import { grouped, printLine, type Global } from './output';
import { progressOf, type Progress } from './progress';
import { checkpointsIn, count, KEY_OPTION, keyOf, openStores, placeSettings, STORES_HELP } from './stores';

interface Options extends Global {
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
    .action((file: string, _: unknown, command: Command) => backup(file, command.optsWithGlobals()));
}

async function backup(file: string, options: Options): Promise<void> {
  if (existsSync(file)) throw new Failure(EXIT.usage, `${file} exists. Name another.`);
  const settings = placeSettings();
  const waitMs = count(options.wait, '--wait') * 1_000;
  const { log, refusals, databaseUrl, close } = await openStores(settings);
  let progress: Progress | undefined;
  try {
    const end = await log.end();
    const last = databaseUrl === undefined ? undefined : await signedFor(databaseUrl, end, waitMs);
    const result = await backupLedger({
      ...{ log, refusals, file, nowMs: Date.now() },
      // What was recorded meanwhile and is signed for goes with it; what is not does not.
      until: Math.max(end, last?.size ?? 0),
      checkpoint: options.checkpoint === undefined ? last?.note : checkpointsIn([options.checkpoint])[0]?.note,
      key: await keyOf(options.key, settings, log),
      progress: (records, of) => {
        progress ??= progressOf('copying', of, 'records');
        progress.reached(records);
      },
    });
    progress?.stop();
    const { ledgerId, records, signed, sha256 } = result;
    await printLine(
      options.json === true
        ? JSON.stringify({ file, ...result })
        : [
            `ledger ${ledgerId} into ${file}: ${grouped(String(records))} records and ${grouped(String(result.refusals))} refusals`,
            signed === 0
              ? 'no checkpoint was signed for it: whoever restores it can hold it against nothing but itself'
              : `signed for ${grouped(String(signed))} records by the checkpoint that goes with it`,
            `SHA-256 of what it holds: ${sha256}`,
          ].join('\n'),
    );
  } catch (error) {
    throw error instanceof BackupRefused ? new Failure(EXIT.refused, error.message) : error;
  } finally {
    progress?.stop();
    await close();
  }
}

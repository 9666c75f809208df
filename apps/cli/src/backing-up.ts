import { existsSync } from 'node:fs';
import { backupLedger, BackupRefused, signedFor } from '@deal-ledger/auditing';
import type { BackupCommand } from './backup';
import { EXIT, Failure } from './failure';
import { grouped, printLine } from './output';
import { progressOf, type Progress } from './progress';
import { checkpointsIn, count, keyOf, openStores, placeSettings } from './stores';

export async function backup(file: string, options: BackupCommand): Promise<void> {
  if (existsSync(file)) throw new Failure(EXIT.usage, `${file} exists. Name another.`);
  const settings = placeSettings();
  const waitMs = count(options.wait, '--wait') * 1_000;
  const { log, refusals, databaseUrl, close } = await openStores(settings);
  let progress: Progress | undefined;
  try {
    const key = await keyOf(options.key, settings, log);
    const end = await log.end();
    const last = databaseUrl === undefined ? undefined : await signedFor(databaseUrl, end, waitMs);
    const result = await backupLedger({
      ...{ log, refusals, file, nowMs: Date.now() },
      // What was recorded meanwhile and is signed for goes with it; what is not does not.
      until: Math.max(end, last?.size ?? 0),
      checkpoint: options.checkpoint === undefined ? last?.note : checkpointsIn([options.checkpoint])[0]?.note,
      key,
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
              : `signed for ${grouped(String(signed))} records by the checkpoint that goes with it, ${key === undefined ? 'and nobody has checked its signature: give the key with --key' : `by the key ${key.name}+${key.id}`}`,
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

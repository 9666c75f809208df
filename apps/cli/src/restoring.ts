import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  BackupDamaged,
  BackupRefused,
  keepCheckpointBefore,
  restoreLedger,
  signingOf,
  type RestoredLedger,
  type RestoreStep,
  type RestoreTarget,
} from '@deal-ledger/auditing';
import {
  beginRestore,
  EmbeddedPostgresFailed,
  refusalsTopicOf,
  RestoreRefused,
  startEmbeddedPostgres,
  type LogRestore,
} from '@deal-ledger/log';
import { EXIT, Failure } from './failure';
import { grouped, printLine } from './output';
import { progressOf, type Progress } from './progress';
import type { RestoreCommand } from './restore';
import { checkpointsIn, logger, namedKey, placeSettings, type PlaceSettings } from './stores';

export async function restore(file: string, options: RestoreCommand): Promise<void> {
  if (!existsSync(file)) throw new Failure(EXIT.usage, `there is no ${file}.`);
  const settings = placeSettings();
  const key = options.key === undefined ? undefined : namedKey(options.key);
  const checkpoint = options.checkpoint === undefined ? undefined : checkpointsIn([options.checkpoint])[0]?.note;
  const bars = new Map<RestoreStep, Progress>();
  const stop = (): void => bars.forEach((bar) => bar.stop());
  try {
    const restored = await restoreLedger({
      ...{ file, key, checkpoint, isUnsignedAllowed: options.unsigned === true },
      begin: (withRefusals) => begin(settings, withRefusals),
      progress: (step, records, of) => {
        if (!bars.has(step)) {
          stop();
          bars.set(step, progressOf(step, of, 'records'));
        }
        bars.get(step)?.reached(records);
      },
    });
    stop();
    await printLine(
      options.json === true ? JSON.stringify({ file, ...restored }) : textOf(restored, key !== undefined, settings),
    );
  } catch (error) {
    if (REFUSALS.some((refusal) => error instanceof refusal)) throw new Failure(EXIT.refused, (error as Error).message);
    throw error;
  } finally {
    stop();
  }
}

const REFUSALS = [BackupDamaged, BackupRefused, RestoreRefused, EmbeddedPostgresFailed];

async function begin(settings: PlaceSettings, withRefusals: boolean): Promise<RestoreTarget> {
  const { KAFKA_BROKERS: brokers, DATABASE_URL, DATA_DIR, LEDGER_TOPIC: topic } = settings;
  const own =
    brokers === undefined && DATABASE_URL === undefined
      ? await startEmbeddedPostgres({ dataDir: join(DATA_DIR, 'postgres') })
      : undefined;
  const place = {
    ...{ brokers, databaseUrl: DATABASE_URL ?? own?.url, logger },
    flushEveryMessage: settings.KAFKA_FLUSH_EVERY_MESSAGE,
  };
  const begun: LogRestore[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(begun.map((each) => each.close()));
    await own?.stop();
  };
  const beginOne = async (name: string): Promise<LogRestore> => {
    const one = await beginRestore({ ...place, topic: name });
    begun.push(one);
    return one;
  };
  try {
    const ledger = await beginOne(topic);
    const refusals = withRefusals ? await beginOne(refusalsTopicOf(topic)) : undefined;
    const { databaseUrl } = place;
    const keepCheckpoint =
      databaseUrl === undefined ? undefined : (note: string): Promise<void> => keepCheckpointBefore(databaseUrl, note);
    return { ledger, refusals, keepCheckpoint, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function textOf(restored: RestoredLedger, isKeyKnown: boolean, settings: PlaceSettings): string {
  const { head, foot, signed } = restored;
  const held = isKeyKnown
    ? 'by the key that was given'
    : 'by a key that nobody has checked: give the right one with --key';
  return [
    `ledger ${head.ledgerId}: ${grouped(String(head.end))} records and ${grouped(String(head.refusals))} refusals, as of ${head.madeAt}`,
    signed === 0
      ? 'no checkpoint was signed for it'
      : `${grouped(String(signed))} records are those that were signed for, ${held}`,
    ...(head.refusals === 0 ? [] : ['the refusals are as the backup has them: no checkpoint is signed for these']),
    `read back as they were written; the root of the tree over them is ${foot.root}`,
    beforeTheStart(restored, settings),
  ].join('\n');
}

/** A backup has no keys, and a log that goes on under another one is another log to whoever knew it. */
function beforeTheStart({ head, signedBy, isKeyHeld }: RestoredLedger, settings: PlaceSettings): string {
  const whose = signedBy === undefined ? 'the key that it was signed with' : `the key ${signedBy.name}+${signedBy.id}`;
  return [
    `before services start: put the file of ${whose}, by default checkpoint-${head.ledgerId}.key in the old DATA_DIR,`,
    `  to ${signingOf(settings).keyFile(head.ledgerId)}, or name it in CHECKPOINT_KEY_FILE;`,
    isKeyHeld
      ? '  until it is there, the tree over the ledger is not signed'
      : '  or else the log goes on under another key, and nobody who knows the old one can check it',
  ].join('\n');
}

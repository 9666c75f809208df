import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AUDITING_SETTINGS, CheckpointKeyUnusable, ledgerIdIn, signingOf, verifierKeyIn } from '@deal-ledger/auditing';
import {
  borrowEmbeddedPostgres,
  LogHalted,
  openExistingLog,
  refusalsTopicOf,
  type Log,
  type LogLogger,
} from '@deal-ledger/log';
import { MalformedKey, parseVerifierKey, type VerifierKey } from '@deal-ledger/proof';
import { SettingsError, settingsOf } from '@deal-ledger/service';
import { EXIT, Failure } from './failure';
import { say } from './output';

/** Where a ledger is. */
export interface Stores {
  readonly log: Log;
  /** Of refused posts, where there is one. */
  readonly refusals: Log | undefined;
  readonly databaseUrl: string | undefined;
  close(): Promise<void>;
}

export const placeSettings = () => {
  try {
    return settingsOf(process.env, AUDITING_SETTINGS);
  } catch (error) {
    throw error instanceof SettingsError ? new Failure(EXIT.usage, error.message) : error;
  }
};
export type PlaceSettings = ReturnType<typeof placeSettings>;

/** What goes wrong and passes by is said beside the result. */
export const logger: LogLogger = {
  debug: () => undefined,
  warn: (_details, message) => void say(`ledger: ${message}`),
};

/** Opens what there is. @throws Failure when there is no ledger, or it cannot be reached */
export async function openStores(settings: PlaceSettings): Promise<Stores> {
  const { DATABASE_URL, KAFKA_BROKERS: brokers, LEDGER_TOPIC: topic, DATA_DIR } = settings;
  const borrowed = DATABASE_URL === undefined ? await borrowEmbeddedPostgres(join(DATA_DIR, 'postgres')) : undefined;
  const databaseUrl = DATABASE_URL ?? borrowed?.url;
  const stop = async (): Promise<void> => borrowed?.stop();
  if (brokers === undefined && databaseUrl === undefined)
    throw new Failure(
      EXIT.usage,
      `there is no ledger in ${resolve(DATA_DIR)}. Say where it is with DATA_DIR, DATABASE_URL or KAFKA_BROKERS.`,
    );
  const place = { brokers, databaseUrl, flushEveryMessage: settings.KAFKA_FLUSH_EVERY_MESSAGE, logger };
  try {
    const log = await openExistingLog({ ...place, topic });
    const refusals = await openExistingLog({ ...place, topic: refusalsTopicOf(topic) }).catch((error: unknown) => {
      if (error instanceof LogHalted) return undefined;
      throw error;
    });
    const close = async (): Promise<void> => {
      await Promise.all([log.close(), refusals?.close()]);
      await stop();
    };
    return { log, refusals, databaseUrl, close };
  } catch (error) {
    await stop();
    throw unusable(error, brokers);
  }
}

function unusable(error: unknown, brokers: readonly string[] | undefined): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof LogHalted) return new Failure(EXIT.refused, message, { code: error.code });
  return new Failure(
    EXIT.unavailable,
    `the log cannot be reached ${brokers === undefined ? 'in the database' : `at ${brokers.join(', ')}`}: ${message}`,
    { code: 'UNREACHABLE' },
  );
}

/** The key that is named, or else the one with which this machine signs. */
export async function keyOf(
  named: string | undefined,
  settings: PlaceSettings,
  log: Log,
): Promise<VerifierKey | undefined> {
  if (named !== undefined) return namedKey(named);
  const ledgerId = await ledgerIdIn(log);
  if (ledgerId === undefined) return undefined;
  const file = signingOf(settings).keyFile(ledgerId);
  try {
    const key = await verifierKeyIn(file);
    if (key !== undefined)
      say(
        `The key is the one that the ledger keeps itself (${key.name}+${key.id}, in ${file}): give --key with the one you were handed, to be sure whose ledger this is.`,
      );
    return key;
  } catch (error) {
    throw error instanceof CheckpointKeyUnusable ? new Failure(EXIT.usage, error.message) : error;
  }
}

/** A vkey, or the file that has one. */
export function namedKey(named: string): VerifierKey {
  const text = /\+[0-9a-f]{8}\+/.test(named) ? named : textIn(named);
  try {
    return parseVerifierKey(text.trim());
  } catch (error) {
    if (!(error instanceof MalformedKey)) throw error;
    throw new Failure(EXIT.usage, `--key ${named} is no vkey: ${error.message}.`);
  }
}

export const checkpointsIn = (files: readonly string[]): { readonly note: string; readonly name: string }[] =>
  files.map((name) => ({ note: textIn(name), name }));

function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(EXIT.usage, `${file} cannot be read: ${(error as Error).message}`);
  }
}

/** A number that an option is given. */
export function count(text: string, option: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new Failure(EXIT.usage, `${option} ${text} is no whole number. Give one, such as 10.`);
}

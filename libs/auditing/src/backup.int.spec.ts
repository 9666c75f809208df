import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  beginRestore,
  KafkaLog,
  PostgresLog,
  refusalsTopicOf,
  RestoreRefused,
  type Log,
  type LogRecord,
  type RestorePlace,
} from '@deal-ledger/log';
import { generateSignerKey, rootAt, signCheckpoint } from '@deal-ledger/proof';
import { describeWithKafka, describeWithPostgres } from '../../../tests/harness';
import { backupLedger, BackupRefused, type BackupResult } from './backup';
import { BackupDamaged } from './backup-frames';
import { checkBackup, restoreLedger, type RestoredLedger, type RestoreOptions, type RestoreTarget } from './restore';
import { append, logOf, ORIGIN, treeOver } from './testing-tree';

jest.setTimeout(60_000);

const RECORDS = 700;
const NOTHING = (): undefined => undefined;
const logger = { debug: NOTHING, warn: NOTHING };

async function recordsOf(log: Log): Promise<readonly LogRecord[]> {
  const end = await log.end();
  return log.at(Array.from({ length: end }, (_, position) => position));
}

/** The log as one in which somebody's transaction has left a marker: a position without content. */
function withMarker(log: Log, position: number): Log {
  const seen = (record: LogRecord): LogRecord =>
    record.position === position ? { ...record, key: null, value: null, headers: [] } : record;
  return {
    append: (record) => log.append(record),
    at: async (positions) => (await log.at(positions)).map(seen),
    end: () => log.end(),
    close: () => log.close(),
    async *read(from, signal) {
      for await (const records of log.read(from, signal)) yield records.map(seen);
    },
  };
}

async function fixture() {
  const folder = mkdtempSync(join(tmpdir(), 'deal-ledger-backup-'));
  const log = await logOf(RECORDS);
  const key = generateSignerKey(ORIGIN, 'ed25519');
  const signed = async (size: number): Promise<string> =>
    signCheckpoint({ origin: ORIGIN, size, root: await rootAt(size, treeOver(log)), extensions: [] }, key);
  const file = join(folder, 'ledger.backup');
  const backup = async (): Promise<BackupResult> =>
    backupLedger({ log, file, checkpoint: await signed(RECORDS), key, nowMs: 0 });
  return { folder, log, key, signed, file, backup, remove: () => rmSync(folder, { recursive: true }) };
}

describe('a backup', () => {
  let given: Awaited<ReturnType<typeof fixture>>;
  beforeEach(async () => {
    given = await fixture();
  });
  afterEach(() => given.remove());

  it('has every record, and says of how many it is signed', async () => {
    const { log, key, file, backup } = given;
    const made = await backup();
    expect(made).toMatchObject({ records: RECORDS, signed: RECORDS, refusals: 0 });
    expect(await checkBackup(file, { key })).toMatchObject({
      head: { ledgerId: made.ledgerId, end: RECORDS },
      foot: { root: (await rootAt(RECORDS, treeOver(log))).toString('hex') },
      signed: RECORDS,
    });
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  it('is not made of a log that is not what was signed for', async () => {
    const { log, key, signed, file } = given;
    const checkpoint = await signed(RECORDS);
    const other = await logOf(RECORDS);
    const made = (of: Log, by = key): Promise<BackupResult> =>
      backupLedger({ log: of, file, checkpoint, key: by, nowMs: 0 });
    await expect(made(other)).rejects.toThrow(BackupRefused);
    await expect(made(await logOf(3))).rejects.toThrow(/lost its tail/);
    await expect(made(log, generateSignerKey(ORIGIN, 'ed25519'))).rejects.toThrow(/is not signed as/);
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  it('is found damaged wherever a byte of it was changed, and where it was cut off', async () => {
    const { file, key, backup } = given;
    await backup();
    const whole = readFileSync(file);
    const plain = gunzipSync(whole);
    for (let change = 0; change < 40; change += 1) {
      const bytes = Buffer.from(plain);
      const at = randomBytes(4).readUInt32BE() % bytes.length;
      bytes[at] = (bytes[at] as number) ^ (1 << (change % 8));
      writeFileSync(file, gzipSync(bytes));
      await expect(checkBackup(file, { key })).rejects.toThrow();
    }
    for (const length of [0, 10, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      await expect(checkBackup(file, { key })).rejects.toThrow(BackupDamaged);
    }
    const flipped = Buffer.from(whole);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] as number) ^ 1;
    writeFileSync(file, flipped);
    await expect(checkBackup(file, { key })).rejects.toThrow();
  });

  it('is told from a file that is none', async () => {
    const { file, folder, key } = given;
    for (const bytes of [Buffer.from('{"format":"another"}\n'), gzipSync('another'), gzipSync('')]) {
      writeFileSync(file, bytes);
      await expect(checkBackup(file, { key })).rejects.toThrow(/ is no backup: /);
    }
    await given.backup();
    const cut = join(folder, 'cut');
    writeFileSync(cut, readFileSync(file).subarray(0, 5_000));
    await expect(checkBackup(cut, { key })).rejects.toThrow(/is cut off, or changed/);
  });

  it('says by which key its checkpoint says that it is signed, whether that was checked or not', async () => {
    const { file, key, backup, signed } = given;
    await backup();
    const found = { checkpoint: await signed(RECORDS), signedBy: { name: key.name, id: key.id } };
    expect(await checkBackup(file, { key })).toMatchObject(found);
    expect(await checkBackup(file)).toMatchObject(found);
  });

  it('is held against a checkpoint that was kept elsewhere', async () => {
    const { log, file, key, signed, backup } = given;
    const earlier = await signed(5);
    await backup();
    await expect(checkBackup(file, { key, checkpoint: earlier })).resolves.toMatchObject({ signed: RECORDS });
    await append(log, 1);
    await expect(checkBackup(file, { key, checkpoint: await signed(RECORDS + 1) })).rejects.toThrow(
      /take a later backup/,
    );
  });
});

/** What must hold wherever a ledger is restored to. */
function restoring(placeOf: (topic: string) => RestorePlace, open: (topic: string) => Promise<Log>): void {
  let given: Awaited<ReturnType<typeof fixture>>;
  let topic: string;
  let kept: string[];
  beforeEach(async () => {
    kept = [];
    given = await fixture();
    topic = `restored-${randomBytes(4).toString('hex')}`;
  });
  afterEach(() => given.remove());

  /** With the log of refusals in one beside it. */
  const begin = async (withRefusals: boolean): Promise<RestoreTarget> => {
    const ledger = await beginRestore(placeOf(topic));
    const refusals = withRefusals ? await beginRestore(placeOf(refusalsTopicOf(topic))) : undefined;
    const close = async (): Promise<void> => void (await Promise.all([ledger.close(), refusals?.close()]));
    const keepCheckpoint = async (note: string): Promise<void> => void kept.push(note);
    return { ledger, refusals, keepCheckpoint, close };
  };
  const restore = (options: Partial<RestoreOptions> = {}): Promise<RestoredLedger> =>
    restoreLedger({ file: given.file, key: given.key, isUnsignedAllowed: false, begin, ...options });

  it('keeps positions, bytes and times, and goes on from there', async () => {
    await given.log.append({ key: '', value: Buffer.alloc(200_000, 7), headers: { a: '', b: 'c' } });
    const source = withMarker(given.log, 7);
    await backupLedger({ log: source, file: given.file, nowMs: 0 });
    await restore({ isUnsignedAllowed: true });
    const log = await open(topic);
    try {
      expect(await recordsOf(log)).toEqual(await recordsOf(source));
      const before = Date.now() - 60_000;
      expect(await log.append({ key: 'next', value: Buffer.from('x'), headers: {} })).toBe(RECORDS + 1);
      const [next] = await log.at([RECORDS + 1]);
      expect(next?.timeMs).toBeGreaterThan(before);
    } finally {
      await log.close();
    }
  });

  it('keeps for the tree how it was signed, and nothing where it was not', async () => {
    await given.backup();
    expect(await restore()).toMatchObject({ isKeyHeld: true, signedBy: { id: given.key.id } });
    expect(kept).toEqual([await given.signed(RECORDS)]);
    topic = `${topic}-unsigned`;
    rmSync(given.file);
    await backupLedger({ log: given.log, file: given.file, nowMs: 0 });
    expect(await restore({ isUnsignedAllowed: true })).toMatchObject({ isKeyHeld: false, signedBy: undefined });
    expect(kept).toHaveLength(1);
  });

  it('is refused where there is a ledger already', async () => {
    await given.backup();
    await restore();
    await expect(restore()).rejects.toThrow(RestoreRefused);
    await expect(restore()).rejects.toThrow(new RegExp(`exists already.* with ${RECORDS} records`));
  });

  it('takes the log of refusals along', async () => {
    const refusals = await logOf(20);
    await backupLedger({ log: given.log, refusals, file: given.file, nowMs: 0 });
    expect((await restore({ isUnsignedAllowed: true })).head.refusals).toBe(20);
    const restored = await open(refusalsTopicOf(topic));
    expect(await recordsOf(restored)).toEqual(await recordsOf(refusals));
    await restored.close();
  });

  it('begins nothing for a backup that is damaged, of another ledger, or not signed for', async () => {
    await backupLedger({ log: given.log, file: given.file, nowMs: 0 });
    const untouched = { begin: () => Promise.reject(new Error('it has begun')) };
    await expect(restore(untouched)).rejects.toThrow(/of the 700 records in .* 0 are signed for/);
    const other = await fixture();
    await expect(restore({ ...untouched, key: other.key, checkpoint: await other.signed(9) })).rejects.toThrow(
      /not those that the checkpoint was signed for/,
    );
    other.remove();
    writeFileSync(given.file, readFileSync(given.file).subarray(0, 5_000));
    await expect(restore(untouched)).rejects.toThrow(BackupDamaged);
  });

  it('leaves nothing that could be taken for a log when it ends half way', async () => {
    await given.backup();
    const target = await beginRestore(placeOf(topic));
    await target.put((await recordsOf(given.log)).slice(0, 10));
    await target.close();
    const found = await open(topic).then(
      async (log) => {
        const end = await log.end();
        await log.close();
        return end;
      },
      (error: Error) => error.message,
    );
    expect([0, expect.stringMatching(/message.timestamp.type is CreateTime/)]).toContainEqual(found);
  });
}

describeWithPostgres('restoring to Postgres', (url) => {
  restoring(
    (topic) => ({ brokers: undefined, databaseUrl: url, topic, flushEveryMessage: true, logger }),
    (topic) => PostgresLog.open({ connectionString: url, table: topic }),
  );
});

describeWithKafka('restoring to Kafka', (brokers) => {
  restoring(
    (topic) => ({ brokers, databaseUrl: undefined, topic, flushEveryMessage: true, logger }),
    (topic) => KafkaLog.open({ brokers, topic, createIfMissing: false }),
  );
});

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { VerifyReport } from '@deal-ledger/auditing';
import { PROJECTIONS, pathOf } from '@deal-ledger/reports';
import { describeWithLocalKafka } from './harness';
import { startKafka, type RunningKafka } from './harness/kafka';
import { ROOT } from './harness/root';
import { startService, type RunningService } from './harness/services';
import { ledger, ledgerOn, type Ran } from './support/command';
import { dataDir } from './support/data-dir';
import { batchesIn, withChecksum } from './support/segment';

jest.setTimeout(240_000);

const ARTICLE = ['article', 'further-sources']
  .map((name) => readFileSync(join(ROOT, `apps/standalone/data/${name}.jsonl`), 'utf8'))
  .join('')
  .replaceAll(/^\{"clock":"[^"]*",/gm, '{');
const TOPIC = 'moved';

describeWithLocalKafka('a ledger of the embedded database that moves to Kafka', () => {
  const [old, fresh] = [dataDir(), dataDir()];
  const folder = mkdtempSync(join(tmpdir(), 'moved-ledger-'));
  const kafkaData = join(folder, 'kafka');
  const file = (name: string): string => join(folder, name);
  let kafka: RunningKafka;
  let service: RunningService | undefined;
  let before: Record<string, string>;
  let end: number;

  const onOld = { DATA_DIR: old.path };
  const onNew = (): Record<string, string> => ({
    ...{ DATA_DIR: fresh.path, LEDGER_TOPIC: TOPIC },
    KAFKA_BROKERS: kafka.brokers.join(','),
  });
  const start = (environment: Record<string, string>): Promise<RunningService> =>
    startService({ service: 'standalone', environment: { KAFKA_BROKERS: '', DATABASE_URL: '', ...environment } });
  const stop = async (): Promise<void> => {
    await service?.stop();
    service = undefined;
  };
  const reportOf = ({ stdout, stderr }: Ran): VerifyReport => {
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as VerifyReport;
  };
  /** Every report there is, as text, of the same moment and day. */
  async function everyReport({ url }: RunningService, asOf: number): Promise<Record<string, string>> {
    const texts: Record<string, string> = {};
    for (const report of PROJECTIONS.flatMap((set) => set.reports)) {
      const answer = await fetch(`${url}${pathOf(report)}?asOf=${asOf}&effectiveOn=2026-06-30&limit=1000`);
      texts[report.name] = `${answer.status} ${await answer.text()}`;
    }
    return texts;
  }
  const verifyNew = (...args: string[]): Promise<Ran> =>
    ledgerOn(onNew(), ['verify', '--json', '--key', file('vkey'), '--checkpoint', file('checkpoint'), ...args]);

  beforeAll(async () => {
    kafka = await startKafka({ restartable: true, dataDir: kafkaData });
    service = await start(onOld);
    const imported = await ledger(service.url, ['import'], ARTICLE);
    expect(imported.code).toBe(0);
  });
  afterAll(async () => {
    await stop();
    await kafka?.stop();
    for (const data of [old, fresh]) data.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is OK while everything runs, by the key of this machine', async () => {
    const { code, stdout } = await ledgerOn(onOld, ['verify']);
    expect([code, stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^OK: ledger [0-9a-f-]{36}, its first \d+ records$/),
    ]);
    expect(stdout).toMatch(/\d+ supplier_commitments\.postings rows/);
  });

  it('is copied with its checkpoint while everything runs, and never over a file', async () => {
    const { url } = service as RunningService;
    for (const name of ['vkey', 'checkpoint'])
      writeFileSync(file(name), await (await fetch(`${url}/v1/audit/${name}`)).text());
    const made = await ledgerOn(onOld, ['backup', file('ledger.backup'), '--json']);
    expect([made.code, made.stderr]).toEqual([
      0,
      expect.stringMatching(/^The key is the one that the ledger keeps itself \(/),
    ]);
    const { records, signed } = JSON.parse(made.stdout) as { records: number; signed: number };
    expect([signed, records]).toEqual([records, expect.any(Number)]);
    end = records;
    before = await everyReport(service as RunningService, end - 1);
    expect(await ledgerOn(onOld, ['backup', file('ledger.backup')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists'),
    });
    await stop();
  });

  it('is put together in an empty Kafka, and held against the checkpoint and the right key', async () => {
    writeFileSync(file('other.vkey'), readFileSync(file('vkey'), 'utf8').replace(/^[^+]+/, 'another'));
    const wrong = await ledgerOn(onNew(), ['restore', file('ledger.backup'), '--key', file('other.vkey')]);
    expect(wrong.code).toBe(2);
    const restored = await ledgerOn(onNew(), ['restore', file('ledger.backup'), '--key', file('vkey')]);
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    expect(restored.stdout).toMatch(/read back as they were written/);
    const [, , id] = /^([^+]+)\+([0-9a-f]{8})/.exec(readFileSync(file('vkey'), 'utf8')) ?? [];
    expect(restored.stdout).toMatch(
      new RegExp(
        `before services start: put the file of the key deal-ledger/\\S+\\+${id}, by default checkpoint-\\S+\\.key`,
      ),
    );
    const again = await ledgerOn(onNew(), ['restore', file('ledger.backup'), '--key', file('vkey')]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/topic moved exists already/)]);
  });

  it('is incomplete as long as nothing was made of it there', async () => {
    const { DATA_DIR: _, ...withoutDatabase } = onNew();
    const ran = await ledgerOn({ ...withoutDatabase, DATA_DIR: file('none') }, [
      'verify',
      '--json',
      '--key',
      file('vkey'),
      '--checkpoint',
      file('checkpoint'),
    ]);
    expect([ran.code, reportOf(ran).verdict, reportOf(ran).findings]).toEqual([4, 'INCOMPLETE', []]);
  });

  it('answers every report with the same bytes, and goes on', async () => {
    const key = readdirSync(old.path).find((name) => name.endsWith('.key')) as string;
    service = await start({ ...onNew(), CHECKPOINT_KEY_FILE: copied(join(old.path, key), file('checkpoint.key')) });
    expect(await everyReport(service, end - 1)).toEqual(before);
    const posted = await ledger(service.url, ['import'], ARTICLE.split('\n')[0]);
    expect(posted).toMatchObject({ code: 0, stderr: expect.stringContaining('1 recorded before') });
    const ran = await verifyNew();
    expect([ran.code, reportOf(ran).findings]).toEqual([0, []]);
    await stop();
  });

  describe('and is changed on the disk of the broker', () => {
    const segment = (): string => join(kafkaData, 'broker-1', 'data', `${TOPIC}-0`, '00000000000000000000.log');
    let whole: Buffer;

    beforeAll(async () => {
      await kafka.kill9();
      whole = readFileSync(segment());
    });

    /** Starts the broker on another segment, verifies, and puts the old one back. */
    async function verifiedWith(bytes: Buffer): Promise<VerifyReport> {
      writeFileSync(segment(), bytes);
      await kafka.start();
      try {
        const ran = await verifyNew('--wait', '0');
        expect(ran.code).toBe(1);
        return reportOf(ran);
      } finally {
        await kafka.kill9();
        for (const name of readdirSync(dirname(segment())))
          if (/\.(index|timeindex|snapshot)$/.test(name)) rmSync(join(dirname(segment()), name));
        writeFileSync(segment(), whole);
      }
    }

    /** The segment with one letter of a record changed, and where that record stands. */
    function altered(): { readonly bytes: Buffer; readonly at: number } {
      const bytes = Buffer.from(whole);
      const at = bytes.indexOf('"name":"NVIDIA');
      expect(at).toBeGreaterThan(0);
      bytes.write('M', at + '"name":"'.length);
      return { bytes, at };
    }

    it('with a checksum made to match: the record is named, by its leaf and by the rows that were made of it', async () => {
      const { bytes, at } = altered();
      const { verdict, findings } = await verifiedWith(withChecksum(bytes, at));
      expect(verdict).toBe('NOT OK');
      const position = findings[0]?.position ?? -1;
      const rows = findings
        .filter((found) => found.position === position)
        .map(({ row }) => `${row?.schema}.${row?.table}`);
      expect(rows).toEqual(expect.arrayContaining(['auditing.tree_hashes', 'audit.events']));
      expect(findings.map(({ expected }) => expected).join()).toMatch(/MVIDIA/);
      expect(findings.some(({ message }) => /checkpoint was signed for/.test(message))).toBe(true);
    });

    it('without: a broker that was killed throws away what it cannot read, and the log has lost its tail', async () => {
      const { verdict, findings } = await verifiedWith(altered().bytes);
      expect(verdict).toBe('NOT OK');
      expect(findings.some(({ message }) => /lost its tail/.test(message))).toBe(true);
    });

    it('by a record that is cut off its end', async () => {
      const batches = batchesIn(whole);
      const { findings } = await verifiedWith(whole.subarray(0, batches.at(-1)?.start));
      expect(findings.some(({ message }) => /lost its tail/.test(message))).toBe(true);
    });

    it('and is OK again when the old bytes are back', async () => {
      await kafka.start();
      const ran = await verifyNew('--wait', '5');
      expect([ran.code, reportOf(ran).findings]).toEqual([0, []]);
      await kafka.kill9();
    });
  });
});

function copied(from: string, to: string): string {
  copyFileSync(from, to);
  return to;
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startService, type RunningService } from './harness/services';
import { postArticle } from './support/article';
import { ledger as run, type Ran } from './support/command';
import { dataDir } from './support/data-dir';

jest.setTimeout(120_000);

describe('an auditor with the command ledger', () => {
  const data = dataDir();
  const folder = mkdtempSync(join(tmpdir(), 'ledger-audit-'));
  const file = (name: string): string => join(folder, name);
  let service: RunningService;
  const ledger = (...args: string[]): Promise<Ran> => run(service.url, args);
  const text = async (path: string): Promise<string> => (await fetch(`${service.url}${path}`)).text();

  beforeAll(async () => {
    service = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '' },
    });
    expect(await postArticle(service.url)).toBe(58);
  });
  afterAll(async () => {
    await service?.stop();
    data.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('folds a report anew', () => {
    const refold = (report: string, ...more: string[]): Promise<Ran> =>
      ledger('replay', '--report', report, '--as-of', '58', '--effective-on', '2025-10-07', ...more);

    it('from the events alone, and finds every row and total the same', async () => {
      expect(await refold('commitment-lines', '--filter', 'receiver=openai')).toEqual({
        ...{ code: 0, stderr: '' },
        stdout:
          'same: commitment-lines as known at position 58, effective on 2025-10-07: all 4 rows and their totals, folded anew from 59 commits (0 void and 0 foreign records passed over)\n',
      });
      const { stdout } = await refold('audit-events', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ same: true, rows: 72, records: { fact: 59, void: 0, foreign: 0 } });
    });

    it('and is told the row and the column of a figure that was changed where the service keeps it', async () => {
      const port = readFileSync(join(data.path, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3] ?? '';
      const password = readFileSync(join(data.path, 'postgres.password'), 'utf8').trim();
      const database = new Client({
        host: '127.0.0.1',
        port: Number(port),
        user: 'ledger',
        database: 'postgres',
        password,
      });
      await database.connect();
      await database.query(`alter table spend_forecast.postings disable trigger append_only;
        update spend_forecast.postings set amount = amount + 1 where measure = 'funding' and unit = 'USD';
        update spend_forecast.postings set amount = amount + 1 where measure like 'forecast%' and unit = 'USD'`);
      await database.end();
      const { code, stdout } = await refold('forecast-versions');
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /^differs: forecast-versions .*\nforecastId openai-[a-z-]+, version 1, .*:\n {2}amount: "\d+\.00" here, "\d+\.00" there\n/,
      );
    });

    it('and is refused what is no report, or is none of its parameters', async () => {
      expect(await ledger('replay', '--report', 'nonsense')).toMatchObject({ code: 2 });
      expect(await ledger('replay', '--as-of', '58')).toMatchObject({ code: 2 });
      expect(await refold('commitment-lines', '--filter', 'colour=red')).toMatchObject({ code: 2 });
    });
  });

  describe('takes evidence along', () => {
    it('of a stream and of a figure, in a file each, and overwrites none', async () => {
      const figure = ['--report', 'funding-position', '--key', 'nvda-openai', '--column', 'ceiling', '--as-of', '58'];
      for (const what of [['deal/nvda-openai', '--as-of', '58'], figure]) {
        const name = file(`${what.length}.zip`);
        expect(await ledger('pack', ...what, '--out', name)).toMatchObject({ code: 0, stderr: '' });
        expect(readFileSync(name).subarray(0, 2).toString()).toBe('PK');
        expect(await ledger('pack', ...what, '--out', name)).toMatchObject({ code: 2 });
      }
    });

    it('and is refused what there is none of', async () => {
      expect(await ledger('pack', 'deal/nobody', '--out', file('none'))).toMatchObject({ code: 1 });
      expect(await ledger('pack', 'nonsense')).toMatchObject({ code: 2 });
      expect(await ledger('pack', '--report', 'nonsense')).toMatchObject({ code: 2 });
    });
  });

  describe('proves', () => {
    beforeAll(async () => {
      writeFileSync(file('vkey'), await text('/v1/audit/vkey'));
      const first = await ledger('proof', '--key', file('vkey'), '--out', file('checkpoint'));
      expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('59 records') as string });
    });

    it('that an event is in the ledger that was signed, with nothing believed but the key', async () => {
      const args = ['proof', '--event', 'evt-0035', '--key', file('vkey')];
      const proved = await ledger(...args, '--json', '--out', file('proof'));
      expect([proved.code, proved.stderr]).toEqual([0, '']);
      expect(JSON.parse(proved.stdout)).toMatchObject({ proved: true, position: 35 });
      expect(readFileSync(file('proof'), 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
      expect(await ledger(...args, '--out', file('proof'))).toMatchObject({
        ...{ code: 2, stderr: expect.stringContaining('exists. Name another with --out.') as string },
      });
      expect((await ledger('proof', '--position', '35')).stderr).toContain('give yours with --key');
    });

    it('that nothing was altered since a checkpoint that it kept, and keeps the next', async () => {
      const args = ['proof', '--key', file('vkey'), '--since', file('checkpoint')];
      expect(await ledger(...args, '--out', file('next'))).toMatchObject({
        ...{ code: 0, stderr: '', stdout: expect.stringContaining('begins with all 59') as string },
      });
      expect(readFileSync(file('next'), 'utf8')).toBe(readFileSync(file('checkpoint'), 'utf8'));
    });

    it('nothing with a checkpoint that was altered, or by another key', async () => {
      const altered = readFileSync(file('checkpoint'), 'utf8').replace('\n59\n', '\n58\n');
      writeFileSync(file('altered'), altered);
      expect(await ledger('proof', '--key', file('vkey'), '--since', file('altered'))).toMatchObject({
        ...{ code: 1, stderr: expect.stringContaining('SIGNATURE_WRONG') as string },
      });
      const other = 'example.com/other+1b9ac4ba+AUtk6tmVxBr7Vzoo3zlKnBeIlKMhYs4DwHp4ruG0fvfP';
      expect((await ledger('proof', '--key', other, '--position', '1')).code).toBeGreaterThan(0);
      expect(await ledger('proof', '--key', 'nonsense', '--position', '1')).toMatchObject({ code: 2 });
      expect(await ledger('proof')).toMatchObject({ code: 2 });
    });
  });
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './harness/root';
import { startService, type RunningService } from './harness/services';
import { ledger as run, type Ran } from './support/command';
import { dataDir } from './support/data-dir';

jest.setTimeout(60_000);

const ARTICLE = readFileSync(join(ROOT, 'apps/standalone/data/article.jsonl'), 'utf8').replaceAll(
  /^\{"clock":"[^"]*",/gm,
  '{',
);
const acme = (name: string): string =>
  JSON.stringify({
    events: [
      {
        ...{ id: 'acme', stream: 'party/acme', type: 'PartyRegistered', effective: '2025-10-07' },
        sources: [{ sourceId: 'internal', attribution: 'internal', confidence: 'high' }],
        data: { partyId: 'acme', name, aliases: [] },
      },
    ],
  });

describe('the command ledger', () => {
  const data = dataDir();
  const folder = mkdtempSync(join(tmpdir(), 'ledger-command-'));
  let service: RunningService;
  const ledger = (args: readonly string[], input?: string): Promise<Ran> => run(service.url, args, input);
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    service = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '' },
    });
    const imported = await ledger(['import'], ARTICLE);
    expect(imported).toEqual({ code: 0, stdout: '', stderr: '58 lines: 58 recorded, 0 recorded before, 0 refused\n' });
  });
  afterAll(async () => {
    await service?.stop();
    data.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('import', () => {
    it('doubles nothing when it is done again, and answers every line as JSON on request', async () => {
      writeFileSync(file('article.ndjson'), ARTICLE);
      const again = await ledger(['import', file('article.ndjson'), '--json']);
      expect([again.code, again.stderr]).toEqual([0, '58 lines: 0 recorded, 58 recorded before, 0 refused\n']);
      expect(JSON.parse(again.stdout.split('\n')[57] ?? '')).toMatchObject({ line: 58, status: 200, position: 58 });
    });

    it('names what was refused, line by line, and ends with 1', async () => {
      const { code, stdout, stderr } = await ledger(
        ['import'],
        '{"events":[{"id":"x","stream":"deal/x","type":"Odd"}]}\n{\n',
      );
      expect([code, stderr]).toEqual([1, '2 lines: 0 recorded, 0 recorded before, 2 refused\n']);
      expect(stdout).toMatch(/^line 1: VALIDATION_FAILED at \/events\/0\/type: .*\nline 2: MALFORMED_JSON/);
    });

    it('ends with 2 when there is no such file', async () =>
      expect(await ledger(['import', file('none')])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('cannot be read') as string,
      }));
  });

  describe('post', () => {
    it('says what would be recorded, records it, and knows it again', async () => {
      expect(await ledger(['post', '--dry-run'], acme('Acme'))).toMatchObject({
        ...{ code: 0, stderr: '', stdout: 'would be recorded\n  party/acme version 1: PartyRegistered acme\n' },
      });
      const [first, second] = [await ledger(['post'], acme('Acme')), await ledger(['post'], acme('Acme'))];
      expect([first.code, first.stdout.split('\n')[0]]).toEqual([0, 'recorded at position 59']);
      expect([second.code, second.stdout.split('\n')[0]]).toEqual([0, 'was recorded before at position 59']);
    });

    it('ends with 1 and one sentence when it is refused: code, place, what to do', async () => {
      const refused = await ledger(['post', '--json'], acme('Other'));
      expect([refused.code, refused.stdout]).toEqual([1, '']);
      expect(JSON.parse(refused.stderr)).toMatchObject({
        error: { exitCode: 1, status: 422, code: expect.any(String) as string },
      });
      const plain = await ledger(['post'], acme('Other'));
      expect(plain.stderr).toMatch(/^ledger: [A-Z_]+(?: at \S+)?: .*\.\n$/);
    });

    it('takes the stream of its events, and the version that it must have', async () => {
      const event = { type: 'PartyAliasAdded', effective: '2025-10-07', data: { alias: 'Acme Inc' } };
      const sources = [{ sourceId: 'internal', attribution: 'internal', confidence: 'high' }];
      const body = JSON.stringify({ events: [{ ...event, sources }] });
      const options = ['--stream', 'party/acme', '--idempotency-key', 'alias-1'];
      expect(await ledger(['post', ...options, '--if-match', '7'], body)).toMatchObject({
        ...{ code: 1, stderr: expect.stringContaining('party/acme is at version 1, If-Match says 7') as string },
      });
      expect(await ledger(['post', ...options, '--if-match', '1'], body)).toMatchObject({ code: 0 });
    });
  });

  describe('history and report', () => {
    it('show tables, with what they are of', async () => {
      const { code, stdout, stderr } = await ledger(['history', '--stream', 'deal/nvda-openai', '--as-of', '58']);
      expect([code, stderr.split(',')[0]]).toEqual([0, '5 of 5 rows']);
      expect(stdout).toMatch(/│ 35 +│ .*deal\/nvda-openai.*DealAnnounced/);
    });

    it('have the bytes that the service answers as JSON, CSV and NDJSON', async () => {
      const query = 'asOf=58&effectiveOn=2025-10-07&provider=nvidia';
      const options = [
        'report',
        'commitment-lines',
        '--as-of',
        '58',
        '--effective-on=2025-10-07',
        '--provider',
        'nvidia',
      ];
      for (const format of ['json', 'csv', 'ndjson']) {
        const answer = await fetch(`${service.url}/v1/reports/commitment-lines?${query}&format=${format}`);
        const { stdout } = await ledger([...options, '--format', format]);
        expect(stdout.trimEnd()).toBe((await answer.text()).trimEnd());
      }
      expect((await ledger([...options, '--json'])).stdout).toBe(
        (await ledger([...options, '--format', 'json'])).stdout,
      );
    });

    it('list the reports, and the parameters of each', async () => {
      expect((await ledger(['report'])).stdout).toMatch(/^commitment-lines +Supplier commitments/m);
      expect((await ledger(['report', 'commitment-lines', '--help'])).stdout).toMatch(
        /^ {2}--reporting-currency +Every amount/m,
      );
      expect((await ledger(['history', '--help'])).stdout).toMatch(/^ {2}--min-backdated-days /m);
    });

    it.each([
      [['report', 'nonsense'], 'there is no report "nonsense"'],
      [['report', 'commitment-lines', '--colour', 'red'], 'at --colour'],
      [['report', 'commitment-lines', '--as-of'], '--as-of needs a value'],
      [['history', '--as-of', '9999'], 'POSITION_UNKNOWN'],
      [['history', '--format', 'xml'], '--format is one of'],
    ])('end with 2 when asked as in %j', async (args, said) =>
      expect(await ledger(args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(said) as string,
      }),
    );
  });

  describe('replay', () => {
    it.each(['ndjson', 'cloudevents'])(
      'as %s is the same file, wherever it was cut off and gone on with',
      async (format) => {
        const [whole, cut] = [file(`whole.${format}`), file(`cut.${format}`)];
        const options = ['replay', '--format', format, '--to', '58', '--include', 'void', '--out'];
        const done = await ledger([...options, whole]);
        expect([done.code, done.stderr]).toEqual([
          0,
          expect.stringMatching(/^positions 0 to 58 replayed, [\d,]+ bytes, into /),
        ]);
        const bytes = readFileSync(whole);
        for (const length of [0, 1, 700, 20_000, bytes.length - 4, bytes.length - 1, bytes.length]) {
          writeFileSync(cut, bytes);
          truncateSync(cut, length);
          expect((await ledger([...options, cut, '--resume'])).code).toBe(0);
          expect(readFileSync(cut).equals(bytes)).toBe(true);
        }
        expect((await ledger(options.slice(0, -1))).stdout).toBe(String(bytes));
      },
    );

    it('goes on with nothing that is of another ledger, and overwrites nothing', async () => {
      const name = file('other.ndjson');
      await ledger(['replay', '--to', '20', '--out', name]);
      const bytes = readFileSync(name, 'utf8').replaceAll('ItemDefined', 'ItemDefinef');
      writeFileSync(name, bytes);
      expect(await ledger(['replay', '--out', name, '--resume'])).toMatchObject({
        ...{ code: 1, stderr: expect.stringContaining('has something else at position 20') as string },
      });
      expect(await ledger(['replay', '--out', name])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('exists') as string,
      });
      writeFileSync(name, 'something\nelse\n');
      expect(await ledger(['replay', '--out', name, '--resume'])).toMatchObject({ code: 2 });
      expect(readFileSync(name, 'utf8')).toBe('something\nelse\n');
    });

    it('says nothing when its reader has seen enough', () =>
      expect(
        execFileSync(
          'bash',
          ['-c', `set -o pipefail; ${process.execPath} apps/cli/bin/ledger.js replay | head -1 | cut -c1-13`],
          {
            ...{ cwd: ROOT, encoding: 'utf8', env: { ...process.env, LEDGER_URL: service.url } },
          },
        ),
      ).toBe('{"position":0\n'));
  });

  it('ends with 3 and says what to do when nothing answers, or no ledger', async () => {
    expect(await run('http://127.0.0.1:9', ['report'])).toEqual({
      ...{ code: 3, stdout: '' },
      stderr: expect.stringMatching(/^ledger: nothing answers at http:\/\/127\.0\.0\.1:9 .*npm start.*\n$/) as string,
    });
    const stranger = createServer((socket) => socket.end('HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno'));
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    expect(await run(url, ['history'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('not as a ledger does') as string,
    });
    stranger.close();
  });

  it('ends with 2 when the command is none, and shows its help on request', async () => {
    expect((await ledger(['replya'])).code).toBe(2);
    expect((await ledger(['replay', '--form', 'x'])).code).toBe(2);
    const help = await ledger(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/Examples:[\s\S]*Exit codes:\n {2}0 /);
  });
});

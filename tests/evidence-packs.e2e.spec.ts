import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { OpenApiDocument } from '@deal-ledger/service';
import { unzipSync } from 'fflate';
import { assertDocumented } from './fences/openapi';
import { startService, type RunningService } from './harness/services';
import { send } from './support/client';
import { dataDir } from './support/data-dir';
import { SetClock, Tour } from './support/tour';

jest.setTimeout(240_000);

const PAID = { report: 'commitment-lines', key: 'nvda-openai/L2', column: 'paid', effectiveOn: '2026-12-31' };
const ASKED = {
  paid: new URLSearchParams(PAID),
  committed: new URLSearchParams({
    report: 'spend-outlook',
    key: 'openai/computeRental/2027/USD',
    column: 'committedFirm',
    effectiveOn: '2026-12-31',
  }),
  weighted: new URLSearchParams({
    report: 'funding-position',
    key: 'nvda-openai',
    column: 'weightedRemaining',
    effectiveOn: '2025-11-20',
    asOf: '80',
  }),
};

type Files = Readonly<Record<string, Uint8Array>>;

const data = dataDir();
const folders: string[] = [];
let ledger: RunningService;
let vkey: string;
let packs: Readonly<Record<keyof typeof ASKED | 'stream', Files>>;

/** All that is asked of the ledger is asked here: then it is gone. */
beforeAll(async () => {
  mkdirSync(join(data.path, '..'), { recursive: true });
  const clock = new SetClock(join(data.path, '..', 'clock'));
  ledger = await startService({
    service: 'standalone',
    environment: { DATA_DIR: data.path, LEDGER_CLOCK: clock.file, KAFKA_BROKERS: '', DATABASE_URL: '' },
  });
  const tour = await Tour.tell(ledger.url, clock);
  const pack = async (path: string): Promise<Files> => {
    const answer = await fetch(`${ledger.url}/v1/audit/packs${path}`);
    if (answer.status !== 200) throw new Error(await answer.text());
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="evidence-[\w.-]+\.zip"$/);
    return unzipSync(new Uint8Array(await answer.arrayBuffer()));
  };
  const last = `minPosition=${tour.at(115)}`;
  packs = {
    paid: await pack(`?${ASKED.paid}&${last}`),
    committed: await pack(`?${ASKED.committed}&${last}`),
    weighted: await pack(`?${ASKED.weighted}`),
    stream: await pack(`/streams/deal/nvda-openai?${last}`),
  };
  vkey = (await send(`${ledger.url}/v1/audit/vkey`)).text.trim();
});
beforeAll(async () => {
  const document = (await send(`${ledger.url}/openapi.json`)).json as unknown as OpenApiDocument;
  for (const [path, status, code] of [
    ['?report=nothing&key=a&column=b', 400, 'VALIDATION_FAILED'],
    ['?report=commitment-lines&key=nobody&column=paid', 404, 'ROW_NOT_FOUND'],
    [`?${ASKED.paid}&colour=red`, 400, 'VALIDATION_FAILED'],
    ['/streams/deal/nobody', 404, 'STREAM_NOT_FOUND'],
    ['/streams/deal/nvda-openai?asOf=9999', 400, 'POSITION_UNKNOWN'],
  ] as const) {
    const answer = await send(`${ledger.url}/v1/audit/packs${path}`);
    expect([path, answer.status, answer.json['code']]).toEqual([path, status, code]);
    assertDocumented(document, 'GET', `/v1/audit/packs${path.split('?')[0] ?? ''}`, answer.status, answer.json);
  }
  await ledger.stop();
  data.remove();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

interface Verdict {
  readonly exitCode: number | null;
  readonly said: readonly string[];
}

/** What `node verify.mjs` says in a folder that has these files and nothing else. */
function verified(files: Files, ...options: readonly string[]): Verdict {
  const folder = mkdtempSync(join(tmpdir(), 'deal-ledger-pack-'));
  folders.push(folder);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['verify.mjs', ...options], {
    cwd: folder,
    env: {},
    encoding: 'utf8',
  });
  return { exitCode: status, said: `${stdout}${stderr}`.trim().split('\n') };
}
const verdictOf = ({ said }: Verdict): string | undefined => said.at(-1);

const textIn = (files: Files, name: string): string => Buffer.from(files[name] ?? []).toString();
const withText = (files: Files, name: string, change: (text: string) => string): Files => {
  const text = textIn(files, name);
  const changed = change(text);
  expect(changed).not.toBe(text);
  return { ...files, [name]: Buffer.from(changed) };
};
const NOT_STATED = 'NOT OK MANIFEST: it is not the list that the ledger has signed';

/** As whoever forges a pack would: the list of files is made to fit. */
const listedAnew = (files: Files): Files => ({
  ...files,
  MANIFEST: Buffer.from(
    Object.keys(files)
      .filter((name) => !name.startsWith('MANIFEST'))
      .sort()
      .map(
        (name) =>
          `${createHash('sha256')
            .update(files[name] ?? '')
            .digest('hex')}  ${name}\n`,
      )
      .join(''),
  ),
});
const flipped = (files: Files, name: string, at: (length: number) => number): Files => {
  const bytes = Buffer.from(files[name] ?? []);
  const index = at(bytes.length);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return { ...files, [name]: bytes };
};

describe('an evidence pack, with the ledger gone,', () => {
  it.each(['paid', 'committed', 'stream'] as const)('of %s is OK by the key of the ledger', (name) => {
    const verdict = verified(packs[name], '--vkey', vkey);
    expect([verdict.exitCode, verdictOf(verdict)]).toEqual([0, 'OK']);
    expect(verdict.said.join('\n')).not.toContain('WARNING');
    const hash = createHash('sha256')
      .update(packs[name]['verify.mjs'] ?? '')
      .digest('hex');
    expect(verdict.said[0]).toContain(hash);
    expect(textIn(packs[name], 'MANIFEST')).toContain(`${hash}  verify.mjs\n`);
  });

  it('warns who believes the key that came with it', () => {
    const verdict = verified(packs.paid);
    expect([verdict.exitCode, verdictOf(verdict)]).toEqual([0, 'OK']);
    expect(verdict.said.join('\n')).toContain('WARNING: no --vkey was given');
  });

  it('of a figure that a formula makes is never OK, though nothing in it is wrong', () => {
    const verdict = verified(packs.weighted, '--vkey', vkey);
    expect([verdict.exitCode, verdictOf(verdict)]).toEqual([3, 'INCOMPLETE']);
    expect(verdict.said.at(-2)).toMatch(/^NOT CHECKED the figure is no plain sum/);
  });

  it('shows the figure, its row and the sum that it is', () => {
    const figure = JSON.parse(textIn(packs.paid, 'figure.json')) as Record<string, unknown>;
    expect(figure).toMatchObject({
      ...{ report: 'commitment-lines', key: 'nvda-openai/L2', column: 'paid' },
      asked: { effectiveOn: '2026-12-31' },
      madeOf: [{ measure: 'leg.paid', sign: '+' }],
    });
    expect((figure['row'] as Record<string, unknown>)['paid']).toBe(figure['value']);
    expect(verified(packs.paid).said.join('\n')).toMatch(/it is the sum of \+ \d+ of leg.paid/);
  });

  it.each(['paid', 'stream'] as const)('of %s is not OK when one byte of any file is another', (name) => {
    const files = packs[name];
    expect(Object.keys(files).length).toBeGreaterThan(10);
    for (const file of Object.keys(files)) {
      const verdict = verified(
        flipped(files, file, (length) => length >> 1),
        '--vkey',
        vkey,
      );
      expect([file, verdict.exitCode]).toEqual([file, 1]);
      // Its own text may be no program any more, and then Node names it.
      expect([file, verdict.said.join('\n')]).toEqual([file, expect.stringContaining(file)]);
    }
  });

  it('is not OK when a file is gone, or one is there that does not belong', () => {
    const { 'README.txt': _, ...without } = packs.paid;
    expect(verified(without)).toMatchObject({ exitCode: 1 });
    expect(verified({ ...packs.paid, 'notes.txt': Buffer.from('mine') }).said).toContain(
      'NOT OK notes.txt: MANIFEST does not list it',
    );
  });

  describe('whose list of files was made to fit, is not OK when', () => {
    const forged = (files: Files): string[] => {
      const { exitCode, said } = verified(listedAnew(files), '--vkey', vkey);
      expect([exitCode, said.at(-1)]).toEqual([1, 'NOT OK']);
      return said.filter((line) => line.startsWith('NOT OK '));
    };

    it('the figure and its row are another', () => {
      const value = String((JSON.parse(textIn(packs.paid, 'figure.json')) as { value: string }).value);
      expect(forged(withText(packs.paid, 'figure.json', (text) => text.replaceAll(value, '7000000000.01')))).toEqual([
        NOT_STATED,
        'NOT OK figure.json: the figure is 7000000000.01, its postings add up to something else',
      ]);
    });

    it('figure, row and postings fit each other, and are not what the ledger stated', () => {
      const value = String((JSON.parse(textIn(packs.paid, 'figure.json')) as { value: string }).value);
      const nothing = withText(packs.paid, 'figure.json', (text) => text.replaceAll(value, '0.00'));
      expect(forged({ ...nothing, 'postings.json': Buffer.from('[]\n') })).toEqual([NOT_STATED]);
      const other = withText(packs.paid, 'figure.json', (text) => text.replaceAll('nvda-openai/L2', 'somebody/L9'));
      expect(forged(other)).toContain(NOT_STATED);
    });

    it('a posting has another amount, or is of another event', () => {
      expect(
        forged(
          withText(packs.paid, 'postings.json', (text) => text.replace('"unit": "USD",\n    "amount": "', '$&1')),
        ).join(),
      ).toContain('figure.json');
      expect(
        forged(
          withText(packs.paid, 'postings.json', (text) => text.replace('"eventId": "evt-', '"eventId": "xyz-')),
        ).join(),
      ).toContain('NOT OK postings.json');
    });

    it('an event says something else than its record', () =>
      expect(forged(withText(packs.paid, 'events.ndjson', (text) => text.replace('USD', 'EUR'))).join()).toContain(
        'is not what stands in its record',
      ));

    it('a record was changed together with its event', () => {
      const changed = withText(packs.paid, 'records.ndjson', (text) =>
        text
          .trim()
          .split('\n')
          .map((line) => {
            const record = JSON.parse(line) as { value: string };
            const value = Buffer.from(record.value, 'base64').toString().replace('USD', 'EUR');
            return `${JSON.stringify({ ...record, value: Buffer.from(value).toString('base64') })}\n`;
          })
          .join(''),
      );
      expect(forged(changed).join('\n')).toMatch(
        /NOT OK records\.ndjson: the record at position \d+ is not in the tree of \d+ leaves, by proofs\/\d+\.tlog-proof/,
      );
    });

    it('the time of a record, or its position, is another', () => {
      const with1 = (name: string): Files =>
        withText(packs.paid, 'records.ndjson', (text) => text.replace(`"${name}":`, `"${name}":1`));
      expect(forged(with1('timeMs')).join()).toContain('is not in the tree of');
      expect(forged(with1('position')).join()).toContain('is not what stands in its record');
    });

    it('the checkpoint is of another tree', () =>
      expect(
        forged(
          withText(packs.paid, 'checkpoint', (text) => text.replace(/\n(\d+)\n/, (_, size: string) => `\n${size}1\n`)),
        ).join(),
      ).toContain('NOT OK checkpoint: it is not signed by'));

    it('an event of the stream is left out', () =>
      expect(
        forged(withText(packs.stream, 'events.ndjson', (text) => text.slice(text.indexOf('\n') + 1))).join(),
      ).toContain('NOT OK stream.json: deal/nvda-openai has'));
  });

  it('is not OK by another key than that of the ledger, whatever it has itself', () => {
    const [name = '', , ...rest] = vkey.split('+');
    const typed = Buffer.from(rest.join('+'), 'base64');
    typed[32] = (typed[32] ?? 0) ^ 1;
    const id = createHash('sha256').update(`${name}\n`).update(typed).digest('hex').slice(0, 8);
    const verdict = verified(packs.paid, '--vkey', `${name}+${id}+${typed.toString('base64')}`);
    expect([verdict.exitCode, verdictOf(verdict)]).toEqual([1, 'NOT OK']);
    expect(verified(packs.paid, '--vkey', 'nonsense').exitCode).toBe(2);
    expect(verified(packs.paid, '--colour').exitCode).toBe(2);
  });
});

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { startService, type RunningService } from './harness/services';
import { record } from './support/client';
import { dataDir } from './support/data-dir';

jest.setTimeout(120_000);

const COMMITS = 4_000;
const LONG = `https://example.com/${'x'.repeat(1_900)}`;

const sourceLine = (number: number): string =>
  JSON.stringify({
    events: [
      {
        ...{ stream: `source/s${number}`, id: `source-${number}`, type: 'SourceRegistered', effective: '2025-10-05' },
        ...{
          sources: [],
          data: {
            sourceId: `s${number}`,
            kind: 'press',
            language: 'en',
            title: 'A source',
            publishedOn: null,
            url: LONG,
          },
        },
      },
    ],
  });

describe('a replay over HTTP', () => {
  const data = dataDir();
  let ledger: RunningService;
  let whole: Buffer;

  beforeAll(async () => {
    ledger = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '' },
    });
    const imported = await fetch(`${ledger.url}/v1/import`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: Array.from({ length: COMMITS }, (_, index) => sourceLine(index)).join('\n'),
    });
    expect((await imported.text()).match(/"status":201/g)).toHaveLength(COMMITS);
    whole = (await received(await asked(''))).bytes;
  });
  afterAll(async () => {
    await ledger?.stop();
    data.remove();
  });

  async function asked(query: string): Promise<IncomingMessage> {
    const [answer] = (await once(get(`${ledger.url}/v1/audit/replay${query}`), 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    return answer;
  }

  /** All that comes until the answer ends or is cut off; `meanwhile` once something has come. */
  async function received(
    answer: IncomingMessage,
    meanwhile: () => unknown = () => undefined,
  ): Promise<{ bytes: Buffer; isWhole: boolean }> {
    const chunks: Buffer[] = [];
    let failure: unknown;
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.length === 1) failure = meanwhile();
    });
    await once(answer, 'close').catch(() => undefined);
    await failure;
    return { bytes: Buffer.concat(chunks), isWhole: answer.complete };
  }

  /** The lines that came whole, and what is still to come. */
  async function goneOn(cut: Buffer): Promise<Buffer> {
    const kept = cut.subarray(0, cut.lastIndexOf('\n') + 1);
    const last = kept.toString().trimEnd().split('\n').at(-1);
    const { position } = JSON.parse(String(last)) as { position: number };
    return Buffer.concat([kept, (await received(await asked(`?from=${position + 1}`))).bytes]);
  }

  const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  it('has a line for every commit', () => {
    const lines = whole.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(COMMITS + 1);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ position: COMMITS, verdict: 'fact' });
  });

  it('goes on where its reader was killed, with the same bytes', async () => {
    const answer = await asked('');
    const { bytes, isWhole } = await received(answer, () => answer.destroy());
    expect([isWhole, bytes.length < whole.length]).toEqual([false, true]);
    expect(hashOf(await goneOn(bytes))).toBe(hashOf(whole));
  });

  it('is cut off for its reader to see when the service is killed, and goes on with the same bytes', async () => {
    const { bytes, isWhole } = await received(await asked(''), () => ledger.kill9());
    expect([isWhole, bytes.length < whole.length]).toEqual([false, true]);
    await ledger.start();
    expect(hashOf(await goneOn(bytes))).toBe(hashOf(whole));
  });

  it('ends where the ledger ended when it was asked for, whatever is recorded meanwhile', async () => {
    const answer = await asked('');
    const { bytes, isWhole } = await received(answer, () =>
      record(`${ledger.url}/v1/commits`, JSON.parse(sourceLine(COMMITS)) as object),
    );
    expect([isWhole, hashOf(bytes)]).toEqual([true, hashOf(whole)]);
  });
});

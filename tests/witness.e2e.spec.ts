import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  consistencyProof,
  formatAddCheckpoint,
  hashOfLeaf,
  MemoryNodes,
  openCheckpoint,
  parseSignerKey,
  parseVerifierKey,
  rootAt,
  signCheckpoint,
  type OpenedCheckpoint,
} from '@deal-ledger/proof';
import { eventually, freePorts } from './harness';
import { startService, type RunningService } from './harness/services';
import { dataDir } from './support/data-dir';

jest.setTimeout(120_000);

describe('a ledger and its witness, each a process of its own', () => {
  const data = dataDir();
  let ledger: RunningService;
  let witness: RunningService;

  beforeAll(async () => {
    const [ledgerPort, witnessPort] = (await freePorts(2)) as [number, number];
    const WITNESS_LOGS = `http://127.0.0.1:${ledgerPort}/v1/audit/vkey`;
    witness = await startService({ service: 'witness', environment: { WITNESS_LOGS }, port: witnessPort });
    ledger = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '', WITNESS_URLS: witness.url },
      port: ledgerPort,
    });
  });
  afterAll(async () => {
    await ledger?.stop();
    await witness?.stop();
    data.remove();
  });

  const text = async (url: string): Promise<string> => (await fetch(url)).text();
  const opened = async (cosignatures: number): Promise<OpenedCheckpoint> => {
    const log = parseVerifierKey((await text(`${ledger.url}/v1/audit/vkey`)).trim());
    const witnesses = [parseVerifierKey((await text(`${witness.url}/vkey`)).trim())];
    const note = await text(`${ledger.url}/v1/audit/checkpoint?cosignatures=${cosignatures}`);
    return openCheckpoint(note, { origin: log.name, keys: [log], witnesses });
  };
  /** Registers a source, and answers the position of it. */
  const post = async (name: string): Promise<number> => {
    const answer = await fetch(`${ledger.url}/v1/sources/${name}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        events: [
          {
            id: name,
            type: 'SourceRegistered',
            effective: '2025-10-05',
            sources: [],
            data: { sourceId: name, kind: 'press', language: 'en', title: 'A source', publishedOn: null, url: null },
          },
        ],
      }),
    });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { position: number }).position;
  };
  const cosignedBeyond = (position: number): Promise<void> =>
    eventually(async () => {
      const checkpoint = await opened(1);
      if (!checkpoint.ok || checkpoint.checkpoint.size <= position) throw new Error(JSON.stringify(checkpoint));
      expect(checkpoint.cosignatures).toHaveLength(1);
    }, 20_000);

  it('has every checkpoint cosigned', async () => cosignedBeyond(await post('first')));

  it('goes on while the witness is killed, which remembers when it is started again', async () => {
    await witness.kill9();
    const position = await post('second');
    await eventually(async () => {
      const proof = await fetch(`${ledger.url}/v1/audit/proofs/inclusion?position=${position}`);
      expect(proof.status).toBe(200);
    }, 10_000);
    expect((await fetch(`${ledger.url}/health/ready`)).status).toBe(200);
    expect(await text(`${ledger.url}/health/ready`)).toContain(`witness ${witness.url} is away`);

    await witness.start();
    await cosignedBeyond(position);
  });

  it('cannot show the witness another history, even with its own key', async () => {
    await cosignedBeyond(await post('third'));
    const keyFile = readdirSync(data.path).find((name) => name.startsWith('checkpoint-')) ?? '';
    const key = parseSignerKey(readFileSync(join(data.path, keyFile), 'utf8').trim());
    const seen = await opened(1);
    if (!seen.ok) throw new Error(seen.problem);
    const { size } = seen.checkpoint;
    const other = new MemoryNodes();
    for (let index = 0; index < size + 5; index += 1) other.append(hashOfLeaf(Buffer.from(`another ${index}`)));
    for (const [to, status] of [
      [size, 409],
      [size + 5, 422],
    ] as const) {
      const note = signCheckpoint({ origin: key.name, size: to, root: await rootAt(to, other), extensions: [] }, key);
      const body = formatAddCheckpoint({ oldSize: size, proof: await consistencyProof(size, to, other), note });
      const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        'application/problem+json; charset=utf-8',
      ]);
    }
    expect(witness.output()).toContain('may have two histories');
  });
});

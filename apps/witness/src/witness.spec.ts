import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  addCosignatures,
  consistencyProof,
  formatAddCheckpoint,
  formatVerifierKey,
  generateSignerKey,
  hashOfLeaf,
  MemoryNodes,
  openCheckpoint,
  parseVerifierKey,
  rootAt,
  signCheckpoint,
} from '@deal-ledger/proof';
import { createService, settingsOf } from '@deal-ledger/service';
import { assertDocumented } from '../../../tests/fences/openapi';
import { Memory } from './memory';
import { witnessService } from './service';
import { WITNESS_SETTINGS } from './settings';

const ORIGIN = 'ledger.example/deals';
const logKey = generateSignerKey(ORIGIN, 'ed25519');

function treeOf(size: number, leaf: (index: number) => string = (index) => `leaf ${index}`): MemoryNodes {
  const nodes = new MemoryNodes();
  for (let index = 0; index < size; index += 1) nodes.append(hashOfLeaf(Buffer.from(leaf(index))));
  return nodes;
}
const tree = treeOf(300);
const forked = treeOf(300, (index) => (index === 41 ? 'another leaf' : `leaf ${index}`));

/** A request to cosign a checkpoint of this size, starting from another. */
async function request(
  oldSize: number,
  size: number,
  of = tree,
  key = logKey,
): Promise<{ body: string; note: string }> {
  const note = signCheckpoint({ origin: key.name, size, root: await rootAt(size, of), extensions: [] }, key);
  return { note, body: formatAddCheckpoint({ oldSize, proof: await consistencyProof(oldSize, size, of), note }) };
}

describe('the witness', () => {
  const folders: string[] = [];
  const running: NestFastifyApplication[] = [];
  const folderOf = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'deal-ledger-witness-'));
    folders.push(folder);
    return folder;
  };
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  const start = async (folder: string, env: Record<string, string> = {}): Promise<NestFastifyApplication> => {
    const settings = settingsOf(
      { DATA_DIR: folder, LOG_LEVEL: 'silent', WITNESS_LOGS: formatVerifierKey(logKey), ...env },
      WITNESS_SETTINGS,
    );
    const app = await createService(await witnessService(settings));
    running.push(app);
    return app;
  };
  /** An answer, which has to be as the document says. */
  const post = async (app: NestFastifyApplication, body: string) => {
    const answer = await app.inject({ method: 'POST', url: '/add-checkpoint', body });
    const mediaType = String(answer.headers['content-type']).split(';')[0] ?? '';
    if (mediaType !== 'text/x.tlog.size') {
      const content = mediaType.endsWith('json') ? (answer.json() as unknown) : answer.body;
      const document = (await app.inject('/openapi.json')).json<never>();
      assertDocumented(document, 'POST', '/add-checkpoint', answer.statusCode, content, mediaType);
    }
    return answer;
  };
  const codeOf = (answer: { statusCode: number; json: () => unknown }) => [
    answer.statusCode,
    (answer.json() as { code: string }).code,
  ];

  it('cosigns what extends the last that it has cosigned, and shows that to whoever asks', async () => {
    const app = await start(folderOf());
    const vkey = parseVerifierKey((await app.inject('/vkey')).body.trim());
    let cosigned = '';
    for (const [oldSize, size] of [
      [0, 100],
      [100, 300],
    ] as const) {
      const { body, note } = await request(oldSize, size);
      const answer = await post(app, body);
      expect(answer.statusCode).toBe(200);
      cosigned = addCosignatures(note, answer.body, [vkey]) ?? '';
      const opened = openCheckpoint(cosigned, { origin: ORIGIN, keys: [logKey], witnesses: [vkey] });
      expect(opened).toMatchObject({ ok: true, checkpoint: { size }, cosignatures: [{ key: { id: vkey.id } }] });
    }
    const last = await app.inject(`/${hash('sha256', ORIGIN)}/checkpoint`);
    expect([last.statusCode, last.body]).toEqual([200, cosigned]);
  });

  it('answers the size that it knows to who starts from another', async () => {
    const app = await start(folderOf());
    await post(app, (await request(0, 100)).body);
    const answer = await post(app, (await request(50, 300)).body);
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
      409,
      'text/x.tlog.size',
      '100\n',
    ]);
  });

  it('refuses a tree that does not extend the one it has cosigned', async () => {
    const app = await start(folderOf());
    await post(app, (await request(0, 100)).body);
    expect(codeOf(await post(app, (await request(100, 300, forked)).body))).toEqual([422, 'INCONSISTENT']);
    expect(codeOf(await post(app, (await request(100, 100, forked)).body))).toEqual([409, 'OTHER_ROOT']);
    expect((await post(app, (await request(100, 300)).body)).statusCode).toBe(200);
  });

  it('refuses another key, another log and what is no request', async () => {
    const app = await start(folderOf());
    const [otherKey, otherLog] = [generateSignerKey(ORIGIN, 'ed25519'), generateSignerKey('other.example', 'ed25519')];
    expect(codeOf(await post(app, (await request(0, 100, tree, otherKey)).body))).toEqual([403, 'NOT_SIGNED']);
    expect(codeOf(await post(app, (await request(0, 100, tree, otherLog)).body))).toEqual([404, 'LOG_UNKNOWN']);
    expect(codeOf(await post(app, 'old 0\n'))).toEqual([400, 'MALFORMED_REQUEST']);
    const large = await app.inject({ method: 'POST', url: '/add-checkpoint', body: 'x'.repeat(70_000) });
    expect(codeOf(large)).toEqual([413, 'BODY_TOO_LARGE']);
    expect(codeOf(await app.inject(`/${hash('sha256', 'other.example')}/checkpoint`))).toEqual([404, 'LOG_UNKNOWN']);
    expect((await app.inject('/..%2f..%2fkey/checkpoint')).statusCode).toBe(400);
  });

  it('remembers across a restart, and has the same key', async () => {
    const folder = folderOf();
    const first = await start(folder);
    await post(first, (await request(0, 100)).body);
    const next = await start(folder);
    expect((await next.inject('/vkey')).body).toBe((await first.inject('/vkey')).body);
    expect((await post(next, (await request(0, 300)).body)).body).toBe('100\n');
    expect(codeOf(await post(next, (await request(100, 300, forked)).body))).toEqual([422, 'INCONSISTENT']);
  });

  it('cosigns one of two trees that are shown to it at the same moment, also as two processes on one folder', async () => {
    const folder = folderOf();
    const both = [await start(folder), await start(folder)];
    const bodies = [(await request(0, 300)).body, (await request(0, 300, forked)).body];
    const answers = await Promise.all(both.flatMap((app) => bodies.map((body) => post(app, body))));
    const cosigned = bodies.filter((_, which) => [which, which + 2].some((at) => answers[at]?.statusCode === 200));
    expect(cosigned).toHaveLength(1);
  });

  it('keeps its key and its memory for its owner, and few of what it has seen', async () => {
    const folder = folderOf();
    const app = await start(folder);
    for (let size = 1; size <= 40; size += 1) await post(app, (await request(size - 1, size)).body);
    expect(statSync(join(folder, 'witness.key')).mode & 0o777).toBe(0o600);
    const seen = readdirSync(join(folder, 'witnessed', hash('sha256', ORIGIN)));
    expect([seen.length, seen.sort().at(-1)]).toEqual([16, '0000000000000040']);
  });

  it('cosigns nothing when what it remembers is damaged', async () => {
    const folder = folderOf();
    const app = await start(folder);
    await post(app, (await request(0, 100)).body);
    writeFileSync(join(folder, 'witnessed', hash('sha256', ORIGIN), '0000000000000001'), '');
    const { body } = await request(0, 300);
    expect((await app.inject({ method: 'POST', url: '/add-checkpoint', body })).statusCode).toBe(500);
    await expect(new Memory(join(folder, 'witnessed')).last(hash('sha256', ORIGIN))).rejects.toThrow(
      'holds no checkpoint',
    );
  });

  it('believes the first key that is shown at an address, and no other later', async () => {
    const shown = { key: formatVerifierKey(logKey) };
    const server = createServer({}, (_, answer) => answer.end(`${shown.key}\n`)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const folder = folderOf();
    const env = { WITNESS_LOGS: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/audit/vkey` };
    const other = generateSignerKey(ORIGIN, 'ed25519');
    try {
      expect((await post(await start(folder, env), (await request(0, 100)).body)).statusCode).toBe(200);
      shown.key = formatVerifierKey(other);
      const next = await start(folder, env);
      expect(codeOf(await post(next, (await request(100, 300, tree, other)).body))).toEqual([403, 'NOT_SIGNED']);
      expect((await post(next, (await request(100, 300)).body)).statusCode).toBe(200);
    } finally {
      server.close();
    }
  });

  it('does not start with the key of another name', async () => {
    const folder = folderOf();
    await start(folder);
    await expect(start(folder, { WITNESS_NAME: 'other' })).rejects.toThrow(
      'it is the cosignature/v1 key of deal-ledger-witness, and this witness is other',
    );
  });
});

import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MemoryLog } from '@deal-ledger/log';
import {
  formatSignerKey,
  generateSignerKey,
  hashOfLeaf,
  hashesOfTile,
  inclusionProof,
  leafOf,
  newTiles,
  openCheckpoint,
  parseVerifierKey,
  rootAt,
  signCheckpoint,
  TileNodes,
  tilePath,
  verifyConsistency,
  verifyInclusion,
  verifyLogProof,
} from '@deal-ledger/proof';
import { createService, settingsOf } from '@deal-ledger/service';
import { Client } from 'pg';
import { assertDocumented } from '../../../tests/fences/openapi';
import { describeWithPostgres, eventually } from '../../../tests/harness';
import { keepCheckpointBefore } from './schema';
import { append, logOf, treeOver } from './testing-tree';
import { TreeModule, type TreeOptions } from './tree.module';

const RECORDS = 700;

describeWithPostgres('the tree over HTTP', (connectionString) => {
  const schema = `test_${randomBytes(6).toString('hex')}`;
  const projection = `${schema}_events`;
  const folder = mkdtempSync(join(tmpdir(), 'deal-ledger-tree-'));
  const keyFile = join(folder, 'keys', 'checkpoint.key');
  let log: MemoryLog;
  let app: NestFastifyApplication;
  let db: Client;

  const serve = (options: Partial<TreeOptions> = {}): Promise<NestFastifyApplication> =>
    createService({
      name: 'test',
      module: TreeModule.of({ connectionString, log, schema, projection, keyFile: () => keyFile, ...options }),
      settings: settingsOf({ LOG_LEVEL: 'silent' }),
      openApi: { title: 'test', description: 'test' },
    });
  /** An answer, which has to be as the document says. */
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({ url: `/v1/audit/${path}`, headers });
    const [mediaType] = String(answer.headers['content-type']).split(';');
    const body = mediaType?.endsWith('json') === true ? (answer.json() as unknown) : answer.body;
    assertDocumented(
      (await app.inject('/openapi.json')).json(),
      'GET',
      `/v1/audit/${path.split('?')[0]}`,
      answer.statusCode,
      body,
      mediaType,
    );
    return answer;
  };
  const json = async <Body>(path: string): Promise<Body> => (await get(path)).json<Body>();
  const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
  const signedFor = (size: number): Promise<void> =>
    eventually(async () => expect((await get('checkpoint')).body.split('\n')[1]).toBe(String(size)), 5_000);

  beforeAll(async () => {
    log = await logOf(RECORDS);
    db = new Client({ connectionString });
    await db.connect();
    await db.query(`create schema ${projection}; create table ${projection}.events (position bigint, stream text, event_id text);
      insert into ${projection}.events values (5, 'deal/a', 'one'), (6, 'deal/a', 'both'), (7, 'deal/b', 'both')`);
    app = await serve();
    await eventually(async () => expect((await app.inject('/v1/audit/checkpoint')).statusCode).toBe(200), 10_000);
    await signedFor(RECORDS);
  });
  afterAll(async () => {
    await app.close();
    await db.query(`drop schema ${schema}, ${projection} cascade`);
    await db.end();
    rmSync(folder, { recursive: true });
  });

  /** What an auditor knows beforehand: the name of the log and its key. */
  const trust = async () => {
    const vkey = parseVerifierKey((await get('vkey')).body.trim());
    return { origin: vkey.name, keys: [vkey] };
  };
  const head = async () => {
    const opened = openCheckpoint((await get('checkpoint')).body, await trust());
    if (!opened.ok) throw new Error(opened.problem);
    return opened.checkpoint;
  };

  it('makes a key for its owner alone, and shows the public part of it', async () => {
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const ledger = (JSON.parse(String(log.records[0]?.value)) as { id: string }[])[0]?.id;
    expect((await get('vkey')).body).toMatch(new RegExp(`^deal-ledger/${ledger}\\+[0-9a-f]{8}\\+\\S+\\n$`));
    expect(readFileSync(keyFile, 'utf8')).toContain('PRIVATE+KEY');
  });

  it('gives all that it takes to verify that a record is in the log, and that the log only ever grew', async () => {
    const before = await head();
    expect(before.size).toBe(RECORDS);
    for (const position of [0, 255, 256, RECORDS - 1]) {
      const { size, proof, leaf, root, leafHash } = await json<{
        size: number;
        proof: string[];
        leaf: string;
        leafHash: string;
        root: string;
      }>(`proofs/inclusion?position=${position}`);
      const record = log.records[position];
      expect(bytes(leaf)).toEqual(leafOf(record as NonNullable<typeof record>));
      expect([bytes(leafHash), size, bytes(root)]).toEqual([hashOfLeaf(bytes(leaf)), before.size, before.root]);
      const claim = { leafHash: hashOfLeaf(bytes(leaf)), index: position, size, root: before.root };
      expect(verifyInclusion({ ...claim, proof: proof.map(bytes) })).toBe(true);
      expect(verifyInclusion({ ...claim, index: position === 0 ? 1 : 0, proof: proof.map(bytes) })).toBe(false);
    }
    await append(log, 40);
    await signedFor(RECORDS + 40);
    const after = await head();
    const { proof } = await json<{ proof: string[] }>(`proofs/consistency?from=${before.size}&to=${after.size}`);
    const claim = { oldSize: before.size, oldRoot: before.root, newSize: after.size, newRoot: after.root };
    expect(verifyConsistency({ ...claim, proof: proof.map(bytes) })).toBe(true);
    expect(verifyConsistency({ ...claim, oldRoot: after.root, proof: proof.map(bytes) })).toBe(false);
  });

  it('gives a proof with its checkpoint as one text', async () => {
    for (const answer of [
      await get('proofs/inclusion?position=300', { accept: 'text/plain' }),
      await get('proofs/inclusion?position=300&format=tlog-proof'),
    ]) {
      const record = log.records[300];
      const leaf = leafOf(record as NonNullable<typeof record>);
      expect(verifyLogProof(answer.body, leaf, await trust())).toMatchObject({ ok: true, index: 300 });
      expect(verifyLogProof(answer.body, Buffer.from('other'), await trust())).toMatchObject({ ok: false });
    }
  });

  it('gives tiles, out of which the root and any proof can be computed', async () => {
    const { size, root } = await head();
    const tiles = new Map<string, Buffer>();
    for (const tile of newTiles(0, size)) {
      const answer = await get(tilePath(tile));
      expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
        200,
        'application/octet-stream',
        'public, max-age=31536000, immutable',
      ]);
      expect(hashesOfTile(answer.rawPayload).length).toBe(tile.width);
      tiles.set(tilePath(tile), answer.rawPayload);
    }
    const nodes = new TileNodes(size, async (tile) => tiles.get(tilePath(tile)) ?? Buffer.alloc(0));
    expect(await rootAt(size, nodes)).toEqual(root);
    const { proof } = await json<{ proof: string[] }>('proofs/inclusion?position=3');
    expect(proof.map(bytes)).toEqual(await inclusionProof(3, size, nodes));
  });

  it('finds the record of an event', async () => {
    expect(await json('proofs/inclusion?eventId=one')).toMatchObject({ position: 5 });
    expect(await json('proofs/inclusion?eventId=both&stream=deal%2Fb')).toMatchObject({ position: 7 });
  });

  it('waits for a record that was just appended until it is signed for', async () => {
    await append(log, 1);
    const position = (await log.end()) - 1;
    const answer = await json<{ size: number; checkpoint: string }>(`proofs/inclusion?position=${position}`);
    expect(answer.size).toBeGreaterThan(position);
    expect(openCheckpoint(answer.checkpoint, await trust())).toMatchObject({ ok: true });
  });

  it.each([
    ['proofs/inclusion', 400, 'VALIDATION_FAILED', /neither/],
    ['proofs/inclusion?position=1&eventId=one', 400, 'VALIDATION_FAILED', /both/],
    ['proofs/inclusion?position=1&stream=deal%2Fa', 400, 'VALIDATION_FAILED', /Leave stream out/],
    ['proofs/inclusion?position=-1', 400, 'VALIDATION_FAILED', /position/],
    ['proofs/inclusion?position=1&sise=5', 400, 'VALIDATION_FAILED', /no such parameter/],
    ['proofs/inclusion?position=5&size=5', 400, 'NOT_IN_TREE', /Position 5 is not in the tree of 5 leaves/],
    ['proofs/inclusion?position=5&size=99999', 404, 'NOT_SIGNED', /a tree of 99999/],
    ['proofs/inclusion?position=5&size=6&format=tlog-proof', 404, 'NOT_SIGNED', /just 6 leaves/],
    ['proofs/inclusion?position=99999', 400, 'POSITION_UNKNOWN', /Position 99999 lies beyond the end of the log/],
    ['proofs/inclusion?eventId=none', 404, 'EVENT_NOT_FOUND', /no event none in the ledger/],
    ['proofs/inclusion?eventId=one&stream=deal%2Fb', 404, 'EVENT_NOT_FOUND', /no event one in deal\/b/],
    ['proofs/inclusion?eventId=both', 400, 'EVENT_AMBIGUOUS', /deal\/a, deal\/b/],
    ['proofs/consistency', 400, 'VALIDATION_FAILED', /from is missing/],
    ['proofs/consistency?from=9&to=8', 400, 'SIZES_REVERSED', /tree of 8 leaves does not extend one of 9/],
    ['proofs/consistency?from=99999', 404, 'NOT_SIGNED', /a tree of 99999/],
    ['tile/0/1', 400, 'MALFORMED_TILE', /tile\/0\/1 is no path of a tile/],
    ['tile/0/x000/000', 400, 'MALFORMED_TILE', /no path of a tile/],
    ['tile/0/000.p/256', 400, 'MALFORMED_TILE', /no path of a tile/],
    ['tile/9/000', 404, 'NOT_IN_TREE', /has 0 hashes on level 9/],
    ['tile/1/000', 404, 'NOT_IN_TREE', /has 2 hashes on level 1 of its tiles; this tile ends with hash 255/],
    ['tile/0/x001/x234/067', 404, 'NOT_IN_TREE', /ends with hash 315921407/],
    ['checkpoint?cosignatures=3', 404, 'NOT_COSIGNED', /has 3 cosignatures/],
    ['checkpoint?cosignatures=many', 400, 'VALIDATION_FAILED', /whole number/],
  ])('refuses %s with %s %s', async (path, status, code, detail) => {
    const answer = await get(path);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
    expect(answer.json<{ detail: string }>().detail).toMatch(detail);
  });

  it('makes nothing of a tile that lacks a hash, and names it', async () => {
    await db.query(
      `set session_replication_role = replica; delete from ${schema}.tree_hashes where level = 0 and index = 17`,
    );
    const [tile, proof] = [await get('tile/0/000'), await get('proofs/inclusion?position=18')];
    for (const answer of [tile, proof]) {
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'TREE_DAMAGED']);
      expect(answer.json<{ detail: string }>().detail).toMatch(/no leaf 17 any more, which tile\/0\/000 needs/);
    }
    const record = log.records[17];
    await db.query(`insert into ${schema}.tree_hashes values (0, 17, $1)`, [
      hashOfLeaf(leafOf(record as NonNullable<typeof record>)),
    ]);
  });

  it('gives no proof of a record that was changed in the log, and none out of changed hashes', async () => {
    const detailOf = async (path: string): Promise<string> => {
      const answer = await get(path);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'TREE_DAMAGED']);
      return answer.json<{ detail: string }>().detail;
    };
    const { timeMs, key, value, headers } = log.records[60] as NonNullable<(typeof log.records)[number]>;
    log.inject({ timeMs, key, value: Buffer.from('changed'), headers }, 60);
    expect(await detailOf('proofs/inclusion?position=60')).toMatch(
      /record 60 of the log has the leaf hash [0-9a-f]{64}, and the tree has [0-9a-f]{64} for it/,
    );
    log.inject({ timeMs, key, value, headers }, 60);
    expect((await get('proofs/inclusion?position=60')).statusCode).toBe(200);

    const flip = `update ${schema}.tree_hashes set hash = set_byte(hash, 7, get_byte(hash, 7) # 1) where level = 0 and index = 61`;
    await db.query(`set session_replication_role = replica; ${flip}`);
    expect(await detailOf('proofs/inclusion?position=60')).toMatch(
      /a hash of tile\/0\/000 \(over the leaves 0 to 255\)/,
    );
    expect(await detailOf('proofs/consistency?from=100&to=700')).toMatch(/a hash of tile\/0\/000/);
    await db.query(flip);
  });

  describe('is not ready, and says why', () => {
    const reasonOf = async (options: Partial<TreeOptions> = {}): Promise<string> => {
      const other = await serve(options);
      try {
        let detail = '';
        await eventually(async () => {
          const answer = await other.inject('/health/ready');
          expect(answer.statusCode).toBe(503);
          ({ detail } = answer.json<{ detail: string }>());
        }, 5_000);
        return detail;
      } finally {
        await other.close();
      }
    };

    it('when the file of the key is gone', async () => {
      const key = readFileSync(keyFile);
      rmSync(keyFile);
      expect(await reasonOf()).toMatch(
        /there is no file .*checkpoint.key, and a checkpoint for \d+ leaves was signed before/,
      );
      writeFileSync(keyFile, key);
    });

    it('when the file holds something else, which it does not repeat', async () => {
      const key = readFileSync(keyFile);
      writeFileSync(keyFile, 'PRIVATE+KEY+secret');
      const reason = await reasonOf();
      expect(reason).toMatch(/holds no key for checkpoints: a signer key is PRIVATE\+KEY\+<name>/);
      expect(reason).not.toContain('secret');
      writeFileSync(keyFile, key);
    });

    it('when the ledger was signed by another key where it was restored from, and makes none', async () => {
      const origin = parseVerifierKey((await get('vkey')).body.trim()).name;
      const elsewhere = generateSignerKey(origin, 'ed25519');
      const root = await rootAt(1, treeOver(log));
      const restored = `${schema}_restored`;
      await keepCheckpointBefore(
        connectionString,
        signCheckpoint({ origin, size: 1, root, extensions: [] }, elsewhere),
        restored,
      );
      const before = `signed before it was restored here, by the key ${origin}+${elsewhere.id}: put the file`;
      expect(await reasonOf({ schema: restored })).toContain(before);
      const empty = join(folder, 'keys', 'none.key');
      expect(await reasonOf({ schema: restored, keyFile: () => empty })).toMatch(/there is no file .*none.key/);
      expect(existsSync(empty)).toBe(false);

      writeFileSync(empty, formatSignerKey(elsewhere));
      const next = await serve({ schema: restored, keyFile: () => empty });
      try {
        await eventually(async () => expect((await next.inject('/health/ready')).statusCode).toBe(200), 5_000);
      } finally {
        await next.close();
        await db.query(`drop schema ${restored} cascade`);
      }
    });

    it('when the key is for another log', async () =>
      expect(await reasonOf({ origin: 'ledger.example/other' })).toMatch(
        /is for deal-ledger\/\S+, and this log is ledger.example\/other/,
      ));
  });
});

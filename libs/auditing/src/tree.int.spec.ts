import { LedgerForked } from '@deal-ledger/ledger';
import type { MemoryLog } from '@deal-ledger/log';
import {
  consistencyProof,
  generateSignerKey,
  inclusionProof,
  openCheckpoint,
  rootAt,
  verifyConsistency,
} from '@deal-ledger/proof';
import { Client } from 'pg';
import { describeWithPostgres, eventually } from '../../../tests/harness';
import { append, logOf, ORIGIN, TestTree, treeOver, type TestTreeOptions } from './testing-tree';
import type { SignedCheckpoint } from './tree-check';

jest.setTimeout(30_000);

const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map((hash) => Buffer.from(hash).toString('hex'));

describeWithPostgres('the tree over the log', (connectionString) => {
  const started: TestTree[] = [];
  const start = async (log: MemoryLog, options: Partial<TestTreeOptions> = {}): Promise<TestTree> => {
    const tree = await TestTree.start(log, { connectionString, ...options });
    started.push(tree);
    return tree;
  };
  afterEach(async () => {
    const schemas = new Set<string>();
    for (const tree of started.splice(0)) {
      await tree.stop({ keep: true }).catch(() => undefined);
      schemas.add(tree.schema);
    }
    const client = new Client({ connectionString });
    await client.connect();
    for (const schema of schemas) await client.query(`drop schema if exists ${schema} cascade`);
    await client.end();
  });

  /** A tree that has grown over a log and has signed for all of it, and is stopped. */
  const grown = async (records: number): Promise<{ tree: TestTree; log: MemoryLog }> => {
    const log = await logOf(records);
    const tree = await start(log);
    await tree.caughtUp();
    await signedFor(tree, records);
    await tree.stop({ keep: true });
    return { tree, log };
  };
  const signedFor = (tree: TestTree, size: number): Promise<void> =>
    eventually(async () => expect((await tree.store.lastCheckpoint())?.size).toBe(size), 5_000);
  const again = (tree: TestTree, log: MemoryLog): Promise<TestTree> =>
    start(log, { schema: tree.schema, key: tree.key });
  /** How a tree that is started again on these tables halts. */
  const haltOf = async (tree: TestTree, log: MemoryLog, options: Partial<TestTreeOptions> = {}): Promise<Error> => {
    const next = await start(log, { schema: tree.schema, key: tree.key, ...options });
    await eventually(async () => expect(next.grower.halted).toBeDefined(), 10_000);
    return next.grower.halted as Error;
  };
  const all = async (tree: TestTree): Promise<SignedCheckpoint[]> => {
    const found: SignedCheckpoint[] = [];
    for await (const checkpoint of tree.store.checkpoints()) found.push(checkpoint);
    return found;
  };

  it('has the roots and proofs of a tree computed in memory, whatever its size', async () => {
    const log = await logOf(1);
    const tree = await start(log);
    for (const size of [1, 2, 3, 7, 255, 256, 257, 300, 511, 512, 513, 1_000]) {
      await append(log, size - (await log.end()));
      await tree.caughtUp();
      const [stored, computed] = [tree.store.nodes(size), treeOver(log)];
      expect(await rootAt(size, stored)).toEqual(await rootAt(size, computed));
      for (const leaf of [0, size >> 1, size - 1]) {
        expect(hex(await inclusionProof(leaf, size, stored))).toEqual(hex(await inclusionProof(leaf, size, computed)));
        expect(hex(await consistencyProof(leaf, size, stored))).toEqual(
          hex(await consistencyProof(leaf, size, computed)),
        );
      }
    }
  });

  it('has a third level of tiles over 65,536 records', async () => {
    const log = await logOf(1);
    for (let count = 1; count < 66_000; count += 1) log.inject({ value: Buffer.from(String(count)) });
    const tree = await start(log, { checkpointEveryMs: 1_000 });
    await tree.caughtUp();
    const [stored, computed] = [tree.store.nodes(66_000), treeOver(log)];
    expect(await rootAt(66_000, stored)).toEqual(await rootAt(66_000, computed));
    expect(hex(await inclusionProof(300, 66_000, stored))).toEqual(hex(await inclusionProof(300, 66_000, computed)));
  });

  it('is signed for, each checkpoint extending the one before', async () => {
    const log = await logOf(1);
    const tree = await start(log);
    for (let round = 0; round < 20; round += 1) {
      await append(log, 17);
      await tree.caughtUp();
    }
    await signedFor(tree, 341);
    const checkpoints = await all(tree);
    expect(checkpoints.length).toBeGreaterThan(10);
    const computed = treeOver(log);
    let before: SignedCheckpoint | undefined;
    for (const { size, root, note } of checkpoints) {
      const opened = openCheckpoint(note, { origin: ORIGIN, keys: [tree.key] });
      expect(opened).toMatchObject({ ok: true, checkpoint: { origin: ORIGIN, size, root } });
      expect(root).toEqual(await rootAt(size, computed));
      const [oldSize, oldRoot] = [before?.size ?? 0, before?.root ?? (await rootAt(0, computed))];
      const proof = await consistencyProof(oldSize, size, computed);
      expect(verifyConsistency({ oldSize, oldRoot, newSize: size, newRoot: root, proof })).toBe(true);
      before = checkpoints[checkpoints.findIndex((each) => each.size === size)];
    }
  });

  it('signs at most once in the time set, and for all there is once that is over', async () => {
    const log = await logOf(1);
    const tree = await start(log, { checkpointEveryMs: 400 });
    await tree.caughtUp();
    for (let round = 0; round < 10; round += 1) {
      await append(log, 1);
      await tree.caughtUp();
    }
    expect((await all(tree)).map(({ size }) => size)).toEqual([1]);
    await signedFor(tree, 11);
    expect((await all(tree)).map(({ size }) => size)).toEqual([1, 11]);
  });

  it('goes on where it stood when it is started again', async () => {
    const { tree, log } = await grown(700);
    await append(log, 700);
    const next = await again(tree, log);
    await next.caughtUp();
    await signedFor(next, 1_400);
    expect((await all(next)).map(({ size }) => size)).toEqual(expect.arrayContaining([700, 1_400]) as number[]);
    expect(await rootAt(1_400, next.store.nodes(1_400))).toEqual(await rootAt(1_400, treeOver(log)));
  });

  it('is one tree when two instances grow it at once', async () => {
    const log = await logOf(1);
    const one = await start(log);
    const other = await start(log.client() as unknown as MemoryLog, { schema: one.schema, key: one.key });
    for (let round = 0; round < 100; round += 1) await append(log, 1 + (round % 23));
    await one.caughtUp();
    await other.caughtUp();
    const size = await log.end();
    await signedFor(one, size);
    expect([one.grower.halted, other.grower.halted]).toEqual([undefined, undefined]);
    expect(await rootAt(size, one.store.nodes(size))).toEqual(await rootAt(size, treeOver(log)));
  });

  it('goes on when its connections are cut', async () => {
    const log = await logOf(300);
    const tree = await start(log);
    for (let round = 0; round < 5; round += 1) {
      await append(log, 50);
      await tree.tamper(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()',
        [`deal-ledger ${tree.schema}`],
      );
    }
    await tree.caughtUp();
    await signedFor(tree, 550);
    expect(await rootAt(550, tree.store.nodes(550))).toEqual(await rootAt(550, treeOver(log)));
  });

  it('refuses every change of a hash or a checkpoint', async () => {
    const { tree } = await grown(300);
    const client = new Client({ connectionString, options: `-c search_path=${tree.schema}` });
    await client.connect();
    for (const change of ['update tree_hashes set hash = hash', 'delete from checkpoints', 'truncate cosignatures'])
      await expect(client.query(change)).rejects.toThrow('what was signed for stays as it is');
    await client.end();
  });

  describe('halts and signs nothing', () => {
    const flip = (level: number, index: number): string =>
      `update tree_hashes set hash = set_byte(hash, 7, get_byte(hash, 7) # 1) where level = ${level} and index = ${index}`;

    it.each([
      ['a leaf of a full tile was changed', flip(0, 17), /tile\/0\/000 \(over the leaves 0 to 255\)/],
      [
        'a leaf of a full tile was removed',
        'delete from tree_hashes where level = 0 and index = 17',
        /no leaf 17 any more, which tile\/0\/000 needs/,
      ],
      ['a leaf at the edge was changed', flip(0, 280), /leaves 256 to 287/],
      ['a byte of a tile of the second level was flipped', flip(1, 0), /tile\/0\/000 \(over the leaves 0 to 255\)/],
      [
        'a leaf at the edge was removed',
        'delete from tree_hashes where level = 0 and index = 299',
        /no leaf 299 any more, which tile\/0\/001\.p\/44 needs/,
      ],
      [
        'a hash of the second level was removed',
        'delete from tree_hashes where level = 1 and index = 0',
        /no hash 0 of level 1 any more/,
      ],
      ['the edge was changed', `update tree set edge = set_byte(edge, 0, get_byte(edge, 0) # 1)`, /leaves 0 to 255/],
      ['the edge is of another size', `update tree set size = 301`, /a tree of 301 leaves has/],
      [
        'the tree was set back',
        `update tree set size = 256, signed_size = 0, edge = (select hash from tree_hashes where level = 1)`,
        /for 300 leaves, and one for 0 was signed/,
      ],
      [
        'the last checkpoint was removed',
        'delete from checkpoints',
        /for 0 leaves, and one for 300 was signed: a checkpoint was rolled back/,
      ],
      [
        'the root of the last checkpoint was changed',
        `update checkpoints set root = sha256('other')`,
        /is signed for 300 leaves with the root [0-9a-f]{64}: table checkpoints was changed/,
      ],
    ])('when %s', async (_, change, message) => {
      const { tree, log } = await grown(300);
      await tree.tamper(change);
      await append(log, 10);
      const halt = await haltOf(tree, log);
      expect(halt).toMatchObject({ code: 'TREE_DAMAGED', message: expect.stringMatching(message) as string });
      const [{ last }] = (await tree.tamper<{ last: number }>('select max(size)::int as last from checkpoints')) as [
        { last: number | null },
      ];
      expect([300, null]).toContain(last);
    });

    it('while it grows, when a leaf at the edge is changed under it', async () => {
      const log = await logOf(300);
      const tree = await start(log);
      await tree.caughtUp();
      await signedFor(tree, 300);
      await tree.tamper(flip(0, 299));
      await append(log, 1);
      await eventually(async () => expect(tree.grower.halted).toBeDefined(), 5_000);
      expect(tree.grower.halted?.message).toMatch(
        /of 301 leaves give the root [0-9a-f]{64}, and its edge the root [0-9a-f]{64}: .* leaves 296 to 299/,
      );
      expect((await tree.store.lastCheckpoint())?.size).toBe(300);
    });

    it('when the last checkpoint was signed by another key', async () => {
      const { tree, log } = await grown(300);
      const halt = await haltOf(tree, log, { key: generateSignerKey(ORIGIN, 'ed25519') });
      expect(halt.message).toMatch(/was not signed as ledger.example\/deals by the key [0-9a-f]{8} \(NOT_SIGNED\)/);
    });

    it('when all hashes were made anew of other records', async () => {
      const { tree, log } = await grown(300);
      const { tree: other } = await grown(300);
      await tree.tamper(
        `delete from tree_hashes; insert into tree_hashes select * from ${other.schema}.tree_hashes;
         update tree set edge = (select edge from ${other.schema}.tree)`,
      );
      const halt = await haltOf(tree, log);
      expect(halt.message).toMatch(
        /of 300 leaves .* does not extend the one of 300 leaves .* made anew of other records/,
      );
    });

    it('when the log has lost its tail', async () => {
      const { tree, log } = await grown(300);
      log.truncate(299);
      const halt = await haltOf(tree, log);
      expect(halt).toBeInstanceOf(LedgerForked);
      expect(halt.message).toMatch(/the log ends at 299, but the tree has 300 leaves/);
    });

    it('when the last record is another', async () => {
      const { tree, log } = await grown(300);
      log.inject({ value: Buffer.from('other') }, 299);
      const halt = await haltOf(tree, log);
      expect(halt).toBeInstanceOf(LedgerForked);
      expect(halt.message).toMatch(
        /record 299 of the log has the leaf hash [0-9a-f]{64}, and the tree has [0-9a-f]{64}/,
      );
    });

    it('when the log is of another ledger', async () => {
      const { tree } = await grown(300);
      const halt = await haltOf(tree, await logOf(300));
      expect(halt).toBeInstanceOf(LedgerForked);
      expect(halt.message).toMatch(/the log is of ledger .*, and the tree of ledger/);
    });
  });
});

import { createHash } from 'node:crypto';
import { BY_GO, leafText, treeOf } from './examples.testing';
import { Frontier } from './frontier';
import { EMPTY_ROOT, hashOfLeaf } from './hash';
import { MemoryNodes } from './memory-nodes';
import { Rfc6962 } from './rfc6962.testing';
import { consistencyProof, inclusionProof, rootAt } from './tree-proofs';
import { verifyConsistency, verifyInclusion } from './verify';

const LARGEST = 300;
const leaves = Array.from({ length: LARGEST }, (_, index) => leafText(index));
const rfc = new Rfc6962(leaves);
const tree = treeOf(LARGEST);
const sizes = Array.from({ length: LARGEST }, (_, index) => index + 1);

/** Another hash than this one. */
const other = (hash: Buffer): Buffer => Buffer.from(hash.map((byte, at) => (at === 7 ? byte ^ 1 : byte)));
const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map((hash) => Buffer.from(hash).toString('hex'));

describe('for every size from 1 to 300, as RFC 6962 defines it', () => {
  it('is the root of the leaves appended one by one, and of the stored nodes', async () => {
    const frontier = Frontier.empty();
    expect(frontier.root()).toEqual(rfc.mth(0, 0));
    for (const size of sizes) {
      frontier.append(hashOfLeaf(leaves[size - 1]!));
      expect(frontier.size).toBe(size);
      expect(frontier.root()).toEqual(rfc.mth(0, size));
      expect(await rootAt(size, tree)).toEqual(rfc.mth(0, size));
    }
  });

  it('is the proof of every leaf, and the proof holds', async () => {
    for (const size of sizes) {
      const root = rfc.mth(0, size);
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(index, size, tree);
        const right = rfc.path(index, 0, size);
        if (hex(proof).join() !== hex(right).join())
          expect([size, index, hex(proof)]).toEqual([size, index, hex(right)]);
        const claim = { leafHash: rfc.mth(index, index + 1), index, size, root, proof };
        if (!verifyInclusion(claim)) throw new Error(`the proof of leaf ${index} of ${size} does not hold`);
      }
    }
  }, 60_000);

  it('is the proof from every smaller tree, and the proof holds', async () => {
    for (const newSize of sizes) {
      const newRoot = rfc.mth(0, newSize);
      for (let oldSize = 1; oldSize <= newSize; oldSize += 1) {
        const proof = await consistencyProof(oldSize, newSize, tree);
        const right = rfc.proof(oldSize, newSize);
        if (hex(proof).join() !== hex(right).join())
          expect([oldSize, newSize, hex(proof)]).toEqual([oldSize, newSize, hex(right)]);
        if (!verifyConsistency({ oldSize, oldRoot: rfc.mth(0, oldSize), newSize, newRoot, proof }))
          throw new Error(`the proof from ${oldSize} to ${newSize} does not hold`);
      }
    }
  }, 60_000);

  it('shows no proof of a leaf that is wrong in one thing', () => {
    let refused = 0;
    for (const size of sizes) {
      const root = rfc.mth(0, size);
      // Every leaf of a small tree, some of a large one.
      for (let index = 0; index < size; index += size < 70 ? 1 : 7) {
        const proof = rfc.path(index, 0, size);
        const right = { leafHash: rfc.mth(index, index + 1), index, size, root, proof };
        const wrong = {
          'another leaf': { ...right, leafHash: other(right.leafHash) },
          'another root': { ...right, root: other(root) },
          'the root of another size': { ...right, root: rfc.mth(0, size === LARGEST ? 1 : size + 1) },
          'twice the size': { ...right, size: size * 2 },
          'an index beyond the size': { ...right, index: size },
          'the index of the neighbour': { ...right, index: index ^ 1 },
          'a hash more': { ...right, proof: [...proof, root] },
          'a hash more at the front': { ...right, proof: [root, ...proof] },
          ...(proof.length > 0 && {
            'a hash less': { ...right, proof: proof.slice(0, -1) },
            'a hash less at the front': { ...right, proof: proof.slice(1) },
            'no hash': { ...right, proof: [] },
            'a changed hash': { ...right, proof: [...proof.slice(0, -1), other(proof.at(-1)!)] },
            'a hash cut short': { ...right, proof: [...proof.slice(0, -1), proof.at(-1)!.subarray(0, 31)] },
          }),
        };
        for (const [what, claim] of Object.entries(wrong)) {
          if (verifyInclusion(claim)) throw new Error(`leaf ${index} of ${size} is taken with ${what}`);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(50_000);
  }, 60_000);

  it('shows no proof between trees that is wrong in one thing', () => {
    let refused = 0;
    for (const newSize of sizes) {
      const newRoot = rfc.mth(0, newSize);
      for (let oldSize = 1; oldSize < newSize; oldSize += newSize < 70 ? 1 : 7) {
        const proof = rfc.proof(oldSize, newSize);
        const oldRoot = rfc.mth(0, oldSize);
        const right = { oldSize, oldRoot, newSize, newRoot, proof };
        const wrong = {
          'another old root': { ...right, oldRoot: other(oldRoot) },
          'another new root': { ...right, newRoot: other(newRoot) },
          'the root of a smaller tree': { ...right, oldRoot: rfc.mth(0, oldSize - 1) },
          'the sizes exchanged': { ...right, oldSize: newSize, newSize: oldSize },
          'an old size of 0': { ...right, oldSize: 0 },
          'equal sizes': { ...right, oldSize: newSize },
          'twice the size': { ...right, newSize: newSize * 2 },
          'a hash more': { ...right, proof: [...proof, newRoot] },
          'a hash more at the front': { ...right, proof: [oldRoot, ...proof] },
          'a hash less': { ...right, proof: proof.slice(0, -1) },
          'a hash less at the front': { ...right, proof: proof.slice(1) },
          'no hash': { ...right, proof: [] },
          'a changed hash': { ...right, proof: [other(proof[0]!), ...proof.slice(1)] },
          'a hash that is too long': { ...right, proof: [Buffer.concat([proof[0]!, oldRoot]), ...proof.slice(1)] },
        };
        for (const [what, claim] of Object.entries(wrong)) {
          if (verifyConsistency(claim)) throw new Error(`${oldSize} to ${newSize} is taken with ${what}`);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(50_000);
  }, 60_000);
});

describe('a proof whose hashes are of another length', () => {
  it('is refused, though all bytes are the same in the same order', () => {
    const [leafHash, sibling] = [rfc.mth(0, 1), rfc.mth(1, 2)];
    const claim = { index: 0, size: 2, root: rfc.mth(0, 2) };
    expect(verifyInclusion({ ...claim, leafHash, proof: [sibling] })).toBe(true);
    const moved = Buffer.concat([leafHash.subarray(31), sibling]);
    expect(verifyInclusion({ ...claim, leafHash: leafHash.subarray(0, 31), proof: [moved] })).toBe(false);
  });
});

describe('the tree that certificate-transparency tests itself with', () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const known = new MemoryNodes();
  for (const input of inputs) known.append(hashOfLeaf(Buffer.from(input, 'hex')));

  it('has the published roots', async () => {
    for (const [size, root] of roots.entries()) expect((await rootAt(size, known)).toString('hex')).toBe(root);
    expect(EMPTY_ROOT.toString('hex')).toBe(roots[0]);
  });

  it.each([
    [0, 1, []],
    [
      0,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      5,
      8,
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [
      1,
      5,
      [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ])('has the published proof of leaf %i among %i', async (index, size, proof) => {
    expect(hex(await inclusionProof(index, size, known))).toEqual(proof);
  });

  it.each([
    [1, 1, []],
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
    [
      6,
      7,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
  ])('has the published proof from %i to %i', async (oldSize, newSize, proof) => {
    expect(hex(await consistencyProof(oldSize, newSize, known))).toEqual(proof);
  });
});

describe('a tree of 70,000 leaves', () => {
  const large = treeOf(70_000);

  it.each(Object.entries(BY_GO.roots))('has at size %s the root that Go computes', async (size, root) => {
    expect((await rootAt(Number(size), large)).toString('hex')).toBe(root);
  });

  it('proves its growth as Go does', async () => {
    const proof = await consistencyProof(65_537, 70_000, large);
    const [oldRoot, newRoot] = [await rootAt(65_537, large), await rootAt(70_000, large)];
    expect(proof).toHaveLength(15);
    expect(createHash('sha256').update(Buffer.concat(proof)).digest('hex')).toBe(BY_GO.consistencySha256);
    expect(verifyConsistency({ oldSize: 65_537, oldRoot, newSize: 70_000, newRoot, proof })).toBe(true);
  });
});

describe('the edge of a tree', () => {
  it('goes on from what was kept of it, or from stored nodes, as if it had never stopped', async () => {
    for (const size of [0, 1, 2, 3, 127, 128, 129, 255, 299]) {
      const kept = Frontier.of(size, (await Frontier.at(size, tree)).hashes);
      kept.append(hashOfLeaf(leaves[size]!));
      expect(kept.root()).toEqual(rfc.mth(0, size + 1));
    }
  });

  it('says which subtrees a leaf completes, the leaf first', () => {
    const frontier = Frontier.empty();
    for (let index = 0; index < 7; index += 1) frontier.append(hashOfLeaf(leaves[index]!));
    expect(frontier.append(hashOfLeaf(leaves[7]!))).toEqual([
      { level: 0, index: 7, hash: rfc.mth(7, 8) },
      { level: 1, index: 3, hash: rfc.mth(6, 8) },
      { level: 2, index: 1, hash: rfc.mth(4, 8) },
      { level: 3, index: 0, hash: rfc.mth(0, 8) },
    ]);
  });

  it('keeps one hash for each 1 in the binary form of the size', () => {
    const frontier = Frontier.empty();
    for (const leaf of leaves) frontier.append(hashOfLeaf(leaf));
    // 300 is 100101100.
    expect(frontier.hashes).toHaveLength(4);
  });

  it('is not moved by what is appended to its copy', () => {
    const frontier = Frontier.empty();
    frontier.append(hashOfLeaf(leaves[0]!));
    frontier.copy().append(hashOfLeaf(leaves[1]!));
    expect([frontier.size, frontier.root()]).toEqual([1, rfc.mth(0, 1)]);
  });

  it('is not made of hashes that do not belong to the size', () => {
    expect(() => Frontier.of(3, [EMPTY_ROOT])).toThrow('a tree of 3 leaves has 2 hashes of 32 bytes at its edge');
    expect(() => Frontier.of(1, [EMPTY_ROOT.subarray(1)])).toThrow(RangeError);
    expect(() => Frontier.of(0.5, [])).toThrow('the size of the tree is 0.5, it must be a whole number from 0 on');
    expect(() => Frontier.empty().append(Buffer.alloc(31))).toThrow('the hash of a leaf has 32 bytes, not 31');
  });
});

describe('what no tree can prove', () => {
  it.each([
    ['a leaf at the size', () => inclusionProof(3, 3, tree), 'a tree of 3 leaves has no leaf 3'],
    ['a leaf before the first', () => inclusionProof(-1, 3, tree), 'the index of the leaf is -1'],
    ['a tree that shrinks', () => consistencyProof(4, 3, tree), 'a tree of 3 leaves is not an extension of one of 4'],
    ['a size that is no number', () => rootAt(NaN, tree), 'the size of the tree is NaN'],
    ['more than is stored', () => rootAt(LARGEST + 1, tree), 'a tree of 300 leaves has no complete subtree 0/300'],
  ])('%s is refused', async (_, prove, message) => {
    await expect(prove()).rejects.toThrow(message);
  });

  it('is made by a source that gives another number of hashes', async () => {
    await expect(rootAt(3, { hashes: async () => [] })).rejects.toThrow('asked for 2 hashes, the source gave 0');
  });
});

describe('a tree without leaves', () => {
  it('is the beginning of every tree, by an empty proof', async () => {
    const claim = { oldSize: 0, oldRoot: EMPTY_ROOT, newSize: 5, newRoot: rfc.mth(0, 5) };
    expect(await consistencyProof(0, 5, tree)).toEqual([]);
    expect(verifyConsistency({ ...claim, proof: [] })).toBe(true);
    expect(verifyConsistency({ ...claim, proof: [EMPTY_ROOT] })).toBe(false);
    expect(verifyConsistency({ ...claim, oldRoot: rfc.mth(0, 1), proof: [] })).toBe(false);
  });

  it('has one root alone', () => {
    const claim = { oldSize: 0, newSize: 0, proof: [] };
    expect(verifyConsistency({ ...claim, oldRoot: EMPTY_ROOT, newRoot: EMPTY_ROOT })).toBe(true);
    expect(verifyConsistency({ ...claim, oldRoot: rfc.mth(0, 1), newRoot: rfc.mth(0, 1) })).toBe(false);
  });
});

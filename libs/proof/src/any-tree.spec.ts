import fc from 'fast-check';
import { leafText, treeOf } from './examples.testing';
import { Frontier } from './frontier';
import { hashOfLeaf } from './hash';
import { Rfc6962 } from './rfc6962.testing';
import { consistencyProof, inclusionProof, rootAt } from './tree-proofs';
import { verifyConsistency, verifyInclusion } from './verify';

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const LARGEST = 5000;
const tree = treeOf(LARGEST);
const rfc = new Rfc6962(Array.from({ length: LARGEST }, (_, index) => leafText(index)));

/** Two sizes or an index and a size of the tree, the first below the second. */
const pair = fc.tuple(fc.nat(LARGEST - 1), fc.nat(LARGEST - 1)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1]);
const bytes = fc.uint8Array({ minLength: 0, maxLength: 40 });
const number = fc.oneof(fc.nat(70), fc.maxSafeInteger(), fc.double());

describe(`any tree (seed ${seed})`, () => {
  it('proves each of its leaves and each of its beginnings as RFC 6962 defines it', () =>
    fc.assert(
      fc.asyncProperty(pair, async ([small = 0, size = 1]) => {
        const root = await rootAt(size, tree);
        const inclusion = await inclusionProof(small, size, tree);
        expect(inclusion).toEqual(rfc.path(small, 0, size));
        expect(
          verifyInclusion({ leafHash: hashOfLeaf(leafText(small)), index: small, size, root, proof: inclusion }),
        ).toBe(true);
        const proof = await consistencyProof(small + 1, size, tree);
        expect(proof).toEqual(rfc.proof(small + 1, size));
        const oldRoot = await rootAt(small + 1, tree);
        expect(verifyConsistency({ oldSize: small + 1, oldRoot, newSize: size, newRoot: root, proof })).toBe(true);
      }),
      { seed, numRuns: 300 },
    ));

  it('is not proved by a proof with one bit changed anywhere', () =>
    fc.assert(
      fc.asyncProperty(pair, fc.nat(), fc.nat(), async ([small = 0, size = 1], at, bit) => {
        const [root, oldRoot] = [await rootAt(size, tree), await rootAt(small + 1, tree)];
        const flipped = (proof: readonly Buffer[]): Buffer[] =>
          proof.map((hash, index) =>
            index === at % proof.length
              ? Buffer.from(hash.map((byte, place) => (place === (bit >> 3) % 32 ? byte ^ (1 << (bit & 7)) : byte)))
              : hash,
          );
        const inclusion = await inclusionProof(small, size, tree);
        fc.pre(inclusion.length > 0);
        const leafHash = hashOfLeaf(leafText(small));
        expect(verifyInclusion({ leafHash, index: small, size, root, proof: flipped(inclusion) })).toBe(false);
        const proof = await consistencyProof(small + 1, size, tree);
        fc.pre(proof.length > 0);
        expect(
          verifyConsistency({ oldSize: small + 1, oldRoot, newSize: size, newRoot: root, proof: flipped(proof) }),
        ).toBe(false);
      }),
      { seed, numRuns: 300 },
    ));

  it('is the same whether it grew at once or stopped at any size and went on from there', () =>
    fc.assert(
      fc.asyncProperty(pair, async ([from = 0, to = 1]) => {
        const frontier = await Frontier.at(from, tree);
        for (let index = from; index < to; index += 1) frontier.append(hashOfLeaf(leafText(index)));
        expect([frontier.size, frontier.root()]).toEqual([to, await rootAt(to, tree)]);
      }),
      { seed, numRuns: 50 },
    ));

  it('is proved by nothing that was made up, and nothing made up throws', () =>
    fc.assert(
      fc.property(number, number, bytes, bytes, fc.array(bytes, { maxLength: 70 }), (small, size, one, two, proof) => {
        const inclusion = verifyInclusion({ leafHash: one, index: small, size, root: two, proof });
        // A tree of one leaf has that leaf's hash as its root.
        expect(inclusion).toBe(size === 1 && small === 0 && proof.length === 0 && Buffer.compare(one, two) === 0);
        const claim = { oldSize: small, oldRoot: one, newSize: size, newRoot: two, proof };
        expect(verifyConsistency({ ...claim, newRoot: Buffer.concat([two, Buffer.of(1)]).subarray(0, 32) })).toBe(
          false,
        );
      }),
      { seed, numRuns: 2000 },
    ));
});

import { hashOfPeaks } from './hash';
import { halves, mustBeCount, perfectSubtrees, type LeafRange, type NodeSource } from './subtrees';

/** The root of the tree of the first `size` leaves, MTH(D[0:size]) of RFC 6962 §2.1. */
export async function rootAt(size: number, source: NodeSource): Promise<Buffer> {
  mustBeCount(size, 'the size of the tree');
  const [root] = await hashesOfRanges([{ from: 0, to: size }], source);
  return root as Buffer;
}

/**
 * Proves that a leaf is in the tree of the first `size` leaves: PATH(index, D[0:size]) of RFC 6962 §2.1.1.
 * Throws a RangeError when the tree has no such leaf.
 */
export async function inclusionProof(index: number, size: number, source: NodeSource): Promise<Buffer[]> {
  mustBeCount(index, 'the index of the leaf');
  mustBeCount(size, 'the size of the tree');
  if (index >= size) throw new RangeError(`a tree of ${size} leaves has no leaf ${index}`);
  const beside: LeafRange[] = [];
  let range: LeafRange = { from: 0, to: size };
  while (range.to - range.from > 1) {
    const { left, right } = halves(range);
    beside.unshift(index < left.to ? right : left);
    range = index < left.to ? left : right;
  }
  return hashesOfRanges(beside, source);
}

/**
 * Proves that the tree of `newSize` leaves begins with all leaves of that of `oldSize`:
 * PROOF(oldSize, D[0:newSize]) of RFC 6962 §2.1.2. It is empty from a tree without leaves and between equal sizes.
 * Throws a RangeError when the new tree is the smaller one.
 */
export async function consistencyProof(oldSize: number, newSize: number, source: NodeSource): Promise<Buffer[]> {
  mustBeCount(oldSize, 'the old size');
  mustBeCount(newSize, 'the new size');
  if (oldSize > newSize) throw new RangeError(`a tree of ${newSize} leaves is not an extension of one of ${oldSize}`);
  if (oldSize === 0) return [];
  const needed: LeafRange[] = [];
  let range: LeafRange = { from: 0, to: newSize };
  while (range.to !== oldSize) {
    const { left, right } = halves(range);
    needed.unshift(oldSize <= left.to ? right : left);
    range = oldSize <= left.to ? left : right;
  }
  // From the first leaf on, it is the old tree itself, whose root the verifier has.
  if (range.from > 0) needed.unshift(range);
  return hashesOfRanges(needed, source);
}

async function hashesOfRanges(ranges: readonly LeafRange[], source: NodeSource): Promise<Buffer[]> {
  const parts = ranges.map(perfectSubtrees);
  const wanted = parts.flat();
  const hashes = await source.hashes(wanted);
  if (hashes.length !== wanted.length)
    throw new Error(`asked for ${wanted.length} hashes, the source gave ${hashes.length}`);
  let at = 0;
  return parts.map(({ length }) => hashOfPeaks(hashes.slice(at, (at += length))));
}

import { hashOfNode, hashOfPeaks, isHash } from './hash';
import { mustBeCount, perfectSubtrees, type NodeSource, type Subtree } from './subtrees';

/** A perfect subtree that has its last leaf, and its hash, which never changes from then on. */
export interface CompletedSubtree extends Subtree {
  readonly hash: Buffer;
}

/**
 * The right edge of a growing tree of RFC 6962 §2.1: the hashes of the perfect subtrees that it is put
 * together from, the largest first. That is all it takes to append leaves and to know the root, one
 * hash for each 1 in the binary form of the size.
 */
export class Frontier {
  private constructor(
    private leaves: number,
    private readonly peaks: Buffer[],
  ) {}

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** The edge as it was kept: its size and its hashes. Throws a RangeError when they do not belong together. */
  static of(size: number, hashes: readonly Uint8Array[]): Frontier {
    mustBeCount(size, 'the size of the tree');
    const needed = perfectSubtrees({ from: 0, to: size }).length;
    if (hashes.length !== needed || !hashes.every(isHash))
      throw new RangeError(`a tree of ${size} leaves has ${needed} hashes of 32 bytes at its edge, not these`);
    return new Frontier(
      size,
      hashes.map((hash) => Buffer.from(hash)),
    );
  }

  /** The edge of the tree of this size in a store. */
  static async at(size: number, source: NodeSource): Promise<Frontier> {
    mustBeCount(size, 'the size of the tree');
    return Frontier.of(size, await source.hashes(perfectSubtrees({ from: 0, to: size })));
  }

  get size(): number {
    return this.leaves;
  }

  get hashes(): readonly Buffer[] {
    return [...this.peaks];
  }

  root(): Buffer {
    return hashOfPeaks(this.peaks);
  }

  copy(): Frontier {
    return new Frontier(this.leaves, [...this.peaks]);
  }

  /** Appends a leaf by its hash. What is complete by it, the leaf first, is what a store of nodes has to keep. */
  append(leafHash: Buffer): CompletedSubtree[] {
    if (!isHash(leafHash)) throw new RangeError(`the hash of a leaf has 32 bytes, not ${leafHash.length}`);
    let completed: CompletedSubtree = { level: 0, index: this.leaves, hash: leafHash };
    const all = [completed];
    while (completed.index % 2 === 1) {
      const left = this.peaks.pop();
      if (!left) throw new Error(`the edge of a tree of ${this.leaves} leaves lacks a hash`);
      const { level, index, hash } = completed;
      completed = { level: level + 1, index: (index - 1) / 2, hash: hashOfNode(left, hash) };
      all.push(completed);
    }
    this.peaks.push(completed.hash);
    this.leaves += 1;
    return all;
  }
}

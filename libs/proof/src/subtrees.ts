/** A perfect subtree: the one over the leaves from `index * 2^level` to before `(index + 1) * 2^level`. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** The leaves from `from` to before `to`, D[from:to] of RFC 6962 §2.1. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Where the hashes of perfect subtrees come from: a table, tiles, memory. Only subtrees that are
 * complete in the tree are ever asked for.
 */
export interface NodeSource {
  /** The hashes of these subtrees, in their order. Rejects when it does not have one. */
  hashes(wanted: readonly Subtree[]): Promise<readonly Uint8Array[]>;
}

/** Whether it can be a size of a tree or an index in it. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Refuses what no tree can have as its size. */
export function mustBeCount(value: number, what: string): void {
  if (!isCount(value)) throw new RangeError(`${what} is ${value}, it must be a whole number from 0 on`);
}

/** The perfect subtrees that a range of a tree is put together from, from left to right. */
export function perfectSubtrees({ from, to }: LeafRange): Subtree[] {
  const found: Subtree[] = [];
  for (let at = from; at < to;) {
    let [level, width] = [0, 1];
    while (at % (width * 2) === 0 && at + width * 2 <= to) [level, width] = [level + 1, width * 2];
    found.push({ level, index: at / width });
    at += width;
  }
  return found;
}

/** The two parts of a range: RFC 6962 §2.1 splits after the most leaves that are a power of two and not all. */
export function halves({ from, to }: LeafRange): { readonly left: LeafRange; readonly right: LeafRange } {
  let width = 1;
  while (width * 2 < to - from) width *= 2;
  return { left: { from, to: from + width }, right: { from: from + width, to } };
}

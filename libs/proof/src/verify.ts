import { EMPTY_ROOT, hashOfNode, isHash, sameHash } from './hash';
import { isCount } from './subtrees';

export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly newSize: number;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the leaf is in the tree, by the steps of RFC 9162 §2.1.3.2. Size and root have to come
 * from one checkpoint: of a wrong size beside a right root, the proof shows only what changes its shape.
 */
export function verifyInclusion({ leafHash, index, size, root, proof }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (![leafHash, root, ...proof].every(isHash)) return false;
  const path = new Path(index, size - 1);
  let hash = leafHash;
  for (const beside of proof) {
    const step = path.next();
    if (step === 'end') return false;
    hash = step === 'left' ? hashOfNode(beside, hash) : hashOfNode(hash, beside);
  }
  return path.ended && sameHash(hash, root);
}

/**
 * Whether the proof shows that the new tree begins with all leaves of the old one, by the steps of RFC 9162 §2.1.4.2,
 * and from a tree without leaves or to an equal one as C2SP tlog-witness has it: with an empty proof.
 */
export function verifyConsistency({ oldSize, oldRoot, newSize, newRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false;
  if (![oldRoot, newRoot, ...proof].every(isHash)) return false;
  if (oldSize === newSize)
    return proof.length === 0 && sameHash(oldRoot, newRoot) && (oldSize > 0 || sameHash(oldRoot, EMPTY_ROOT));
  if (oldSize === 0) return proof.length === 0 && sameHash(oldRoot, EMPTY_ROOT);
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  if (!first) return false;
  const path = new Path(oldSize - 1, newSize - 1);
  path.skipRightEdge();
  let [oldHash, newHash] = [first, first];
  for (const beside of rest) {
    const step = path.next();
    if (step === 'end') return false;
    if (step === 'left') oldHash = hashOfNode(beside, oldHash);
    newHash = step === 'left' ? hashOfNode(beside, newHash) : hashOfNode(newHash, beside);
  }
  return path.ended && sameHash(oldHash, oldRoot) && sameHash(newHash, newRoot);
}

/** The way up from a node (fn in RFC 9162) beside the last one of its level (sn), until that is the root. */
class Path {
  constructor(
    private node: number,
    private last: number,
  ) {}

  get ended(): boolean {
    return this.last === 0;
  }

  /** Up from an odd node to the first even one: so far the old tree is complete. */
  skipRightEdge(): void {
    while (this.node % 2 === 1) this.up();
  }

  /** On which side of the node the next hash of the proof stands, or that there must be none. */
  next(): 'left' | 'right' | 'end' {
    if (this.ended) return 'end';
    const side = this.node % 2 === 1 || this.node === this.last ? 'left' : 'right';
    // Where nothing is to its right, a node is its own parent.
    if (side === 'left') while (this.node % 2 === 0 && this.node !== 0) this.up();
    this.up();
    return side;
  }

  /** Halves without bit operators, which know numbers up to 2^31 alone. */
  private up(): void {
    this.node = Math.floor(this.node / 2);
    this.last = Math.floor(this.last / 2);
  }
}

function isPowerOfTwo(value: number): boolean {
  let power = 1;
  while (power < value) power *= 2;
  return power === value;
}

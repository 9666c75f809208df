import { hash } from 'node:crypto';

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

const LEAF = Buffer.of(0x00);
const NODE = Buffer.of(0x01);

/** The root of a tree without leaves, MTH({}) of RFC 6962 §2.1. */
export const EMPTY_ROOT = hash('sha256', Buffer.alloc(0), 'buffer');

/** The hash of a leaf with these bytes, MTH({d(0)}) of RFC 6962 §2.1. */
export function hashOfLeaf(leaf: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([LEAF, leaf]), 'buffer');
}

/** The hash of a node above two others, SHA-256(0x01 || left || right) of RFC 6962 §2.1. */
export function hashOfNode(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}

/**
 * The hash over these hashes from left to right, where each stands for a perfect tree that is
 * smaller than all before it together: how RFC 6962 §2.1 puts an imperfect tree together.
 */
export function hashOfPeaks(peaks: readonly Uint8Array[]): Buffer {
  if (peaks.length === 0) return EMPTY_ROOT;
  return Buffer.from(peaks.reduceRight((right, left) => hashOfNode(left, right)));
}

export function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

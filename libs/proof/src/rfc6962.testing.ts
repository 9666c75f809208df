import { createHash } from 'node:crypto';

/**
 * MTH, PATH and PROOF word for word as RFC 6962 §2.1 defines them, to hold the library against. It shares no code
 * with it. D[from:to] is given by its ends, and a hash once computed is kept, or 300 sizes would take minutes.
 */
export class Rfc6962 {
  private readonly known = new Map<string, Buffer>();

  constructor(private readonly d: readonly Buffer[]) {}

  /** MTH(D[from:to]), §2.1 */
  mth(from: number, to: number): Buffer {
    const name = `${from}:${to}`;
    const hash = this.known.get(name) ?? this.compute(from, to);
    this.known.set(name, hash);
    return hash;
  }

  /** PATH(m, D[from:to]), §2.1.1 */
  path(m: number, from: number, to: number): Buffer[] {
    const n = to - from;
    if (n === 1) return [];
    const k = largestPowerOfTwoSmallerThan(n);
    return m < k
      ? [...this.path(m, from, from + k), this.mth(from + k, to)]
      : [...this.path(m - k, from + k, to), this.mth(from, from + k)];
  }

  /** PROOF(m, D[n]), §2.1.2 */
  proof(m: number, n: number): Buffer[] {
    return this.subproof(m, 0, n, true);
  }

  private subproof(m: number, from: number, to: number, b: boolean): Buffer[] {
    const n = to - from;
    if (m === n) return b ? [] : [this.mth(from, to)];
    const k = largestPowerOfTwoSmallerThan(n);
    return m <= k
      ? [...this.subproof(m, from, from + k, b), this.mth(from + k, to)]
      : [...this.subproof(m - k, from + k, to, false), this.mth(from, from + k)];
  }

  private compute(from: number, to: number): Buffer {
    const n = to - from;
    if (n === 0) return sha256(Buffer.alloc(0));
    if (n === 1) return sha256(Buffer.of(0x00), this.d[from] as Buffer);
    const k = largestPowerOfTwoSmallerThan(n);
    return sha256(Buffer.of(0x01), this.mth(from, from + k), this.mth(from + k, to));
  }
}

function largestPowerOfTwoSmallerThan(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

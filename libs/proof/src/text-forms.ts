import { HASH_BYTES } from './hash';

/** The bytes of RFC 4648 §4 base64, or undefined when it is not just what {@link toBase64} makes of them. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return toBase64(bytes) === text ? bytes : undefined;
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** A hash in base64, or undefined when it is something else. */
export function hashFromBase64(text: string): Buffer | undefined {
  const bytes = fromBase64(text);
  return bytes?.length === HASH_BYTES ? bytes : undefined;
}

/** A hash in base64 on each line, or undefined when one is something else. */
export function hashesFromLines(lines: readonly string[]): Buffer[] | undefined {
  const hashes = lines.map(hashFromBase64).filter((hash) => hash !== undefined);
  return hashes.length === lines.length ? hashes : undefined;
}

/** An ASCII decimal without leading zeroes, or undefined when it is something else or beyond 2^53. */
export function fromDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

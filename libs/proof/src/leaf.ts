/** A record as it stands in the log. The records of every log adapter are of this form. */
export interface StoredRecord {
  readonly position: number;
  readonly timeMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
}

const LENGTH_BYTES = 4;
const NUMBER_BYTES = 8;
/** No field is that long: a record of the log has at most a few hundred kilobytes. */
const NULL_LENGTH = 0xffffffff;

/**
 * The bytes of a record as a leaf of the tree. They are frozen: every checkpoint ever signed rests on them.
 *
 * A leaf is a sequence of fields. Each field is its length, 4 bytes with the highest first, and then that many bytes.
 * A field that is null has the length `ff ff ff ff` and no bytes; an empty one has the length `00 00 00 00`.
 *
 * | field | bytes |
 * | --- | --- |
 * | position | 8, an unsigned whole number, the highest byte first |
 * | append time | 8, milliseconds since 1970, a signed whole number, the highest byte first |
 * | key | as stored, or null |
 * | value | as stored, or null |
 * | name of a header | its UTF-8 |
 * | value of that header | as stored |
 *
 * The last two come once per header, in the order of the record, and the leaf ends after the last one. So different
 * records never have the same bytes.
 */
export function leafOf({ position, timeMs, key, value, headers }: StoredRecord): Buffer {
  const fields: (Uint8Array | null)[] = [unsigned(position), signed(timeMs), key, value];
  for (const [name, content] of headers) fields.push(Buffer.from(name), content);
  const leaf = Buffer.alloc(fields.reduce((sum, field) => sum + LENGTH_BYTES + (field?.length ?? 0), 0));
  let at = 0;
  for (const field of fields) {
    at = leaf.writeUInt32BE(field?.length ?? NULL_LENGTH, at);
    if (!field) continue;
    leaf.set(field, at);
    at += field.length;
  }
  return leaf;
}

function unsigned(value: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function signed(value: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

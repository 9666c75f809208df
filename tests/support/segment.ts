/** A batch of records in a segment file of Kafka, from one byte to another. */
export interface Batch {
  readonly start: number;
  readonly end: number;
}

/** Offset and length, which the length does not count. */
const BEFORE_LENGTH = 12;
const CHECKSUM_AT = 17;
const CHECKED_FROM = 21;

export function batchesIn(segment: Buffer): Batch[] {
  const batches: Batch[] = [];
  for (let start = 0; start + BEFORE_LENGTH < segment.length;) {
    const end = start + BEFORE_LENGTH + segment.readInt32BE(start + 8);
    batches.push({ start, end });
    start = end;
  }
  return batches;
}

/** The segment with the checksum that a batch has after a byte in it was changed, as one who knows the form would do it. */
export function withChecksum(segment: Buffer, changedAt: number): Buffer {
  const batch = batchesIn(segment).find(({ start, end }) => start <= changedAt && changedAt < end);
  if (batch === undefined) throw new RangeError(`no batch has byte ${changedAt}`);
  const bytes = Buffer.from(segment);
  bytes.writeUInt32BE(castagnoli(bytes.subarray(batch.start + CHECKED_FROM, batch.end)), batch.start + CHECKSUM_AT);
  return bytes;
}

/** CRC-32C, bit by bit. */
function castagnoli(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Castagnoli's polynomial, its bits turned round. */
const POLYNOMIAL = 0x82f63b78;
const LANES = 8;

/** What a byte does to the checksum when 0 to 7 more bytes follow it, 256 entries for each. */
const TABLE = new Int32Array(LANES * 256);
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  TABLE[byte] = crc;
}
for (let index = 256; index < TABLE.length; index += 1) {
  const before = TABLE[index - 256] as number;
  TABLE[index] = (before >>> 8) ^ (TABLE[before & 0xff] as number);
}

const entry = (following: number, byte: number): number => TABLE[(following << 8) | (byte & 0xff)] as number;

/** The CRC-32C of the bytes from `from` on, eight at a time. */
export function crc32c(bytes: Buffer, from = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let crc = -1;
  let at = from;
  for (; at + LANES <= bytes.length; at += LANES) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      entry(7, low) ^
      entry(6, low >>> 8) ^
      entry(5, low >>> 16) ^
      entry(4, low >>> 24) ^
      entry(3, high) ^
      entry(2, high >>> 8) ^
      entry(1, high >>> 16) ^
      entry(0, high >>> 24);
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ entry(0, crc ^ view.getUint8(at));
  return ~crc >>> 0;
}

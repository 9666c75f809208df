import { crc32c } from './crc32c';
import type { NewRecord } from './log';

const ALL_REPLICAS = -1;
const NULL_STRING = -1;
const MAGIC = 2;
const NO_PRODUCER = -1n;
/** From a batch's attributes to the number of its records; the checksum begins with them. */
const BATCH_HEAD_BYTES = 40;
/** Epoch, magic and checksum before them, which a batch's length counts too. */
const BATCH_PREFIX_BYTES = 9;

export interface ProduceOptions {
  readonly topic: string;
  readonly ackTimeoutMs: number;
  readonly nowMs: number;
}

/**
 * The body of a produce request of version 3 to 7 with one batch for a topic's only partition, byte
 * for byte as the client library would make it. It would give every field a buffer of its own and
 * copy the whole again and again, which takes as long as everything that is checked and decided.
 */
export function produceBody(records: readonly NewRecord[], { topic, ackTimeoutMs, nowMs }: ProduceOptions): Buffer {
  const sizes = records.map(sizeOfRecord);
  const recordsBytes = sizes.reduce((sum, size) => sum + sizeOfVarInt(size) + size, 0);
  const lengthOfBatch = BATCH_PREFIX_BYTES + BATCH_HEAD_BYTES + recordsBytes;
  const out = new Writer(38 + Buffer.byteLength(topic) + lengthOfBatch);

  out.int16(NULL_STRING);
  out.int16(ALL_REPLICAS);
  out.int32(ackTimeoutMs);
  out.int32(1);
  out.int16(Buffer.byteLength(topic));
  out.text(topic);
  out.int32(1);
  out.int32(0);
  out.int32(12 + lengthOfBatch);

  out.int64(0n);
  out.int32(lengthOfBatch);
  out.int32(0);
  out.int8(MAGIC);
  const crcAt = out.skip(4);
  const covered = out.at;
  out.int16(0);
  out.int32(records.length - 1);
  out.int64(BigInt(nowMs));
  out.int64(BigInt(nowMs));
  out.int64(NO_PRODUCER);
  out.int16(0);
  out.int32(0);
  out.int32(records.length);
  records.forEach((record, index) => {
    out.varInt(sizes[index] as number);
    putRecord(out, record, index);
  });
  out.bytes.writeUInt32BE(crc32c(out.bytes, covered), crcAt);
  return out.bytes;
}
function sizeOfRecord({ key, value, headers }: NewRecord, index: number): number {
  const fields = Object.entries(headers);
  let size = 2 + sizeOfVarInt(index) + sizeOfText(key) + sizeOfVarInt(value.length) + value.length;
  size += sizeOfVarInt(fields.length);
  for (const [name, text] of fields) size += sizeOfText(name) + sizeOfText(text);
  return size;
}

function putRecord(out: Writer, { key, value, headers }: NewRecord, index: number): void {
  const fields = Object.entries(headers);
  out.int8(0);
  out.varInt(0);
  out.varInt(index);
  out.sizedText(key);
  out.varInt(value.length);
  out.raw(value);
  out.varInt(fields.length);
  for (const [name, text] of fields) {
    out.sizedText(name);
    out.sizedText(text);
  }
}

function sizeOfText(text: string): number {
  const bytes = Buffer.byteLength(text);
  return sizeOfVarInt(bytes) + bytes;
}

/** Of a number from 0 on, which takes twice its place: the lowest bit is for the sign. */
function sizeOfVarInt(value: number): number {
  let size = 1;
  for (let rest = value * 2; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Writes one field after the other, each as Kafka writes it, into bytes of a size known before. */
class Writer {
  readonly bytes: Buffer;
  at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** Leaves bytes for later, and says where they begin. */
  skip(size: number): number {
    this.at += size;
    return this.at - size;
  }

  int8(value: number): void {
    this.at = this.bytes.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  int64(value: bigint): void {
    this.at = this.bytes.writeBigInt64BE(value, this.at);
  }

  /** A number from 0 on. */
  varInt(value: number): void {
    let rest = value * 2;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.at = this.bytes.writeUInt8((rest & 0x7f) | 0x80, this.at);
    this.at = this.bytes.writeUInt8(rest, this.at);
  }

  raw(bytes: Buffer): void {
    this.at += bytes.copy(this.bytes, this.at);
  }

  text(text: string): void {
    this.at += this.bytes.write(text, this.at);
  }

  sizedText(text: string): void {
    this.varInt(Buffer.byteLength(text));
    this.text(text);
  }
}

import type { NewRecord } from './log';

/** At most this many bytes in a record's value. */
export const MAX_VALUE_BYTES = 256 * 1024;

/** At most this many bytes in a record altogether: value, key and headers. */
export const MAX_RECORD_BYTES = 384 * 1024;

/** Appends that wait at the same moment travel together, up to this many bytes. */
export const MAX_BATCH_BYTES = 512 * 1024;

/** So many appends may wait for the one batch in flight; more are turned away at once. */
export const MAX_WAITING_APPENDS = 20_000;

/** So many bytes may wait for the one batch in flight. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** So long an append may wait behind others before it is sent. */
export const MAX_WAITING_MS = 3_000;

/** Lengths, offsets and times that a store writes around a record, generously. */
const RECORD_OVERHEAD_BYTES = 64;
const HEADER_OVERHEAD_BYTES = 10;

/** The record is too large for the log and was not sent. */
export class RecordTooLarge extends Error {
  override readonly name = 'RecordTooLarge';

  constructor(
    readonly what: 'value' | 'record',
    readonly bytes: number,
    readonly limitBytes: number,
  ) {
    super(`the ${what} takes ${bytes} bytes, at most ${limitBytes} are allowed; nothing was appended`);
  }
}

/** The log is closed, or too many appends wait, or waited too long: this one was not sent. */
export class AppendRefused extends Error {
  override readonly name = 'AppendRefused';
}

/**
 * The bytes a record takes in a batch.
 * @throws RecordTooLarge
 */
export function measureRecord({ key, value, headers }: NewRecord): number {
  if (value.length > MAX_VALUE_BYTES) throw new RecordTooLarge('value', value.length, MAX_VALUE_BYTES);
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + value.length;
  for (const [name, text] of Object.entries(headers))
    bytes += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text);
  if (bytes > MAX_RECORD_BYTES) throw new RecordTooLarge('record', bytes, MAX_RECORD_BYTES);
  return bytes;
}

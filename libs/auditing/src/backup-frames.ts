import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGunzip, createGzip, type Gzip } from 'node:zlib';
import type { LogRecord } from '@deal-ledger/log';

/**
 * A backup is one file: gzip over frames. A frame is a letter, the length of what follows in four bytes (the
 * highest first), and that many bytes:
 *
 * | letter | holds | how often |
 * | --- | --- | --- |
 * | `B` | JSON: of which ledger, until which position | once, first |
 * | `C` | a signed checkpoint, C2SP tlog-checkpoint | at most once |
 * | `R` | a record of the ledger, in the bytes of a leaf of the tree: position, time, key, value, headers | each, in order |
 * | `F` | a record of the log of refusals, in the same form | each, in order |
 * | `E` | JSON: counts, the root of the tree, SHA-256 over all frames before | once, last |
 *
 * So a leaf hash is the SHA-256 of a zero byte and an `R` frame's content, and whoever has gzip and SHA-256
 * can hold the file against the checkpoint without any program of ours.
 */
export type FrameKind = 'B' | 'C' | 'R' | 'F' | 'E';

export interface Frame {
  readonly kind: FrameKind;
  readonly content: Buffer;
}

/** The file is no backup, or not as it was written. */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged';
}

const HEAD_BYTES = 5;
/** How zlib says that there is no gzip in what it was given. */
const NOT_PACKED = 'incorrect header check';
const KINDS = 'BCRFE';
/** No record of a log is that large. */
const MAX_CONTENT_BYTES = 64 * 1024 * 1024;
/** The fastest that makes JSON several times smaller. */
const LEVEL = 3;
const HELD_BYTES = 1024 * 1024;

/** Writes frames to a file, as fast as it takes them. */
export class FrameWriter {
  private readonly hash: Hash = createHash('sha256');
  private held: Buffer[] = [];
  private heldBytes = 0;

  private constructor(
    private readonly gzip: Gzip,
    private readonly out: WriteStream,
    private readonly done: Promise<void>,
  ) {}

  static create(file: string): FrameWriter {
    const gzip = createGzip({ level: LEVEL });
    const out = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true });
    gzip.pipe(out);
    const done = finished(out);
    out.once('error', (error) => gzip.destroy(error));
    // Whoever writes next, or ends, hears of it.
    gzip.on('error', () => undefined);
    done.catch(() => undefined);
    return new FrameWriter(gzip, out, done);
  }

  /** SHA-256 over all frames so far, in hexadecimal digits. */
  get sha256(): string {
    return this.hash.copy().digest('hex');
  }

  async write(kind: FrameKind, content: Buffer): Promise<void> {
    const head = Buffer.alloc(HEAD_BYTES);
    head.write(kind, 'latin1');
    head.writeUInt32BE(content.length, 1);
    this.hash.update(head).update(content);
    this.held.push(head, content);
    this.heldBytes += HEAD_BYTES + content.length;
    if (this.heldBytes >= HELD_BYTES) await this.flush();
  }

  /** Resolves when everything is on disk. */
  async end(): Promise<void> {
    await this.flush();
    this.gzip.end();
    await this.done;
  }

  /** Gives up. */
  async abort(): Promise<void> {
    this.gzip.destroy();
    this.out.destroy();
    await this.done.catch(() => undefined);
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    if (bytes.length === 0) return;
    if (!this.gzip.write(bytes)) await Promise.race([once(this.gzip, 'drain'), this.done]);
  }
}

/** The frames of a file, each with the SHA-256 over all before it. @throws BackupDamaged */
export async function* framesIn(file: string): AsyncGenerator<Frame & { readonly sha256Before: () => string }> {
  const hash = createHash('sha256');
  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  let held: Buffer = Buffer.alloc(0);
  let isBackup = false;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      let at = 0;
      if (!isBackup && held.length > 0 && held.toString('latin1', 0, 1) !== 'B')
        throw new BackupDamaged(`${file} is no backup: what is packed in it does not begin as one`);
      isBackup ||= held.length > 0;
      for (let end = endOfFrame(held, at, file); end !== undefined; end = endOfFrame(held, at, file)) {
        const bytes = held.subarray(at, end);
        const kind = bytes.toString('latin1', 0, 1) as FrameKind;
        yield { kind, content: bytes.subarray(HEAD_BYTES), sha256Before: () => hash.copy().digest('hex') };
        hash.update(bytes);
        at = end;
      }
      held = held.subarray(at);
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (message === NOT_PACKED)
      throw new BackupDamaged(`${file} is no backup: it is not packed as "ledger backup" does it`);
    if (code.startsWith('Z_'))
      throw new BackupDamaged(`${file} cannot be unpacked (${code}): it is cut off, or changed`);
    throw error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  if (!isBackup) throw new BackupDamaged(`${file} is no backup: there is nothing in it`);
  if (held.length > 0) throw new BackupDamaged(`${file} ends in the middle of a record`);
}

function endOfFrame(bytes: Buffer, at: number, file: string): number | undefined {
  if (bytes.length < at + HEAD_BYTES) return undefined;
  const length = bytes.readUInt32BE(at + 1);
  if (!KINDS.includes(bytes.toString('latin1', at, at + 1)) || length > MAX_CONTENT_BYTES)
    throw new BackupDamaged(`${file} is no backup of a ledger, or was changed`);
  const end = at + HEAD_BYTES + length;
  return end <= bytes.length ? end : undefined;
}

const NULL_LENGTH = 0xffffffff;

/** The record whose leaf it is. @throws BackupDamaged */
export function recordOfLeaf(leaf: Buffer): LogRecord {
  const fields: (Buffer | null)[] = [];
  for (let at = 0; at < leaf.length;) {
    if (at + 4 > leaf.length) throw new BackupDamaged('a record ends in the middle of a field');
    const length = leaf.readUInt32BE(at);
    at += 4;
    if (length === NULL_LENGTH) {
      fields.push(null);
      continue;
    }
    if (at + length > leaf.length) throw new BackupDamaged('a record ends in the middle of a field');
    fields.push(leaf.subarray(at, at + length));
    at += length;
  }
  const [position, time, key = null, value = null, ...headers] = fields;
  if (position?.length !== 8 || time?.length !== 8 || headers.length % 2 !== 0)
    throw new BackupDamaged('a record has no position, no time, or half a header');
  return {
    position: Number(position.readBigUInt64BE()),
    timeMs: Number(time.readBigInt64BE()),
    key,
    value,
    headers: Array.from({ length: headers.length / 2 }, (_, index) => {
      const [name, content] = [headers[2 * index], headers[2 * index + 1]];
      return [String(name ?? ''), content ?? Buffer.alloc(0)] as const;
    }),
  };
}

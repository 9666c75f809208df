import { rename, rm } from 'node:fs/promises';
import type { Log } from '@deal-ledger/log';
import {
  Frontier,
  hashOfLeaf,
  leafOf,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  type VerifierKey,
} from '@deal-ledger/proof';
import { FrameWriter } from './backup-frames';
import { ledgerIdOf } from './growth';

/** What a backup says of itself first. */
export interface BackupHead {
  readonly format: typeof BACKUP_FORMAT;
  readonly ledgerId: string;
  /** It has the records before this position. */
  readonly end: number;
  readonly refusals: number;
  readonly madeAt: string;
}

/** What it says last. */
export interface BackupFoot {
  readonly records: number;
  /** Of the tree over all its records, in hexadecimal digits. */
  readonly root: string;
  readonly refusals: number;
  /** Over all frames before. */
  readonly sha256: string;
}

export const BACKUP_FORMAT = 'deal-ledger backup 1';

export interface BackupOptions {
  readonly log: Log;
  /** Of refused posts, if there is one. */
  readonly refusals?: Log | undefined;
  readonly file: string;
  /** The position before which it ends; by default the end of the log. */
  readonly until?: number | undefined;
  /** The latest checkpoint that was signed for the log. Without one a backup can be held against nothing but itself. */
  readonly checkpoint?: string | undefined;
  /** By which it must be signed, if anybody knows. */
  readonly key?: VerifierKey | undefined;
  readonly nowMs: number;
  readonly progress?: (records: number, of: number) => void;
}

export interface BackupResult {
  readonly ledgerId: string;
  readonly records: number;
  readonly refusals: number;
  readonly root: string;
  readonly sha256: string;
  /** How many of the records the checkpoint is signed for. */
  readonly signed: number;
}

/** The log is not what was signed for, or no ledger; nothing was written. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

/**
 * Copies a ledger to a file: all that it holds when the work begins, byte for byte, held against the checkpoint.
 * The file gets its name when all of it is on disk; what stands beside it until then can be thrown away.
 * @throws BackupRefused
 */
export async function backupLedger(options: BackupOptions): Promise<BackupResult> {
  const { file } = options;
  const partial = `${file}.partial`;
  await rm(partial, { force: true });
  const writer = FrameWriter.create(partial);
  try {
    const result = await copy(options, writer);
    await writer.end();
    await rename(partial, file);
    return result;
  } catch (error) {
    await writer.abort();
    await rm(partial, { force: true });
    throw error;
  }
}

async function copy(options: BackupOptions, writer: FrameWriter): Promise<BackupResult> {
  const { log, refusals, checkpoint: note, nowMs, progress } = options;
  const end = options.until ?? (await log.end());
  const [first] = end > 0 ? await log.at([0]) : [];
  if (first === undefined) throw new BackupRefused('the log is empty: there is no ledger to back up');
  const ledgerId = ledgerIdOf(first);
  const claim = note === undefined ? undefined : claimOf(note, options.key);
  if (claim !== undefined && claim.size > end)
    throw new BackupRefused(
      `the log has ${end} records, and the checkpoint was signed for ${claim.size}: it has lost its tail, or the checkpoint is of another ledger`,
    );
  const refused = refusals === undefined ? 0 : await refusals.end();
  const head: BackupHead = {
    format: BACKUP_FORMAT,
    ledgerId,
    end,
    refusals: refused,
    madeAt: new Date(nowMs).toISOString(),
  };
  await writer.write('B', Buffer.from(JSON.stringify(head)));
  if (note !== undefined) await writer.write('C', Buffer.from(note));

  const tree = Frontier.empty();
  for await (const leaf of leavesOf(log, end)) {
    tree.append(hashOfLeaf(leaf));
    await writer.write('R', leaf);
    if (tree.size === claim?.size && !tree.root().equals(claim.root))
      throw new BackupRefused(
        `the first ${tree.size} records of the log are not those that the checkpoint was signed for: find out with "ledger verify" which one was changed`,
      );
    progress?.(tree.size, end + refused);
  }
  if (refusals !== undefined) {
    let count = 0;
    for await (const leaf of leavesOf(refusals, refused)) {
      await writer.write('F', leaf);
      count += 1;
      progress?.(end + count, end + refused);
    }
  }
  const foot: BackupFoot = {
    records: tree.size,
    root: tree.root().toString('hex'),
    refusals: refused,
    sha256: writer.sha256,
  };
  await writer.write('E', Buffer.from(JSON.stringify(foot)));
  return { ledgerId, ...foot, signed: claim?.size ?? 0 };
}

async function* leavesOf(log: Log, end: number): AsyncGenerator<Buffer> {
  if (end === 0) return;
  const reading = new AbortController();
  let next = 0;
  try {
    for await (const records of log.read(0, reading.signal)) {
      for (const record of records) {
        if (next >= end) return;
        yield leafOf(record);
        next += 1;
      }
      if (next >= end) return;
    }
  } finally {
    reading.abort();
  }
}

/** What a signed checkpoint says, and who says so. */
export interface Claim {
  readonly note: string;
  readonly size: number;
  readonly root: Buffer;
  /** The key by which it says that it is signed; nobody has checked that who gave none. */
  readonly signedBy: Pick<VerifierKey, 'name' | 'id'> | undefined;
}

/** Reads a signed checkpoint. @throws BackupRefused when it is none, or not signed by the key */
export function claimOf(note: string, key: VerifierKey | undefined): Claim {
  if (key !== undefined) {
    const opened = openCheckpoint(note, { origin: key.name, keys: [key] });
    if (opened.ok) {
      const { size, root } = opened.checkpoint;
      return { note, size, root, signedBy: { name: key.name, id: key.id } };
    }
    throw new BackupRefused(`the checkpoint is not signed as ${key.name} by the key ${key.id} (${opened.problem})`);
  }
  const parsed = parseNote(note);
  const checkpoint = parseCheckpoint(parsed?.text ?? '');
  if (checkpoint === undefined) throw new BackupRefused('the checkpoint is none: it has not the form of a signed note');
  const { origin, size, root } = checkpoint;
  const line = parsed?.signatures.find(({ name }) => name === origin);
  return { note, size, root, signedBy: line && { name: line.name, id: line.id } };
}

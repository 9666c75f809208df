import type { LogRecord, LogRestore } from '@deal-ledger/log';
import { Frontier, hashOfLeaf, leafOf, type VerifierKey } from '@deal-ledger/proof';
import { BACKUP_FORMAT, BackupRefused, claimOf, type BackupFoot, type BackupHead, type Claim } from './backup';
import { BackupDamaged, framesIn, recordOfLeaf, type FrameKind } from './backup-frames';
import { ledgerIdOf } from './growth';

/** What a backup was found to be, frame by frame. */
export interface CheckedBackup {
  readonly head: BackupHead;
  readonly foot: BackupFoot;
  /** How many of its records a checkpoint is signed for, its own or one that was kept elsewhere. */
  readonly signed: number;
  /** The checkpoint that is signed for most of them, if there is one. */
  readonly checkpoint: string | undefined;
  /** The key by which that says that it is signed. */
  readonly signedBy: Claim['signedBy'];
}

/** What was restored. */
export interface RestoredLedger extends CheckedBackup {
  /** Whether the tree that is made there signs with no other key than {@link CheckedBackup.signedBy}. */
  readonly isKeyHeld: boolean;
}

export interface BackupTrust {
  /** By which the checkpoint in the file must be signed. */
  readonly key?: VerifierKey | undefined;
  /** One that was kept elsewhere, besides the one in the file. */
  readonly checkpoint?: string | undefined;
}

/** Where a ledger is put together. */
export interface RestoreTarget {
  readonly ledger: LogRestore;
  /** Where the log of refusals is, if the backup has any. */
  readonly refusals: LogRestore | undefined;
  /** Keeps how it was signed for the tree that will be made over it, if it is known where. */
  readonly keepCheckpoint: ((note: string) => Promise<void>) | undefined;
  close(): Promise<void>;
}

export interface RestoreOptions extends BackupTrust {
  readonly file: string;
  /** Whether a backup is taken of which not every record is signed for. */
  readonly isUnsignedAllowed: boolean;
  /** Makes the place for it; asked once the backup was found to be sound. */
  begin(withRefusals: boolean): Promise<RestoreTarget>;
  readonly progress?: (what: RestoreStep, records: number, of: number) => void;
}

export type RestoreStep = 'checking' | 'writing' | 'reading back';

const PORTION_RECORDS = 1_000;
const PORTION_BYTES = 4 * 1024 * 1024;

/**
 * Reads a whole backup and holds it against itself and the checkpoint. What was changed in it, is missing or
 * is of another ledger than was signed for is found here, before anything is restored.
 * @throws BackupDamaged, and BackupRefused when it is not what was signed for
 */
export async function checkBackup(
  file: string,
  { key, checkpoint }: BackupTrust = {},
  progress: (records: number, of: number) => void = () => undefined,
): Promise<CheckedBackup> {
  const checking = new Checking(file, key, checkpoint === undefined ? [] : [claimOf(checkpoint, key)]);
  for await (const { kind, content, sha256Before } of framesIn(file)) {
    checking.take(kind, content, sha256Before);
    if (kind === 'R') progress(checking.tree.size, checking.head?.end ?? 0);
  }
  return checking.result();
}

class Checking {
  readonly tree = Frontier.empty();
  head: BackupHead | undefined;
  private foot: BackupFoot | undefined;
  private refusals = 0;

  constructor(
    private readonly file: string,
    private readonly key: VerifierKey | undefined,
    private readonly claims: Claim[],
  ) {}

  take(kind: FrameKind, content: Buffer, sha256Before: () => string): void {
    if ((this.head === undefined) !== (kind === 'B')) throw this.damaged('does not begin as a backup does');
    if (this.foot !== undefined) throw this.damaged('goes on after its end');
    switch (kind) {
      case 'B':
        this.head = headIn(content, this.file);
        return;
      case 'C':
        this.claims.push(claimOf(content.toString(), this.key));
        return;
      case 'R':
        this.record(content);
        return;
      case 'F':
        if (recordOfLeaf(content).position !== this.refusals)
          throw this.damaged(`lacks the refusal at position ${this.refusals}`);
        this.refusals += 1;
        return;
      case 'E':
        this.foot = jsonIn<BackupFoot>(content, this.file);
        if (this.foot.sha256 !== sha256Before()) throw this.damaged('was changed: its checksum is another');
    }
  }

  result(): CheckedBackup {
    const { head, foot, tree } = this;
    if (head === undefined || foot === undefined) throw this.damaged('is cut off before its end');
    const has = [tree.size, this.refusals, tree.root().toString('hex')];
    for (const says of [
      [head.end, head.refusals, foot.root],
      [foot.records, foot.refusals, foot.root],
    ])
      if (says.join() !== has.join())
        throw this.damaged(`has ${has[0]} records and ${has[1]} refusals, and says that it has others`);
    const beyond = this.claims.find(({ size }) => size > tree.size);
    if (beyond !== undefined)
      throw new BackupRefused(
        `${this.file} has ${tree.size} records, and the checkpoint was signed for ${beyond.size}: take a later backup, or the checkpoint of this one`,
      );
    const last = this.claims.toSorted((a, b) => b.size - a.size)[0];
    return { head, foot, signed: last?.size ?? 0, checkpoint: last?.note, signedBy: last?.signedBy };
  }

  private record(leaf: Buffer): void {
    const { tree, claims } = this;
    const record = recordOfLeaf(leaf);
    if (record.position !== tree.size) throw this.damaged(`has position ${record.position} where ${tree.size} is due`);
    if (tree.size === 0 && ledgerIdOf(record) !== this.head?.ledgerId)
      throw this.damaged(`says that it is of ledger ${this.head?.ledgerId}, and begins with another`);
    tree.append(hashOfLeaf(leaf));
    for (const { size, root } of claims)
      if (size === tree.size && !root.equals(tree.root()))
        throw new BackupRefused(
          `the first ${size} records of ${this.file} are not those that the checkpoint was signed for: it is of another ledger, or was changed`,
        );
  }

  private damaged(what: string): BackupDamaged {
    return new BackupDamaged(`${this.file} ${what}`);
  }
}

/**
 * Restores a ledger to a place where there is none, with the positions, bytes and times that it had. The backup is
 * held against its checkpoint before anything is written, and what was written is read back and held against it
 * before it can be used.
 * @throws BackupDamaged, BackupRefused, RestoreRefused
 */
export async function restoreLedger(options: RestoreOptions): Promise<RestoredLedger> {
  const { file, isUnsignedAllowed, begin, progress = () => undefined } = options;
  const checked = await checkBackup(file, options, (records, of) => progress('checking', records, of));
  const { head, foot, signed, checkpoint, signedBy } = checked;
  if (signed < head.end && !isUnsignedAllowed)
    throw new BackupRefused(
      `of the ${head.end} records in ${file} ${signed} are signed for: give a checkpoint that was kept elsewhere, or say that it may be restored all the same`,
    );
  const target = await begin(head.refusals > 0);
  try {
    const { ledger, refusals, keepCheckpoint } = target;
    await write(file, 'R', ledger, (records) => progress('writing', records, head.end));
    if (refusals !== undefined) await write(file, 'F', refusals, () => undefined);

    const root = await rootOf(ledger, head.end, (records) => progress('reading back', records, head.end));
    if (root !== foot.root)
      throw new BackupRefused(
        `what was written is not what comes back: the tree over it has the root ${root} and not ${foot.root}. It was not made a log; delete it, and restore to where nobody else writes`,
      );
    if (refusals !== undefined) {
      if ((await rootOf(refusals, head.refusals, () => undefined)) !== (await refusalsRootIn(file)))
        throw new BackupRefused('the refusals do not come back as they were written; nothing was made a log');
      await refusals.finish();
    }
    const isKeyHeld = keepCheckpoint !== undefined && checkpoint !== undefined && signedBy !== undefined;
    if (isKeyHeld) await keepCheckpoint(checkpoint);
    await ledger.finish();
    return { ...checked, isKeyHeld };
  } finally {
    await target.close();
  }
}

async function write(
  file: string,
  wanted: FrameKind,
  target: LogRestore,
  progress: (records: number) => void,
): Promise<void> {
  let portion: LogRecord[] = [];
  let bytes = 0;
  let count = 0;
  const put = async (): Promise<void> => {
    await target.put(portion);
    count += portion.length;
    progress(count);
    portion = [];
    bytes = 0;
  };
  for await (const { kind, content } of framesIn(file)) {
    if (kind !== wanted) continue;
    portion.push(recordOfLeaf(content));
    bytes += content.length;
    if (portion.length >= PORTION_RECORDS || bytes >= PORTION_BYTES) await put();
  }
  await put();
}

async function rootOf(target: LogRestore, end: number, progress: (records: number) => void): Promise<string> {
  const tree = Frontier.empty();
  for await (const records of target.readBack(end)) {
    for (const record of records) tree.append(hashOfLeaf(leafOf(record)));
    progress(tree.size);
  }
  return tree.root().toString('hex');
}

async function refusalsRootIn(file: string): Promise<string> {
  const tree = Frontier.empty();
  for await (const { kind, content } of framesIn(file)) if (kind === 'F') tree.append(hashOfLeaf(content));
  return tree.root().toString('hex');
}

function jsonIn<Content>(content: Buffer, file: string): Content {
  try {
    return JSON.parse(content.toString()) as Content;
  } catch {
    throw new BackupDamaged(`${file} was changed: what it says of itself cannot be read`);
  }
}

function headIn(content: Buffer, file: string): BackupHead {
  const head = jsonIn<BackupHead>(content, file);
  if ((head.format as string) !== BACKUP_FORMAT)
    throw new BackupDamaged(`${file} is of the form "${head.format}", and this version reads "${BACKUP_FORMAT}"`);
  return head;
}

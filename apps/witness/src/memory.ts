import { hash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCheckpoint, parseNote, type Checkpoint } from '@deal-ledger/proof';

/** What the witness has cosigned last of a log. */
export interface Seen {
  readonly checkpoint: Checkpoint;
  /** The checkpoint as it was signed and cosigned. */
  readonly note: string;
}

/** So many of the checkpoints before the last one are kept. */
const KEPT = 16;
const DIGITS = 16;

/** What the witness remembers cannot be read: it must not cosign as if it knew nothing. */
export class MemoryDamaged extends Error {
  override readonly name = 'MemoryDamaged';
}

/**
 * The last checkpoint of every log, in files that are only ever added, a number higher each: what is to follow the one
 * that was read fails when another has followed it already. It is on disk before anything is answered.
 */
export class Memory {
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(private readonly folder: string) {}

  /** What was cosigned last of the log whose name has this SHA-256, if anything was. @throws MemoryDamaged */
  async last(originHash: string): Promise<Seen | undefined> {
    const folder = join(this.folder, originHash);
    const number = await lastNumber(folder);
    return number === 0 ? undefined : read(fileOf(folder, number));
  }

  /**
   * Reads, judges and keeps as one step: `judge` gets what was cosigned last of this log and answers what is to be kept
   * in its place, if anything is.
   */
  change<Judged extends { readonly keep?: string }>(
    origin: string,
    judge: (last: Seen | undefined) => Judged,
  ): Promise<Judged> {
    const turn = (this.turns.get(origin) ?? Promise.resolve()).then(
      () => this.changeNow(origin, judge),
      () => this.changeNow(origin, judge),
    );
    this.turns.set(origin, turn);
    const forget = (): void => {
      if (this.turns.get(origin) === turn) this.turns.delete(origin);
    };
    turn.then(forget, forget);
    return turn;
  }

  private async changeNow<Judged extends { readonly keep?: string }>(
    origin: string,
    judge: (last: Seen | undefined) => Judged,
  ): Promise<Judged> {
    const folder = join(this.folder, hash('sha256', origin));
    for (;;) {
      const number = await lastNumber(folder);
      const judged = judge(number === 0 ? undefined : await read(fileOf(folder, number)));
      if (judged.keep === undefined || (await followed(folder, number, judged.keep))) return judged;
    }
  }
}

const fileOf = (folder: string, number: number): string => join(folder, String(number).padStart(DIGITS, '0'));

/** Of the last file, or 0 while there is none. */
async function lastNumber(folder: string): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
}

async function read(file: string): Promise<Seen> {
  const note = await readFile(file, 'utf8');
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  if (checkpoint === undefined)
    throw new MemoryDamaged(
      `${file} holds no checkpoint. Put it back as it was: without it nothing is known of what was cosigned`,
    );
  return { checkpoint, note };
}

/** Writes the file after that number, on disk; says whether it is the one that follows. */
async function followed(folder: string, number: number, note: string): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `draft-${randomUUID()}`);
  const file = fileOf(folder, number + 1);
  await onDisk(draft, 'wx', (handle) => handle.writeFile(note));
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
  // A process that was asleep for long may have written a number that others have left behind.
  if ((await lastNumber(folder)) > number + 1) {
    await unlink(file);
    return false;
  }
  await onDisk(folder, 'r', async () => undefined);
  await unlink(fileOf(folder, number + 1 - KEPT)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return true;
}

async function onDisk(
  path: string,
  flags: 'wx' | 'r',
  work: (handle: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags);
  try {
    await work(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

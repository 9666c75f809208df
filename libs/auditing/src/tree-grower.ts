import { LedgerForked } from '@deal-ledger/ledger';
import { LogHalted, type Log } from '@deal-ledger/log';
import { backOff, isTransient, Progress } from '@deal-ledger/projection';
import { hashOfLeaf, leafOf } from '@deal-ledger/proof';
import type { CheckpointSigner } from './checkpoint-signer';
import { GrowingTree, ledgerIdOf } from './growth';
import { frontierOf, type TreeState } from './tree-check';
import { TreeDamaged } from './tree-nodes';
import { TreeMoved, type TreeStore } from './tree-store';

export interface TreeGrowerOptions {
  readonly log: Log;
  readonly store: TreeStore;
  readonly signer: CheckpointSigner;
  readonly warn: (message: string, error: unknown) => void;
  /** Told when a checkpoint may have been signed. */
  readonly signed?: () => void;
  /** At most one checkpoint in this time; what comes in between is signed for at its end. */
  readonly checkpointEveryMs?: number;
}

const CHECKPOINT_EVERY_MS = 1_000;

/**
 * Follows the raw log and extends the tree over its records, in one transaction per batch, and has the tree signed.
 * Every record is a leaf, fact or not. Two instances on one database grow the same tree, turn by turn.
 */
export class TreeGrower {
  readonly progress = new Progress();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private writing: Promise<void> = Promise.resolve();
  private failed = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private lastSignedMs = -Infinity;
  private haltedBy: Error | undefined;
  private interruption: string | undefined;

  constructor(private readonly options: TreeGrowerOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.progress.giveUp();
    await this.running;
  }

  /** Why nothing more is signed until a person has looked, if so. */
  get halted(): Error | undefined {
    return this.haltedBy;
  }

  /** What keeps the tree from growing right now. */
  get notWorkingBecause(): string | undefined {
    return this.haltedBy?.message ?? this.interruption;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      const before = this.progress.nextPosition;
      try {
        await this.grow();
      } catch (error) {
        if (signal.aborted) return;
        if (isFinal(error)) {
          this.haltedBy = error as Error;
          this.options.warn('the tree has halted: nothing more is signed', error);
          this.progress.giveUp();
          return;
        }
        if (error instanceof TreeMoved) continue;
        failures = this.progress.nextPosition > before ? 1 : failures + 1;
        await this.interrupted(error, failures);
      }
    }
  }

  private async grow(): Promise<void> {
    const { log, store, signer } = this.options;
    const tree = await store.checked((state) => signer.keyOf(state));
    await this.holdAgainstLog(tree);
    this.interruption = undefined;
    this.progress.reach(tree.size);

    this.failed = new AbortController();
    this.writing = Promise.resolve();
    const signal = AbortSignal.any([this.stopping.signal, this.failed.signal]);
    const growing = new GrowingTree(frontierOf(tree), tree.ledgerId ?? undefined);
    if (tree.size > tree.signedSize) this.signWhenDue();
    try {
      for await (const records of log.read(tree.size, signal)) {
        const growth = growing.append(records);
        // The next records are read and hashed while these are written.
        await this.writing;
        this.enqueue(async () => {
          const signs = this.isDue;
          await store.extend(growth, signs ? signer : undefined);
          this.progress.reach(growth.size);
          if (signs) this.wasSigned();
          else this.signWhenDue();
        });
      }
    } finally {
      clearTimeout(this.timer);
      this.timer = undefined;
      await this.writing;
    }
  }

  /** Whether the log still begins and goes on as the tree has it. @throws LedgerForked */
  private async holdAgainstLog({ size, ledgerId }: TreeState): Promise<void> {
    if (size === 0) return;
    const { log, store } = this.options;
    const end = await log.end();
    if (end < size)
      throw new LedgerForked(
        `the log ends at ${end}, but the tree has ${size} leaves: the log has lost its tail or was made anew. Nothing is signed any more`,
      );
    const [first] = await log.at([0]);
    const [last] = await log.at([size - 1]);
    const found = first && ledgerIdOf(first);
    if (found !== ledgerId)
      throw new LedgerForked(
        `the log is of ledger ${found ?? 'none'}, and the tree of ledger ${ledgerId ?? 'none'}: name the right log or another database. Nothing is signed any more`,
      );
    const hash = last && hashOfLeaf(leafOf(last)).toString('hex');
    const kept = (await store.leafHash(size - 1))?.toString('hex');
    if (hash !== kept)
      throw new LedgerForked(
        `record ${size - 1} of the log has the leaf hash ${hash ?? 'none'}, and the tree has ${kept ?? 'none'} for it: the log was changed or made anew. Nothing is signed any more`,
      );
  }

  /** Puts work behind what is being written; when it fails, reading ends. */
  private enqueue(work: () => Promise<void>): void {
    const { failed } = this;
    this.writing = this.writing.then(work);
    this.writing.catch(() => failed.abort());
  }

  private get isDue(): boolean {
    return this.dueInMs <= 0;
  }

  private get dueInMs(): number {
    const { checkpointEveryMs = CHECKPOINT_EVERY_MS } = this.options;
    return this.lastSignedMs + checkpointEveryMs - performance.now();
  }

  /** However little comes after: what is in the tree is signed for as soon as that may be. */
  private signWhenDue(): void {
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        this.enqueue(async () => {
          await this.options.store.sign(this.options.signer);
          this.wasSigned();
        });
      },
      Math.max(0, this.dueInMs),
    );
  }

  private wasSigned(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lastSignedMs = performance.now();
    this.options.signed?.();
  }

  private async interrupted(error: unknown, failures: number): Promise<void> {
    this.interruption = error instanceof Error ? error.message : String(error);
    this.options.warn('the tree was interrupted and goes on', error);
    await backOff(failures, this.stopping.signal);
  }
}

/** Whether trying again cannot help. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof TreeDamaged || error instanceof LedgerForked || error instanceof LogHalted || !isTransient(error)
  );
}

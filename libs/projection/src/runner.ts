import type { LedgerEvent } from '@deal-ledger/domain';
import { follow, Judge, LedgerForked } from '@deal-ledger/ledger';
import { LogHalted, type Log } from '@deal-ledger/log';
import type { AnyPostingRule } from '@deal-ledger/reports';
import { remainder, type Batch } from './batch';
import { Folder, UnprojectableEvent } from './fold';
import { PORTIONS } from './portions';
import { inSlices, type SliceLimits } from './slices';
import type { Store } from './store';
import { backOff, Progress } from './waiting';

export interface RunnerOptions {
  readonly log: Log;
  readonly store: Store;
  readonly rules: readonly AnyPostingRule[];
  readonly warn: (message: string, error: unknown) => void;
  readonly limits?: SliceLimits;
}

const LIMITS: SliceLimits = { records: 2_000, bytes: 4 * 1024 * 1024 };

/** The tables went back behind what was projected here, or are about another ledger: start over from them. */
class TablesMoved extends Error {
  override readonly name = 'TablesMoved';
}

/**
 * Projects the ledger into its tables, exactly once whatever crashes: postings, events and progress
 * are written in one transaction, which succeeds only if progress stands where the batch begins.
 *
 * Verdicts and postings are the same for everybody, so of two instances on one schema the one that
 * comes second with a batch finds it written, and goes on behind it.
 */
export class Runner {
  readonly progress = new Progress();
  private readonly stopping = new AbortController();
  private readonly folder: Folder;
  private writing: Promise<void> = Promise.resolve();
  /** What is being written, or was last. */
  private batch: Batch | undefined;
  private limits: SliceLimits;
  private running: Promise<void> | undefined;
  private haltedBy: Error | undefined;
  private interruption: string | undefined;

  constructor(private readonly options: RunnerOptions) {
    this.limits = options.limits ?? LIMITS;
    this.folder = new Folder(options.rules, async (streams, before) =>
      continued(await options.store.histories(streams, before), streams, this.batch),
    );
  }

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.progress.giveUp();
    await this.running;
  }

  /** Why nothing more will be projected until a person has looked, if so. */
  get halted(): Error | undefined {
    return this.haltedBy;
  }

  /** What keeps the projection from going on right now. */
  get notWorkingBecause(): string | undefined {
    return this.haltedBy?.message ?? this.interruption;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      const before = this.progress.nextPosition;
      try {
        await this.projectFromTables();
      } catch (error) {
        if (signal.aborted) return;
        if (this.isFinal(error)) {
          this.halt(error as Error);
          return;
        }
        failures = this.progress.nextPosition > before ? 1 : failures + 1;
        if (!(error instanceof UnprojectableEvent)) await this.interrupted(error, failures);
      }
    }
  }

  /** Whether trying again cannot help. */
  private isFinal(error: unknown): boolean {
    if (error instanceof UnprojectableEvent) {
      if (this.limits.records === 1) return true;
      // Once more, record by record: everything before the event is projected, and it alone is left.
      this.limits = { ...this.limits, records: 1 };
      return false;
    }
    return (
      error instanceof LedgerForked ||
      error instanceof LogHalted ||
      (!(error instanceof TablesMoved) && !isTransient(error))
    );
  }

  private halt(error: Error): void {
    this.haltedBy = error;
    this.options.warn('the projection has halted', error);
    this.progress.giveUp();
  }

  private async projectFromTables(): Promise<void> {
    const { log, store } = this.options;
    this.folder.forget();
    this.writing = Promise.resolve();
    this.batch = undefined;
    if (await store.isBehindTheTimes()) {
      this.options.warn(
        'the tables lack what was not known or not kept when they were projected, and is now: all is projected anew',
        undefined,
      );
      await store.startOver();
    }
    const judge = new Judge(await store.snapshot());
    this.interruption = undefined;
    this.progress.reach(judge.nextPosition);

    // Ends the reading when writing cannot go on, even if nothing more comes to be read.
    const failed = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, failed.signal]);
    let from = judge.nextPosition;
    try {
      for await (const records of follow(inSlices(log, this.limits), judge, signal, PORTIONS)) {
        const after = judge.checkpoint();
        const batch: Batch = { from, records: await this.folder.project(records), after };
        from = after.nextPosition;
        // The next batch is read, judged and folded while this one is written.
        await this.writing;
        this.batch = batch;
        this.writing = this.write(batch);
        this.writing.catch(() => failed.abort());
      }
    } finally {
      await this.writing;
    }
  }

  /** Adds the batch, or finds it added; tries for as long as the database is away. */
  private async write(batch: Batch): Promise<void> {
    const { store } = this.options;
    let left = batch;
    for (let failures = 0; !this.stopping.signal.aborted;) {
      try {
        if (failures === 0 && (await store.add(left))) {
          this.progress.reach(left.after.nextPosition);
          return;
        }
        // Somebody else was first, or the answer was lost: the tables know.
        const { ledgerId, nextPosition } = await store.reached();
        failures = 0;
        this.interruption = undefined;
        const { from, after } = left;
        if ((ledgerId !== null && ledgerId !== after.ledgerId) || nextPosition < from) {
          throw new TablesMoved(
            `the tables reach to ${nextPosition} of ledger ${ledgerId ?? 'none'}, ${from} of ${after.ledgerId} was due`,
          );
        }
        if (await store.isBehindTheTimes()) throw new TablesMoved('another version that knows fewer events added some');
        if (nextPosition >= after.nextPosition) {
          this.progress.reach(nextPosition);
          return;
        }
        left = remainder(left, nextPosition);
      } catch (error) {
        if (!isTransient(error)) throw error;
        failures += 1;
        await this.interrupted(error, failures);
      }
    }
  }

  private async interrupted(error: unknown, failures: number): Promise<void> {
    this.interruption = error instanceof Error ? error.message : String(error);
    this.options.warn('the projection was interrupted and goes on', error);
    await backOff(failures, this.stopping.signal);
  }
}

/**
 * What the tables hold of some streams and what comes behind it in a batch that is being written. The
 * tables have all of the batch or nothing, so that it does not matter whether it was there when they were read.
 */
function continued(
  stored: readonly LedgerEvent[],
  streams: readonly string[],
  batch: Batch | undefined,
): readonly LedgerEvent[] {
  if (batch === undefined) return stored;
  const versions = new Map(streams.map((stream) => [stream, 0]));
  for (const { stream, version } of stored) versions.set(stream, version);
  const behind = batch.records
    .flatMap(({ record }) => (record.verdict === 'fact' ? record.commit.events : []))
    .filter(({ stream, version }) => version > (versions.get(stream) ?? Infinity));
  return [...stored, ...behind];
}

// SQLSTATE classes that pass by themselves: connection, rollback, resources, operator, system, internal.
const PASSING = new Set(['08', '40', '53', '55', '57', '58', 'XX']);
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Whether the same statement may succeed later. What is no answer of the database (a lost connection) may. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TablesMoved || error instanceof UnprojectableEvent) return false;
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return false;
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code !== 'string' || !SQLSTATE.test(code) || PASSING.has(code.slice(0, 2));
}

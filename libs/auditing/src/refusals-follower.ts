import { decodeRefusal } from '@deal-ledger/ledger';
import { LogHalted, type Log, type LogRecord } from '@deal-ledger/log';
import { backOff, isTransient, Progress } from '@deal-ledger/projection';
import { hashOfLeaf, leafOf } from '@deal-ledger/proof';
import type { KeptRefusal, RefusalsReached, RefusalsStore } from './refusals-store';

export interface RefusalsFollowerOptions {
  /** The log of refusals. */
  readonly log: Log;
  readonly store: RefusalsStore;
  readonly warn: (message: string, error: unknown) => void;
}

/** The log of refusals is not the one that was read before. */
export class RefusalsForked extends Error {
  override readonly name = 'RefusalsForked';
}

/** Reads the log of refusals into its tables, each record exactly once, whatever crashes and however many do it. */
export class RefusalsFollower {
  readonly progress = new Progress();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private trouble: string | undefined;

  constructor(private readonly options: RefusalsFollowerOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.progress.giveUp();
    await this.running;
  }

  /** What keeps it from going on. */
  get notWorkingBecause(): string | undefined {
    return this.trouble;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      const before = this.progress.nextPosition;
      try {
        await this.follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.trouble = error instanceof Error ? error.message : String(error);
        if (error instanceof LogHalted || error instanceof RefusalsForked || !isTransient(error)) {
          this.options.warn('the refusals are not followed any further', error);
          return;
        }
        this.options.warn('the reading of refusals was interrupted and goes on', error);
        failures = this.progress.nextPosition > before ? 1 : failures + 1;
        await backOff(failures, signal);
      }
    }
  }

  /** Returns when another instance has come first, or when it is time to stop. */
  private async follow(signal: AbortSignal): Promise<void> {
    const { log, store } = this.options;
    let reached = await store.reached();
    await this.recognise(reached);
    this.trouble = undefined;
    this.progress.reach(reached.nextPosition);
    for await (const records of log.read(reached.nextPosition, signal)) {
      const after = behind(reached, records);
      if (!(await store.add(reached.nextPosition, records.flatMap(refusalIn), after))) return;
      reached = after;
      this.progress.reach(reached.nextPosition);
    }
  }

  /** The record that was read last must still be there, byte for byte. */
  private async recognise({ nextPosition, lastHash }: RefusalsReached): Promise<void> {
    if (nextPosition === 0) return;
    const { log } = this.options;
    const end = await log.end();
    if (end < nextPosition)
      throw new RefusalsForked(
        `the log of refusals ends at ${end}, but ${nextPosition} records of it were read before: it has lost its tail or was made anew`,
      );
    const [last] = await log.at([nextPosition - 1]);
    if (last === undefined || hashOf(last) !== lastHash)
      throw new RefusalsForked(
        `record ${nextPosition - 1} of the log of refusals is not the one that was read before: the log was made anew`,
      );
  }
}

function behind({ nextPosition, lastHash, strange }: RefusalsReached, records: readonly LogRecord[]): RefusalsReached {
  const last = records.at(-1);
  return {
    nextPosition: nextPosition + records.length,
    lastHash: last === undefined ? lastHash : hashOf(last),
    strange: strange + records.filter((record) => decodeRefusal(record) === undefined).length,
  };
}

function refusalIn(record: LogRecord): readonly KeptRefusal[] {
  const refusal = decodeRefusal(record);
  return refusal === undefined ? [] : [{ position: record.position, timeMs: record.timeMs, refusal }];
}

const hashOf = (record: LogRecord): string => hashOfLeaf(leafOf(record)).toString('base64url');

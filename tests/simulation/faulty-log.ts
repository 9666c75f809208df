import type { Log, LogRecord, MemoryLog, NewRecord } from '@deal-ledger/log';
import type { World } from './world';

export interface Faults {
  /** The record is lost on the way: it never comes, and the append rejects. */
  readonly loseRecord: number;
  /** The record is in the log, but its append rejects. */
  readonly loseAcknowledgement: number;
  /** The record comes a second time, soon or much later. */
  readonly duplicate: number;
  /** The append rejects, and the record comes much later all the same. */
  readonly late: number;
  /** Batches are handed to a reader this much later at the most. */
  readonly readerLagMs: number;
}

export type FaultName = 'loseRecord' | 'loseAcknowledgement' | 'duplicate' | 'late';

const LATEST_MS = 400;

/** One process's connection to the log, over a network that does what networks do. */
export class FaultyLog implements Log {
  readonly injected: Record<FaultName, number> = { loseRecord: 0, loseAcknowledgement: 0, duplicate: 0, late: 0 };

  constructor(
    private readonly log: MemoryLog,
    private readonly world: World,
    private readonly faults: Faults,
  ) {}

  async append(record: NewRecord): Promise<number> {
    const { world } = this;
    await world.pause(world.between(0, 4));
    if (this.happens('loseRecord')) throw new Error('simulated: record lost');
    if (this.happens('late')) {
      world.after(world.between(5, LATEST_MS), () => void this.log.append(record));
      throw new Error('simulated: record late');
    }
    const position = await this.log.append(record);
    if (this.happens('duplicate'))
      world.after(world.between(0, world.chance(0.5) ? 3 : LATEST_MS), () => void this.log.append(record));
    await world.pause(world.between(0, 2));
    if (this.happens('loseAcknowledgement')) throw new Error('simulated: acknowledgement lost');
    return position;
  }

  async *read(from: number, signal: AbortSignal): AsyncGenerator<readonly LogRecord[], void, undefined> {
    for await (const batch of this.log.read(from, signal)) {
      await this.world.pause(this.world.between(0, this.faults.readerLagMs));
      if (signal.aborted) return;
      yield batch;
    }
  }

  async at(positions: readonly number[]): Promise<readonly LogRecord[]> {
    await this.world.pause(this.world.between(0, this.faults.readerLagMs));
    return this.log.at(positions);
  }

  async end(): Promise<number> {
    await this.world.pause(this.world.between(0, 2));
    return this.log.end();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private happens(fault: FaultName): boolean {
    const yes = this.world.chance(this.faults[fault]);
    if (yes) this.injected[fault] += 1;
    return yes;
  }
}

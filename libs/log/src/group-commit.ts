import type { NewRecord } from './log';
import {
  AppendRefused,
  MAX_BATCH_BYTES,
  MAX_WAITING_APPENDS,
  MAX_WAITING_BYTES,
  MAX_WAITING_MS,
  measureRecord,
} from './limits';

interface Waiting {
  readonly record: NewRecord;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly resolve: (position: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends the appends that wait at the same moment as one batch, and never a second batch before the
 * first is settled: that is what keeps them in order.
 */
export class GroupCommit {
  private readonly waiting: Waiting[] = [];
  private waitingBytes = 0;
  private sending: Promise<void> | undefined;
  private closed = false;

  /** @param send appends the records in order and resolves with the position of the first */
  constructor(private readonly send: (records: readonly NewRecord[]) => Promise<number>) {}

  append(record: NewRecord): Promise<number> {
    return new Promise((resolve, reject) => {
      const bytes = measureRecord(record);
      if (this.closed) throw new AppendRefused('the log is closed; nothing was appended');
      if (this.waiting.length >= MAX_WAITING_APPENDS || this.waitingBytes + bytes > MAX_WAITING_BYTES) {
        throw new AppendRefused(`${this.waiting.length} appends are waiting already; nothing was appended`);
      }
      this.waiting.push({ record, bytes, sinceMs: Date.now(), resolve, reject });
      this.waitingBytes += bytes;
      this.sending ??= this.drain();
    });
  }

  /** Takes no more appends, and resolves when those that wait are settled. */
  async close(): Promise<void> {
    this.closed = true;
    await this.sending;
  }

  private async drain(): Promise<void> {
    // Whoever appends in the same turn of the event loop is to travel in the first batch already.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      if (batch.length === 0) break;
      try {
        const first = await this.send(batch.map(({ record }) => record));
        batch.forEach(({ resolve }, index) => resolve(first + index));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.sending = undefined;
  }

  private takeBatch(): Waiting[] {
    this.dropOverdue();
    let count = 0;
    let bytes = 0;
    for (const next of this.waiting) {
      if (count > 0 && bytes + next.bytes > MAX_BATCH_BYTES) break;
      bytes += next.bytes;
      count += 1;
    }
    this.waitingBytes -= bytes;
    return this.waiting.splice(0, count);
  }

  /** After a store that did not answer, what waited behind it is told now rather than much later. */
  private dropOverdue(): void {
    const overdueMs = Date.now() - MAX_WAITING_MS;
    const count = this.waiting.findIndex(({ sinceMs }) => sinceMs >= overdueMs);
    for (const { bytes, reject } of this.waiting.splice(0, count < 0 ? this.waiting.length : count)) {
      this.waitingBytes -= bytes;
      reject(
        new AppendRefused(`the append waited for more than ${MAX_WAITING_MS} ms behind others; nothing was appended`),
      );
    }
  }
}

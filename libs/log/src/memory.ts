import { LogHalted, type Log, type LogRecord, type NewRecord } from './log';

export class MemoryLog implements Log {
  private readonly records: LogRecord[] = [];
  private readonly waiting = new Set<() => void>();

  append(record: NewRecord): Promise<number> {
    const position = this.records.length;
    this.records.push({
      position,
      timeMs: Date.now(),
      key: Buffer.from(record.key),
      value: record.value,
      headers: Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)] as const),
    });
    for (const wake of this.waiting) wake();
    return Promise.resolve(position);
  }

  async *read(from: number, signal: AbortSignal): AsyncGenerator<readonly LogRecord[], void, undefined> {
    if (from > this.records.length) throw new LogHalted('LOG_POSITION_GONE', `position ${from} is beyond the end of the log, ${this.records.length}`);
    for (let next = from; !signal.aborted; ) {
      const batch = this.records.slice(next);
      if (batch.length > 0) {
        yield batch;
        next += batch.length;
        continue;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
  }

  end(): Promise<number> {
    return Promise.resolve(this.records.length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

import { AppendRefused, measureRecord } from './limits';
import { LogHalted, type Log, type LogRecord, type NewRecord } from './log';

/** How likely each mishap is, from 0 to 1, and how long it may take. */
export interface MemoryFaults {
  /** The append rejects and the record is not in the log. */
  readonly failBefore: number;
  /** The append rejects and the record is in the log. */
  readonly loseAck: number;
  /** The record stands in the log twice: the second time at once or much later. */
  readonly duplicate: number;
  /** The append, its acknowledgement or an answer takes up to `maxDelayMs`. */
  readonly delay: number;
  /** The append is held back so that those of other clients overtake it. */
  readonly reorder: number;
  readonly maxDelayMs: number;
  /** The second standing of a record may come this much later. */
  readonly maxDuplicateDelayMs: number;
  /** Each reader lags behind by a time of its own, up to this. */
  readonly maxLagMs: number;
}

export interface MemoryLogOptions {
  /** From 0 up to 1; under a seeded one the same calls meet the same mishaps. */
  readonly random?: () => number;
  /** Every delay goes through it, so that a simulator can drive time. */
  readonly schedule?: (delayMs: number, run: () => void) => void;
  /** The append time. */
  readonly now?: () => number;
  /** Without them the log is plain: every append stands in it when the call returns. */
  readonly faults?: Partial<MemoryFaults>;
}

/** The store is stopped, or a simulated mishap befell the call. */
export class MemoryLogFault extends Error {
  override readonly name = 'MemoryLogFault';
}

const NO_FAULTS: MemoryFaults = {
  failBefore: 0,
  loseAck: 0,
  duplicate: 0,
  delay: 0,
  reorder: 0,
  maxDelayMs: 20,
  maxDuplicateDelayMs: 2_000,
  maxLagMs: 0,
};
const MAX_BATCH_RECORDS = 1_000;

interface Transit {
  readonly record: NewRecord;
  readonly resolve: (position: number) => void;
  readonly reject: (error: Error) => void;
  arrived: boolean;
}

/**
 * The log in memory, for unit tests and for simulations. It is itself one client of the store that
 * it makes; `client()` gives more, whose concurrent appends may overtake each other.
 */
export class MemoryLog implements Log {
  private readonly store: MemoryStore;
  private readonly own: Log;

  constructor(options: MemoryLogOptions = {}) {
    this.store = new MemoryStore(options);
    this.own = new MemoryClient(this.store);
  }

  append(record: NewRecord): Promise<number> {
    return this.own.append(record);
  }

  read(from: number, signal: AbortSignal): AsyncIterable<readonly LogRecord[]> {
    return this.own.read(from, signal);
  }

  at(positions: readonly number[]): Promise<readonly LogRecord[]> {
    return this.own.at(positions);
  }

  end(): Promise<number> {
    return this.own.end();
  }

  close(): Promise<void> {
    return this.own.close();
  }

  /** Another process' view of the same log. */
  client(): Log {
    return new MemoryClient(this.store);
  }

  /** Everything that stands in the log at this moment. */
  get records(): readonly LogRecord[] {
    return this.store.records.flatMap((record) => record ?? []);
  }

  /** From now on calls reject and readers wait. */
  stop(): void {
    this.store.stopped = true;
  }

  start(): void {
    this.store.stopped = false;
    this.store.wake();
  }

  /** Puts anything whatever at the end, or in place of the record at `position`. */
  inject(record: Partial<Omit<LogRecord, 'position'>>, position?: number): number {
    return this.store.put({ key: null, value: null, headers: [], ...record }, position);
  }

  /** The log loses its tail from `end` on, as after an unclean failover. */
  truncate(end: number): void {
    this.store.records.length = Math.min(end, this.store.records.length);
    this.store.wake();
  }

  /** The log loses all records before `start`, as if they were too old to be kept. */
  forget(start: number): void {
    this.store.start = Math.max(start, this.store.start);
    this.store.wake();
  }

  /** One record is missing from now on. */
  remove(position: number): void {
    this.store.records[position] = undefined;
  }
}

class MemoryStore {
  readonly records: (LogRecord | undefined)[] = [];
  start = 0;
  stopped = false;
  readonly faults: MemoryFaults;
  readonly random: () => number;
  readonly schedule: (delayMs: number, run: () => void) => void;
  private readonly now: () => number;
  private readonly waiting = new Set<() => void>();

  constructor({ random = Math.random, schedule = onTheEventLoop, now = Date.now, faults = {} }: MemoryLogOptions) {
    this.random = random;
    this.schedule = schedule;
    this.now = now;
    this.faults = { ...NO_FAULTS, ...faults };
  }

  put(
    record: Omit<LogRecord, 'position' | 'timeMs'> & { readonly timeMs?: number },
    position = this.records.length,
  ): number {
    this.records[position] = { ...record, timeMs: record.timeMs ?? this.now(), position };
    this.wake();
    return position;
  }

  happens(probability: number): boolean {
    return probability > 0 && this.random() < probability;
  }

  /** Runs it at once, or after a delay if one befalls it. */
  soon(run: () => void): void {
    if (this.happens(this.faults.delay)) this.schedule(this.random() * this.faults.maxDelayMs, run);
    else run();
  }

  /** The records from a position on, none if there are none yet; the hole, the beginning and the end are watched. */
  slice(from: number): LogRecord[] {
    if (this.stopped) return [];
    const end = this.records.length;
    if (from < this.start || from > end)
      throw new LogHalted(
        'LOG_POSITION_GONE',
        `the log goes from position ${this.start} to ${end}, and no longer has ${from}`,
      );
    const batch: LogRecord[] = [];
    for (let position = from; position < Math.min(end, from + MAX_BATCH_RECORDS); position += 1) {
      const record = this.records[position];
      if (!record) {
        if (batch.length > 0) return batch;
        throw new LogHalted('LOG_GAP', `the log ends at ${end}, but position ${position} is missing`);
      }
      batch.push(record);
    }
    return batch;
  }

  one(position: number): LogRecord {
    if (this.stopped) throw new MemoryLogFault('the store is stopped');
    const record = position < this.start ? undefined : this.records[position];
    if (!record) {
      const code = position < this.start || position >= this.records.length ? 'LOG_POSITION_GONE' : 'LOG_GAP';
      throw new LogHalted(code, `the log has no record at position ${position}`);
    }
    return record;
  }

  wake(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves after the delay, or at once when `signal` aborts. */
  passed(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.schedule(delayMs, done);
    });
  }

  wakened(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
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

class MemoryClient implements Log {
  private readonly transits: Transit[] = [];
  private readonly closing = new AbortController();

  constructor(private readonly store: MemoryStore) {}

  append(record: NewRecord): Promise<number> {
    return new Promise((resolve, reject) => {
      measureRecord(record);
      if (this.closing.signal.aborted) throw new AppendRefused('the log is closed; nothing was appended');
      const transit: Transit = { record, resolve, reject, arrived: false };
      this.transits.push(transit);
      this.store.soon(() => this.arrive(transit));
    });
  }

  async *read(from: number, outer: AbortSignal): AsyncGenerator<readonly LogRecord[], void, undefined> {
    const { store } = this;
    const signal = AbortSignal.any([outer, this.closing.signal]);
    const lagMs = store.faults.maxLagMs > 0 ? store.random() * store.faults.maxLagMs : 0;
    for (let next = from; !signal.aborted;) {
      const available = store.slice(next);
      if (available.length === 0) {
        await store.wakened(signal);
        if (lagMs > 0) await store.passed(lagMs * store.random(), signal);
        continue;
      }
      const batch = lagMs > 0 ? available.slice(0, 1 + Math.floor(store.random() * available.length)) : available;
      next += batch.length;
      yield batch;
    }
  }

  at(positions: readonly number[]): Promise<readonly LogRecord[]> {
    return new Promise((resolve, reject) => {
      this.store.soon(() => {
        try {
          resolve(positions.map((position) => this.store.one(position)));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  end(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.store.soon(() => {
        if (this.store.stopped) reject(new MemoryLogFault('the store is stopped'));
        else resolve(this.store.records.length);
      });
    });
  }

  close(): Promise<void> {
    this.closing.abort();
    return Promise.resolve();
  }

  /** One client's appends keep their order, however long each was on its way. */
  private arrive(transit: Transit): void {
    transit.arrived = true;
    for (let first = this.transits[0]; first?.arrived; first = this.transits[0]) {
      if (this.store.happens(this.store.faults.reorder)) {
        first.arrived = false;
        const held = first;
        this.store.schedule(this.store.random() * this.store.faults.maxDelayMs, () => this.arrive(held));
        return;
      }
      this.transits.shift();
      this.settle(first);
    }
  }

  private settle({ record, resolve, reject }: Transit): void {
    const { store } = this;
    if (store.stopped || store.happens(store.faults.failBefore)) {
      store.soon(() => reject(new MemoryLogFault('the append failed')));
      return;
    }
    const stored = {
      key: Buffer.from(record.key),
      value: record.value,
      headers: Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)] as const),
    };
    const position = store.put(stored);
    if (store.happens(store.faults.duplicate)) {
      const atOnce = store.random() < 0.5;
      store.schedule(atOnce ? 0 : store.random() * store.faults.maxDuplicateDelayMs, () => store.put(stored));
    }
    if (store.happens(store.faults.loseAck))
      store.soon(() => reject(new MemoryLogFault('the acknowledgement was lost')));
    else store.soon(() => resolve(position));
  }
}

function onTheEventLoop(delayMs: number, run: () => void): void {
  if (delayMs > 0) setTimeout(run, delayMs);
  else queueMicrotask(run);
}

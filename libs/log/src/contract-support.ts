import type { Log, LogHaltCode, LogRecord, NewRecord } from './log';

/** A record with anything in it, as a stranger might write it. */
export type ForeignRecord = Pick<LogRecord, 'key' | 'value' | 'headers'>;

/** One log of an adapter, empty at first, and what only a test may do to it. */
export interface LogUnderTest {
  /** Another process' view of the same log. */
  open(): Promise<Log>;
  /** Writes past the adapter. */
  foreign(record: ForeignRecord): Promise<void>;
  /** The record at `position`, and perhaps those before it, are gone for good. */
  lose(position: number): Promise<void>;
  /** How a reader of the lost record finds out. */
  readonly lossIs: LogHaltCode;
  /** The log is made anew under the same name, and is empty. */
  recreate(): Promise<void>;
  dispose(): Promise<void>;
}

/** A log whose store a test may stop and start. */
export interface StoppableLog extends LogUnderTest {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A read that goes on in the background. */
export interface Follower {
  /** Those that came so far. */
  readonly records: LogRecord[];
  /** Resolves with all that came, once there are so many. */
  until(count: number): Promise<LogRecord[]>;
  /** What the read threw, or nothing when it was ended. */
  readonly halted: Promise<unknown>;
}

export function follow(log: Log, from: number, signal: AbortSignal): Follower {
  const records: LogRecord[] = [];
  let wake = (): void => undefined;
  let failure: { error: unknown } | undefined;
  const read = async (): Promise<unknown> => {
    try {
      for await (const batch of log.read(from, signal)) {
        records.push(...batch);
        wake();
      }
      return undefined;
    } catch (error) {
      failure = { error };
      wake();
      return error;
    }
  };
  const until = async (count: number): Promise<LogRecord[]> => {
    while (records.length < count) {
      if (failure) throw failure.error;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return records;
  };
  return { records, until, halted: read() };
}

/** A record with this text as its value. */
export function record(text: string): NewRecord {
  return { key: 'deal/a', value: Buffer.from(text), headers: { writer: 'w' } };
}

export function texts(records: readonly LogRecord[]): (string | undefined)[] {
  return records.map(({ value }) => value?.toString());
}

export function positions(records: readonly LogRecord[]): number[] {
  return records.map(({ position }) => position);
}

/** 0, 1, 2 … so many of them. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

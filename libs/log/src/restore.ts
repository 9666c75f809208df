import type { LogRecord } from './log';

/**
 * A log that is put together from a copy of another one, position for position and with its times. Nobody
 * can use it as a log before it is finished.
 */
export interface LogRestore {
  /** Puts in the records that come next; the first has position 0. */
  put(records: readonly LogRecord[]): Promise<void>;
  /** The records below `end`, read back as any reader would get them. */
  readBack(end: number): AsyncIterable<readonly LogRecord[]>;
  /** Makes a log of it, that goes on with times of its own. */
  finish(): Promise<void>;
  /** Ends the work. What was not finished stays unusable. */
  close(): Promise<void>;
}

/** There is something already where the log is to be restored; nothing was changed. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}

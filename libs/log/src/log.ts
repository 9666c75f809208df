/** A record to be appended. */
export interface NewRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as it stands in the log, byte for byte. */
export interface LogRecord {
  /** Offset in the log; the first record has position 0. */
  readonly position: number;
  /** Append time in milliseconds since 1970, as the log itself stamped it. */
  readonly timeMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In the order they stand in the record; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
}

/**
 * The port: one totally ordered, append-only log. Above it nothing knows which adapter it has.
 * Every adapter passes the suite in `contract.ts`.
 */
export interface Log {
  /**
   * Resolves with the record's position once it is durable and in order. When it rejects, the
   * record may or may not be in the log; when it is retried, it may stand there twice.
   * Appends made one after the other by one caller keep their order.
   */
  append(record: NewRecord): Promise<number>;

  /**
   * Yields every record from position `from` on, in order and without a gap, in batches as they
   * come, and goes on with the live end until `signal` aborts (then it returns). Survives a broker
   * or database that goes away and comes back. Throws {@link LogHalted} when a position that must
   * exist is gone.
   */
  read(from: number, signal: AbortSignal): AsyncIterable<readonly LogRecord[]>;

  /**
   * The records at these positions, rising and below the end, in their order: for who knows where
   * a few records stand and need not read what is between. Rejects when the store does not answer.
   * @throws LogHalted when one of them is gone
   */
  at(positions: readonly number[]): Promise<readonly LogRecord[]>;

  /** The position after the last record, as the log knows it after this call was made. */
  end(): Promise<number>;

  close(): Promise<void>;
}

export type LogHaltCode = 'LOG_POSITION_GONE' | 'LOG_GAP' | 'LOG_MISCONFIGURED';

/** Nothing may go on from here without a person: the log is not what it was. */
export class LogHalted extends Error {
  override readonly name = 'LogHalted';

  constructor(
    readonly code: LogHaltCode,
    message: string,
  ) {
    super(message);
  }
}

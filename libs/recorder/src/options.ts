import type { Commit, Judge } from '@deal-ledger/ledger';
import type { Log, LogRecord } from '@deal-ledger/log';

export interface RecorderLimits {
  /** How long a request may take. */
  readonly deadlineMs: number;
  /** How often a request is decided again after a rival came first. */
  readonly maxTries: number;
  /** Commits in flight at the most. */
  readonly maxInFlight: number;
  /** Difference between the log's clock and ours at which writing stops. */
  readonly maxClockSkewMs: number;
}

export const DEFAULT_LIMITS: RecorderLimits = {
  deadlineMs: 8_000,
  maxTries: 100,
  maxInFlight: 20_000,
  maxClockSkewMs: 60_000,
};

/** The world outside, so that a simulation can be it. */
export interface RecorderPorts {
  readonly log: Log;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** A UUID per process start. */
  readonly newWriter: () => string;
  /** Runs something later; answers how to cancel it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  readonly warn: (message: string, error?: unknown) => void;
}

export interface RecorderOptions {
  /** Stands as `source` in every event, for example `/deals`. */
  readonly source: string;
  readonly limits?: Partial<RecorderLimits>;
  /** Whether the log's clock and ours are meant to agree; not with a fixed clock. */
  readonly checkClock?: boolean;
  /** The rule to judge by; a simulation puts a broken one here. */
  readonly newJudge?: (decode: (record: LogRecord) => Commit | string) => Judge;
}

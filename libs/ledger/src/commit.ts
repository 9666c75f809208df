import type { LedgerEvent } from '@deal-ledger/domain';

/** At most this many bytes in a record's value. */
export const MAX_COMMIT_BYTES = 256 * 1024;

/** At most this many events may be posted in one commit. */
export const MAX_POSTED_EVENTS = 100;

/**
 * At most this many events may stand in one record: the posted ones, and those that take or free
 * names for them.
 */
export const MAX_COMMIT_EVENTS = 1_000;

/** The stream of the first commit of every ledger. */
export const GENESIS_STREAM = 'ledger/genesis';

/** By these a name that must be unique across streams passes to a stream, or to nobody. */
export const KEY_TAKEN = 'KeyTaken';
export const KEY_FREED = 'KeyFreed';

/** The type of the event that begins a ledger. */
export const LEDGER_CREATED = 'LedgerCreated';

/** Types of the ledger's own events, which belong to no kind of stream. */
export const OWN_TYPES: ReadonlySet<string> = new Set([LEDGER_CREATED, KEY_TAKEN, KEY_FREED]);

/** Events recorded together, of one or more streams: all of them are facts, or none is. */
export interface Commit {
  /** A UUID per process start. */
  readonly writer: string;
  /** The writer's own count, from 1. */
  readonly n: number;
  /** `writer/n`: names the commit as a stream's head. */
  readonly id: string;
  /** Per stream written or relied on: the commit that was its head when this one was decided, or none. */
  readonly heads: ReadonlyMap<string, string | null>;
  /** Streams written, in the order of their first event. */
  readonly streams: readonly string[];
  readonly events: readonly RecordedEvent[];
  readonly traceparent?: string | undefined;
}

/** An event as it stands in a record. */
export interface RecordedEvent extends LedgerEvent {
  /** Fingerprint of what was posted: tells a repeated request from a reused id. */
  readonly contentHash?: string | undefined;
}

export const commitId = (writer: string, n: number): string => `${writer}/${n}`;

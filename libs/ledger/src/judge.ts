import { createHash } from 'node:crypto';
import type { Fact } from '@deal-ledger/domain';
import type { LogRecord } from '@deal-ledger/log';
import { GENESIS_STREAM, type Commit } from './commit';
import { decodeRecord } from './record';

/** Why a commit is not a fact, for everyone and for ever. */
export type VoidReason =
  /** Its number is not above every number its writer has in the log so far: a retry, or a late duplicate. */
  | 'WRITER_NUMBER'
  /** A stream it writes or relies on has another head than the one it was decided on. */
  | 'HEAD'
  /** Its versions do not follow the stream's. Cannot come from a correct writer. */
  | 'SEQUENCE';

interface Judged {
  readonly position: number;
  /** Append time made monotone along positions, RFC 3339: the time of recording. */
  readonly recordedAt: string;
  /** Append time as the log stamped it. */
  readonly appendedAtMs: number;
}
/** A commit that is a fact. */
export class JudgedFact implements Judged {
  readonly verdict = 'fact';
  readonly position: number;
  readonly recordedAt: string;
  readonly appendedAtMs: number;

  constructor(
    at: Judged,
    readonly commit: Commit,
  ) {
    this.position = at.position;
    this.recordedAt = at.recordedAt;
    this.appendedAtMs = at.appendedAtMs;
  }

  /** Its events with their place in the ledger. */
  get facts(): Fact[] {
    const { position, recordedAt } = this;
    return this.commit.events.map((event, ordinal) => ({ ...event, position, recordedAt, ordinal }));
  }
}

export interface JudgedVoid extends Judged {
  readonly verdict: 'void';
  readonly commit: Commit;
  readonly reason: VoidReason;
  readonly met: Met;
}
/** Bytes that are no commit. Skipped by everyone alike, never blocking. */
export interface JudgedForeign extends Judged {
  readonly verdict: 'foreign';
  readonly reason: string;
  /** As it stands in the log. */
  readonly record: LogRecord;
}
export type JudgedRecord = JudgedFact | JudgedVoid | JudgedForeign;

/** What a void commit met at its place in the ledger. */
export interface Met {
  /** The highest number of its writer before it; 0 if it is the writer's first. */
  readonly number: number;
  /** Streams, of those that it writes or relies on, whose head was not the one it was decided on. */
  readonly heads: readonly {
    readonly stream: string;
    readonly expected: string | null;
    readonly found: string | null;
    /** How many events the stream had. */
    readonly version: number;
  }[];
  /** The first event whose version was not the next of its stream, and which one that was. */
  readonly sequence?: { readonly event: number; readonly next: number };
}

/** A stream's last commit, and how many events it has. */
export interface Head {
  readonly commit: string;
  readonly version: number;
}

/** What must be kept to go on judging after a restart. */
export interface Checkpoint {
  readonly ledgerId: string;
  /** The first position that has not been judged. */
  readonly nextPosition: number;
  /** Hash of the record before it: tells a log that was made anew or lost its tail. */
  readonly lastHash: string;
  readonly lastTimeMs: number;
}
export interface JudgeSnapshot extends Checkpoint {
  readonly writers: Iterable<readonly [writer: string, n: number]>;
  readonly heads: Iterable<readonly [stream: string, commit: string, version: number]>;
}

/** This log is not the ledger it was, or not a ledger at all. Nothing may be served from it. */
export class LedgerForked extends Error {
  override readonly name = 'LedgerForked';
  readonly code = 'LEDGER_FORKED';
}

/**
 * Decides, in log order, which commits are facts. Recorders, projections and tests share it.
 *
 * A commit is a fact if and only if, at its place in the log, (a) its number is above every number
 * its writer has in the log so far, and (b) for every stream it writes or relied on, the head is
 * the very commit it was decided on. A version number in place of (b) is not enough: a pipelined
 * second commit can fit behind a stranger's first. (b) without (a) is not enough: a delayed
 * duplicate can become a fact after its caller was told otherwise.
 */
export class Judge {
  private readonly writers: Map<string, number>;
  private readonly heads: Map<string, Head>;
  private ledger: string | undefined;
  private next: number;
  private timeMs: number;
  private hash: string | undefined;
  private last: LogRecord | undefined;

  /**
   * @param decode finds the commit in a record; a writer that has the very bytes in hand may spare
   *   itself the parsing
   */
  constructor(
    from?: JudgeSnapshot,
    private readonly decode: (record: LogRecord) => Commit | string = decodeRecord,
  ) {
    this.writers = new Map(from?.writers);
    this.heads = new Map();
    for (const [stream, commit, version] of from?.heads ?? []) this.heads.set(stream, { commit, version });
    this.ledger = from?.ledgerId;
    this.next = from?.nextPosition ?? 0;
    this.timeMs = from?.lastTimeMs ?? 0;
    this.hash = from?.lastHash;
  }

  /** The position of the next record to be judged. */
  get nextPosition(): number {
    return this.next;
  }

  /** The ledger's own id, once its first commit was judged. */
  get ledgerId(): string | undefined {
    return this.ledger;
  }

  head(stream: string): Head | undefined {
    return this.heads.get(stream);
  }

  /** What a store keeps beside its rows; writers and heads it keeps in its own form. */
  checkpoint(): Checkpoint {
    if (this.ledger === undefined) throw new RangeError('nothing was judged yet');
    return { ledgerId: this.ledger, nextPosition: this.next, lastHash: this.lastHash(), lastTimeMs: this.timeMs };
  }

  /** Whether `record` is the one that was judged last. */
  judgedLast(record: LogRecord): boolean {
    return record.position === this.next - 1 && hashOf(record) === this.lastHash();
  }

  /**
   * The verdict on the next record.
   * @throws LedgerForked when the record is not the next one, or the log does not begin as a ledger does
   */
  judge(record: LogRecord): JudgedRecord {
    if (record.position !== this.next) {
      throw new LedgerForked(
        `record ${record.position} came where ${this.next} was due: the log has lost records or was made anew`,
      );
    }
    const commit = this.decode(record);
    if (this.next === 0) this.ledger = genesisId(commit);
    this.next += 1;
    this.last = record;
    this.timeMs = Math.max(this.timeMs, record.timeMs);
    const { position } = record;
    const recordedAt = new Date(this.timeMs).toISOString();
    const at = { position, recordedAt, appendedAtMs: record.timeMs };
    if (typeof commit === 'string') return { verdict: 'foreign', ...at, reason: commit, record };

    const reason = this.voidReason(commit);
    const met = reason && this.metBy(commit);
    this.writers.set(commit.writer, Math.max(commit.n, this.writers.get(commit.writer) ?? 0));
    if (reason && met) return { verdict: 'void', ...at, commit, reason, met };
    for (const event of commit.events) this.heads.set(event.stream, { commit: commit.id, version: event.version });
    return new JudgedFact(at, commit);
  }

  private voidReason(commit: Commit): VoidReason | undefined {
    if (!this.numberIsNew(commit)) return 'WRITER_NUMBER';
    if (!this.headsAreThose(commit)) return 'HEAD';
    if (!this.versionsFollow(commit)) return 'SEQUENCE';
    return undefined;
  }

  protected numberIsNew(commit: Commit): boolean {
    return commit.n > (this.writers.get(commit.writer) ?? 0);
  }

  protected headsAreThose(commit: Commit): boolean {
    for (const [stream, head] of commit.heads) {
      if ((this.heads.get(stream)?.commit ?? null) !== head) return false;
    }
    return true;
  }

  private versionsFollow(commit: Commit): boolean {
    return this.outOfSequence(commit) === undefined;
  }

  private outOfSequence(commit: Commit): Met['sequence'] {
    const seen = new Map<string, number>();
    let next = 0;
    const event = commit.events.findIndex(({ stream, version }) => {
      next = (seen.get(stream) ?? this.heads.get(stream)?.version ?? 0) + 1;
      seen.set(stream, next);
      return version !== next;
    });
    return event < 0 ? undefined : { event, next };
  }

  private metBy(commit: Commit): Met {
    const heads = [...commit.heads].flatMap(([stream, expected]) => {
      const { commit: found = null, version = 0 } = this.heads.get(stream) ?? {};
      return found === expected ? [] : [{ stream, expected, found, version }];
    });
    const sequence = this.outOfSequence(commit);
    return { number: this.writers.get(commit.writer) ?? 0, heads, ...(sequence === undefined ? {} : { sequence }) };
  }

  /** Hashed only when somebody asks: a reader that keeps no checkpoint never pays for it. */
  private lastHash(): string {
    if (this.last) {
      this.hash = hashOf(this.last);
      this.last = undefined;
    }
    return this.hash ?? '';
  }
}

function genesisId(commit: Commit | string): string {
  if (typeof commit === 'string' || commit.streams[0] !== GENESIS_STREAM || commit.heads.get(GENESIS_STREAM) !== null) {
    throw new LedgerForked(
      'the log does not begin with the first commit of a ledger: it belongs to something else, name another topic',
    );
  }
  return (commit.events[0] as Commit['events'][number]).id;
}

/** Over every byte of the record as stored, each part with its length. */
export function hashOf(record: LogRecord): string {
  const hash = createHash('sha256');
  const add = (part: Buffer | null): void => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(part ? part.length : -1);
    hash.update(length);
    if (part) hash.update(part);
  };
  const place = Buffer.alloc(16);
  place.writeBigInt64BE(BigInt(record.position), 0);
  place.writeBigInt64BE(BigInt(record.timeMs), 8);
  add(place);
  add(record.key);
  add(record.value);
  for (const [name, value] of record.headers) {
    add(Buffer.from(name));
    add(value);
  }
  return hash.digest('base64url');
}

import { commitId, encodeCommit, type Commit, type JudgedRecord } from '@deal-ledger/ledger';
import type { Log, LogRecord, NewRecord } from '@deal-ledger/log';
import type { Decision, PostRequest } from './decision';
import type { Lanes } from './lanes';

/** How a commit of ours ended. */
export type Settlement =
  | { readonly as: 'fact'; readonly position: number }
  /** Void, or dead for certain because the log has a later number of ours. */
  | { readonly as: 'void' }
  /** Given up before we knew. */
  | { readonly as: 'abandoned' };

export interface InFlight {
  readonly n: number;
  readonly decision: Decision;
  readonly settled: Promise<Settlement>;
}

interface Entry extends InFlight {
  readonly record: NewRecord;
  readonly ids: readonly string[];
  readonly lost: () => void;
  readonly settle: (how: Settlement) => void;
}

export interface OutboxOptions {
  readonly log: Log;
  readonly lanes: Lanes;
  readonly writer: string;
  readonly source: string;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly warn: (message: string, error?: unknown) => void;
}

const RESEND_MS = 100;

/**
 * The commits of this process that are on their way: numbered, sent, and settled when they are read
 * back. A commit whose append failed is sent again with the same number until its caller gives up:
 * a second copy in the log is void by that number.
 */
export class Outbox {
  /** By number, so in the order they were sent. */
  private readonly entries = new Map<number, Entry>();
  private readonly byId = new Map<string, Entry>();
  private count = 0;

  constructor(private readonly options: OutboxOptions) {}

  get size(): number {
    return this.entries.size;
  }

  /** The last one sent, if it is still on its way: when it is settled, so is everything before it. */
  get latest(): InFlight | undefined {
    return this.entries.get(this.count);
  }

  /** A commit in flight that has one of the request's ids: the request may be its repetition. */
  twinOf(request: PostRequest): InFlight | undefined {
    for (const id of idsOf(request)) {
      const entry = this.byId.get(id);
      if (entry) return entry;
    }
    return undefined;
  }

  /**
   * Numbers a decision and sends it.
   * @param lost called when it turns out void, before anybody can build on its streams again
   * @throws CommitTooLarge
   */
  send(request: PostRequest, decision: Decision, lost: () => void): InFlight {
    const { writer, source, nowMs, lanes } = this.options;
    const n = this.count + 1;
    const time = new Date(nowMs()).toISOString();
    const record = encodeCommit({
      writer,
      n,
      source,
      time,
      heads: decision.heads,
      events: decision.events,
      traceparent: request.traceparent,
    });
    this.count = n;
    let settle!: Entry['settle'];
    const settled = new Promise<Settlement>((resolve) => (settle = resolve));
    const entry: Entry = { n, decision, record, ids: idsOf(request), lost, settled, settle };
    this.entries.set(n, entry);
    for (const id of entry.ids) this.byId.set(id, entry);
    lanes.sent(commitId(writer, n), decision);
    this.append(entry);
    return entry;
  }

  /** A record of ours was judged. */
  judged(record: Exclude<JudgedRecord, { verdict: 'foreign' }>): void {
    const { n } = record.commit;
    for (const entry of this.entries.values()) {
      if (entry.n > n) break;
      // A lower number that has not come by now can never be a fact.
      if (entry.n < n) this.finish(entry, { as: 'void' });
      else this.finish(entry, record.verdict === 'fact' ? { as: 'fact', position: record.position } : { as: 'void' });
    }
  }

  /** What was decided for a commit of ours that is still in flight. */
  decisionOf({ writer, n }: Commit): Decision | undefined {
    return writer === this.options.writer ? this.entries.get(n)?.decision : undefined;
  }

  /** The commit in a record that is, byte for byte, one of ours in flight: it needs no parsing. */
  commitIn(record: LogRecord): Commit | undefined {
    const headers = new Map(record.headers.map(([name, value]) => [name, value.toString()]));
    const entry =
      headers.get('writer') === this.options.writer ? this.entries.get(Number(headers.get('n'))) : undefined;
    if (!entry || !isSame(record, headers, entry.record)) return undefined;
    const { n, decision } = entry;
    const { writer } = this.options;
    const streams = [...new Set(decision.events.map(({ stream }) => stream))];
    return { writer, n, id: commitId(writer, n), heads: decision.heads, streams, events: decision.events };
  }

  /** Its caller waits no longer. It may still become a fact, which will then be read like anybody's. */
  abandon(flight: InFlight): void {
    const entry = this.entries.get(flight.n);
    if (entry) this.finish(entry, { as: 'abandoned' });
  }

  private finish(entry: Entry, how: Settlement): void {
    this.entries.delete(entry.n);
    for (const id of entry.ids) if (this.byId.get(id) === entry) this.byId.delete(id);
    if (how.as === 'void') entry.lost();
    this.options.lanes.back(entry.decision, how.as !== 'fact');
    entry.settle(how);
  }

  private append(entry: Entry): void {
    this.options.log.append(entry.record).catch((error: unknown) => {
      if (!this.entries.has(entry.n)) return;
      this.options.warn(
        `commit ${entry.n} could not be appended, or its acknowledgement was lost; it is sent again`,
        error,
      );
      this.options.after(RESEND_MS, () => {
        if (this.entries.has(entry.n)) this.append(entry);
      });
    });
  }
}

function isSame(record: LogRecord, headers: ReadonlyMap<string, string>, sent: NewRecord): boolean {
  const names = Object.keys(sent.headers);
  return (
    record.value?.equals(sent.value) === true &&
    record.key?.toString() === sent.key &&
    record.headers.length === names.length &&
    names.every((name) => headers.get(name) === sent.headers[name])
  );
}

/** Event ids are unique in their stream, an idempotency key in the first one. */
function idsOf({ events, commandId }: PostRequest): string[] {
  const ids = commandId === undefined ? [] : [`key ${events[0]?.stream} ${commandId}`];
  for (const { stream, id } of events) if (id !== undefined) ids.push(`id ${stream} ${id}`);
  return ids;
}

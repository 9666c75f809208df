import { encodeRefusal, type RecordedRefusal, type RefusedPost } from '@deal-ledger/ledger';
import type { Log } from '@deal-ledger/log';

export interface RefusalLimits {
  /** So many are recorded one by one in a second; the rest is counted. */
  readonly perSecond: number;
  /** So many may wait for the log. */
  readonly maxWaiting: number;
  /** Of so many bodies it is known that they were refused just now. */
  readonly maxKnown: number;
  /** So many sorts are counted apart; what is of none of them, together. */
  readonly maxSorts: number;
  /** Seconds until what was counted is recorded. */
  readonly summaryEveryS: number;
  /** So long an order to stop waits for the log. */
  readonly stopMs: number;
}

export const REFUSAL_LIMITS: RefusalLimits = {
  perSecond: 50,
  maxWaiting: 1_000,
  maxKnown: 100,
  maxSorts: 20,
  summaryEveryS: 10,
  stopMs: 2_000,
};

export interface RefusalPorts {
  readonly log: Pick<Log, 'append'>;
  /** A UUID per process start. */
  readonly writer: string;
  /** Runs something later; answers how to cancel it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  readonly warn: (message: string, error?: unknown) => void;
}

const SECOND_MS = 1_000;
const BATCH = 100;
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 5_000;

/** Posts that are only counted. */
interface Counted {
  /** The first of them. */
  readonly post: RefusedPost;
  count: number;
  firstAt: string;
  lastAt: string;
}

/**
 * Puts refused posts into their log, behind the answers: noting one never waits and never fails. What
 * comes faster than it may be written is counted, and the count is recorded; whatever happens, no
 * more is held in memory than the limits say, and every refusal is in one record's count.
 */
export class Refusals {
  private readonly limits: RefusalLimits;
  private waiting: RecordedRefusal[] = [];
  /** Bodies refused just now, with how often again. */
  private readonly known = new Map<string, Counted>();
  private readonly sorts = new Map<string, Counted>();
  private written = 0;
  private taken = 0;
  private seconds = 0;
  private cancelTick: (() => void) | undefined;
  private writing: Promise<void> | undefined;
  private stopping = false;
  private stopped = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly ports: RefusalPorts,
    limits: Partial<RefusalLimits> = {},
  ) {
    this.limits = { ...REFUSAL_LIMITS, ...limits };
  }

  note(post: RefusedPost): void {
    if (this.stopped) return;
    const { perSecond, maxWaiting, maxKnown } = this.limits;
    const key = post.bodySha256 === null ? undefined : keyOf([sortOf(post), post.bodySha256]);
    const known = key === undefined ? undefined : this.known.get(key);
    if (known) add(known, post);
    else if (this.taken < perSecond && this.waiting.length < maxWaiting) {
      this.taken += 1;
      this.put(post);
      if (key !== undefined && this.known.size < maxKnown) this.known.set(key, none(post));
    } else this.count(post);
    if (!this.stopping) this.cancelTick ??= this.ports.after(SECOND_MS, () => this.tick());
  }

  /** How many records wait for the log, and how many refusals for their summary. */
  get pending(): { readonly records: number; readonly counted: number } {
    const counted = [...this.known.values(), ...this.sorts.values()].reduce((sum, { count }) => sum + count, 0);
    return { records: this.waiting.length, counted };
  }

  /** Records what is counted and waits for the log, though not for long; says what was lost. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.cancelTick?.();
    this.summarise();
    this.wake?.();
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => (cancel = this.ports.after(this.limits.stopMs, resolve)));
    await Promise.race([this.writing, late]);
    cancel();
    this.stopped = true;
    if (this.waiting.length === 0) return;
    const lost = this.waiting.reduce((sum, { count }) => sum + count, 0);
    this.ports.warn(`${lost} refusals are not in their log: it did not take them within ${this.limits.stopMs} ms`);
    this.waiting = [];
  }

  private tick(): void {
    this.cancelTick = undefined;
    this.taken = 0;
    this.seconds += 1;
    // While the log takes nothing, counting on is all that keeps memory bounded.
    if (this.seconds >= this.limits.summaryEveryS && this.waiting.length < this.limits.maxWaiting) {
      this.seconds = 0;
      this.summarise();
    }
    if (this.known.size > 0 || this.sorts.size > 0) this.cancelTick = this.ports.after(SECOND_MS, () => this.tick());
  }

  private count(post: RefusedPost): void {
    const sort = sortOf(post);
    const found = this.sorts.get(sort);
    if (found) add(found, post);
    else if (this.sorts.size < this.limits.maxSorts) this.sorts.set(sort, add(none(anyOf(post)), post));
    else {
      const rest = this.sorts.get(REST) ?? none({ ...anyOf(post), actor: null, route: null, status: null, code: null });
      this.sorts.set(REST, add(rest, post));
    }
  }

  private summarise(): void {
    for (const [key, { post, count, firstAt, lastAt }] of this.known) {
      // Who has stopped is forgotten, so that the next time is recorded whole again.
      if (count === 0) this.known.delete(key);
      else {
        this.put({ ...post, how: 'repeated', count, firstAt, lastAt });
        this.known.set(key, none(post));
      }
    }
    for (const { post, count, firstAt, lastAt } of this.sorts.values())
      this.put({ ...post, how: 'more', count, firstAt, lastAt });
    this.sorts.clear();
  }

  private put(post: RefusedPost): void {
    this.written += 1;
    this.waiting.push({ ...post, id: `${this.ports.writer}/${this.written}` });
    this.writing ??= this.write();
  }

  private async write(): Promise<void> {
    for (let failures = 0; this.waiting.length > 0;) {
      const batch = this.waiting.slice(0, BATCH);
      const results = await Promise.allSettled(batch.map((one) => this.ports.log.append(encodeRefusal(one))));
      // What failed may be in the log all the same; its id tells a reader.
      const failed = batch.filter((_, index) => results[index]?.status === 'rejected');
      this.waiting.splice(0, batch.length, ...failed);
      if (failed.length === 0) {
        failures = 0;
        continue;
      }
      failures += 1;
      if (failures === 1)
        this.ports.warn(
          'refusals could not be written to their log; they are sent again',
          results.find((result) => result.status === 'rejected')?.reason,
        );
      await this.pause(Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10)));
    }
    this.writing = undefined;
  }

  /** When it is time to stop, the next attempt comes at once. */
  private async pause(delayMs: number): Promise<void> {
    let cancel = (): void => {};
    await new Promise<void>((resume) => {
      this.wake = resume;
      cancel = this.ports.after(this.stopping ? FIRST_BACKOFF_MS : delayMs, resume);
    });
    cancel();
    this.wake = undefined;
  }
}

/** Of many different posts: what all of them have in common. */
const anyOf = (post: RefusedPost): RefusedPost => ({
  ...post,
  faults: [],
  details: {},
  streams: [],
  correlationIds: [],
  bodySha256: null,
  bodyBytes: null,
  keySha256: null,
});

const keyOf = (parts: readonly unknown[]): string => JSON.stringify(parts);
const sortOf = ({ actor, code, route }: RefusedPost): string => keyOf([actor, code, route]);
const REST = keyOf([]);

const none = (post: RefusedPost): Counted => ({ post, count: 0, firstAt: post.firstAt, lastAt: post.lastAt });

function add(counted: Counted, { count, firstAt, lastAt }: RefusedPost): Counted {
  if (counted.count === 0) counted.firstAt = firstAt;
  counted.count += count;
  counted.lastAt = lastAt;
  return counted;
}

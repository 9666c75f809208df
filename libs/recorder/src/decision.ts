import {
  correct,
  current,
  type History,
  kindOf,
  MAX_COMMIT_AMOUNTS,
  refuse,
  refusal,
  type DecisionContext,
  type KeyClaim,
  type LedgerEvent,
  type Person,
  type PostedEvent,
  type Refusal,
  type StreamKind,
} from '@deal-ledger/domain';
import type { DraftEvent } from '@deal-ledger/ledger';
import { contentHash } from './content-hash';
import { passKey, type KeyState } from './keys';

/** An event as posted, with the stream it is for. */
export type ProposedEvent = PostedEvent & { readonly stream: string };

/** What a caller asks to be recorded: all of it, or nothing. */
export interface PostRequest {
  readonly events: readonly ProposedEvent[];
  readonly actor: Person;
  /** The version that the first stream must have; 0: it must not exist yet. */
  readonly expectedVersion?: number | undefined;
  /** The `Idempotency-Key`. */
  readonly commandId?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** A stream as a decision sees it. */
export interface Seen {
  /** Its last commit. */
  readonly head: string;
  readonly version: number;
  readonly state: unknown;
  /** Whether that commit is known to be a fact. Otherwise everything learned from it is relied on. */
  readonly settled: boolean;
}

/** The streams a decision is made on. */
export interface View {
  get(stream: string): Seen | undefined;
  /** The name of the stream that has this key: an earlier one, where it was taken when names were compared otherwise. */
  keyStream(key: string): string;
}

/** What will be recorded. */
export interface Decision {
  /** The posted events, then those that take names for them. */
  readonly events: readonly DraftEvent[];
  /** How many of them were posted. */
  readonly posted: number;
  /** Heads of every stream written or relied on, as seen. */
  readonly heads: ReadonlyMap<string, string | null>;
  /** The streams written, as they will be. */
  readonly written: ReadonlyMap<string, Pick<Seen, 'version' | 'state'>>;
}

export type Verdict =
  | { readonly kind: 'accepted'; readonly decision: Decision }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly index: number }
  | { readonly kind: 'stale'; readonly stream: string; readonly expected: number; readonly actual: number };

export interface DecisionInput {
  readonly request: PostRequest;
  readonly view: View;
  /** Of every stream in which the request corrects something, as of the view. */
  readonly histories: ReadonlyMap<string, History>;
  readonly nowMs: number;
  /** The last position that is settled; -1 before the first. */
  readonly position: number;
  readonly newId: () => string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let latest = { day: NaN, date: '' };

/** The latest calendar date anywhere on earth: a morning in Seoul is not the future. */
export function latestDateOnEarth(nowMs: number): string {
  const ms = nowMs + 14 * HOUR_MS;
  const day = Math.floor(ms / DAY_MS);
  // Asked for with every decision, and new once a day.
  if (latest.day !== day) latest = { day, date: new Date(ms).toISOString().slice(0, 10) };
  return latest.date;
}

/** Judges a request by the domain's rules on the streams of one view. Pure. */
export function decide(input: DecisionInput): Verdict {
  const { request, view } = input;
  const [first] = request.events;
  if (first && request.expectedVersion !== undefined) {
    const actual = view.get(first.stream)?.version ?? 0;
    if (actual !== request.expectedVersion)
      return { kind: 'stale', stream: first.stream, expected: request.expectedVersion, actual };
  }
  const deciding = new Deciding(input);
  const refused = deciding.all();
  return refused ? { kind: 'refused', ...refused } : { kind: 'accepted', decision: deciding.decision };
}

interface Refused {
  readonly refusal: Refusal;
  readonly index: number;
}

/** An event with its place in the request. */
interface Placed {
  readonly event: DraftEvent;
  readonly index: number;
}

/** One decision in the making. */
class Deciding {
  private readonly heads = new Map<string, string | null>();
  private readonly written = new Map<string, { version: number; state: unknown }>();
  private readonly events: DraftEvent[] = [];
  private readonly keys: DraftEvent[] = [];
  /** Per stream, what waits to be judged together with its last event. */
  private readonly waiting = new Map<string, Placed[]>();
  private readonly context: DecisionContext;
  /** That the reports will have to take in. */
  private amounts = 0;

  constructor(private readonly input: DecisionInput) {
    this.context = {
      today: latestDateOnEarth(input.nowMs),
      position: input.position,
      exists: (stream) => this.look(stream, false) !== undefined,
      peek: <State>(stream: string) => this.look(stream, false)?.state as State | undefined,
      state: <State>(stream: string) => this.look(stream, true)?.state as State | undefined,
    };
  }

  get decision(): Decision {
    const { events, keys, heads, written } = this;
    return { events: [...events, ...keys], posted: events.length, heads, written };
  }

  all(): Refused | undefined {
    const { request, view, newId } = this.input;
    for (const [index, proposed] of request.events.entries()) {
      const { stream } = proposed;
      const kind = kindOf(stream);
      if (!kind) throw new RangeError(`no such kind of stream: ${stream}`);
      if (!this.heads.has(stream)) this.heads.set(stream, view.get(stream)?.head ?? null);
      const together = this.waiting.get(stream);
      const version = (this.before(stream)?.version ?? 0) + (together?.length ?? 0) + 1;
      const event = eventOf(proposed, request, version, newId);
      this.events.push(event);
      if (event.action === 'new' && together === undefined) {
        const refused = this.append(kind, { event, index });
        if (refused) return refused;
      } else {
        const placed = [...(together ?? []), { event, index }];
        this.waiting.set(stream, placed);
        const more = request.events.slice(index + 1).some((later) => later.stream === stream);
        const refused = more ? undefined : this.correct(kind, stream, placed);
        if (refused) return refused;
      }
    }
    return undefined;
  }

  /** What another stream says; taken from a commit that may yet be void, it is relied on. */
  private look(stream: string, relying: boolean): { readonly version: number; readonly state: unknown } | undefined {
    const mine = this.written.get(stream);
    if (mine) return mine;
    const seen = this.input.view.get(stream);
    if (relying || (seen && !seen.settled)) this.heads.set(stream, seen?.head ?? null);
    return seen;
  }

  private before(stream: string): { readonly version: number; readonly state: unknown } | undefined {
    return this.written.get(stream) ?? this.input.view.get(stream);
  }

  private append(kind: StreamKind, { event, index }: Placed): Refused | undefined {
    const { stream, version } = event;
    const state = this.before(stream)?.state;
    const refused = refuse(kind, state, event, this.context);
    if (refused) return { refusal: refused, index };
    const after = kind.evolve(state, event);
    this.written.set(stream, { version, state: after });
    const tooBroad = this.broaden(kind, event, after);
    if (tooBroad) return { refusal: tooBroad, index };
    for (const claim of kind.takes?.(event) ?? []) {
      const taken = this.take(claim, event);
      if (taken) return { refusal: taken, index };
    }
    return undefined;
  }

  /** Judges together what the request puts into a stream from its first correction on. */
  private correct(kind: StreamKind, stream: string, placed: readonly Placed[]): Refused | undefined {
    const [first] = placed;
    const recorded = this.input.histories.get(stream);
    if (!first || !recorded) throw new Error(`the history of ${stream} was not given`);
    const history = recorded.copy();
    for (const event of this.events)
      if (event.stream === stream && event.version < first.event.version) history.add(event);
    const indexOf = ({ id }: LedgerEvent): number => placed.find(({ event }) => event.id === id)?.index ?? first.index;

    const result = correct(
      kind,
      history,
      placed.map(({ event }) => event),
      this.context,
    );
    if (!result.ok) return { refusal: result.refusal, index: indexOf(result.event) };
    for (const { event, index } of placed) {
      const inForce = history.placeOf(event.corrects ?? '')?.inForce;
      const replaced = inForce && current(kind, inForce);
      const tooBroad =
        (replaced && this.broaden(kind, replaced, this.before(stream)?.state)) ??
        (event.action === 'cancel' ? undefined : this.broaden(kind, event, result.state));
      if (tooBroad) return { refusal: tooBroad, index };
    }
    this.written.set(stream, { version: result.history.version, state: result.state });
    for (const name of result.freed) this.free(name, first.event);
    for (const { claim, by } of result.taken) {
      const taken = this.take(claim, by);
      if (taken) return { refusal: taken, index: indexOf(by) };
    }
    return undefined;
  }

  /** Counts what the reports will have to take in, and refuses what is too much for one commit. */
  private broaden(kind: StreamKind, event: LedgerEvent, state: unknown): Refusal | undefined {
    const own = kind.amounts?.(event, state) ?? 1;
    this.amounts += own;
    if (this.amounts <= MAX_COMMIT_AMOUNTS) return undefined;
    if (own > MAX_COMMIT_AMOUNTS) {
      return refusal(
        'COMMIT_TOO_BROAD',
        `${event.type} alone sets ${own} amounts, one for each value, period and share of all terms that it bears on; ` +
          `at most ${MAX_COMMIT_AMOUNTS} are allowed. Let it begin later, or let another leg take over from this one.`,
        { details: { amounts: own, maximum: MAX_COMMIT_AMOUNTS } },
      );
    }
    return refusal(
      'COMMIT_TOO_BROAD',
      `Up to this event the commit sets ${this.amounts} amounts, one for each value, period and share; ` +
        `at most ${MAX_COMMIT_AMOUNTS} are allowed in one commit. Post the rest in another.`,
      { details: { amounts: this.amounts, maximum: MAX_COMMIT_AMOUNTS } },
    );
  }

  private take(claim: KeyClaim, by: LedgerEvent): Refusal | undefined {
    const name = this.input.view.keyStream(claim.stream);
    const owner = this.ownerOf(name);
    if (owner !== null && owner !== by.stream) return claim.taken(owner);
    if (owner === null) this.pass(name, by.stream, by);
    return undefined;
  }

  private free(key: string, by: LedgerEvent): void {
    const name = this.input.view.keyStream(key);
    if (this.ownerOf(name) === by.stream) this.pass(name, null, by);
  }

  private ownerOf(name: string): string | null {
    return (this.look(name, true)?.state as KeyState | undefined)?.owner ?? null;
  }

  private pass(name: string, owner: string | null, by: LedgerEvent): void {
    const version = (this.before(name)?.version ?? 0) + 1;
    this.keys.push(passKey(name, owner, { id: this.input.newId(), version }, by));
    this.written.set(name, { version, state: { owner } satisfies KeyState });
  }
}

function eventOf(proposed: ProposedEvent, request: PostRequest, version: number, newId: () => string): DraftEvent {
  const dataText = JSON.stringify(proposed.data);
  return {
    id: proposed.id ?? newId(),
    stream: proposed.stream,
    version,
    type: proposed.type,
    schemaVersion: proposed.schemaVersion,
    effective: proposed.effective,
    action: proposed.action,
    corrects: proposed.corrects,
    reason: proposed.reason,
    actor: request.actor,
    onBehalfOf: proposed.onBehalfOf,
    approvedBy: proposed.approvedBy,
    commandId: request.commandId,
    correlationId: proposed.correlationId,
    causationId: proposed.causationId,
    sources: proposed.sources,
    data: proposed.data,
    contentHash: contentHash(proposed, dataText),
    dataText,
  } satisfies LedgerEvent & DraftEvent;
}

/** An id that stands twice in one request would make one event out of two. */
export function repeatedId(events: readonly ProposedEvent[]): Refusal | undefined {
  const seen = new Map<string, number>();
  for (const [index, { stream, id }] of events.entries()) {
    if (id === undefined) continue;
    const before = seen.get(`${stream} ${id}`);
    if (before !== undefined) {
      return refusal(
        'VALIDATION_FAILED',
        `Event id ${id} stands at /events/${before}/id and again here. Give every event an id of its own.`,
        { pointer: `/events/${index}/id` },
      );
    }
    seen.set(`${stream} ${id}`, index);
  }
  return undefined;
}

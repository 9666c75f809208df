import { hash } from 'node:crypto';
import {
  kindOf,
  refuse,
  refusal,
  type DecisionContext,
  type LedgerEvent,
  type Person,
  type PostedEvent,
  type Refusal,
} from '@deal-ledger/domain';
import type { RecordedEvent } from '@deal-ledger/ledger';
import { takeKey, type KeyState } from './keys';

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
  readonly events: readonly RecordedEvent[];
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
  readonly nowMs: number;
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
export function decide({ request, view, nowMs, newId }: DecisionInput): Verdict {
  const heads = new Map<string, string | null>();
  const written = new Map<string, { version: number; state: unknown }>();
  const events: RecordedEvent[] = [];
  const keys: RecordedEvent[] = [];

  /** What another stream says; taken from a commit that may yet be void, it is relied on. */
  const look = (stream: string, relying: boolean): { readonly state: unknown } | undefined => {
    const mine = written.get(stream);
    if (mine) return mine;
    const seen = view.get(stream);
    if (relying || (seen && !seen.settled)) heads.set(stream, seen?.head ?? null);
    return seen;
  };
  const context: DecisionContext = {
    today: latestDateOnEarth(nowMs),
    exists: (stream) => look(stream, false) !== undefined,
    peek: <State>(stream: string) => look(stream, false)?.state as State | undefined,
    state: <State>(stream: string) => look(stream, true)?.state as State | undefined,
  };

  const [first] = request.events;
  if (first && request.expectedVersion !== undefined) {
    const actual = view.get(first.stream)?.version ?? 0;
    if (actual !== request.expectedVersion)
      return { kind: 'stale', stream: first.stream, expected: request.expectedVersion, actual };
  }

  for (const [index, proposed] of request.events.entries()) {
    const { stream } = proposed;
    const kind = kindOf(stream);
    if (!kind) throw new RangeError(`no such kind of stream: ${stream}`);
    if (!heads.has(stream)) heads.set(stream, view.get(stream)?.head ?? null);
    const before = written.get(stream) ?? view.get(stream);
    const event = eventOf(proposed, request, (before?.version ?? 0) + 1, newId);
    const refused = refuse(kind, before?.state, event, context);
    if (refused) return { kind: 'refused', refusal: refused, index };
    written.set(stream, { version: event.version, state: kind.evolve(before?.state, event) });
    events.push(event);

    for (const claim of kind.takes?.(event) ?? []) {
      const keyStream = view.keyStream(claim.stream);
      const key = look(keyStream, true)?.state as KeyState | undefined;
      if (key && key.owner !== stream) return { kind: 'refused', refusal: claim.taken(key.owner), index };
      if (key) continue;
      keys.push(takeKey(keyStream, stream, newId(), event));
      written.set(keyStream, { version: 1, state: { owner: stream } satisfies KeyState });
    }
  }
  return { kind: 'accepted', decision: { events: [...events, ...keys], posted: events.length, heads, written } };
}

function eventOf(proposed: ProposedEvent, request: PostRequest, version: number, newId: () => string): RecordedEvent {
  return {
    id: proposed.id ?? newId(),
    stream: proposed.stream,
    version,
    type: proposed.type,
    schemaVersion: proposed.schemaVersion,
    effective: proposed.effective,
    action: proposed.action,
    reason: proposed.reason,
    actor: request.actor,
    onBehalfOf: proposed.onBehalfOf,
    approvedBy: proposed.approvedBy,
    commandId: request.commandId,
    correlationId: proposed.correlationId,
    causationId: proposed.causationId,
    sources: proposed.sources,
    data: proposed.data,
    contentHash: contentHash(proposed),
  } satisfies LedgerEvent & RecordedEvent;
}

/**
 * Fingerprint of what was posted. What a schema has read has its fields in the schema's order, so the
 * order in which they were sent makes no difference. Left out are the id (where the poster gave none,
 * the repeated request has none either) and the version of the schema, which is ours.
 */
export function contentHash(proposed: ProposedEvent): string {
  const { id: _id, schemaVersion: _schema, effective, ...content } = proposed;
  return hash('sha256', JSON.stringify([effective.edtf, content]), 'base64url').slice(0, 22);
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

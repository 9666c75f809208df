import type { z } from 'zod';
import type { LedgerEvent } from './event';
import type { Refusal, RefusalCode } from './refusal';

/**
 * When an event counts in a report for a given date:
 * `I` identity and terms, whenever known; `T` dated terms, from their own start;
 * `F` facts, when their latest day is not after the report's date.
 */
export type EventClass = 'I' | 'T' | 'F';

export interface EventType {
  readonly class: EventClass;
  /** Schema of `data`. Kept for ever: what was once written must parse. */
  readonly data: z.ZodType;
  readonly schemaVersion: number;
  /** By an earlier version of the schema what makes of its `data` that of the next; see {@link current}. */
  readonly upcast?: Readonly<Record<number, (data: never) => unknown>>;
  /** The one thing that may stand without a source is a source. */
  readonly needsNoSource?: boolean;
  /** One sentence for the API documentation. */
  readonly summary: string;
  /** What it may be refused as, besides what any event may be; in the order in which it is looked at. */
  readonly refusals: readonly RefusalCode[];
}

export type EventTypes = Readonly<Record<string, EventType>>;

/** The id in a stream's name: `nvda-openai` of `deal/nvda-openai`. */
export function idOf(stream: string): string {
  return stream.slice(stream.indexOf('/') + 1);
}

/** The kind in a stream's name: `deal` of `deal/nvda-openai`. */
export function kindNameOf(stream: string): string {
  const slash = stream.indexOf('/');
  return slash < 0 ? '' : stream.slice(0, slash);
}

/** Refuses an event that names no stream, wherever events of several streams are taken. */
export const WHICH_STREAM = 'Say which stream the event is for, as kind/id, for example deal/nvda-openai.';

/** The union of a kind's events, discriminated by `type`. */
export type EventOf<Types extends EventTypes> = {
  [Type in keyof Types & string]: LedgerEvent<Type, z.output<Types[Type]['data']>>;
}[keyof Types & string];

/** What a decision may look at besides its own stream. */
export interface DecisionContext {
  /** The latest calendar date anywhere on earth (UTC+14) at the time of the decision, `YYYY-MM-DD`. */
  readonly today: string;
  /** The last position known to be settled; -1 before the first. */
  readonly position: number;
  /** Whether a stream exists. It can never cease to exist, so nothing is relied on. */
  exists(stream: string): boolean;
  /** Another stream's state, looked at without relying on it: only for what can never be taken back. */
  peek<State>(stream: string): State | undefined;
  /** Another stream's state. The decision relies on it: if it moves first, the commit is void. */
  state<State>(stream: string): State | undefined;
}

/** One kind of stream: its events, what contradicts its state, and how its state moves on. */
export interface StreamKind<State = unknown, Event extends LedgerEvent = LedgerEvent> {
  readonly name: string;
  /** The plural that its URLs use, `/v1/deals`. */
  readonly route: string;
  readonly events: EventTypes;
  /** Types that may come first in a stream. */
  readonly opening: readonly string[];
  /** Those of them that may also come later; any other is refused once the stream exists. */
  readonly reopening?: readonly string[];
  /** What to do rather than begin a stream again, where that is more than to choose another id. */
  readonly rather?: string;
  /** The field of `data` that repeats the stream's id wherever it occurs, for example `dealId`. */
  readonly identity?: string;
  /** The first reason why `event` contradicts what is recorded, or nothing. */
  refuse(state: State | undefined, event: Event, context: DecisionContext): Refusal | undefined;
  /** The state after `event`; never argues. Does not change `state` itself. */
  evolve(state: State | undefined, event: Event): State;
  /** How many amounts of the reports an event sets or sets anew, on the state it leads to; one, unless it says. */
  amounts?(event: Event, state: State): number;
  /** Names that must be unique across streams and that this event takes, as key streams (`alias/nvidia`). */
  takes?(event: Event): readonly KeyClaim[];
}

export interface KeyClaim {
  /** The key stream, for example `alias/nvidia`. */
  readonly stream: string;
  /** Says who has it, when it is somebody else's. */
  taken(owner: string): Refusal;
}

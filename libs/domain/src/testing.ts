import type { z } from 'zod';
import { isNamed } from './common-refusals';
import { correct } from './correction';
import type { Action, LedgerEvent, Person } from './event';
import { History } from './history';
import type { DecisionContext, EventTypes, KeyClaim, StreamKind } from './kind';
import { parseEvent } from './posted';
import type { Refusal, RefusalCode, RefusalDetails } from './refusal';
import { kindOf, refuse } from './rules';

/** An event as a test posts it: to a stream, as JSON. */
export interface Draft {
  readonly stream: string;
  readonly type: string;
  readonly data: unknown;
  readonly effective?: string;
  readonly sources?: readonly unknown[];
  readonly id?: string;
  readonly action?: Action;
  readonly corrects?: string;
  readonly reason?: string;
  readonly approvedBy?: Person;
  readonly onBehalfOf?: Person;
}

export type Envelope = Omit<Draft, 'stream' | 'type' | 'data'>;

/** Posts events of one kind to one stream, with the data that its types ask for. */
export function poster<Types extends EventTypes>(_events: Types, stream: string) {
  return <Type extends keyof Types & string>(
    type: Type,
    data: z.input<Types[Type]['data']>,
    envelope: Envelope = {},
  ): Draft => ({ stream, type, data, ...envelope });
}

/** A person who did not post, to approve with. */
export const CONTROLLER: Person = { id: 'controller-1', role: 'controller' };

/** The draft that corrects the event `corrects` by what `draft` says. */
export function correction(corrects: string, draft: Draft): Draft {
  return { reason: 'as the contract has it', approvedBy: CONTROLLER, ...draft, action: 'correct', corrects };
}

/** The draft that cancels the event `corrects`, which was posted as `draft`. */
export function cancellation(corrects: string, { stream, type }: Pick<Draft, 'stream' | 'type'>): Draft {
  return {
    stream,
    type,
    action: 'cancel',
    corrects,
    reason: 'posted twice',
    approvedBy: CONTROLLER,
    data: null,
  };
}

const POSTER: Person = { id: 'finance-1' };
const NAMED = [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }];

/** What every scenario finds recorded: a source, parties and items to refer to. */
export const BEGINNING: readonly Draft[] = [
  {
    stream: 'source/filing',
    type: 'SourceRegistered',
    sources: [],
    data: { sourceId: 'filing', kind: 'filing', language: 'en', title: 'A filing' },
  },
  ...['nvidia', 'openai', 'samsung', 'skhynix'].map((partyId) => ({
    stream: `party/${partyId}`,
    type: 'PartyRegistered',
    data: { partyId, name: partyId, aliases: [partyId] },
  })),
  ...['hbm', 'ai-accelerator'].map((itemId) => ({
    stream: 'reference/items',
    type: 'ItemDefined',
    data: { itemId, name: itemId, defaultUnit: 'EA' },
  })),
];

const met = new Map<string, Set<RefusalCode>>();

/** What scenarios have seen events of a type refused as, so far. */
export function refusalsMet(type: string): ReadonlySet<RefusalCode> {
  return met.get(type) ?? new Set();
}

/** Notes a refusal. Of one that its type does not name, or that does not say what to do, it makes an error. */
function meet(
  { events }: Pick<StreamKind, 'events'>,
  { type, action = 'new' }: Pick<Draft, 'type' | 'action'>,
  refused: Refusal,
  by: 'schema' | 'rules',
): Refusal {
  const eventType = Object.hasOwn(events, type) ? events[type] : undefined;
  if (eventType !== undefined && !isNamed(eventType, refused, { by, action }))
    throw new Error(`${type} is refused as ${refused.code}, which it does not name: ${refused.message}`);
  // A sentence of what is wrong, and after it or after a semicolon of what to do.
  if (!/(?:; |[.!?] [A-Z]).*\.$/su.test(refused.message))
    throw new Error(`${refused.code} does not say what to do: ${refused.message}`);
  met.set(type, (met.get(type) ?? new Set()).add(refused.code));
  return refused;
}

/** A ledger in memory, decided by the same rules as the real one. */
export class Scenario {
  readonly #states = new Map<string, unknown>();
  readonly #histories = new Map<string, History>();
  readonly #owners = new Map<string, string>();
  #today = '2026-12-31';
  #count = 0;

  /** Today at the latest, anywhere on earth; the end of 2026 unless said otherwise. */
  today(day: string): this {
    this.#today = day;
    return this;
  }

  /** Records events, each by itself, that must not be refused. */
  and(...drafts: readonly Draft[]): this {
    for (const draft of drafts) {
      const [refused] = this.#post([draft]);
      if (refused !== undefined) {
        throw new Error(`given ${draft.type} on ${draft.stream} is refused: ${refused.code} ${refused.message}`);
      }
    }
    return this;
  }

  /** Posts events as one commit, whatever comes of it. */
  when(...drafts: readonly Draft[]): Outcome {
    return new Outcome(this.#post(drafts), (stream) => this.#states.get(stream));
  }

  /** The state of a stream, or nothing while it does not exist. */
  state<State>(stream: string): State | undefined {
    return this.#states.get(stream) as State | undefined;
  }

  /** What was recorded in a stream, with corrections in their places. */
  history(stream: string): History {
    return this.#histories.get(stream) ?? new History();
  }

  /** All or nothing, as a recorder decides a commit. */
  #post(drafts: readonly Draft[]): readonly Refusal[] {
    const [states, histories, owners] = [new Map(this.#states), new Map(this.#histories), new Map(this.#owners)];
    const refusals = this.#record(drafts);
    if (refusals.length > 0) {
      restore(this.#states, states);
      restore(this.#histories, histories);
      restore(this.#owners, owners);
    }
    return refusals;
  }

  #record(drafts: readonly Draft[]): readonly Refusal[] {
    const waiting = new Map<string, LedgerEvent[]>();
    for (const [index, { stream, ...posted }] of drafts.entries()) {
      const kind = kindOf(stream);
      if (kind === undefined) throw new Error(`no kind of stream: ${stream}`);
      const parsed = parseEvent(kind, { effective: '2026-06-01', sources: NAMED, ...posted });
      if (!parsed.ok) {
        for (const refusal of parsed.refusals) meet(kind, posted, refusal, 'schema');
        return parsed.refusals;
      }
      this.#count += 1;
      const id = parsed.event.id ?? `evt-${this.#count}`;
      const together = waiting.get(stream) ?? [];
      const version = this.history(stream).version + together.length + 1;
      const event: LedgerEvent = { ...parsed.event, id, stream, version, actor: POSTER };
      if (event.action === 'new' && together.length === 0) {
        const refused = this.#append(kind, event);
        if (refused !== undefined) return [refused];
        continue;
      }
      waiting.set(stream, [...together, event]);
      if (drafts.slice(index + 1).some((draft) => draft.stream === stream)) continue;
      const refused = this.#correct(kind, stream, [...together, event]);
      if (refused !== undefined) return [refused];
    }
    return [];
  }

  #append(kind: StreamKind, event: LedgerEvent): Refusal | undefined {
    const { stream } = event;
    const state = this.#states.get(stream);
    const refused = refuse(kind, state, event, this.context()) ?? this.#take(stream, kind.takes?.(event) ?? []);
    if (refused !== undefined) return meet(kind, event, refused, 'rules');
    const history = this.history(stream).copy();
    history.add(event);
    this.#histories.set(stream, history);
    this.#states.set(stream, kind.evolve(state, event));
    return undefined;
  }

  #correct(kind: StreamKind, stream: string, events: readonly LedgerEvent[]): Refusal | undefined {
    const corrected = correct(kind, this.history(stream), events, this.context());
    if (!corrected.ok) return meet(kind, corrected.event, corrected.refusal, 'rules');
    for (const key of corrected.freed) this.#owners.delete(key);
    this.#histories.set(stream, corrected.history);
    this.#states.set(stream, corrected.state);
    return this.#take(
      stream,
      corrected.taken.map(({ claim }) => claim),
    );
  }

  #take(stream: string, claims: readonly KeyClaim[]): Refusal | undefined {
    for (const claim of claims) {
      const owner = this.#owners.get(claim.stream) ?? stream;
      if (owner !== stream) return claim.taken(owner);
      this.#owners.set(claim.stream, stream);
    }
    return undefined;
  }

  /** Here every event has a position of its own, from 1. */
  get #recorded(): number {
    return [...this.#histories.values()].reduce((total, { version }) => total + version, 0);
  }

  /** What rules may look at besides their own stream. */
  context(): DecisionContext {
    const look = <State>(stream: string): State | undefined => this.#states.get(stream) as State | undefined;
    return {
      today: this.#today,
      position: this.#recorded,
      exists: (stream) => this.#states.has(stream),
      peek: look,
      state: look,
    };
  }
}

function restore<Value>(map: Map<string, Value>, to: ReadonlyMap<string, Value>): void {
  map.clear();
  for (const [key, value] of to) map.set(key, value);
}

/** What became of a post. */
export class Outcome {
  constructor(
    readonly refusals: readonly Refusal[],
    readonly look: (stream: string) => unknown,
  ) {}

  /** Expects this refusal alone, with these numbers and ids in it. */
  thenRefused(code: RefusalCode, pointer?: string, details?: RefusalDetails): void {
    const [first, ...more] = this.refusals;
    const expected = { code, pointer: pointer ?? first?.pointer, details: details ?? first?.details };
    const got = { code: first?.code, pointer: first?.pointer, details: first?.details };
    if (more.length > 0 || JSON.stringify(got) !== JSON.stringify(expected)) {
      throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(this.refusals)}`);
    }
  }

  /** What people are told. */
  get message(): string {
    return this.refusals.map(({ message }) => message).join('\n');
  }

  /** Expects the event to be recorded. */
  thenRecorded(): void {
    if (this.refusals.length > 0) throw new Error(`refused: ${JSON.stringify(this.refusals)}`);
  }

  /** Expects the event to be recorded; gives the state of `stream` afterwards. */
  thenState<State>(stream: string): State {
    this.thenRecorded();
    return this.look(stream) as State;
  }
}

/** A ledger that holds a source, four parties, two items and these events. */
export function given(...drafts: readonly Draft[]): Scenario {
  return new Scenario().and(...BEGINNING, ...drafts);
}

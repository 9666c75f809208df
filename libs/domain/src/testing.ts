import type { z } from 'zod';
import type { LedgerEvent, Person } from './event';
import type { DecisionContext, EventTypes } from './kind';
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

const POSTER: Person = { id: 'finance-1' };
const NAMED = [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }];

/** What every scenario finds recorded: a source, parties and items to refer to. */
const BEGINNING: readonly Draft[] = [
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

/** A ledger in memory, decided by the same rules as the real one. */
export class Scenario {
  readonly #states = new Map<string, unknown>();
  readonly #owners = new Map<string, string>();
  #today = '2026-12-31';
  #count = 0;

  /** Today at the latest, anywhere on earth; the end of 2026 unless said otherwise. */
  today(day: string): this {
    this.#today = day;
    return this;
  }

  /** Records events that must not be refused. */
  and(...drafts: readonly Draft[]): this {
    for (const draft of drafts) {
      const [refused] = this.#post(draft);
      if (refused !== undefined) {
        throw new Error(`given ${draft.type} on ${draft.stream} is refused: ${refused.code} ${refused.message}`);
      }
    }
    return this;
  }

  /** Posts one event more, whatever comes of it. */
  when(draft: Draft): Outcome {
    return new Outcome(this.#post(draft), (stream) => this.#states.get(stream));
  }

  /** The state of a stream, or nothing while it does not exist. */
  state<State>(stream: string): State | undefined {
    return this.#states.get(stream) as State | undefined;
  }

  #post({ stream, ...posted }: Draft): readonly Refusal[] {
    const kind = kindOf(stream);
    if (kind === undefined) throw new Error(`no kind of stream: ${stream}`);
    const parsed = parseEvent(kind, { effective: '2026-06-01', sources: NAMED, ...posted });
    if (!parsed.ok) return parsed.refusals;
    this.#count += 1;
    const id = parsed.event.id ?? `evt-${this.#count}`;
    const event: LedgerEvent = { ...parsed.event, id, stream, version: 1, actor: POSTER };
    const state = this.#states.get(stream);
    const refused = refuse(kind, state, event, this.#context());
    if (refused !== undefined) return [refused];
    for (const claim of kind.takes?.(event) ?? []) {
      const owner = this.#owners.get(claim.stream) ?? stream;
      if (owner !== stream) return [claim.taken(owner)];
      this.#owners.set(claim.stream, stream);
    }
    this.#states.set(stream, kind.evolve(state, event));
    return [];
  }

  #context(): DecisionContext {
    const look = <State>(stream: string): State | undefined => this.#states.get(stream) as State | undefined;
    return { today: this.#today, exists: (stream) => this.#states.has(stream), peek: look, state: look };
  }
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

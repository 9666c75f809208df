import { History, kindNameOf, type LedgerEvent } from '@deal-ledger/domain';
import type { JudgedRecord } from '@deal-ledger/ledger';
import { difference, type AnyPostingRule, type Posting } from '@deal-ledger/reports';
import { LRUCache } from 'lru-cache';
import type { Projected } from './batch';
import { asKnown } from './known';

/** States kept in memory; those of other streams are folded again from their history when needed. */
const MAX_STATES = 50_000;

/** A fact that the posting rules cannot take: the projection stops in front of it. */
export class UnprojectableEvent extends Error {
  override readonly name = 'UnprojectableEvent';
  readonly eventId: string;

  constructor(
    readonly position: number,
    event: LedgerEvent,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`event ${event.id} (${event.type} on ${event.stream}, position ${position}) cannot be projected: ${why}`, {
      cause,
    });
    this.eventId = event.id;
  }
}

/** The events of these streams that stand before a position of the ledger, each stream's in order. */
export type Histories = (streams: readonly string[], before: number) => Promise<readonly LedgerEvent[]>;

interface Known {
  readonly state: unknown;
}

/** A stream in which something is corrected. */
interface Corrected {
  readonly history: History;
  /**
   * The events in force that were posted last, while what came after could not be folded before what
   * comes with it in the same commit, and is posted with that. Otherwise all are posted.
   */
  owing: readonly LedgerEvent[] | undefined;
}

/** What a batch goes on with. */
interface Live {
  readonly states: Map<string, unknown>;
  readonly corrected: ReadonlyMap<string, Corrected>;
}

/** Turns facts into postings, stream by stream, with the state that each stream's rule needs. */
export class Folder {
  private readonly rules: ReadonlyMap<string, AnyPostingRule>;
  private readonly states = new LRUCache<string, Known>({ max: MAX_STATES });

  constructor(
    rules: readonly AnyPostingRule[],
    private readonly histories: Histories,
  ) {
    this.rules = new Map(rules.map((rule) => [rule.kind, rule]));
  }

  /**
   * The postings of consecutive records. Histories are asked for at most once. When it throws,
   * nothing has changed.
   * @throws UnprojectableEvent
   */
  async project(records: readonly JudgedRecord[]): Promise<Projected[]> {
    // Apart from the cache, which may drop a state before the batch is through with it.
    const live = await this.before(records);
    const projected = records.map((record) => ({ record, postings: this.postingsIn(record, live) }));
    for (const [stream, state] of live.states) this.states.set(stream, { state });
    return projected;
  }

  /** Forgets all states: the tables are no longer what they were folded from. */
  forget(): void {
    this.states.clear();
  }

  /** The states of the streams that the records go on with, and the histories of those that they correct. */
  private async before(records: readonly JudgedRecord[]): Promise<Live> {
    const states = new Map<string, unknown>();
    const corrected = new Map<string, Corrected>();
    const begun = new Set<string>();
    const missing = new Set<string>();
    for (const record of records) {
      if (record.verdict !== 'fact') continue;
      for (const { stream, version, action } of record.commit.events) {
        if (!this.rules.has(kindNameOf(stream))) continue;
        if (version === 1) begun.add(stream);
        if (action !== 'new' && !corrected.has(stream)) {
          corrected.set(stream, { history: new History(), owing: undefined });
          if (!begun.has(stream)) missing.add(stream);
        }
        if (begun.has(stream) || states.has(stream)) continue;
        const known = this.states.get(stream);
        if (known === undefined) missing.add(stream);
        else states.set(stream, known.state);
      }
    }
    const [first] = records;
    if (first === undefined || missing.size === 0) return { states, corrected };
    for (const [stream, history] of historiesOf(await this.histories([...missing], first.position))) {
      const correcting = corrected.get(stream);
      if (correcting !== undefined) corrected.set(stream, { ...correcting, history });
      if (states.has(stream)) continue;
      const rule = this.rules.get(kindNameOf(stream));
      if (rule !== undefined) states.set(stream, stateAfter(rule, history.inForce));
    }
    return { states, corrected };
  }

  private postingsIn(record: JudgedRecord, live: Live): readonly (readonly Posting[])[] {
    if (record.verdict !== 'fact') return [];
    const { events } = record.commit;
    return events.map((event, index) => {
      const rule = this.rules.get(kindNameOf(event.stream));
      if (rule === undefined) return [];
      try {
        if (live.states.has(event.stream) !== event.version > 1)
          throw new Error(`version ${event.version} does not go on from what the tables hold of the stream`);
        const corrected = live.corrected.get(event.stream);
        if (corrected === undefined || (event.action === 'new' && corrected.owing === undefined))
          return append(rule, event, live.states, corrected);
        const isLast = !events.slice(index + 1).some(({ stream }) => stream === event.stream);
        return correct(rule, event, live.states, corrected, isLast);
      } catch (error) {
        throw new UnprojectableEvent(record.position, event, error);
      }
    });
  }
}

function append(
  rule: AnyPostingRule,
  event: LedgerEvent,
  states: Map<string, unknown>,
  corrected: Corrected | undefined,
): readonly Posting[] {
  const before = states.get(event.stream);
  const known = asKnown(event);
  const after = known === undefined ? before : rule.evolve(before, known);
  const postings = known === undefined ? [] : rule.post(before, known, after);
  states.set(event.stream, after);
  corrected?.history.add(event);
  return postings;
}

/**
 * Posts the difference between all postings of the events in force without this one and with it.
 * Corrections that only hold together are posted with the last of them.
 */
function correct(
  rule: AnyPostingRule,
  event: LedgerEvent,
  states: Map<string, unknown>,
  corrected: Corrected,
  isLast: boolean,
): readonly Posting[] {
  const before = corrected.owing ?? corrected.history.inForce;
  corrected.history.add(event);
  try {
    const { state, postings } = replaced(rule, before, corrected.history.inForce);
    corrected.owing = undefined;
    states.set(event.stream, state);
    return postings;
  } catch (error) {
    if (isLast) throw error;
    corrected.owing = before;
    return [];
  }
}

/**
 * What must be added to the postings of `before` to get those of `after`, and the state after these.
 * The events that both begin with post the same, so these are not posted again.
 */
function replaced(
  rule: AnyPostingRule,
  before: readonly LedgerEvent[],
  after: readonly LedgerEvent[],
): { readonly state: unknown; readonly postings: readonly Posting[] } {
  let common = 0;
  while (common < before.length && before[common] === after[common]) common += 1;
  const start = stateAfter(rule, before.slice(0, common));
  const was = folded(rule, start, before.slice(common));
  const is = folded(rule, start, after.slice(common));
  return { state: is.state, postings: difference(was.postings, is.postings) };
}

/** The state and all postings of events in force behind `start`, as if they had been posted like that. */
function folded(
  rule: AnyPostingRule,
  start: unknown,
  events: readonly LedgerEvent[],
): { readonly state: unknown; readonly postings: Posting[] } {
  let state = start;
  const postings: Posting[] = [];
  for (const recorded of events) {
    const event = asKnown(recorded);
    if (event === undefined) continue;
    const before = state;
    state = rule.evolve(before, event);
    postings.push(...rule.post(before, event, state));
  }
  return { state, postings };
}

function stateAfter(rule: AnyPostingRule, events: readonly LedgerEvent[]): unknown {
  let state: unknown;
  for (const recorded of events) {
    const event = asKnown(recorded);
    if (event !== undefined) state = rule.evolve(state, event);
  }
  return state;
}

function historiesOf(events: readonly LedgerEvent[]): Map<string, History> {
  const histories = new Map<string, History>();
  for (const event of events) {
    const history = histories.get(event.stream) ?? new History();
    history.add(event);
    histories.set(event.stream, history);
  }
  return histories;
}

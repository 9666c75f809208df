import { catalogue, kindNameOf, type LedgerEvent } from '@deal-ledger/domain';
import type { JudgedRecord } from '@deal-ledger/ledger';
import type { AnyPostingRule } from '@deal-ledger/reports';
import { LRUCache } from 'lru-cache';
import type { Projected } from './batch';

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

interface Known {
  readonly state: unknown;
}

/** Turns facts into postings, stream by stream, with the state that each stream's rule needs. */
export class Folder {
  private readonly rules: ReadonlyMap<string, AnyPostingRule>;
  private readonly states = new LRUCache<string, Known>({ max: MAX_STATES });

  constructor(
    rules: readonly AnyPostingRule[],
    /** The events of these streams so far, each stream's in order. */
    private readonly histories: (streams: readonly string[]) => Promise<readonly LedgerEvent[]>,
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
    const live = await this.statesBefore(records);
    const projected = records.map((record) => ({
      record,
      postings:
        record.verdict === 'fact' ? record.commit.events.map((event) => this.post(live, event, record.position)) : [],
    }));
    for (const [stream, state] of live) this.states.set(stream, { state });
    return projected;
  }

  /** Forgets all states: the tables are no longer what they were folded from. */
  forget(): void {
    this.states.clear();
  }

  /** The states of the streams that the records go on with. */
  private async statesBefore(records: readonly JudgedRecord[]): Promise<Map<string, unknown>> {
    const live = new Map<string, unknown>();
    const begun = new Set<string>();
    const missing = new Set<string>();
    for (const record of records) {
      if (record.verdict !== 'fact') continue;
      for (const { stream, version } of record.commit.events) {
        if (version === 1) begun.add(stream);
        if (begun.has(stream) || live.has(stream) || !this.rules.has(kindNameOf(stream))) continue;
        const known = this.states.get(stream);
        if (known === undefined) missing.add(stream);
        else live.set(stream, known.state);
      }
    }
    if (missing.size === 0) return live;
    for (const event of await this.histories([...missing])) {
      const { stream } = event;
      live.set(stream, this.rules.get(kindNameOf(stream))?.evolve(live.get(stream), event));
    }
    return live;
  }

  private post(live: Map<string, unknown>, event: LedgerEvent, position: number): ReturnType<AnyPostingRule['post']> {
    const { stream, version } = event;
    const rule = this.rules.get(kindNameOf(stream));
    if (rule === undefined) return [];
    try {
      refuseUnknown(event);
      if (live.has(stream) !== version > 1)
        throw new Error(`version ${version} does not go on from what the tables hold of the stream`);
      const before = live.get(stream);
      const after = rule.evolve(before, event);
      const postings = rule.post(before, event, after);
      live.set(stream, after);
      return postings;
    } catch (error) {
      throw new UnprojectableEvent(position, event, error);
    }
  }
}

/** What a newer writer records must not be folded as if it were understood. */
function refuseUnknown({ stream, type, action, schemaVersion }: LedgerEvent): void {
  const known = catalogue[kindNameOf(stream)]?.events[type];
  if (known === undefined) throw new Error('this version does not know the type');
  if (schemaVersion > known.schemaVersion)
    throw new Error(`its schema version ${schemaVersion} is newer than ${known.schemaVersion}`);
  if (action !== 'new') throw new Error(`this version does not know the action "${action}"`);
}

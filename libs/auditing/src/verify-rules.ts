import {
  correct,
  current,
  History,
  kindOf,
  parseEvent,
  refuse,
  type DecisionContext,
  type KeyClaim,
  type LedgerEvent,
  type Refusal,
  type StreamKind,
} from '@deal-ledger/domain';
import { KEY_TAKEN, OWN_TYPES, type JudgedFact } from '@deal-ledger/ledger';
import type { Findings } from './verify-report';

const HOUR_MS = 3_600_000;
/** Where a day begins first on earth. */
const FIRST_DAY_HOURS = 14;

/** What cannot be decided again here is counted under this name. */
export const UNKNOWN_EVENTS = 'events of types not known to this version';

/** The events of streams so far, each stream's in order. */
export type EventsOf = (stream: string) => readonly LedgerEvent[];

/**
 * Decides every fact once more, at its place and on the states to which all facts before it lead. Its
 * form, its references and dates, and every rule of its kind must allow it; what is corrected is judged
 * as a recorder judges it, with all that came after it in its stream.
 */
export class Decisions {
  private readonly states = new Map<string, unknown>();
  /** Who has a name that no two streams may have. */
  private readonly owners = new Map<string, string>();

  constructor(private readonly findings: Findings) {}

  /** Streams whose events so far it takes to decide the fact. */
  static correctedIn({ commit }: JudgedFact): string[] {
    const streams = commit.events.filter(({ action }) => action !== 'new').map(({ stream }) => stream);
    return [...new Set(streams)];
  }

  decide(fact: JudgedFact, eventsOf: EventsOf): void {
    const { commit, recordedAt, position } = fact;
    const look = <State>(stream: string): State | undefined => this.states.get(stream) as State | undefined;
    const context: DecisionContext = {
      today: new Date(Date.parse(recordedAt) + FIRST_DAY_HOURS * HOUR_MS).toISOString().slice(0, 10),
      position: position - 1,
      exists: (stream) => this.states.has(stream),
      peek: look,
      state: look,
    };
    /** What waits to be judged with its stream's last event in the commit, and what came before it there. */
    const waiting = new Map<string, { readonly together: LedgerEvent[]; readonly apart: LedgerEvent[] }>();
    const apart = new Map<string, LedgerEvent[]>();
    for (const [index, event] of commit.events.entries()) {
      const { stream, action } = event;
      const kind = kindOf(stream);
      if (kind === undefined) {
        this.passName(position, event);
        continue;
      }
      this.findings.tally('events decided again');
      const known = this.wellFormed(position, kind, event);
      if (known === undefined) continue;
      const before = apart.get(stream) ?? [];
      apart.set(stream, before);
      if (action === 'new' && !waiting.has(stream)) {
        this.append(position, kind, known, context);
        before.push(event);
        continue;
      }
      const group = waiting.get(stream) ?? { together: [], apart: before };
      waiting.set(stream, group);
      group.together.push(event);
      if (commit.events.slice(index + 1).some((later) => later.stream === stream)) continue;
      this.correct(position, kind, [...eventsOf(stream), ...group.apart], group.together, context);
    }
  }

  /** The event as this version knows it, if its form is that of its type. */
  private wellFormed(position: number, kind: StreamKind, event: LedgerEvent): LedgerEvent | undefined {
    const known = this.guarded(position, event, () => current(kind, event));
    if (known === undefined) {
      this.findings.tally(UNKNOWN_EVENTS);
      return undefined;
    }
    const { type, effective, action, corrects, reason, approvedBy, onBehalfOf, correlationId, causationId, sources } =
      known;
    const posted = {
      ...{ type, effective: effective.edtf, action, reason, approvedBy, onBehalfOf, correlationId, causationId },
      ...(action === 'new' ? {} : { corrects }),
      sources,
      data: known.data,
    };
    const parsed = parseEvent(kind, posted);
    if (!parsed.ok) this.refused(position, event, parsed.refusals[0] as Refusal);
    else if (parsed.event.effective.from !== effective.from || parsed.event.effective.to !== effective.to)
      this.findings.add({
        part: 'rules',
        position,
        expected: `${parsed.event.effective.from}/${parsed.event.effective.to}`,
        found: `${effective.from}/${effective.to}`,
        message: `event ${event.id} of ${event.stream} says "${effective.edtf}", and has other days beside it`,
      });
    return known;
  }

  private append(position: number, kind: StreamKind, event: LedgerEvent, context: DecisionContext): void {
    const { stream } = event;
    const before = this.states.get(stream);
    this.guarded(position, event, () => {
      const refusal = refuse(kind, before, event, context);
      if (refusal !== undefined) this.refused(position, event, refusal);
      this.states.set(stream, kind.evolve(before, event));
      for (const claim of kind.takes?.(event) ?? []) this.take(position, event, claim);
    });
  }

  private correct(
    position: number,
    kind: StreamKind,
    recorded: readonly LedgerEvent[],
    together: readonly LedgerEvent[],
    context: DecisionContext,
  ): void {
    const last = together.at(-1) as LedgerEvent;
    this.guarded(position, last, () => {
      const result = correct(kind, new History(recorded), together, context);
      if (!result.ok) {
        this.refused(position, result.event, result.refusal);
        return;
      }
      this.states.set(last.stream, result.state);
      for (const name of result.freed) if (this.owners.get(name) === last.stream) this.owners.delete(name);
      for (const { claim, by } of result.taken) this.take(position, by, claim);
    });
  }

  private take(position: number, event: LedgerEvent, claim: KeyClaim): void {
    const owner = this.owners.get(claim.stream);
    if (owner !== undefined && owner !== event.stream) this.refused(position, event, claim.taken(owner));
    else this.owners.set(claim.stream, event.stream);
  }

  /** The ledger's own events: a name passes to a stream only when nobody has it. */
  private passName(position: number, event: LedgerEvent): void {
    if (!OWN_TYPES.has(event.type)) {
      this.findings.tally(UNKNOWN_EVENTS);
      return;
    }
    this.findings.tally('events decided again');
    const owner = (event.data as { readonly owner?: unknown } | null)?.owner ?? null;
    const before = this.states.get(event.stream) ?? null;
    if (event.type === KEY_TAKEN && before !== null)
      this.findings.add({
        part: 'rules',
        position,
        expected: String(before),
        found: String(owner),
        message: `${event.stream} passes to ${String(owner)}, and ${String(before)} still has it`,
      });
    this.states.set(event.stream, owner);
  }

  private refused(position: number, event: LedgerEvent, { code, message }: Refusal): void {
    this.findings.add({
      part: 'rules',
      position,
      expected: `refused as ${code}`,
      found: 'recorded as a fact',
      message: `event ${event.id} (${event.type}) of ${event.stream} stands in the log, and the rules refuse it: ${message}`,
    });
  }

  /** What the rules cannot even read is found, and the check goes on. */
  private guarded<Result>(position: number, event: LedgerEvent, work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.findings.add({
        part: 'rules',
        position,
        message: `event ${event.id} (${event.type}) of ${event.stream} cannot be folded: ${error instanceof Error ? error.message : String(error)}`,
      });
      return undefined;
    }
  }
}

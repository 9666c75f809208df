import {
  current,
  History,
  kindOf,
  refuse,
  type DecisionContext,
  type Fact,
  type StreamKind,
} from '@deal-ledger/domain';
import type { JudgedFact } from '@deal-ledger/ledger';

const HOUR_MS = 3_600_000;

/**
 * Decides a whole history again, fact by fact, on the states it leads to; where something is
 * corrected, everything in the stream from its beginning. Answers in a sentence each what should not
 * have been accepted: gaps in versions, and refusals.
 */
export function refold(history: readonly JudgedFact[]): string[] {
  const violations: string[] = [];
  const states = new Map<string, unknown>();
  const histories = new Map<string, History>();
  for (const { facts, recordedAt, position: here } of history) {
    const look = <State>(stream: string): State | undefined => states.get(stream) as State | undefined;
    const context: DecisionContext = {
      today: new Date(Date.parse(recordedAt) + 14 * HOUR_MS).toISOString().slice(0, 10),
      position: here - 1,
      exists: (stream) => states.has(stream),
      peek: look,
      state: look,
    };
    const corrected = new Set(facts.flatMap(({ action, stream }) => (action === 'new' ? [] : [stream])));
    for (const [index, fact] of facts.entries()) {
      const { stream, version, position } = fact;
      const recorded = histories.get(stream) ?? new History();
      histories.set(stream, recorded);
      if (version !== recorded.version + 1)
        violations.push(`position ${position}: ${stream} goes from version ${recorded.version} to ${version}`);
      recorded.add(fact);
      const kind = kindOf(stream);
      if (!kind) continue;
      const more = facts.slice(index + 1).some((later) => later.stream === stream);
      if (corrected.has(stream) && more) continue;
      const [from, events] = corrected.has(stream) ? [undefined, recorded.inForce] : [states.get(stream), [fact]];
      const { state, refusals } = decided(kind, from, events as Fact[], context);
      violations.push(...refusals.map((why) => `position ${position}: ${stream} accepted what is refused as ${why}`));
      states.set(stream, state);
    }
  }
  return violations;
}

function decided(
  kind: StreamKind,
  from: unknown,
  events: readonly Fact[],
  context: DecisionContext,
): { readonly state: unknown; readonly refusals: readonly string[] } {
  const refusals: string[] = [];
  let state = from;
  for (const recorded of events) {
    const event = current(kind, recorded);
    if (event === undefined) continue;
    const refusal = refuse(kind, state, event, context);
    if (refusal) refusals.push(`${refusal.code} (${event.id}): ${refusal.message}`);
    state = kind.evolve(state, event);
  }
  return { state, refusals };
}

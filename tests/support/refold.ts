import { kindOf, refuse, type DecisionContext } from '@deal-ledger/domain';
import type { JudgedFact } from '@deal-ledger/ledger';

const HOUR_MS = 3_600_000;

/**
 * Decides a whole history again, fact by fact, on the states it leads to. Answers in a sentence
 * each what should not have been accepted: gaps in versions, and refusals.
 */
export function refold(history: readonly JudgedFact[]): string[] {
  const violations: string[] = [];
  const states = new Map<string, unknown>();
  const versions = new Map<string, number>();
  for (const { facts, recordedAt } of history) {
    const look = <State>(stream: string): State | undefined => states.get(stream) as State | undefined;
    const context: DecisionContext = {
      today: new Date(Date.parse(recordedAt) + 14 * HOUR_MS).toISOString().slice(0, 10),
      exists: (stream) => states.has(stream),
      peek: look,
      state: look,
    };
    for (const fact of facts) {
      const { stream, version, type, position } = fact;
      if (version !== (versions.get(stream) ?? 0) + 1)
        violations.push(`position ${position}: ${stream} goes from version ${versions.get(stream) ?? 0} to ${version}`);
      versions.set(stream, version);
      const kind = kindOf(stream);
      if (!kind?.events[type]) continue;
      const refusal = refuse(kind, states.get(stream), fact, context);
      if (refusal)
        violations.push(
          `position ${position}: ${stream} accepted what is refused as ${refusal.code}: ${refusal.message}`,
        );
      states.set(stream, kind.evolve(states.get(stream), fact));
    }
  }
  return violations;
}

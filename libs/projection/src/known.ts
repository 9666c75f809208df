import { current, kindOf, knows, type LedgerEvent } from '@deal-ledger/domain';
import { OWN_TYPES } from '@deal-ledger/ledger';

/**
 * Whether this version can fold the event. What a newer one recorded is kept and counted, and must
 * not be folded as if it were understood.
 */
export function isKnown(event: Pick<LedgerEvent, 'stream' | 'type' | 'schemaVersion'>): boolean {
  const kind = kindOf(event.stream);
  return kind === undefined ? OWN_TYPES.has(event.type) : knows(kind, event);
}

/** The event as this version folds and posts it; nothing when it does not know it. */
export function asKnown(event: LedgerEvent): LedgerEvent | undefined {
  const kind = kindOf(event.stream);
  if (kind === undefined) return OWN_TYPES.has(event.type) ? event : undefined;
  return current(kind, event);
}

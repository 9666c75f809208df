import { kindOf, knows, type LedgerEvent } from '@deal-ledger/domain';
import { OWN_TYPES } from '@deal-ledger/ledger';

/**
 * Whether this version can fold the event. What a newer one recorded is kept and counted, and must
 * not be folded as if it were understood.
 */
export function isKnown(event: Pick<LedgerEvent, 'stream' | 'type' | 'schemaVersion'>): boolean {
  const kind = kindOf(event.stream);
  return kind === undefined ? OWN_TYPES.has(event.type) : knows(kind, event);
}

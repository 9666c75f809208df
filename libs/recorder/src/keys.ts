import type { LedgerEvent, Person, Effective, SourceReference } from '@deal-ledger/domain';
import { KEY_FREED, KEY_TAKEN } from '@deal-ledger/ledger';

/**
 * What must be unique across streams, a party's alias for example, is a small stream of its own
 * (`alias/nvidia`). Taking a name is an event in the commit that needs it, so two commits that take
 * one name cannot both be facts.
 */
export interface KeyState {
  /** The stream that has the name; none after a correction that left it out. */
  readonly owner: string | null;
}

export const isKeyEvent = ({ type }: { readonly type: string }): boolean => type === KEY_TAKEN || type === KEY_FREED;

export const keyAfter = (event: LedgerEvent): KeyState => ({ owner: (event.data as KeyState).owner });

/** The event by which the name `stream` passes to `owner`, or to nobody. */
export function passKey(
  stream: string,
  owner: string | null,
  at: { readonly id: string; readonly version: number },
  by: { actor: Person; effective: Effective; sources: readonly SourceReference[] },
): LedgerEvent {
  return {
    ...at,
    stream,
    type: owner === null ? KEY_FREED : KEY_TAKEN,
    schemaVersion: 1,
    effective: by.effective,
    action: 'new',
    actor: by.actor,
    sources: by.sources,
    data: { owner } satisfies KeyState,
  };
}

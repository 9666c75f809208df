import type { LedgerEvent, Person, Effective, SourceReference } from '@deal-ledger/domain';

/**
 * What must be unique across streams, a party's alias for example, is a small stream of its own
 * (`alias/nvidia`). Taking a name is an event in the commit that needs it, so two commits that take
 * one name cannot both be facts.
 */
export interface KeyState {
  /** The stream that has the name. */
  readonly owner: string;
}

const KEY_TAKEN = 'KeyTaken';

export const isKeyEvent = (event: { readonly type: string }): boolean => event.type === KEY_TAKEN;

export const keyAfter = (event: LedgerEvent): KeyState => ({ owner: (event.data as KeyState).owner });

/** The event by which `owner` takes the name `stream`. */
export function takeKey(
  stream: string,
  owner: string,
  id: string,
  by: { actor: Person; effective: Effective; sources: readonly SourceReference[] },
): LedgerEvent {
  return {
    id,
    stream,
    version: 1,
    type: KEY_TAKEN,
    schemaVersion: 1,
    effective: by.effective,
    action: 'new',
    actor: by.actor,
    sources: by.sources,
    data: { owner } satisfies KeyState,
  };
}

import type { LedgerEvent } from './event';

/** The state that an event builds on. That there is one was decided long before it is folded. */
export function opened<State>(state: State | undefined, { stream, type }: LedgerEvent): State {
  if (state === undefined) throw new Error(`${type} on ${stream}, which does not exist`);
  return state;
}

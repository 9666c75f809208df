import { get } from './keyed';
import type { DecisionContext } from './kind';
import type { ItemsState } from './reference';
import { refusal, type Refusal } from './refusal';

/**
 * Refuses the first of `ids` that no stream of this kind has. `pointer` is where the ids stand;
 * `field` names the id in each of them, where they are objects.
 */
export function unknown(
  context: DecisionContext,
  kind: string,
  ids: string | null | undefined | readonly string[],
  pointer: string,
  field?: string,
): Refusal | undefined {
  if (ids === undefined || ids === null) return undefined;
  if (typeof ids === 'string') {
    return context.exists(`${kind}/${ids}`) ? undefined : notFound(kind, ids, pointer);
  }
  const index = ids.findIndex((id) => !context.exists(`${kind}/${id}`));
  const id = ids[index];
  return id === undefined
    ? undefined
    : notFound(kind, id, `${pointer}/${index}${field === undefined ? '' : `/${field}`}`);
}

/** Refuses an item that has not been defined. */
export function unknownItem(
  context: DecisionContext,
  itemId: string | null | undefined,
  pointer: string,
): Refusal | undefined {
  if (itemId === undefined || itemId === null) return undefined;
  const state = context.peek<ItemsState>('reference/items');
  const known = state !== undefined && get(state.items, itemId) !== undefined;
  return known ? undefined : notFound('item', itemId, pointer);
}

/** `REF_NOT_FOUND`, for a stream or for something inside one. */
export function notFound(kind: string, id: string, pointer: string): Refusal {
  return refusal('REF_NOT_FOUND', `There is no ${kind} "${id}"; record it first or correct the id.`, {
    pointer,
    details: { kind, id },
  });
}

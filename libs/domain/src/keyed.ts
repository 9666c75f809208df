/**
 * A map that shares its structure between versions, so that a state with ten thousand entries
 * moves on at the price of a few small copies. Plain JSON, because states are checkpointed.
 * Nodes of a few entries split into up to 32 by the next five bits of the key's hash.
 *
 * Measured with 10,000 entries, one more costs 1.4 µs here, 3,400 µs in a copied object and 1,100 µs
 * in a copied `Map`. Libraries of persistent maps (Immutable's, for one) are as fast, but their maps
 * are instances of classes, which are not themselves again after JSON or a structured clone.
 */
export interface Keyed<Value> {
  readonly size: number;
  readonly entries?: readonly (readonly [key: string, value: Value])[];
  /** 32 places, as an array because that is what engines copy fastest. */
  readonly slots?: readonly (Keyed<Value> | null)[];
}

const LEAF_ENTRIES = 8;
const BITS = 5;
const DEEPEST = 30;

/** The map without entries. */
export const EMPTY: Keyed<never> = { size: 0, entries: [] };

/** The value at `key`, or nothing. */
export function get<Value>(map: Keyed<Value>, key: string): Value | undefined {
  let node: Keyed<Value> | null | undefined = map;
  for (let shift = 0, code = hash(key); node?.slots !== undefined; shift += BITS) {
    node = node.slots[(code >>> shift) & 31];
  }
  return node?.entries?.find(([known]) => known === key)?.[1];
}

/** The map with `value` at `key`, instead of or in addition to what it had. */
export function put<Value>(map: Keyed<Value>, key: string, value: Value): Keyed<Value> {
  return putAt(map, key, value, hash(key), 0);
}

/** All entries, in no order that means anything. */
export function* entriesOf<Value>(map: Keyed<Value>): Generator<readonly [string, Value]> {
  if (map.slots === undefined) yield* map.entries ?? [];
  else for (const node of map.slots) if (node !== null) yield* entriesOf(node);
}

/** Whether a part of a state is such a map. */
export function isKeyed(value: object): value is Keyed<unknown> {
  const { size, entries, slots } = value as Partial<Keyed<unknown>>;
  return typeof size === 'number' && (Array.isArray(entries) || Array.isArray(slots));
}

function putAt<Value>(node: Keyed<Value>, key: string, value: Value, code: number, shift: number): Keyed<Value> {
  if (node.slots !== undefined) {
    const slot = (code >>> shift) & 31;
    const before = node.slots[slot] ?? EMPTY;
    const after = putAt(before, key, value, code, shift + BITS);
    return { size: node.size - before.size + after.size, slots: node.slots.with(slot, after) };
  }
  const entries = (node.entries ?? []).filter(([known]) => known !== key);
  entries.push([key, value]);
  const leaf = { size: entries.length, entries };
  return entries.length > LEAF_ENTRIES && shift < DEEPEST ? split(leaf.entries, shift) : leaf;
}

function split<Value>(entries: readonly (readonly [string, Value])[], shift: number): Keyed<Value> {
  let node: Keyed<Value> = { size: 0, slots: new Array<null>(32).fill(null) };
  for (const [key, value] of entries) node = putAt(node, key, value, hash(key), shift);
  return node;
}

/** FNV-1a, 32 bits. */
function hash(key: string): number {
  let code = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    code = Math.imul(code ^ key.charCodeAt(index), 0x01000193);
  }
  return code >>> 0;
}

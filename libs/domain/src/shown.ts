import { entriesOf, isKeyed } from './keyed';

/** A state as clients are shown it: its maps, however they are kept, as plain objects with sorted keys. */
export function shown(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(shown);
  const entries = isKeyed(value) ? [...entriesOf(value)].sort(byKey) : Object.entries(value);
  return Object.fromEntries(entries.map(([key, part]) => [key, shown(part)]));
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

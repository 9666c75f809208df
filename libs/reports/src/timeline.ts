import type { Day } from '@deal-ledger/domain';
import { negated } from './decimal';
import { difference, type Posting } from './posting';

/** Something that holds from a day on, or always when no day is given. */
export interface Since<Value> {
  readonly from: Day | undefined;
  readonly value: Value;
}

/** In order of the day each begins, and of one day in the order recorded. */
export function inOrder<Value>(entries: readonly Since<Value>[]): Since<Value>[] {
  return [...entries].sort((a, b) => compareDays(a.from, b.from));
}

/**
 * The lines of a thing that changes in time: each entry takes the place of the one before it on
 * its day. `linesOf` says what a value is in postings.
 */
export function timeline<Value>(
  entries: readonly Since<Value>[],
  linesOf: (value: Value) => readonly Posting[],
): Posting[] {
  const ordered = inOrder(entries);
  return ordered.flatMap(({ from, value }, index) => {
    const replaced = ordered[index - 1];
    return [
      ...(replaced === undefined
        ? []
        : linesOf(replaced.value).map((line) => ({ ...line, amount: negated(line.amount) }))),
      ...linesOf(value),
    ].map((line) => ({ ...line, effective: from }));
  });
}

/** Entries in order of day with one more, which stands behind those of its own day. */
export function inserted<Value>(ordered: readonly Since<Value>[], entry: Since<Value>): Since<Value>[] {
  return ordered.toSpliced(placeOf(ordered, entry), 0, entry);
}

/**
 * The difference that one more entry makes to the lines of a timeline in order of day: from its day
 * on it takes the place of the entry before it, until the entry after it begins.
 */
export function insertion<Value>(
  ordered: readonly Since<Value>[],
  entry: Since<Value>,
  linesOf: (value: Value) => readonly Posting[],
): Posting[] {
  const place = placeOf(ordered, entry);
  const neighbours = ordered.slice(Math.max(0, place - 1), place + 1);
  return difference(timeline(neighbours, linesOf), timeline(inserted(neighbours, entry), linesOf));
}

/** Where an entry stands that comes behind those of its own day and before those of later ones. */
function placeOf<Value>(ordered: readonly Since<Value>[], { from }: Since<Value>): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareDays(ordered[middle]?.from, from) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** No day is before every day. */
function compareDays(a: Day | undefined, b: Day | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return a < b ? -1 : 1;
}

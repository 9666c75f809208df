import type { Day } from '@deal-ledger/domain';
import { negated } from './decimal';
import type { Posting } from './posting';

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

/** No day is before every day. */
function compareDays(a: Day | undefined, b: Day | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return a < b ? -1 : 1;
}

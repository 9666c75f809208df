import { compare, subtract, sum } from '@deal-ledger/domain';
import type { Row } from '@deal-ledger/reports';

/** A measure whose postings are added to a figure, or taken away from it. */
export interface Part {
  readonly measure: string;
  readonly sign: '+' | '-';
}

/** Of more measures there are too many sums to be looked through. */
const MAX_MEASURES = 8;
/** A sum over more of them than these is likelier to be chance than what the figure is. */
const MAX_PARTS = 3;

/**
 * The measures whose postings, added and taken away as they are, give just the figure; null when
 * none do, because a formula makes it. The fewer they are, and the fewer are taken away, the better. That some
 * that cancel out come to a zero says nothing.
 */
export function madeOf(
  value: Row[string],
  postings: readonly Row[],
  measures: readonly string[] | undefined,
): Part[] | null {
  if (typeof value !== 'string') return null;
  const amounts = postings.filter(
    ({ unit, measure }) => unit !== null && (measures?.includes(String(measure)) ?? true),
  );
  if (new Set(amounts.map(({ unit }) => unit)).size > 1) return null;
  const names = [...new Set(amounts.map(({ measure }) => String(measure)))].sort();
  if (names.length > MAX_MEASURES) return null;
  const sums = new Map(
    names.map((name) => [
      name,
      sum(amounts.filter(({ measure }) => measure === name).map(({ amount }) => String(amount))),
    ]),
  );
  const mostParts = compare(value, '0') === 0 ? 1 : MAX_PARTS;
  const isIt = (parts: readonly Part[]): boolean =>
    compare(
      parts.reduce((total, { measure, sign }) => {
        const part = sums.get(measure) ?? '0';
        return sign === '+' ? sum([total, part]) : subtract(total, part);
      }, '0'),
      value,
    ) === 0;
  return (
    combinations(names)
      .filter((parts) => (parts.length > 0 || names.length === 0) && parts.length <= mostParts)
      .sort((a, b) => a.length - b.length || taken(a) - taken(b))
      .find(isIt) ?? null
  );
}

const taken = (parts: readonly Part[]): number => parts.filter(({ sign }) => sign === '-').length;

/** Every way to add, take away or leave out each of the measures. */
function combinations(names: readonly string[]): Part[][] {
  return names.reduce<Part[][]>(
    (found, measure) =>
      found.flatMap((parts) => [[...parts, { measure, sign: '+' }], [...parts, { measure, sign: '-' }], parts]),
    [[]],
  );
}

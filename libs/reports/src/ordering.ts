import { compare as compareDecimals } from '@deal-ledger/domain';
import type { z } from 'zod';
import { kindOfColumn, type ColumnKind, type ReportDefinition, type Row } from './report';

/** A column that rows are sorted by. */
interface Step {
  readonly column: string;
  readonly isDescending: boolean;
  readonly kind: ColumnKind;
  /** Its words in their order, where that is not alphabetical. */
  readonly words?: readonly string[] | undefined;
}

/** What rows are sorted by: the columns asked for, and then their key. */
function stepsOf({ row, key, sort }: ReportDefinition, by: readonly string[]): Step[] {
  const asked = by.map((column) => ({ column: column.replace(/^-/, ''), isDescending: column.startsWith('-') }));
  const rest = key.filter((column) => !asked.some((each) => each.column === column));
  return [...asked, ...rest.map((column) => ({ column, isDescending: false }))].map((step) => ({
    ...step,
    kind: kindOfColumn(row.shape[step.column] as z.ZodType),
    words: sort.ranks?.[step.column],
  }));
}

/** The order of a report's rows, as \`order by\` says it. */
export function orderOf(definition: ReportDefinition, by: readonly string[] = definition.sort.default): string {
  return stepsOf(definition, by)
    .map(({ column, isDescending, kind, words }) => {
      const value =
        words !== undefined
          ? `array_position(array[${words.map((word) => `'${word.replaceAll(`'`, `''`)}'`).join(', ')}], "${column}")`
          : kind === 'text' || kind === 'list'
            ? `"${column}" collate "C"`
            : `"${column}"`;
      return `${value} ${isDescending ? 'desc nulls last' : 'asc nulls first'}`;
    })
    .join(', ');
}

/** Less than 0 when the first row comes before the second: the same order as {@link orderOf} gives, of the rows as they are shown. */
export function comparing(definition: ReportDefinition, by: readonly string[]): (a: Row, b: Row) => number {
  const steps = stepsOf(definition, by).map((step) => ({ ...step, valueOf: valueIn(step) }));
  return (a, b) => {
    for (const { isDescending, kind, valueOf } of steps) {
      const order = compareIn(kind, valueOf(a), valueOf(b));
      if (order !== 0) return isDescending ? -order : order;
    }
    return 0;
  };
}

type Cell = Row[string];

const valueIn = ({ column, words }: Step): ((row: Row) => Cell) => {
  if (words === undefined) return (row) => row[column] ?? null;
  return (row) => {
    const rank = words.indexOf(String(row[column]));
    return rank < 0 ? null : rank;
  };
};

/** Nothing comes first. */
function compareIn(kind: ColumnKind, a: Cell, b: Cell): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === 'object' && typeof b === 'object') return compareLists(a, b);
  if (typeof a !== 'string' || typeof b !== 'string') return Number(a) - Number(b);
  return kind === 'text' ? compareBytes(a, b) : compareDecimals(a, b);
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [place, each] of a.entries()) {
    const other = b[place];
    if (other === undefined) return 1;
    const order = compareBytes(each, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** By the bytes of UTF-8, which is by code point; units of UTF-16 order otherwise where there are surrogates. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === end) return a.length - b.length;
  const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
  return isSurrogate(one) === isSurrogate(other) ? one - other : isSurrogate(one) ? 1 : -1;
}

// Of two texts that begin alike, one may only go on with half of a pair where the other does too.
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

import { currencyScale, type Decimal } from '@deal-ledger/domain';
import { z } from 'zod';
import { atScale, trimmed } from './decimal';
import type { Row } from './report';
import type { Part, Total } from './tally';

/** Schema of {@link sumsByCurrency}. */
export const sumsSchema = (columns: readonly string[]) =>
  z
    .array(
      z.object({
        currency: z.string(),
        ...Object.fromEntries(columns.map((column) => [column, z.string().nullable()])),
      }),
    )
    .describe('Per currency the sums of the cells as shown. Null: a cell in it could not be converted.');

/**
 * The sums of `columns` over the rows of each currency; `of` makes of a row the one that is added, or
 * leaves it out. What is not stated adds nothing; a cell that could not be converted makes its sum
 * null, because what is left would not be the total.
 */
export const sumsByCurrency = (
  columns: readonly string[],
  of: (row: Row) => Row | undefined = (row) => row,
): Total => ({
  of: (row) => {
    const added = of(row);
    return added === undefined ? [] : partsOf(added, added['currency'], columns);
  },
  shown: (parts) =>
    groupsOf(parts).map((currency) => ({
      currency,
      ...sumsOf(parts, currency, columns, (sum) => atScale(sum, currencyScale(currency) ?? 0)),
    })),
});

/** The sums of `columns` over the rows of each unit that have a period; quantities of different units are never added. */
export const sumsByUnit = (columns: readonly string[]): Total => ({
  of: (row) => (row['period'] === null ? [] : partsOf(row, row['unit'], columns)),
  shown: (parts) => groupsOf(parts).map((unit) => ({ unit, ...sumsOf(parts, unit, columns, trimmed) })),
});

/** How many rows meet a condition. */
export const counted = (condition: (row: Row) => boolean): Total => ({
  of: (row) => (condition(row) ? [['', '1']] : []),
  shown: (parts) => parts.get('')?.rows ?? 0,
});

/** Whether any row meets a condition. */
export const hasAny = (condition: (row: Row) => boolean): Total => ({
  ...counted(condition),
  shown: (parts) => parts.size > 0,
});

/** How many rows have each of the words in a column. */
export const countedBy = (column: string, words: readonly string[]): Total => ({
  of: ({ [column]: word }) => (typeof word === 'string' ? [[word, '1']] : []),
  shown: (parts) => Object.fromEntries(words.map((word) => [word, parts.get(word)?.rows ?? 0])),
});

/** How many values a column has that differ. */
export const distinct = (column: string): Total => ({
  of: ({ [column]: value }) => [[String(value), '0']],
  shown: (parts) => parts.size,
});

/** What the counts in a column add up to. */
export const countsOf = (column: string): Total => ({
  of: ({ [column]: count }) => [['', String(Number(count))]],
  shown: (parts) => Number(parts.get('')?.sum ?? 0),
});

/** The same under whatever rows. */
export const always = (words: string): Total => ({ of: () => [], shown: () => words });

/** Neither a currency, a unit nor a column contains it. */
const BETWEEN = '\n';
const LACKING = 'lacking';

const partsOf = (
  row: Row,
  group: Row[string] | undefined,
  columns: readonly string[],
): (readonly [string, Decimal])[] => {
  if (typeof group !== 'string') return [];
  const parts: (readonly [string, Decimal])[] = [[group, '0']];
  for (const column of columns) {
    const cell = row[column];
    if (typeof cell === 'string') parts.push([group + BETWEEN + column, cell]);
    else if (cell === null && isUnconverted(row)) parts.push([group + BETWEEN + column + BETWEEN + LACKING, '0']);
  }
  return parts;
};

const groupsOf = (parts: ReadonlyMap<string, Part>): string[] =>
  [...parts.keys()].filter((part) => !part.includes(BETWEEN)).sort();

const sumsOf = (
  parts: ReadonlyMap<string, Part>,
  group: string,
  columns: readonly string[],
  shown: (sum: Decimal) => Decimal,
): object =>
  Object.fromEntries(
    columns.map((column) => {
      const part = group + BETWEEN + column;
      return [column, parts.has(part + BETWEEN + LACKING) ? null : shown(parts.get(part)?.sum ?? '0')];
    }),
  );

const UNCONVERTED = ['FX_RATE_MISSING', 'FX_RATE_STALE'];

function isUnconverted({ flags }: Row): boolean {
  return Array.isArray(flags) && UNCONVERTED.some((flag) => flags.includes(flag));
}

import { currencyScale, sum } from '@deal-ledger/domain';
import { z } from 'zod';
import { atScale } from './decimal';
import type { Row } from './report';

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
 * The sums of `columns` over the rows of each currency. What is not stated adds nothing; a cell
 * that could not be converted makes its sum null, because what is left would not be the total.
 */
export function sumsByCurrency(rows: readonly Row[], columns: readonly string[]): object[] {
  const currencies = [
    ...new Set(rows.flatMap(({ currency }) => (typeof currency === 'string' ? [currency] : []))),
  ].sort();
  return currencies.map((currency) => {
    const own = rows.filter((row) => row['currency'] === currency);
    const scale = currencyScale(currency) ?? 0;
    return { currency, ...Object.fromEntries(columns.map((column) => [column, sumOf(own, column, scale)])) };
  });
}

function sumOf(rows: readonly Row[], column: string, scale: number): string | null {
  const cells = rows.map((row) => ({ cell: row[column], unconverted: isUnconverted(row) }));
  if (cells.some(({ cell, unconverted }) => cell === null && unconverted)) return null;
  return atScale(sum(cells.flatMap(({ cell }) => (typeof cell === 'string' ? [cell] : []))), scale);
}

const UNCONVERTED = ['FX_RATE_MISSING', 'FX_RATE_STALE'];

function isUnconverted({ flags }: Row): boolean {
  return Array.isArray(flags) && UNCONVERTED.some((flag) => flags.includes(flag));
}

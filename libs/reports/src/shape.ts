import { currencyScale } from '@deal-ledger/domain';
import type { z } from 'zod';
import { atScale, trimmed } from './decimal';
import { kindOfColumn, type ColumnKind, type RawRow, type ReportDefinition, type Row } from './report';

const RATIO_DIGITS = 4;

/** The row of a statement in the columns of `schema`: money at its currency's scale, ratios rounded. */
export function shaped(schema: z.ZodObject, raw: RawRow): Row {
  const currency = raw['currency'];
  const scale = typeof currency === 'string' ? currencyScale(currency) : undefined;
  return Object.fromEntries(
    Object.entries(schema.shape).map(([column, type]) => [
      column,
      cellOf(kindOfColumn(type as z.ZodType), raw[column], scale),
    ]),
  );
}

/** The columns of a report, in their order. */
export function columnsOf({ row }: ReportDefinition): readonly { readonly name: string; readonly kind: ColumnKind }[] {
  return Object.entries(row.shape).map(([name, type]) => ({ name, kind: kindOfColumn(type as z.ZodType) }));
}

function cellOf(kind: ColumnKind, value: unknown, scale: number | undefined): Row[string] {
  if (value === null || value === undefined) return null;
  switch (kind) {
    case 'money':
      return scale === undefined ? trimmed(String(value)) : atScale(String(value), scale);
    case 'quantity':
      return trimmed(String(value));
    case 'ratio':
      return atScale(String(value), RATIO_DIGITS);
    case 'text':
    case 'decimal':
      return String(value);
    case 'count':
      return Number(value);
    case 'flag':
      return value === true;
    case 'list':
      return value as readonly string[];
  }
}

import type { z } from 'zod';
import { kindOfColumn, type ColumnKind, type RawRow, type ReportDefinition, type Row } from './report';

/** The columns of a report, in their order. */
export function columnsOf({ row }: ReportDefinition): readonly { readonly name: string; readonly kind: ColumnKind }[] {
  return Object.entries(row.shape).map(([name, type]) => ({ name, kind: kindOfColumn(type as z.ZodType) }));
}

/** What the function of a report gave, in the columns of `schema` alone. */
export function rowOf(schema: z.ZodObject, raw: RawRow): Row {
  return Object.fromEntries(Object.keys(schema.shape).map((column) => [column, (raw as Row)[column] ?? null]));
}

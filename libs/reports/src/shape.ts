import type { z } from 'zod';
import { kindOfColumn, type ColumnKind, type ColumnMeta, type RawRow, type ReportDefinition, type Row } from './report';

/** The columns of a report, in their order. */
export function columnsOf({
  row,
}: Pick<ReportDefinition, 'row'>): readonly { readonly name: string; readonly kind: ColumnKind }[] {
  return Object.entries(row.shape).map(([name, type]) => ({ name, kind: kindOfColumn(type as z.ZodType) }));
}

/** What the function of a report gave, in the columns of `schema` alone. */
export function rowOf(schema: z.ZodObject, raw: RawRow): Row {
  return Object.fromEntries(Object.keys(schema.shape).map((column) => [column, (raw as Row)[column] ?? null]));
}

/** Of the columns that are filed as something, as what; nothing of a report without any. */
export function filingOf({ row }: ReportDefinition): Readonly<Record<string, ColumnMeta>> | undefined {
  const filed = Object.entries(row.shape).flatMap(([name, type]) => {
    const xbrlElement = (type as z.ZodType).meta()?.['xbrlElement'];
    return typeof xbrlElement === 'string' ? [[name, { xbrlElement }] as const] : [];
  });
  return filed.length === 0 ? undefined : Object.fromEntries(filed);
}

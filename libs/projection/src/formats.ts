import { columnsOf, type ColumnKind, type ReportDefinition, type Row } from '@deal-ledger/reports';
import { stringify } from 'csv-stringify/sync';
import type { Format } from './reading';

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** The format that is asked for: by parameter, else by the Accept header, else JSON. */
export function formatOf(parameter: Format | undefined, accept: string | undefined): Format {
  if (parameter !== undefined) return parameter;
  const wanted = (accept ?? '').split(',').map((range) => range.split(';')[0]?.trim().toLowerCase());
  for (const type of wanted) {
    if (type === 'text/csv') return 'csv';
    if (type === 'application/x-ndjson') return 'ndjson';
    if (type === 'application/json') return 'json';
  }
  return 'json';
}

/** RFC 4180: a header line, CRLF; null is empty, a list is joined by `|`. */
export function csvOf(definition: ReportDefinition, rows: readonly Row[]): string {
  const columns = columnsOf(definition);
  return stringify(
    rows.map((row) => columns.map(({ name, kind }) => csvCell(kind, row[name] ?? null))),
    { header: true, columns: columns.map(({ name }) => name), record_delimiter: 'windows' },
  );
}

/** A row a line. */
export function ndjsonOf(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

// A spreadsheet would run as a formula what begins like one. Numbers may begin with a minus.
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(kind: ColumnKind, value: Row[string]): string {
  if (value === null || value === undefined) return '';
  const text = Array.isArray(value) ? value.join('|') : String(value);
  return (kind === 'text' || kind === 'list') && FORMULA.test(text) ? `'${text}` : text;
}

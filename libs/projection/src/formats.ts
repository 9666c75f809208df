import { columnsOf, type ColumnKind, type ReportDefinition, type Row } from '@deal-ledger/reports';
import { stringify } from 'csv-stringify/sync';
import type { Question } from './question';
import type { Format } from './reading';
import type { Page } from './reports';

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Of two that are as welcome, the first. */
const OFFERED: readonly (readonly [type: string, format: Format])[] = [
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  ['application/x-ndjson', 'ndjson'],
];

/** The format that is asked for: by parameter, else the most welcome of the Accept header, else JSON. */
export function formatOf(parameter: Format | undefined, accept: string | undefined): Format {
  if (parameter !== undefined) return parameter;
  const ranges = weighted(accept ?? '*/*');
  const welcome = OFFERED.map(([type, format]) => ({ format, weight: weightOf(type, ranges) }));
  const [best] = welcome.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return best?.format ?? 'json';
}

/** Whether the Accept-Encoding header welcomes gzip. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  const codings = weighted(acceptEncoding ?? '');
  return (codings.get('gzip') ?? codings.get('*') ?? 0) > 0;
}

/** What is in the list of a header, and how welcome: `q`, from 0 to 1. */
function weighted(header: string): ReadonlyMap<string, number> {
  return new Map(
    header.split(',').map((each) => {
      const [name = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      const weight = q === undefined ? 1 : Number(q.slice(2));
      return [name, Number.isFinite(weight) ? weight : 0];
    }),
  );
}

/** By the most exact range that the type is in. */
function weightOf(type: string, ranges: ReadonlyMap<string, number>): number {
  return ranges.get(type) ?? ranges.get(`${type.split('/')[0]}/*`) ?? ranges.get('*/*') ?? 0;
}

/** How rows become text: what comes before them, and they. */
export interface Writer {
  readonly head: string;
  rows(rows: readonly Row[]): string;
}

/** RFC 4180: a header line, CRLF; null is empty, a list is joined by `|`. Rows may be gone where `withDeleted`. */
export function csvWriter(definition: Pick<ReportDefinition, 'row'>, withDeleted: boolean): Writer {
  const own = columnsOf(definition);
  const columns = withDeleted ? [...own, { name: 'deleted', kind: 'flag' as const }] : own;
  const lines = (cells: readonly (readonly string[])[]): string =>
    stringify([...cells], { record_delimiter: 'windows' });
  return {
    head: lines([columns.map(({ name }) => name)]),
    rows: (rows) => lines(rows.map((row) => columns.map(({ name, kind }) => csvCell(kind, row[name] ?? null)))),
  };
}

/** A row a line. */
export const ndjsonWriter: Writer = {
  head: '',
  rows: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
};

/** The writer of an answer's rows. */
export const writerOf = ({ definition, changedSince }: Question, format: 'csv' | 'ndjson'): Writer =>
  format === 'csv' ? csvWriter(definition, changedSince !== null) : ndjsonWriter;

/** A page as JSON. */
export const jsonOf = ({ lines, meta }: Page): string => `{"rows":[${lines.join(',')}],"meta":${JSON.stringify(meta)}}`;

/** Rows as text, some at a time. */
export async function* written({ head, rows }: Writer, parts: AsyncIterable<readonly Row[]>): AsyncGenerator<string> {
  if (head !== '') yield head;
  for await (const part of parts) yield rows(part);
}

// A spreadsheet would run as a formula what begins like one. Numbers may begin with a minus.
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(kind: ColumnKind, value: Row[string]): string {
  if (value === null || value === undefined) return '';
  const text = Array.isArray(value) ? value.join('|') : String(value);
  return (kind === 'text' || kind === 'list') && FORMULA.test(text) ? `'${text}` : text;
}

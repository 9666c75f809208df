import Table from 'cli-table3';
import { grouped } from './output';

export type Row = Readonly<Record<string, unknown>>;

/** What stands between two cells. */
const BETWEEN = 3;
const WIDEST = 60;

/**
 * The rows in columns: those that are wanted, else as many as fit into `width` of those that any
 * row has something in, in their order. `left` are those that did not fit.
 */
export function tableOf(
  rows: readonly Row[],
  wanted: readonly string[] | undefined,
  width = Infinity,
): { readonly text: string; readonly left: readonly string[] } {
  const all = Object.keys(rows[0] ?? {});
  const filled = all.filter((column) => rows.some((row) => isSomething(row[column])));
  const widthOf = (column: string): number =>
    Math.min(WIDEST, Math.max(column.length, ...rows.map((row) => cell(row[column]).length)));
  let taken = 1;
  const fitting = filled.filter((column) => (taken += widthOf(column) + BETWEEN) <= width);
  const columns = wanted?.filter((column) => all.includes(column)) ?? fitting;
  const table = new Table({ head: [...columns], style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(columns.map((column) => cut(cell(row[column]))));
  return {
    text: rows.length === 0 ? '(nothing)' : table.toString(),
    left: wanted === undefined ? filled.filter((column) => !columns.includes(column)) : [],
  };
}

const isSomething = (value: unknown): boolean =>
  value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);

function cell(value: unknown): string {
  if (!isSomething(value)) return '–';
  if (Array.isArray(value)) return value.map(String).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return JSON.stringify(value);
  const text = String(value);
  return /^-?\d{5,}(\.\d+)?$/.test(text) ? grouped(text) : text;
}

const cut = (text: string): string => (text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text);

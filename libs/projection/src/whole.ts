import { rowOf, type RawRow, type ReportDefinition, type Row, type Tally } from '@deal-ledger/reports';
import type { Added } from './sums';

/** Every row of an answer, as text, and what is said of all of them. */
export interface Whole {
  /** Each row as JSON. */
  readonly lines: readonly string[];
  /** Each row's key, as JSON. */
  readonly keys: readonly string[];
  readonly fxRates: readonly FxRate[];
  readonly policyEventId: string | null;
  /** Events up to the position that no figure counts, because this version does not know them. */
  readonly unknownEvents: number;
  readonly totals: object;
  readonly unconverted: readonly UnconvertedRow[];
  /** By what rows can be exchanged without looking at all of them; nothing where they never are. */
  readonly seams?: Seams;
}

/** What of the rows is not shown. */
export interface Seams {
  /** By row, as JSON, what its line leaves out of {@link Entry.row}; empty when nothing. */
  readonly besides: readonly string[];
  readonly tally: Tally;
  /** What the rows are added up from, where they are and it can be carried. */
  readonly added?: Added;
}

export interface FxRate {
  readonly base: string;
  readonly quote: string;
  readonly rateType: string;
  readonly onDate: string;
  readonly rate: string;
  readonly eventId: string;
}

/** A row with cells that could not be converted, and these. */
export interface UnconvertedRow {
  readonly key: Row;
  readonly columns: readonly string[];
  readonly flags: readonly string[];
}

/** A row of an answer. */
export interface Entry {
  readonly line: string;
  readonly key: string;
  readonly beside: string;
  /** With the columns that only totals and `meta` show. */
  readonly row: Row;
}

/** What the function of a report gave, row by row. */
export function entriesOf(definition: ReportDefinition, raw: readonly RawRow[]): Entry[] {
  const { row, key, summedOnly } = definition;
  return raw.map((each) => {
    const shown = rowOf(row, each);
    const beside: Row = {
      ...(typeof each['policyEventId'] === 'string' ? { policyEventId: each['policyEventId'] } : {}),
      ...(summedOnly === undefined ? {} : rowOf(summedOnly, each)),
    };
    return {
      line: JSON.stringify(shown),
      key: JSON.stringify(key.map((column) => shown[column] ?? null)),
      beside: Object.keys(beside).length === 0 ? '' : JSON.stringify(beside),
      row: { ...shown, ...beside },
    };
  });
}

/** {@link Entry.row} again. */
export const rowIn = (line: string, beside: string): Row => ({
  ...(JSON.parse(line) as Row),
  ...(beside === '' ? {} : (JSON.parse(beside) as Row)),
});

/** The event that weighs the rows, if any row is weighed; of one position and day there are not two. */
export function policyEventOf(beside: string): string | undefined {
  return beside === '' ? undefined : (JSON.parse(beside) as { policyEventId?: string }).policyEventId;
}

/** The rows of `now` that are not as they were `before`, and the keys of those that are gone. */
export function changes({ key }: ReportDefinition, before: Whole, { seams: _, ...now }: Whole): Whole {
  const earlier = new Map(before.keys.map((each, index) => [each, before.lines[index]]));
  const changed = now.keys.flatMap((each, index) => (earlier.get(each) === now.lines[index] ? [] : [index]));
  for (const each of now.keys) earlier.delete(each);
  const gone = [...earlier.keys()];
  const tombstone = (each: string): string => {
    const values = JSON.parse(each) as Row[string][];
    return JSON.stringify({ ...Object.fromEntries(key.map((column, at) => [column, values[at]])), deleted: true });
  };
  return {
    ...now,
    keys: [...changed.map((index) => now.keys[index] as string), ...gone],
    lines: [...changed.map((index) => now.lines[index] as string), ...gone.map(tombstone)],
  };
}

const UNCONVERTED = ['FX_RATE_MISSING', 'FX_RATE_STALE'];

/** The cells of a row that lack a rate, if any does; what is null without that is none of them. */
export function unconvertedIn({ key, row: { shape } }: ReportDefinition, row: Row, raw: RawRow): UnconvertedRow[] {
  const lacking = raw['unconverted'];
  const columns = Array.isArray(lacking) ? Object.keys(shape).filter((name) => lacking.includes(name)) : [];
  if (columns.length === 0) return [];
  const flags = Array.isArray(row['flags']) ? row['flags'] : [];
  return [
    {
      key: Object.fromEntries(key.map((name) => [name, row[name] ?? null])),
      columns,
      flags: UNCONVERTED.filter((flag) => flags.includes(flag)),
    },
  ];
}

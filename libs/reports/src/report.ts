import { EDTF_MAX_LENGTH, effectiveOf, isDay, isPeriod, normalEdtf } from '@deal-ledger/domain';
import { z } from 'zod';
import type { Totals } from './tally';

/**
 * What a column holds. Numbers are decimal text, never JSON numbers: money at its currency's scale,
 * quantities without superfluous zeros, ratios with 4 digits after the point. Null: not stated,
 * undisclosed, or without meaning in that row; never a stand-in for zero.
 */
export type ColumnKind = 'text' | 'list' | 'money' | 'quantity' | 'ratio' | 'decimal' | 'count' | 'flag';

const kinds = new WeakMap<z.ZodType, ColumnKind>();

function column<Schema extends z.ZodType>(kind: ColumnKind, schema: Schema): Schema {
  kinds.set(schema, kind);
  return schema;
}

/** What the column with this schema holds. */
export function kindOfColumn(schema: z.ZodType): ColumnKind {
  const kind = kinds.get(schema);
  if (kind === undefined) throw new RangeError('a report column is made by one of the functions beside this one');
  return kind;
}

/** What the documentation of a column says besides its meaning. */
export interface ColumnMeta {
  /** The element of a public taxonomy that the column is filed as. */
  readonly xbrlElement?: string;
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** An id, a name or a word that is always there. */
export const id = (meaning: string) => column('text', z.string().describe(meaning));
export const text = (meaning: string) => column('text', z.string().nullable().describe(meaning));
export const list = (meaning: string) => column('list', z.array(z.string()).describe(meaning));
/** At the scale of the row's `currency`; a zero in a row without currency is `0`. */
export const money = (meaning: string, more: ColumnMeta = {}) =>
  column(
    'money',
    z
      .string()
      .regex(DECIMAL)
      .nullable()
      .meta({ description: meaning, ...more }),
  );
export const quantity = (meaning: string) => column('quantity', z.string().regex(DECIMAL).nullable().describe(meaning));
/** 4 digits after the point, rounded half to even. */
export const ratio = (meaning: string) =>
  column(
    'ratio',
    z
      .string()
      .regex(/^-?\d+\.\d{4}$/)
      .nullable()
      .describe(meaning),
  );
/** As it was recorded. */
export const decimal = (meaning: string) => column('decimal', z.string().regex(DECIMAL).nullable().describe(meaning));
export const count = (meaning: string) => column('count', z.int().min(0).describe(meaning));
export const countIfAny = (meaning: string) => column('count', z.int().min(0).nullable().describe(meaning));
/** A number of days, negative when they lie the other way. */
export const daysIfAny = (meaning: string) => column('count', z.int().nullable().describe(meaning));
export const flag = (meaning: string) => column('flag', z.boolean().describe(meaning));

/** A row as the report answers it. */
export type Row = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

/** A row as the function gives it: with the columns that only `meta` shows, and numbers as exact decimal text. */
export type RawRow = Readonly<Record<string, unknown>>;

/** What a reader asks for, besides the point in time. */
export type Parameters = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Counted up when a column, a filter or an argument is renamed, removed or changes its meaning: what
 * a job or a spreadsheet was built on. Columns may be added under the same version.
 */
export const REPORTS_VERSION = 1;

/**
 * A report: a row, and the SQL that makes rows of postings. It becomes a Postgres function
 * `reports.<snake_name>(…)`, a view of the same name (all that is known, today) and a route
 * `/v1/reports/<name>`, all with the same columns and the same text in every cell.
 *
 * `sql` is one `with … select …` that gives every column of `row` by its name, and
 * `"policyEventId"`, `"fxEventIds"` and `unconverted` (see {@link MetaColumn}); `summedOnly` columns too. It is
 * run in the projection's schema and may name these arguments, so none of its own columns may have
 * such a name:
 *
 * | argument | |
 * | --- | --- |
 * | `as_of`, `as_of_ordinal` | left to `linesOf`, which reads no further |
 * | `effective_on` | the day, never null |
 * | `reporting_currency` | or null: each amount in its own; `fxFor` gives the rates |
 * | `fx_policy` | left to `fxFor` |
 * | `filter` | by the names of `filters`; rows are filtered behind the statement, which only needs it to read less |
 * | its `options` | in snake case |
 *
 * What stands behind the statement does the rest: amounts are rounded half to even to the scale of
 * the row's `currency`, ratios to 4 digits, quantities lose superfluous zeros, lists may be JSON or
 * arrays, rows are filtered and sorted. So it says neither `order by` nor `round`.
 */
export interface ReportDefinition {
  /** In kebab case, as in its address. */
  readonly name: string;
  readonly summary: string;
  /** Its address, where that is none of a report: it has no runs and no figures to open then. */
  readonly path?: string;
  /** One schema for the row, its documentation and its columns, in their order. */
  readonly row: z.ZodObject;
  /** The columns that together tell a row from every other. */
  readonly key: readonly string[];
  readonly sort: Sorting;
  /** Per filter parameter, its meaning, and the condition that a row must meet to pass. */
  readonly filters: Readonly<Record<string, Filter>>;
  /** Further parameters. */
  readonly options: Readonly<Record<string, Option>>;
  readonly sql: string;
  /** The postings that a row's figures rest on, told by its cells; looked up when a figure is explained or compared. None: it has no figures. */
  readonly basis: readonly Basis[];
  /** By column those measures of the basis that its figures are made of; of any other column, all of them. */
  readonly rests: Readonly<Record<string, readonly string[]>>;
  /** Further columns of the statement, which only the totals show. */
  readonly summedOnly?: z.ZodObject;
  /**
   * Of a report whose key is position and ordinal and that has the filters `positionFrom` and `positionTo`:
   * of much of the ledger its rows are read a stretch at a time and not counted, unless one of these
   * filters leaves few.
   */
  readonly walked?: { readonly unless: readonly string[] };
  /** Over all rows of the filter; sums are of the cells as shown, so that the table adds up. */
  readonly totals: Totals;
  readonly totalsSchema: z.ZodType;
  /** How an answer follows from that at another position; left away by a report that rests on more than the postings of its basis. */
  readonly carried?: Carried;
}

/** What of a report's answer holds at another position: all of it, if nothing of the measures of its basis was posted between the two. */
export interface Carried {
  /**
   * The rows for which what was posted may matter, by the id that comes first in the key and by which
   * there is a filter of the same name. What a measure without a bearing posts may matter for every row.
   */
  readonly bearings?: readonly Bearing[];
  /** Kinds of streams whose every event shows in the rows of its stream, whatever it posts. */
  readonly kinds?: readonly string[];
  /** Of a report whose rows add up over many streams, in place of bearings on rows. */
  readonly sums?: Sums;
}

/** What sums are narrowed by; no report has filters of such names. */
export const BY_ROOT = 'sums.root';
export const BY_GROUP = 'sums.group';

/**
 * How rows are added up. Of each root (a deal, a funding …) parts are added, which depend on postings
 * that bear on this root alone; and rows are made of the parts of their group, whosever they are.
 * What is touched between two positions changes the sums by its own parts: these as known at the one
 * position are taken away, and as known at the other added.
 */
export interface Sums {
  /** The rows of a group are those that agree in so many of the first columns of the key. */
  readonly groupedBy: number;
  /**
   * SQL over the arguments of the report for a row per group: `group`, a JSON array of these columns,
   * and `parts`, a JSON array of what is told apart in it, each `[key, sum, unknown, rows]`. Its
   * `filter` may have {@link BY_ROOT}, ids with commas between, of which alone the parts are wanted.
   */
  readonly parts: string;
  /**
   * The statement of the report over `sums`, a JSON array of `[group, parts]`, for the rows of these
   * groups. Its `filter` has {@link BY_GROUP}, the ids in their first columns.
   */
  readonly rows: string;
  /** To which roots postings matter. */
  readonly bearings: readonly Bearing[];
}

/** To which ids, of rows or of roots, postings of some measures may matter. */
export interface Bearing {
  readonly measures: readonly string[];
  /** SQL that selects these ids; `roots` is SQL for an array of what the postings are of, without the parts of that. */
  bearOn(roots: string): string;
}

/**
 * What the figures of a row rest on: of these measures the postings `p` for which `of` holds, SQL over
 * `p`, the row `r` and `asked`, which has `effective_on`, `reporting_currency`, the options in snake
 * case and `measured`, the column that is looked at.
 */
export interface Basis {
  readonly measures: readonly string[];
  /** SQL over the row for what such postings are of, if there is a way from the row to it: no others are looked at. */
  readonly subjects?: string;
  readonly of: string;
  /** Likewise, those that bear on the figures too without being what they are made of. */
  readonly bearing?: string;
}

/** Where a report is asked for. */
export const pathOf = ({ name, path }: Pick<ReportDefinition, 'name' | 'path'>): string =>
  path ?? `/v1/reports/${name}`;

/** Columns that a row of the function has besides its own: what its figures rest on. */
export const META_COLUMNS = {
  policyEventId:
    'The event that set the probabilities by stage in force on the day, in a report that weights by them; a row that is weighted by an assessment of its own, or not at all, may have it too. Null when there is none, in a report that weights nothing, and in deal-register where the probability of the row is not from it.',
  fxEventIds: 'The events that recorded the exchange rates which the row is converted by.',
  unconverted:
    'The amounts of the row that are null for want of an exchange rate, by their columns; null when there are none.',
} as const;

export type MetaColumn = keyof typeof META_COLUMNS;

/** The order of rows. The key is appended to every order, so that no two rows can change places. */
export interface Sorting {
  /** Columns in order; `-` in front of one: descending. Null comes before everything, descending after. */
  readonly default: readonly string[];
  /** The columns that a reader may sort by. */
  readonly columns: readonly string[];
  /** Of columns of words, the words in their order, where that is not alphabetical. */
  readonly ranks?: Readonly<Record<string, readonly string[]>>;
}

/** A parameter of one report. */
export interface Option {
  readonly type: 'text' | 'boolean' | 'integer' | 'date';
  /** From the text of a query; what it makes of nothing is the default. */
  readonly schema: z.ZodType<string | boolean | number | undefined>;
}

export interface Filter {
  readonly schema: z.ZodType<string>;
  /** SQL over the statement's row `r`; `value` is SQL for the text that is asked for. */
  condition(value: string): string;
}

const textOf = (most: number) =>
  z
    .string()
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'is text without control characters')
    .max(most);
const word = textOf(200);
const words = textOf(2_000);

/** Rows whose `column` is the value. */
export const equal = (column: string): Filter => ({
  schema: word.describe(`Only rows whose ${column} this is.`),
  condition: (value) => `r."${column}"::text = ${value}`,
});

/** Rows whose `column` is one of the words, which have commas between. */
export const oneOf = (column: string): Filter => ({
  schema: words.describe(`Only rows whose ${column} this is; several with commas between.`),
  condition: (value) => `r."${column}" = any (string_to_array(${value}, ','))`,
});

/** Rows whose `column` lists the value. */
export const lists = (column: string): Filter => ({
  schema: word.describe(`Only rows whose ${column} list this.`),
  condition: (value) => `to_jsonb(r."${column}") ? ${value}`,
});

/** Rows whose `column`, which only the statement has, mentions the text; `where` says what that is. */
export const mentions = (column: string, where: string): Filter => ({
  schema: word.describe(`Only rows with this in their ${where}; without regard to case.`),
  condition: (value) => `strpos(as_compared(r."${column}"), as_compared(${value})) > 0`,
});

/** Rows whose `column`, which is JSON and only the statement has, names the id; `where` says what that is. */
export const refersTo = (column: string, where: string): Filter => ({
  schema: word.describe(`Only rows with this id in their ${where}.`),
  condition: (value) => `refers_to(r."${column}", ${value})`,
});

/** Rows whose `column` is so many or more. */
export const atLeast = (column: string): Filter => ({
  schema: z
    .string()
    .regex(/^\d{1,6}$/, 'is a whole number')
    .describe(`Only rows whose ${column} is this or more.`),
  condition: (value) => `r."${column}" >= (${value})::integer`,
});

const position = z.string().regex(/^\d{1,15}$/, 'is a position of the ledger, a whole number');

/** Rows whose `column`, a position, is this one or later. */
export const positionFrom = (column: string): Filter => ({
  schema: position.describe(`Only rows whose ${column} is this or later.`),
  condition: (value) => `r."${column}" >= (${value})::bigint`,
});

/** Rows whose `column`, a position, is this one or earlier. */
export const positionTo = (column: string): Filter => ({
  schema: position.describe(`Only rows whose ${column} is this or earlier.`),
  condition: (value) => `r."${column}" <= (${value})::bigint`,
});

/** Rows whose `column` is true or false. */
export const isTrue = (column: string): Filter => ({
  schema: z.enum(['true', 'false']).describe(`Only rows whose ${column} this is.`),
  condition: (value) => `r."${column}" = (${value})::boolean`,
});

const period = z
  .string()
  .refine(isPeriod, 'is no period; write a year 2026, a half-year 2026-41, a quarter 2026-Q4 or a month 2026-10')
  .overwrite(normalEdtf);

/** Rows whose `column` is the period. */
export const ofPeriod = (column: string): Filter => ({
  schema: period.describe(`Only rows whose ${column} this is.`),
  condition: equal(column).condition,
});

/** Rows whose `column` is the period, or `unscheduled`. */
export const ofPeriodOrNone = (column: string): Filter => ({
  schema: z
    .string()
    .refine(
      (text) => text === 'unscheduled' || isPeriod(text),
      'is no period; write a year 2026, a half-year 2026-41, a quarter 2026-Q4, a month 2026-10 or unscheduled',
    )
    .overwrite(normalEdtf)
    .describe(`Only rows whose ${column} this is: a period or unscheduled.`),
  condition: equal(column).condition,
});

/** Rows whose `column` is the date, interval or period. */
export const ofWindow = (column: string): Filter => ({
  schema: z
    .string()
    .max(EDTF_MAX_LENGTH)
    .refine(
      (text) => effectiveOf(text) !== undefined,
      'is no date, interval or period of EDTF; write for example 2026-10, 2026-Q4 or 2026-41',
    )
    .overwrite(normalEdtf)
    .describe(`Only rows whose ${column} this is, as EDTF.`),
  condition: equal(column).condition,
});

/** Rows whose `column` is a period that lies wholly behind the beginning of the period asked for; never one without a date. */
export const periodFrom = (column: string): Filter => ({
  schema: period.describe(`Only rows whose ${column} begins with this or later.`),
  condition: (value) =>
    `case when r."${column}" <> 'unscheduled' then period_first(r."${column}") >= period_first(${value}) end`,
});

/** Rows whose `column` is a period that lies wholly before the end of the period asked for. */
export const periodTo = (column: string): Filter => ({
  schema: period.describe(`Only rows whose ${column} ends with this or earlier.`),
  condition: (value) =>
    `case when r."${column}" <> 'unscheduled' then period_last(r."${column}") <= period_last(${value}) end`,
});

const day = z.string().refine(isDay, 'is no day; write YYYY-MM-DD');

/** Rows whose `column`, a day, is this one or later. */
export const onOrAfter = (column: string): Filter => ({
  schema: day.describe(`Only rows whose ${column} is this day or later.`),
  condition: (value) => `r."${column}"::date >= (${value})::date`,
});

/** Rows whose `column`, a day, is this one or earlier. */
export const onOrBefore = (column: string): Filter => ({
  schema: day.describe(`Only rows whose ${column} is this day or earlier.`),
  condition: (value) => `r."${column}"::date <= (${value})::date`,
});

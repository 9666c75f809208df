import { z } from 'zod';

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

const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** An id, a name or a word that is always there. */
export const id = (meaning: string) => column('text', z.string().describe(meaning));
export const text = (meaning: string) => column('text', z.string().nullable().describe(meaning));
export const list = (meaning: string) => column('list', z.array(z.string()).describe(meaning));
/** At the scale of the row's `currency`; a zero in a row without currency is `0`. */
export const money = (meaning: string) => column('money', z.string().regex(DECIMAL).nullable().describe(meaning));
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
export const flag = (meaning: string) => column('flag', z.boolean().describe(meaning));

/** A row as the report answers it. */
export type Row = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

/** A row as the statement gives it: numbers as exact decimal text of any scale, or as integers. */
export type RawRow = Readonly<Record<string, unknown>>;

/** What a reader asks for, besides the point in time. */
export type Parameters = Readonly<Record<string, string | boolean | undefined>>;

export interface ReportDefinition {
  /** In kebab case, as in its address. */
  readonly name: string;
  readonly summary: string;
  /** One schema for the row, its documentation and its columns, in their order. */
  readonly row: z.ZodObject;
  /** Per filter parameter, its meaning, and what a row must contain to pass. */
  readonly filters: Readonly<Record<string, Filter>>;
  /** Further parameters, in the order of the statement's placeholders from `$5`. */
  readonly options: Readonly<Record<string, z.ZodType<string | boolean>>>;
  /**
   * The one read. `$1` position, `$2` date, `$3` reporting currency or null, `$4` what a row must
   * contain, as JSON. Each row may carry `policyEventId` besides its columns.
   */
  readonly sql: string;
  /** Further columns of the statement, which only the totals show. */
  readonly summedOnly?: z.ZodObject;
  /** Over all rows of the filter; sums are of the cells as shown, so that the table adds up. */
  totals(rows: readonly Row[]): object;
  readonly totalsSchema: z.ZodType;
}

export interface Filter {
  readonly schema: z.ZodType<string>;
  contains(value: string): object;
}

const word = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'is text without control characters')
  .max(200);

/** Rows whose `column` is the value. */
export const equal = (column: string): Filter => ({
  schema: word.describe(`Only rows whose ${column} this is.`),
  contains: (value) => ({ [column]: value }),
});

/** Rows whose `column` lists the value. */
export const lists = (column: string): Filter => ({
  schema: word.describe(`Only rows whose ${column} list this.`),
  contains: (value) => ({ [column]: [value] }),
});

/** Rows whose `column` is true or false. */
export const isTrue = (column: string): Filter => ({
  schema: z.enum(['true', 'false']).describe(`Only rows whose ${column} this is.`),
  contains: (value) => ({ [column]: value === 'true' }),
});

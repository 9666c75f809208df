import { z } from 'zod';
import { orderOf } from './ordering';
import {
  BY_GROUP,
  kindOfColumn,
  META_COLUMNS,
  type ColumnKind,
  type Filter,
  type Option,
  type ReportDefinition,
  type Sums,
} from './report';

/** Where the function of a report is made, and in whose tables it reads. */
export interface Place {
  /** The schema that readers see. */
  readonly reportsSchema: string;
  /** The projection's own. */
  readonly schema: string;
}

/** A report as Postgres has it. */
export interface SqlFunction {
  /** In snake case; of the function and of the view. */
  readonly name: string;
  /** Arguments and columns: while it stays the same, the function can be replaced under those who use it. */
  readonly signature: string;
  /** Creates or replaces the function and the view, with their comments. */
  readonly statements: readonly string[];
}

interface Argument {
  readonly name: string;
  readonly type: string;
  /** SQL. */
  readonly standard: string;
}

/** What every report can be asked, besides its options. */
const COMMON: readonly Argument[] = [
  { name: 'as_of', type: 'bigint', standard: 'null' },
  { name: 'effective_on', type: 'date', standard: `(now() at time zone 'utc')::date` },
  { name: 'reporting_currency', type: 'text', standard: 'null' },
  { name: 'fx_policy', type: 'text', standard: `'standard'` },
  { name: 'filter', type: 'jsonb', standard: `'{}'` },
];
const LAST: Argument = { name: 'as_of_ordinal', type: 'integer', standard: 'null' };

/**
 * What Postgres plans a report with. It joins sums, of whose number the planner knows nothing: it would
 * loop over them within each other, or compile the statement for longer than it runs.
 */
export const PLANNED_WITH: readonly string[] = ['enable_nestloop = off', 'jit = off', `work_mem = '64MB'`];

// What a filter leaves to be read differs from question to question, so each is planned anew. A temporary table of the
// reader's is looked up last, so that it never stands in for one of ours.
const settingsFor = (schema: string): string => `
  set search_path = ${schema}, pg_temp
  ${PLANNED_WITH.map((setting) => `set ${setting}`).join('\n  ')}
  set plan_cache_mode = force_custom_plan`;

/** The function and the view of a report. */
export function sqlFunctionOf(definition: ReportDefinition, { reportsSchema, schema }: Place): SqlFunction {
  const name = snake(definition.name);
  const args = argumentsOf(definition);
  const columns = returnedColumns(definition);
  const signature =
    `${args.map((each) => `${each.name} ${each.type} default ${each.standard}`).join(', ')}\n` +
    columns.map((column) => `"${column.name}" ${column.type}`).join(', ');
  const qualified = `${reportsSchema}.${name}`;
  const shown = columns.filter((column) => !column.isSummedOnly);
  return {
    name,
    signature,
    statements: [
      `create or replace function ${qualified}(
  ${args.map((each) => `${each.name} ${each.type} default ${each.standard}`).join(',\n  ')}
) returns table (
  ${columns.map((column) => `"${column.name}" ${column.type}`).join(',\n  ')}
) language sql stable security definer ${settingsFor(schema)}
as $report$${statementOf(definition)}$report$`,
      `comment on function ${qualified} is ${literal(commentOf(definition))}`,
      `create or replace view ${qualified} as select ${shown.map((column) => `"${column.name}"`).join(', ')} from ${qualified}()`,
      `comment on view ${qualified} is ${literal(`${definition.summary} With all that is known, today (UTC).`)}`,
      ...shown.map((column) => `comment on column ${qualified}."${column.name}" is ${literal(column.meaning)}`),
    ],
  };
}

/** `kebab-case` and `camelCase` in snake case. */
export const snake = (name: string): string =>
  name.replaceAll('-', '_').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function argumentsOf({ options }: ReportDefinition): Argument[] {
  const own = Object.entries(options).map(([name, option]) => ({
    name: snake(name),
    type: option.type,
    standard: standardOf(option),
  }));
  return [...COMMON, ...own, LAST];
}

/** The SQL type of each option, by its name in snake case. */
export const argumentTypesOf = ({ options }: ReportDefinition): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(options).map(([name, { type }]) => [snake(name), type]));

function standardOf({ type, schema }: Option): string {
  const value = schema.parse(undefined);
  return value === undefined ? 'null' : type === 'text' || type === 'date' ? literal(String(value)) : String(value);
}

interface Returned {
  readonly name: string;
  readonly type: string;
  readonly meaning: string;
  readonly isSummedOnly: boolean;
  /** Of the statement's row `r`, as it is shown. */
  readonly cell: string;
}

function returnedColumns({ row, summedOnly }: ReportDefinition): Returned[] {
  const columnsOf = (schema: z.ZodObject | undefined, isSummedOnly: boolean): Returned[] =>
    Object.entries(schema?.shape ?? {}).map(([name, each]) => {
      const type = each as z.ZodType;
      const { sql, shown } = CELLS[kindOfColumn(type)];
      return { name, type: sql, meaning: type.description ?? '', isSummedOnly, cell: shown(`r."${name}"`) };
    });
  return [
    ...columnsOf(row, false),
    ...Object.entries(META_COLUMNS).map(([name, meaning]) => {
      const type = name === 'policyEventId' ? 'text' : 'text[]';
      return { name, type, meaning, isSummedOnly: false, cell: `r."${name}"::${type}` };
    }),
    ...columnsOf(summedOnly, true),
  ];
}

// Most amounts have no more digits than their currency, and need no looking at.
const rounded = (value: string, digits: string): string =>
  `case when scale(${value}) <= ${digits} then round(${value}, ${digits}) else half_even(${value}, ${digits}) end`;

/** Of the row's currency; no column has such a name. */
const DIGITS = 'r."currency scale"';

const CELLS: Readonly<Record<ColumnKind, { sql: string; shown: (value: string) => string }>> = {
  text: { sql: 'text', shown: (value) => `${value}::text` },
  list: {
    sql: 'text[]',
    shown: (value) =>
      `case when ${value} is not null then array(select jsonb_array_elements_text(to_jsonb(${value}))) end`,
  },
  money: {
    sql: 'numeric',
    shown: (value) =>
      `case when ${DIGITS} is null then trim_scale(${value}) else ${rounded(`${value}::numeric`, DIGITS)} end`,
  },
  quantity: { sql: 'numeric', shown: (value) => `trim_scale(${value})` },
  ratio: { sql: 'numeric', shown: (value) => rounded(`${value}::numeric`, '4') },
  decimal: { sql: 'numeric', shown: (value) => `${value}::numeric` },
  count: { sql: 'integer', shown: (value) => `${value}::integer` },
  flag: { sql: 'boolean', shown: (value) => `${value}::boolean` },
};

/** The SQL type of each column of the report's function. */
export const columnTypesOf = (definition: ReportDefinition): Readonly<Record<string, string>> =>
  Object.fromEntries(returnedColumns(definition).map(({ name, type }) => [name, type]));

/** The statement of a report's function, over its arguments. */
export function statementOf(definition: ReportDefinition): string {
  const { filters, options, row, sql } = definition;
  const names = Object.keys(filters).map(literal).join(', ');
  const conditions = [
    `refuse_unanswerable(as_of, as_of_ordinal, effective_on, reporting_currency, fx_policy, filter, array[${names}]::text[])`,
    ...Object.entries(options).flatMap(([name, { type, schema }]) => {
      const { enum: words } = z.toJSONSchema(schema, { io: 'input' });
      return type === 'text' && words !== undefined
        ? [
            `refuse_other_than('${snake(name)}', ${snake(name)}, array[${words.map((word) => literal(String(word))).join(', ')}])`,
          ]
        : [];
    }),
    ...Object.entries(filters).map(
      ([name, { condition }]) => `(filter ->> '${name}' is null or ${condition(`(filter ->> '${name}')`)})`,
    ),
  ];
  // The statement is worked out before its cells are rounded, each of which is looked at several times.
  return `
with r as materialized (${sql})
select * from (
  select ${returnedColumns(definition)
    .map((column) => `${column.cell} as "${column.name}"`)
    .join(', ')}
  from (select r.*, ${'currency' in row.shape ? 'currency_scale(r.currency)' : 'null::integer'} as "currency scale" from r offset 0) as r
  where ${conditions.join('\n    and ')}
) as report
order by ${orderOf(definition)}
`;
}

/** The same of a report that is added up, over its arguments and its {@link Sums}. */
export function statementOverSums(definition: ReportDefinition, { rows, groupedBy }: Sums): string {
  const { filters, key } = definition;
  const group = key.slice(0, groupedBy).map((column) => `r."${column}"`);
  // What is read besides the sums may be of further groups.
  const ofGroup: Filter = {
    schema: z.string(),
    condition: () =>
      `jsonb_build_array(${group.join(', ')}) in (select each -> 0 from jsonb_array_elements(sums) as given (each))`,
  };
  return statementOf({ ...definition, sql: rows, filters: { ...filters, [BY_GROUP]: ofGroup } });
}

function commentOf({ summary, filters, options, summedOnly }: ReportDefinition): string {
  const own = Object.entries(options).map(([name, { schema }]) => `${snake(name)}: ${schema.description ?? ''}`);
  return [
    summary,
    'as_of: the position of the ledger up to which is known; by default all. effective_on: what had happened by this day; by default today (UTC).',
    'reporting_currency: every amount in this currency; by default each in its own. fx_policy: standard (what has happened at the spot rate of its day, what is to come at the closing rate) or closing (all at the closing rate).',
    `filter: JSON with any of ${Object.keys(filters).join(', ')}.`,
    ...own,
    'as_of_ordinal: of the commit at as_of only the events up to this place, from 0; by default all.',
    `${Object.keys(META_COLUMNS).join(', ')}: columns that the function and the view have; the route says the first two once, of the whole answer, and the last where it refuses one for onMissingFx=fail.`,
    ...(summedOnly === undefined
      ? []
      : [
          `${Object.keys(summedOnly.shape).join(' and ')}: columns that only the function has; the route has their sums, in its totals.`,
        ]),
  ].join('\n');
}

const literal = (text: string): string => `'${text.replaceAll(`'`, `''`)}'`;

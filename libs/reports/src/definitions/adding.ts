import type { Sums } from '../report';
import { linesOf, type Narrowing, type Reading } from './sql';

/** A report whose rows are made of what many roots add. */
interface Adding {
  /** Columns that parts are told apart by; the first `groupedBy` are those that the report's key begins with. */
  readonly keys: readonly string[];
  readonly groupedBy: number;
  /** Narrowed by root, to what bears on these. */
  readonly of: {
    readonly measures: readonly string[];
    readonly narrowings: readonly Narrowing[];
    /** CTEs made of `line` with the measures. */
    readonly ctes: string;
    /**
     * A query of the keys, currency, cell, amount, kind and day: rows that each come of one root. A group that no
     * root adds to has no rows, and one whose rows a root bears on is named by it, if with nothing.
     */
    readonly parts: string;
  };
  /** Narrowed by group, to what bears on rows of groups that begin with these ids. */
  readonly into: {
    readonly measures: readonly string[];
    readonly narrowings: readonly Reading[];
    /** CTEs and the statement, made of `added`, which has the columns of the parts, and of `line` with the measures. */
    readonly rows: string;
  };
}

/** The report's statement, and what its answers are carried by. */
export function adding({ keys, groupedBy, of, into }: Adding): { readonly sql: string; readonly sums: Sums } {
  const told = [...keys, 'currency', 'cell', 'kind', 'day'];
  const [group, rest] = [told.slice(0, groupedBy), told.slice(groupedBy)];
  const added = `added (${[...keys, 'currency', 'cell', 'amount', 'kind', 'day'].join(', ')})`;
  return {
    sql: `
with recursive ${linesOf([...new Set([...of.measures, ...into.measures])])},
${of.ctes},
${added} as (${of.parts}),
${into.rows}`,
    sums: {
      groupedBy,
      parts: `
with recursive ${linesOf(of.measures, ...of.narrowings)},
${of.ctes},
${added} as (${of.parts}),
part as (
  select ${told.join(', ')}, coalesce(sum(amount), 0) as amount, count(*) - count(amount) as unknown, count(*) as rows
  from added group by ${told.join(', ')}
)
select json_build_array(${group.join(', ')})::text as "group",
  json_agg(json_build_array(json_build_array(${rest.join(', ')}), amount::text, unknown, rows))::text as parts
from part group by ${group.join(', ')}`,
      rows: `
with recursive ${into.measures.length === 0 ? '' : `${linesOf(into.measures, ...into.narrowings)},`}
${added} as (
  select ${[...keys, 'currency', 'cell'].join(', ')}, case when unknown = 0 then amount end, kind, day
  from jsonb_array_elements(sums) as given (each)
  cross join lateral jsonb_array_elements(each -> 1) as parts (part)
  cross join lateral (select ${[
    ...group.map((name, place) => `each -> 0 ->> ${place} as ${name}`),
    ...rest.map((name, place) => `(part -> 0 ->> ${place})::${name === 'day' ? 'date' : 'text'} as ${name}`),
    '(part ->> 1)::numeric as amount',
    '(part ->> 2)::bigint as unknown',
  ].join(', ')}) as read
),
${into.rows}`,
      bearings: of.narrowings,
    },
  };
}

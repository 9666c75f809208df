import { argumentTypesOf, snake, type ReportDefinition } from '@deal-ledger/reports';
import type { Values } from './call';
import type { Question } from './question';

/** The row's key as readers write it: its parts joined by `/`, those that are null left away. */
export const keyText = ({ key }: ReportDefinition, row: string): string =>
  `concat_ws('/', ${key.map((column) => `${row}."${column}"`).join(', ')})`;

/** The CTE `asked`: what the conditions of a basis may name besides posting and row. */
export function askedFor(question: Question, column: string, values: Values): string {
  const { definition, effectiveOn, reportingCurrency, options } = question;
  const types = argumentTypesOf(definition);
  const own = Object.entries(options).map(([name, value]) => {
    const argument = snake(name);
    return `${values.add(value)}::${types[argument] ?? 'text'} as ${argument}`;
  });
  return `asked as materialized (select ${[
    `${values.add(effectiveOn)}::date as effective_on`,
    `${values.add(reportingCurrency)}::text as reporting_currency`,
    `${values.add(column)}::text as measured`,
    ...own,
  ].join(', ')})`;
}

/** The CTE `resting`: the postings of these measures that any row of the CTE `r` rests on, or that bear on one. */
export function restingOn(
  { basis }: ReportDefinition,
  { measures, bearing }: { measures: readonly string[] | undefined; bearing: boolean },
  where: string,
): string {
  const parts = basis.flatMap((each) => {
    const wanted = each.measures.filter((measure) => measures === undefined || measures.includes(measure));
    if (wanted.length === 0) return [];
    const isWider = bearing && each.bearing !== undefined;
    const condition = isWider ? each.bearing : each.of;
    // Found one by one, by the first part of it as `postings_by_root` has them.
    const among =
      each.subjects === undefined || isWider
        ? 'cross join postings as p'
        : `cross join lateral (select distinct subject from (${each.subjects}) as those (subject)) as said
           join postings as p on split_part(p.subject, '/', 1) = split_part(said.subject, '/', 1) and p.subject = said.subject`;
    return [
      `select distinct p.* from r cross join asked ${among}
       where p.measure in (${wanted.map((measure) => `'${measure}'`).join(', ')}) and ${where} and (${condition})`,
    ];
  });
  return `resting as materialized (${parts.length === 0 ? 'select * from postings where false' : parts.join('\n    union all ')})`;
}

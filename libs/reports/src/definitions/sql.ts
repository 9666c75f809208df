import type { Bearing } from '../report';

/** Which postings of some measures may matter to rows that pass a filter by ids: the others are not read. */
export interface Reading {
  readonly filter: string;
  readonly measures: readonly string[];
  /** SQL over a posting; `ids` is SQL for the array of what is asked for. */
  matters(ids: string): string;
}

/** The same, and from the postings to the ids. */
export interface Narrowing extends Reading, Bearing {}

/** What a posting is of, without the parts of that; `postings_by_root` finds postings by it. */
const ROOT = `split_part(subject, '/', 1)`;

/** Of these measures what is of the ids themselves. */
export const ofItself = (filter: string, measures: readonly string[]): Narrowing => ({
  filter,
  measures,
  matters: (ids) => `${ROOT} = any (${ids})`,
  bearOn: (roots) => `select unnest(${roots})`,
});

/** Of these measures what is of one of those that `those` leads to. */
export const readingThose = (filter: string, measures: readonly string[], those: Ways['those']): Reading => ({
  filter,
  measures,
  // As an array they are looked up in the index one by one.
  matters: (asked) => `${ROOT} = any (array(${those(asked)}))`,
});

/** What postings are of that bear on rows of ids, and the other way round: each SQL over an array of the other. */
interface Ways {
  those(ids: string): string;
  ids(those: string): string;
}

/** The same, both ways. */
export const ofThose = (filter: string, measures: readonly string[], { those, ids }: Ways): Narrowing => ({
  ...readingThose(filter, measures, those),
  bearOn: ids,
});

/** From deals to the requests or fundings that ever named them; `postings_by_deal` finds these. */
export const namingDeal = (naming: 'request' | 'funding'): Ways => ({
  those: (deals) =>
    `select p.subject from postings as p where p.measure = '${naming}' and p.value::jsonb ->> 'dealId' = any (${deals})`,
  ids: (those) =>
    `select p.value::jsonb ->> 'dealId' from postings as p where p.measure = '${naming}' and split_part(p.subject, '/', 1) = any (${those})`,
});

/** The same ways, walked from the other end. */
export const backwards = ({ those, ids }: Ways): Ways => ({ those: ids, ids: those });

/** Of these measures what is of a request or a funding that ever named the deals. */
export const ofThoseNamingDeal = (naming: 'request' | 'funding', measures: readonly string[]): Narrowing =>
  ofThose('dealId', measures, namingDeal(naming));

/**
 * The CTE `line`: the sums that stand at the position and the date asked for, one row per measure,
 * subject, value, period and unit. Sums of nothing are left away: an attribute whose value no longer
 * holds is gone. What narrowings say does not matter is not read at all.
 */
export const linesOf = (measures: readonly string[], ...narrowings: readonly Reading[]): string =>
  standing('line', chosen(measures, narrowings));

/** The CTE `name` of the sums of these postings that stand at the position and the date asked for. */
export const standing = (name: string, postings: string): string => `
  ${name} as materialized (
    select measure, subject, value, period, unit, sum(amount) as amount
    from postings
    where ${postings} and ${KNOWN}
    group by measure, subject, value, period, unit
    having sum(amount) <> 0
  )`;

const KNOWN = `(as_of is null or (position, ordinal) <= (as_of, coalesce(as_of_ordinal, 2147483647)))
      and (effective is null or effective <= effective_on)`;

/**
 * Of these measures the postings up to the position and the date asked for, to be summed by whatever a
 * report adds up, without the lines between. An amount in force is never below zero: where the sum of
 * one measure is nothing, none of its lines stands.
 */
export const postingsOf = (measures: readonly string[], ...narrowings: readonly Reading[]): string =>
  `(select measure, subject, value, period, unit, amount from postings where ${chosen(measures, narrowings)} and ${KNOWN})`;

const oneOf = (measures: readonly string[]): string =>
  `measure in (${measures.map((measure) => `'${measure}'`).join(', ')})`;

function chosen(measures: readonly string[], narrowings: readonly Reading[]): string {
  const byCondition = new Map<string, string[]>();
  for (const measure of measures) {
    const condition = narrowings
      .filter((narrowing) => narrowing.measures.includes(measure))
      .map(({ filter, matters }) => {
        const asked = `filter ->> '${filter}'`;
        return ` and (${asked} is null or ${matters(`string_to_array(${asked}, ',')`)})`;
      })
      .join('');
    byCondition.set(condition, [...(byCondition.get(condition) ?? []), measure]);
  }
  const parts = [...byCondition].map(([condition, its]) => `${oneOf(its)}${condition}`);
  return parts.length === 1 ? parts.join('') : `(${parts.map((part) => `(${part})`).join(' or ')})`;
}

/** The lines of an attribute as `subject` and `terms`, which are parsed once, and not once for each mention of them. */
export const termsOf = (measure: string): string =>
  `(select subject, value::jsonb as terms from line where measure = '${measure}' offset 0)`;

/** Of the lines of one subject: the value of an attribute, the sum of a number, the unit it is in; only subjects that have it. */
export const valueOf = (measure: string): string => `(max(value) filter (where measure = '${measure}'))::jsonb`;
export const sumOf = (measure: string): string => `coalesce(sum(amount) filter (where measure = '${measure}'), 0)`;
export const ifAny = (measure: string): string => `having bool_or(measure = '${measure}')`;
export const unitOf = (measure: string): string => `max(unit) filter (where measure = '${measure}')`;

/** What a report that neither weighs nor converts rests on. */
export const RESTS_ON_NOTHING = `null as "policyEventId", null::text[] as "fxEventIds", null::text[] as unconverted`;

/** The names that apply of `condition, name` pairs, as the column \`flags\`. */
export const flagsOf = (conditions: Readonly<Record<string, string>>): string =>
  `array_remove(array[${Object.entries(conditions)
    .map(([name, condition]) => `case when ${condition} then '${name}' end`)
    .join(', ')}]::text[], null) as flags`;

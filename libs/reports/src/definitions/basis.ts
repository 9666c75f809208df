import type { Basis } from '../report';

/** Postings of the id itself and of its parts; `postings_by_root` finds them by it. */
export const under = (id: string): string => `split_part(p.subject, '/', 1) = ${id}`;

/** Postings of a part of the id, and of the parts of that. */
export const underPart = (id: string, part: string): string =>
  `${under(id)} and split_part(p.subject, '/', 2) = ${part}`;

/** Subjects of which something of the kind was ever recorded; `condition` is SQL over its `terms`. */
const subjectsWith = (measure: string, condition: string, subject = 'each.subject'): string => `
  select ${subject} from postings as each cross join lateral (select each.value::jsonb as terms) as said
  where each.measure = '${measure}' and ${condition}`;

/** Postings of subjects of which something of the kind was ever recorded; `condition` is SQL over its `terms`. */
export const ofThoseWith = (measure: string, condition: string, subject = 'each.subject'): string =>
  `(split_part(p.subject, '/', 1), p.subject) in (
    select split_part(subject, '/', 1), subject from (${subjectsWith(measure, condition, subject)}) as those (subject)
  )`;

/** The policies there are; only one of them holds on a day. */
export const POLICY: Basis = { measures: ['policy'], of: 'true' };

/** Rates of the currency that is asked for, direct and inverse. */
export const RATES: Basis = {
  measures: ['fx'],
  of: `asked.reporting_currency in (split_part(p.subject, '/', 1), split_part(p.subject, '/', 2))`,
};

/** Payments and deliveries whose terms meet `condition`, their deals, and what `within` says of the lines of a leg. */
export const ofLegs = (
  condition: string,
  {
    legs,
    deals = ['deal.stage'],
    within = 'true',
  }: { legs: readonly string[]; deals?: readonly string[]; within?: string },
): Basis => ({
  measures: [...deals, ...legs],
  // The legs are looked for once, for their deals as well.
  subjects: subjectsWith('leg', condition, `unnest(array[each.subject, split_part(each.subject, '/', 1)])`),
  of: `p.measure in (${deals.map((measure) => `'${measure}'`).join(', ')}) or ${within}`,
});

/** Whether a side of a leg has one of the parties in `joint`, which are joined by `+`. */
export const hasAnyOf = (side: 'providers' | 'receivers', joint: string): string =>
  `terms -> '${side}' ?| string_to_array(${joint}, '+')`;

import { rateDay } from './conversion';
import { postingsOf, sumOf, type Narrowing } from './sql';

/** The CTE `deal`: the stage of each, by the lines of `deal.stage`. */
export const STAGES_OF_DEALS = `
deal as (select subject as deal_id, value::jsonb ->> 'stage' as stage from line where measure = 'deal.stage')`;

const isJoint = (side: string): string =>
  `(terms ->> 'sharedSide' is distinct from '${side}' and jsonb_array_length(terms -> '${side}') > 1)`;

/** Whether, by the `terms` of a leg, a side of it has several parties and nobody says who has which share. */
export const IS_JOINT = `(${isJoint('providers')} or ${isJoint('receivers')})`;

/**
 * The CTE `side`, of `legs` with subject and terms: a row for each party of a side that says who has
 * which share; else the side is one party, `a+b`.
 */
export const sidesOf = (legs: string): string => `
side as (
  select subject, party_id,
    case when terms ->> 'sharedSide' = 'providers' then party_id else joined(terms -> 'providers') end as provider,
    case when terms ->> 'sharedSide' = 'receivers' then party_id else joined(terms -> 'receivers') end as receiver
  from ${legs}
  left join lateral (select share ->> 'partyId' as party_id from jsonb_array_elements(nullif(terms -> 'shares', 'null')) as share) as shares on true
)`;

/**
 * The CTE `answer`, of `leg` with deal_id, leg_id, subject and terms: which payment answers which
 * delivery. The two may name each other from either side.
 */
export const ANSWERS = `
answer as (
  select distinct delivery.subject as delivery, payment.subject as payment
  from leg as delivery
  join leg as payment on payment.deal_id = delivery.deal_id
    and (payment.terms ->> 'reciprocalOf' = delivery.leg_id or delivery.terms ->> 'reciprocalOf' = payment.leg_id)
  where payment.terms ->> 'class' = 'payment' and delivery.terms ->> 'class' not in ('payment', 'funding')
)`;

/**
 * The CTE `cash`: what was incurred or paid of each leg, by what its values say besides the day, and by
 * the day where rates differ by it.
 */
export const cashOf = (measures: readonly string[], ...narrowings: readonly Narrowing[]): string => `
cash as (
  select subject, measure, unit, says - 'on' as says, ${rateDay(`(says ->> 'on')::date`)} as rate_day, sum(amount) as amount
  from ${postingsOf(measures, ...narrowings)} as moved
  cross join lateral (select value::jsonb as says) as stated
  group by 1, 2, 3, 4, 5 having sum(amount) <> 0
)`;

/**
 * The CTE `open`, of `legs` with subject, terms and stage: by cell what is above zero of `balances`,
 * which are SQL over the `firm` and the `ceiling` that nobody scheduled, `incurred` and `paid`. They
 * are of a leg as a whole: what each party has of them is cut from that.
 */
export const openBalancesOf = (
  legs: string,
  balances: Readonly<Record<string, string>>,
  ...narrowings: readonly Narrowing[]
): string => `
balance as (
  select subject, unit as currency, ${namedIn(balances)
    .map((name) => `${sumOf(`leg.${name}`)} as ${name}`)
    .join(', ')}
  from ${postingsOf(
    namedIn(balances).map((name) => `leg.${name}`),
    ...narrowings,
  )} as posted
  where measure in ('leg.incurred', 'leg.paid') or period is null
  group by subject, unit
),
open as (
  select subject, cut.party_id, cell, currency, cut.amount
  from ${legs}
  join balance using (subject)
  cross join lateral (values
    ${Object.entries(balances)
      .map(([name, amount]) => `('${name}', ${amount})`)
      .join(',\n    ')}
  ) as owed (cell, amount)
  cross join lateral cut(owed.amount, coalesce(nullif(terms -> 'shares', 'null'), '[{"share": "1"}]'), currency_scale(currency)) as cut
  where owed.amount > 0
)`;

const namedIn = (balances: Readonly<Record<string, string>>): string[] =>
  ['firm', 'ceiling', 'incurred', 'paid'].filter((name) =>
    Object.values(balances).some((balance) => balance.includes(name)),
  );

import { z } from 'zod';
import { adding } from './adding';
import { hasAnyOf, ofLegs, RATES } from './basis';
import { BY_ROOT, count, equal, id, list, lists, money, text, type ReportDefinition } from '../report';
import { countsOf, sumsByCurrency, sumsSchema } from '../totals';
import { cellCount, cellOrZero, pricedBy, RATE_FLAGS, RATES_USED } from './conversion';
import { ANSWERS, openBalancesOf, sidesOf, STAGES_OF_DEALS } from './legs';
import { flagsOf, ofItself, postingsOf, termsOf } from './sql';

/** A column of the maturity table, and the element of the us-gaap taxonomy that a purchase in it is filed as. */
const filedAs = (meaning: string, element: string) =>
  money(`${meaning} XBRL element of a purchase: us-gaap:${element}.`, { xbrlElement: `us-gaap:${element}` });

export const ObligationsMaturity = z
  .object({
    entityId: id('Who owes; a joint side without shares is one party, a+b.'),
    counterparty: id('Whom it is owed to; likewise.'),
    obligationType: id(
      'purchase, or leaseNotCommenced: what answers a lease that begins after the date. There is no other in this ledger.',
    ),
    currency: text('Currency of the amounts; null where all of them are undisclosed.'),
    remainderOfYear: filedAs(
      'Due after the date and by the end of its fiscal year.',
      'PurchaseObligationFutureMinimumPaymentsRemainderOfFiscalYear',
    ),
    year1: filedAs('Due in the next fiscal year.', 'PurchaseObligationDueInNextTwelveMonths'),
    year2: filedAs('In the second.', 'PurchaseObligationDueInSecondYear'),
    year3: filedAs('In the third.', 'PurchaseObligationDueInThirdYear'),
    year4: filedAs('In the fourth.', 'PurchaseObligationDueInFourthYear'),
    year5: filedAs('In the fifth.', 'PurchaseObligationDueInFifthYear'),
    thereafter: filedAs('After the fifth.', 'PurchaseObligationDueAfterFifthYear'),
    unscheduled: money('Nobody said when; what was incurred of it is left out.'),
    total: filedAs('All of these.', 'PurchaseObligation'),
    prepaidUnapplied: money('Paid ahead of cost, for deals in any stage; not netted.'),
    incurredUnpaid: money('Cost due and not paid, for deals in any stage; not in the total.'),
    excludedPreliminaryLegs: count('Open payment legs that are not binding; they are in none of the sums.'),
    excludedUndisclosedLegs: count('Binding payment legs whose amount is kept secret; they are in none of the sums.'),
    flags: list('FX_RATE_MISSING: there is no closing rate to convert with.'),
  })
  .meta({ id: 'ObligationsMaturity' });

const CELLS = [
  'remainderOfYear',
  'year1',
  'year2',
  'year3',
  'year4',
  'year5',
  'thereafter',
  'unscheduled',
  'prepaidUnapplied',
  'incurredUnpaid',
] as const;
const COUNTS = ['excludedPreliminaryLegs', 'excludedUndisclosedLegs'] as const;
/** What {@link ObligationsMaturity} adds up to `total`. */
const TERMS = CELLS.slice(0, 8);

/** Those of the {@link TERMS} that have a fiscal year. */
const DUE = CELLS.slice(0, 7);

/** Whether a firm amount is due in the column that is looked at; what is in no year is in `unscheduled`. */
const IN_COLUMN = `case
      when p.measure <> 'leg.firm' or asked.measured not in ('unscheduled', ${DUE.map((name) => `'${name}'`).join(', ')}) then true
      when p.period is null then asked.measured = 'unscheduled'
      when period_last(p.period) <= asked.effective_on then false
      else asked.measured = (
        select case when years = 0 then 'remainderOfYear' when years <= 5 then 'year' || years else 'thereafter' end
        from (
          select fiscal_year(period_last(p.period), asked.fiscal_year_start) - fiscal_year(asked.effective_on, asked.fiscal_year_start) as years
        ) as distance
      )
    end`;

const PARTS = `
  select provider, type, receiver, currency, cell, amount, 'closing', effective_on
  from (
    select due.* from due join payment using (subject) where stage = 'binding'
    union all
    select * from open
  ) as owed
  join payment using (subject)
  join side on side.subject = owed.subject and side.party_id is not distinct from owed.party_id
  union all
  select provider, type, receiver, terms ->> 'currency', case stage when 'binding' then 'excludedUndisclosedLegs' else 'excludedPreliminaryLegs' end, 1, null, null
  from payment join side using (subject)
  where stage in ('exploring', 'announced', 'preliminary') or (stage = 'binding' and is_secret)`;

const OF_DEAL = ofItself(BY_ROOT, ['deal.stage', 'leg', 'leg.firm', 'leg.incurred', 'leg.paid']);

const CTES = `
${STAGES_OF_DEALS},
leg as (
  select subject, split_part(subject, '/', 1) as deal_id, split_part(subject, '/', 2) as leg_id, terms from ${termsOf('leg')} as each
),
${ANSWERS},
not_commenced as (
  select distinct payment as subject
  from answer join leg on subject = delivery
  where terms ->> 'class' = 'lease' and (terms ->> 'commencesBy')::date > effective_on
),
payment as (
  select leg.subject, stage, terms, (terms ->> 'undisclosed')::boolean as is_secret,
    case when n.subject is null then 'purchase' else 'leaseNotCommenced' end as type
  from leg
  join deal using (deal_id)
  left join not_commenced as n on n.subject = leg.subject
  where terms ->> 'class' = 'payment'
),
${sidesOf('payment')},
-- An amount is due on the last day of its bucket's period.
due_in as (
  select period, case when years = 0 then 'remainderOfYear' when years <= 5 then 'year' || years else 'thereafter' end as cell
  from (select distinct period from ${postingsOf(['leg.firm'], OF_DEAL)} as each where period is not null) as each
  cross join lateral (select period_last(period) as day) as last
  cross join lateral (select fiscal_year(day, fiscal_year_start) - fiscal_year(effective_on, fiscal_year_start) as years) as distance
  where day > effective_on
),
due as (
  select subject, value::jsonb ->> 'partyId' as party_id, cell, unit as currency, sum(amount) as amount
  from ${postingsOf(['leg.firm'], OF_DEAL)} as planned join due_in using (period)
  group by subject, value, cell, unit having sum(amount) <> 0
),
${openBalancesOf(
  'payment',
  {
    unscheduled: `case when stage = 'binding' then firm - incurred end`,
    prepaidUnapplied: 'paid - incurred',
    incurredUnpaid: 'incurred - paid',
  },
  OF_DEAL,
)}`;

const KEYS = ['entity', 'type', 'counterparty'];

const ROWS = `
${pricedBy(KEYS, 'select * from added')},
shown as (
  select entity, counterparty, type, currency, ${CELLS.map((name) => `${cellOrZero(name)} as "${name}"`).join(',\n    ')},
    ${COUNTS.map((name) => `${cellCount(name)} as "${name}"`).join(',\n    ')},
    ${RATES_USED}
  from priced group by entity, counterparty, type, currency
)
  select entity as "entityId", counterparty, type as "obligationType", currency, ${CELLS.map((name) => `"${name}"`).join(', ')},
    ${TERMS.map((name) => `"${name}"`).join(' + ')} as total,
    ${COUNTS.map((name) => `"${name}"`).join(', ')}, ${flagsOf(RATE_FLAGS)},
    null as "policyEventId", fx_event_ids as "fxEventIds",
    case when unconverted && array[${TERMS.map((name) => `'${name}'`).join(', ')}] then array_append(unconverted, 'total') else unconverted end as unconverted
  from shown`;

const { sql, sums } = adding({
  keys: KEYS,
  groupedBy: KEYS.length,
  of: { measures: ['deal.stage', 'leg'], narrowings: [OF_DEAL], ctes: CTES, parts: PARTS },
  into: { measures: [], narrowings: [], rows: ROWS },
});

const SUMS = [...CELLS, 'total'] as const;

/** R5: what is owed for certain, by the fiscal year it falls due in. */
export const obligationsMaturity: ReportDefinition = {
  name: 'obligations-maturity',
  summary: 'Maturity table: firm amounts of binding payment legs by the fiscal year they fall due in.',
  row: ObligationsMaturity,
  key: ['entityId', 'obligationType', 'counterparty', 'currency'],
  sort: {
    default: ['-total'],
    columns: [
      'entityId',
      'obligationType',
      'counterparty',
      'currency',
      'year1',
      'total',
      'prepaidUnapplied',
      'incurredUnpaid',
    ],
  },
  filters: {
    entity: equal('entityId'),
    counterparty: equal('counterparty'),
    type: equal('obligationType'),
    flag: lists('flags'),
  },
  options: {
    fiscalYearStart: {
      type: 'integer',
      schema: z
        .string()
        .regex(/^(?:[1-9]|1[0-2])$/, 'is a month from 1 to 12')
        .default('1')
        .transform(Number)
        .describe('Month in which the fiscal year begins, from 1 to 12.'),
    },
  },
  sql,
  basis: [
    ofLegs(`${hasAnyOf('providers', 'r."entityId"')} and ${hasAnyOf('receivers', 'r.counterparty')}`, {
      legs: ['leg', 'leg.firm', 'leg.incurred', 'leg.paid'],
      within: IN_COLUMN,
    }),
    RATES,
  ],
  rests: {
    ...Object.fromEntries(DUE.map((name) => [name, ['deal.stage', 'leg', 'leg.firm', 'fx']])),
    unscheduled: ['deal.stage', 'leg', 'leg.firm', 'leg.incurred', 'fx'],
    total: ['deal.stage', 'leg', 'leg.firm', 'leg.incurred', 'fx'],
    prepaidUnapplied: ['leg', 'leg.incurred', 'leg.paid', 'fx'],
    incurredUnpaid: ['leg', 'leg.incurred', 'leg.paid', 'fx'],
    excludedPreliminaryLegs: ['deal.stage', 'leg'],
    excludedUndisclosedLegs: ['deal.stage', 'leg'],
  },
  carried: { sums },
  totals: {
    byCurrency: sumsByCurrency(SUMS),
    ...Object.fromEntries(COUNTS.map((name) => [name, countsOf(name)])),
  },
  totalsSchema: z.object({
    byCurrency: sumsSchema(SUMS),
    excludedPreliminaryLegs: z
      .int()
      .describe('Open payment legs that are not binding; one with shares once for each party.'),
    excludedUndisclosedLegs: z.int().describe('Binding payment legs whose amount is kept secret; likewise.'),
  }),
};

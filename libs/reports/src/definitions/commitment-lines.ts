import { z } from 'zod';
import {
  equal,
  flag,
  id,
  isTrue,
  list,
  lists,
  money,
  quantity,
  text,
  type ReportDefinition,
  type Row,
} from '../report';
import { sumsByCurrency, sumsSchema } from '../totals';
import { flagsOf, ifAny, linesOf, RESTS_ON_NOTHING, sumOf, valueOf } from './sql';

export const CommitmentLine = z
  .object({
    dealId: id('The deal.'),
    legId: id('The leg of the deal.'),
    class: id('supply, lease, service, build, license, inKind, payment or funding.'),
    category: text('What a payment is for.'),
    providers: list('Who provides; several without shares are one joint side.'),
    receivers: list('Who receives.'),
    itemId: text('What is provided.'),
    unit: text('Unit of the quantities.'),
    per: text('For a rate: for how long, as an ISO 8601 duration.'),
    qtyFirm: quantity('What is certain of the quantity; null when none is disclosed.'),
    qtyExpected: quantity('The quantity expected, if anybody said so.'),
    qtyCeiling: quantity('The most the quantity can be.'),
    currency: text('Currency of the amounts.'),
    firm: money('What is certain of the amount; null when none is disclosed.'),
    expected: money('The amount expected, if anybody said so.'),
    ceiling: money('The most the amount can be. The amount of a funding leg stands in its funding.'),
    ladder: text('pipeline, indicated or committed, by the stage of the deal; null once it is closed.'),
    calledOff: quantity('Planned for delivery by reservations that name the leg.'),
    delivered: quantity('Delivered.'),
    accepted: quantity('Accepted by the buyer.'),
    incurred: money('Cost accrued or invoiced.'),
    paid: money('Paid, net of refunds.'),
    prepaidUnapplied: money('Paid ahead of cost.'),
    remainingFirm: money('Of a binding payment leg: firm amounts that fall due after the date.'),
    remainingCeiling: money('Of an open payment leg: ceiling amounts that fall due after the date.'),
    firstDue: text('Last day of the first period in which something falls due.'),
    lastDue: text('Last day of the last such period.'),
    scheduleMethod: text('How the total falls on periods.'),
    commencesOn: text('When a lease begins, as EDTF.'),
    reciprocalOf: text('The leg that this one answers.'),
    undisclosed: flag('Whether its quantity or amount is known to exist and kept secret.'),
    bound: text('exact, about, upTo, atLeast, moreThan or lessThan.'),
    sourceIds: list('What the terms rest on.'),
    confidence: text('The lowest confidence of these sources.'),
    termsEventId: id('The event that set the terms.'),
    flags: list('JOINT_UNSPLIT: a joint side without shares. FX_RATE_MISSING: amounts cannot be converted.'),
  })
  .meta({ id: 'CommitmentLine' });

const MEASURES = [
  'deal.stage',
  'leg',
  'leg.firm',
  'leg.expected',
  'leg.ceiling',
  'leg.qtyFirm',
  'leg.qtyExpected',
  'leg.qtyCeiling',
];

const SQL = `
with ${linesOf(MEASURES, { filter: 'dealId', measures: MEASURES })},
deal as (select subject as deal_id, value::jsonb ->> 'stage' as stage from line where measure = 'deal.stage'),
-- An amount falls due on the last day of its period.
due as (
  select period, period_last(period) as day from (select distinct period from line) as each where period is not null
),
leg_line as (
  select line.*, day, day is null or day > effective_on as is_to_come
  from line left join due on due.period = line.period
  where measure like 'leg%'
),
leg as (
  select split_part(subject, '/', 1) as deal_id, split_part(subject, '/', 2) as leg_id, ${valueOf('leg')} as terms,
    ${sumOf('leg.qtyFirm')} as qty_firm, ${sumOf('leg.qtyExpected')} as qty_expected, ${sumOf('leg.qtyCeiling')} as qty_ceiling,
    ${sumOf('leg.firm')} as firm, ${sumOf('leg.expected')} as expected, ${sumOf('leg.ceiling')} as ceiling,
    coalesce(sum(amount) filter (where measure = 'leg.firm' and is_to_come), 0) as firm_to_come,
    coalesce(sum(amount) filter (where measure = 'leg.ceiling' and is_to_come), 0) as ceiling_to_come,
    min(day) as first_due, max(day) as last_due
  from leg_line group by subject ${ifAny('leg')}
),
shown as (
  select leg.*, stage, has_quantity, has_money, is_payment, is_delivery, coalesce(reporting_currency, terms ->> 'currency') as currency,
    -- Times 1 in its own currency; what cannot be converted is null.
    case when coalesce(reporting_currency, terms ->> 'currency') is not distinct from terms ->> 'currency' then 1 end as fx
  from leg join deal on deal.deal_id = leg.deal_id
  cross join lateral (
    select terms ->> 'unit' is not null as has_quantity, terms ->> 'currency' is not null as has_money,
      terms ->> 'class' = 'payment' as is_payment, terms ->> 'class' not in ('payment', 'funding') as is_delivery
  ) as what
)
  select deal_id as "dealId", leg_id as "legId", terms ->> 'class' as class, terms ->> 'category' as category,
    terms -> 'providers' as providers, terms -> 'receivers' as receivers, terms ->> 'itemId' as "itemId",
    terms ->> 'unit' as unit, terms ->> 'per' as per,
    case when has_quantity then qty_firm end as "qtyFirm",
    case when has_quantity and (terms ->> 'qtyExpectedStated')::boolean then qty_expected end as "qtyExpected",
    case when has_quantity then qty_ceiling end as "qtyCeiling",
    case when has_money or is_payment then currency end as currency,
    case when has_money then firm end * fx as firm,
    case when has_money and (terms ->> 'expectedStated')::boolean then expected end * fx as expected,
    case when has_money then ceiling end * fx as ceiling,
    case stage when 'exploring' then 'pipeline' when 'announced' then 'indicated' when 'preliminary' then 'indicated' when 'binding' then 'committed' end as ladder,
    case when is_delivery then 0 end as "calledOff",
    case when is_delivery then 0 end as delivered,
    case when is_delivery then 0 end as accepted,
    case when is_payment then 0 end as incurred,
    case when is_payment then 0 end as paid,
    case when is_payment then 0 end as "prepaidUnapplied",
    case when has_money and is_payment then case when stage = 'binding' then firm_to_come else 0 end end * fx as "remainingFirm",
    case when has_money and is_payment then ceiling_to_come end * fx as "remainingCeiling",
    to_char(first_due, 'YYYY-MM-DD') as "firstDue", to_char(last_due, 'YYYY-MM-DD') as "lastDue",
    terms ->> 'scheduleMethod' as "scheduleMethod", terms ->> 'commencesOn' as "commencesOn", terms ->> 'reciprocalOf' as "reciprocalOf",
    (terms ->> 'undisclosed')::boolean as undisclosed, terms ->> 'bound' as bound,
    terms -> 'sourceIds' as "sourceIds", terms ->> 'confidence' as confidence, terms ->> 'termsEventId' as "termsEventId",
    ${flagsOf({
      JOINT_UNSPLIT: `terms ->> 'sharedSide' is null and greatest(jsonb_array_length(terms -> 'providers'), jsonb_array_length(terms -> 'receivers')) > 1`,
      FX_RATE_MISSING: 'has_money and fx is null',
    })},
    ${RESTS_ON_NOTHING}
  from shown`;

const SUMS = ['committedFirm', 'committedCeiling', 'indicatedCeiling', 'pipelineCeiling', 'incurred', 'paid'] as const;

/** A money leg's amounts, each in the column of its ladder. */
function byLadder({
  currency,
  firm = null,
  ceiling = null,
  ladder,
  incurred = null,
  paid = null,
  flags = [],
}: Row): Row {
  const of = (rung: string, amount: Row[string]): Row[string] => (ladder === rung ? amount : '0');
  return {
    currency: currency ?? null,
    committedFirm: of('committed', firm),
    committedCeiling: of('committed', ceiling),
    indicatedCeiling: of('indicated', ceiling),
    pipelineCeiling: of('pipeline', ceiling),
    incurred,
    paid,
    flags,
  };
}

/** R2: every leg of every deal, what it states, and which rung of the ladder it stands on. */
export const commitmentLines: ReportDefinition = {
  name: 'commitment-lines',
  summary: 'Supplier commitments: every leg of every deal, with what is firm, expected and the most it can be.',
  row: CommitmentLine,
  key: ['dealId', 'legId'],
  sort: {
    default: ['providers', 'dealId', 'legId'],
    columns: [
      'dealId',
      'legId',
      'class',
      'category',
      'providers',
      'receivers',
      'itemId',
      'currency',
      'firm',
      'ceiling',
      'ladder',
      'remainingFirm',
      'remainingCeiling',
      'firstDue',
      'lastDue',
    ],
    ranks: { ladder: ['pipeline', 'indicated', 'committed'] },
  },
  filters: {
    dealId: equal('dealId'),
    legId: equal('legId'),
    provider: lists('providers'),
    receiver: lists('receivers'),
    class: equal('class'),
    category: equal('category'),
    ladder: equal('ladder'),
    itemId: equal('itemId'),
    undisclosed: isTrue('undisclosed'),
    flag: lists('flags'),
  },
  options: {},
  sql: SQL,
  totals(rows) {
    const payments = rows.filter((row) => row['class'] === 'payment');
    return {
      byCurrency: sumsByCurrency(payments.map(byLadder), SUMS),
      undisclosedLegs: payments.filter(({ undisclosed }) => undisclosed).length,
    };
  },
  totalsSchema: z.object({
    byCurrency: sumsSchema(SUMS),
    undisclosedLegs: z.int().describe('Payment legs whose amount is kept secret; they are in none of the sums.'),
  }),
};

import { z } from 'zod';
import { ofThoseWith, RATES, under, underPart } from './basis';
import {
  equal,
  flag,
  id,
  isTrue,
  list,
  lists,
  money,
  onOrAfter,
  onOrBefore,
  oneOf,
  quantity,
  text,
  type ReportDefinition,
  type Row,
} from '../report';
import { counted, sumsByCurrency, sumsSchema } from '../totals';
import { cell, cellOrZero, pricedBy, RATE_FLAGS, RATES_USED } from './conversion';
import { cashOf, IS_JOINT, STAGES_OF_DEALS } from './legs';
import { flagsOf, ifAny, linesOf, ofItself, ofThoseNamingDeal, postingsOf, sumOf, termsOf, valueOf } from './sql';

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
    calledOff: quantity(
      'Planned for delivery by the reservations that name the leg; of closed ones, what was delivered.',
    ),
    delivered: quantity('Delivered.'),
    accepted: quantity('Accepted by the buyer.'),
    incurred: money('Cost accrued or invoiced.'),
    paid: money('Paid, net of refunds and without what was reversed.'),
    prepaidUnapplied: money('Paid ahead of cost.'),
    remainingFirm: money(
      'Of a binding payment leg: firm amounts that fall due after the date, and of unscheduled ones what is not incurred yet.',
    ),
    remainingCeiling: money('Of an open payment leg the same of the most it can be.'),
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
    flags: list(
      'JOINT_UNSPLIT: a joint side without shares. ABOVE_CEILING: more is incurred than the leg can be. ' +
        'SEVERAL_CURRENCIES: what is incurred and paid is in another currency than the terms, ask for one currency. ' +
        'UNIT_MISMATCH: reservations of the leg are in other units than it is. ' +
        'FX_RATE_MISSING: a rate to convert with is. FX_RATE_STALE: a spot rate is more than 7 days older than what it would convert.',
    ),
  })
  .meta({ id: 'CommitmentLine' });

const TERMS = ['deal.stage', 'leg'];
const STATED = ['firm', 'expected', 'ceiling', 'qtyFirm', 'qtyExpected', 'qtyCeiling'] as const;
const OF_STATED = STATED.map((name) => `leg.${name}`);
const CASH = ['leg.incurred', 'leg.paid'];
const OF_DEALS = [...TERMS, ...OF_STATED, ...CASH];
const QUANTITIES = ['plan', 'delivered', 'accepted'];
const OF_RESERVATIONS = ['request', 'reservation.closed', ...QUANTITIES];

const OF_DEAL = ofItself('dealId', OF_DEALS);
const NAMING_DEAL = ofThoseNamingDeal('request', OF_RESERVATIONS);

// Contracts and balances are converted by the day asked for, what has happened by its own day; nothing is nothing in any currency.
const PARTS = `
  select subject, stated_in, cell, case when is_told_apart then amount end, case when amount <> 0 then 'closing' end, effective_on
  from leg
  cross join lateral (values
    ('firm', currency, case when has_money then firm end),
    ('expected', currency, case when has_money and (terms ->> 'expectedStated')::boolean then expected end),
    ('ceiling', currency, case when has_money then ceiling end),
    ('prepaidUnapplied', cash_in, greatest(paid - incurred, 0)),
    ('remainingFirm', currency, case when has_money and is_payment then case when stage = 'binding' then firm_to_come + greatest(firm_unscheduled - used, 0) else 0 end end),
    ('remainingCeiling', currency, case when has_money and is_payment then case when stage <> 'closed' then ceiling_to_come + greatest(ceiling_unscheduled - used, 0) else 0 end end)
  ) as stated (cell, stated_in, amount)
  cross join lateral (select reporting_currency is not null or stated_in = currency as is_told_apart) as apart
  where amount is not null and stated_in is not null
  union all
  select subject, unit, case measure when 'leg.incurred' then 'incurred' else 'paid' end,
    case when reporting_currency is not null or unit = leg.currency then amount end, 'spot', rate_day
  from cash join leg using (subject)`;

const SQL = `
with ${linesOf([...TERMS, 'request', 'reservation.closed'], OF_DEAL, NAMING_DEAL)},
${STAGES_OF_DEALS},
-- An amount falls due on the last day of its period.
stated as (
  select subject, ${STATED.map((name) => `sum("${name}") as "${name}"`).join(', ')},
    sum(firm) filter (where day > effective_on) as firm_to_come, sum(firm) filter (where day is null) as firm_unscheduled,
    sum(ceiling) filter (where day > effective_on) as ceiling_to_come, sum(ceiling) filter (where day is null) as ceiling_unscheduled,
    min(day) as first_due, max(day) as last_due
  from (
    select subject, period_last(period) as day, ${STATED.map((name) => `sum(amount) filter (where measure = 'leg.${name}') as "${name}"`).join(',\n      ')}
    from ${postingsOf(OF_STATED, OF_DEAL)} as planned group by subject, period
  ) as each
  where greatest(${STATED.map((name) => `"${name}"`).join(', ')}) > 0
  group by subject
),
${cashOf(CASH, OF_DEAL)},
leg_sums as (
  select subject, split_part(subject, '/', 1) as deal_id, split_part(subject, '/', 2) as leg_id, terms, ${STATED.map((name) => `coalesce("${name}", 0) as "${name}"`).join(', ')},
    coalesce(firm_to_come, 0) as firm_to_come, coalesce(firm_unscheduled, 0) as firm_unscheduled,
    coalesce(ceiling_to_come, 0) as ceiling_to_come, coalesce(ceiling_unscheduled, 0) as ceiling_unscheduled,
    coalesce(incurred, 0) as incurred, coalesce(paid, 0) as paid, cash_in, first_due, last_due
  from ${termsOf('leg')} as each
  left join stated using (subject)
  left join (
    select subject, ${sumOf('leg.incurred')} as incurred, ${sumOf('leg.paid')} as paid, min(unit) as cash_in from cash group by subject
  ) as used using (subject)
),
leg as (
  select leg_sums.*, stage, has_money, cash_in is not null as has_cash, is_payment, is_delivery, terms ->> 'unit' is not null as has_quantity,
    coalesce(terms ->> 'currency', cash_in) as currency,
    -- Costs use up what nobody scheduled; what is scheduled falls due whatever they are.
    case when cash_in = terms ->> 'currency' then incurred else 0 end as used
  from leg_sums join deal on deal.deal_id = leg_sums.deal_id
  cross join lateral (
    select terms ->> 'currency' is not null as has_money,
      terms ->> 'class' = 'payment' as is_payment, terms ->> 'class' not in ('payment', 'funding') as is_delivery
  ) as what
),
reservation as (
  select (terms ->> 'dealId') || '/' || (terms ->> 'legId') as subject, unit,
    case when is_closed then delivered else planned end as called_off, delivered, accepted
  from (
    select subject, ${valueOf('request')} as terms, bool_or(measure = 'reservation.closed') as is_closed
    from line where measure in ('request', 'reservation.closed') group by subject ${ifAny('request')}
  ) as request
  left join (
    select subject, min(unit) as unit, sum(planned) as planned, sum(delivered) as delivered, sum(accepted) as accepted
    from (
      select subject, unit, ${sumOf('plan')} as planned, ${sumOf('delivered')} as delivered, ${sumOf('accepted')} as accepted
      from ${postingsOf(QUANTITIES, NAMING_DEAL)} as moved group by subject, unit having sum(amount) <> 0
    ) as each group by subject
  ) as quantities using (subject)
),
-- Quantities in the unit of the leg; of a leg without one, in theirs.
called_off as (
  select leg.subject, coalesce(terms ->> 'unit', min(r.unit)) as unit, sum(called_off) as called_off, sum(delivered) as delivered, sum(accepted) as accepted,
    coalesce(min(r.unit) <> coalesce(terms ->> 'unit', max(r.unit)) or max(r.unit) <> coalesce(terms ->> 'unit', min(r.unit)), false) as is_mismatch
  from leg join reservation as r on r.subject = leg.subject
  where is_delivery
  group by leg.subject, terms
),
${pricedBy(['subject'], PARTS)},
amounts as (
  select subject, ${['firm', 'expected', 'ceiling', 'prepaidUnapplied', 'remainingFirm', 'remainingCeiling'].map((name) => `${cell(name)} as "${name}"`).join(',\n    ')},
    ${cellOrZero('incurred')} as incurred, ${cellOrZero('paid')} as paid, ${RATES_USED}
  from priced group by subject
)
  select deal_id as "dealId", leg_id as "legId", terms ->> 'class' as class, terms ->> 'category' as category,
    terms -> 'providers' as providers, terms -> 'receivers' as receivers, terms ->> 'itemId' as "itemId",
    coalesce(terms ->> 'unit', c.unit) as unit, terms ->> 'per' as per,
    case when has_quantity then "qtyFirm" end as "qtyFirm",
    case when has_quantity and (terms ->> 'qtyExpectedStated')::boolean then "qtyExpected" end as "qtyExpected",
    case when has_quantity then "qtyCeiling" end as "qtyCeiling",
    case when has_money or has_cash or is_payment then coalesce(reporting_currency, leg.currency) end as currency,
    a.firm, a.expected, a.ceiling,
    case stage when 'exploring' then 'pipeline' when 'announced' then 'indicated' when 'preliminary' then 'indicated' when 'binding' then 'committed' end as ladder,
    case when is_delivery and not coalesce(is_mismatch, false) then coalesce(c.called_off, 0) end as "calledOff",
    case when is_delivery and not coalesce(is_mismatch, false) then coalesce(c.delivered, 0) end as delivered,
    case when is_delivery and not coalesce(is_mismatch, false) then coalesce(c.accepted, 0) end as accepted,
    case when has_cash then a.incurred when is_payment then 0 end as incurred,
    case when has_cash then a.paid when is_payment then 0 end as paid,
    case when has_cash then a."prepaidUnapplied" when is_payment then 0 end as "prepaidUnapplied",
    a."remainingFirm", a."remainingCeiling",
    to_char(first_due, 'YYYY-MM-DD') as "firstDue", to_char(last_due, 'YYYY-MM-DD') as "lastDue",
    terms ->> 'scheduleMethod' as "scheduleMethod", terms ->> 'commencesOn' as "commencesOn", terms ->> 'reciprocalOf' as "reciprocalOf",
    (terms ->> 'undisclosed')::boolean as undisclosed, terms ->> 'bound' as bound,
    terms -> 'sourceIds' as "sourceIds", terms ->> 'confidence' as confidence, terms ->> 'termsEventId' as "termsEventId",
    ${flagsOf({
      JOINT_UNSPLIT: IS_JOINT,
      ABOVE_CEILING: 'leg.used > leg.ceiling',
      SEVERAL_CURRENCIES: 'cash_in <> leg.currency',
      UNIT_MISMATCH: 'is_mismatch',
      ...RATE_FLAGS,
    })},
    null as "policyEventId", coalesce(fx_event_ids, '{}') as "fxEventIds", a.unconverted
  from leg
  left join amounts as a on a.subject = leg.subject
  left join called_off as c on c.subject = leg.subject`;

const SUMS = ['committedFirm', 'committedCeiling', 'indicatedCeiling', 'pipelineCeiling', 'incurred', 'paid'] as const;

const isPayment = (row: Row): boolean => row['class'] === 'payment';

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
    dealId: oneOf('dealId'),
    legId: equal('legId'),
    provider: lists('providers'),
    receiver: lists('receivers'),
    class: equal('class'),
    category: equal('category'),
    ladder: equal('ladder'),
    itemId: equal('itemId'),
    undisclosed: isTrue('undisclosed'),
    dueFrom: onOrAfter('lastDue'),
    dueTo: onOrBefore('firstDue'),
    flag: lists('flags'),
  },
  options: {},
  sql: SQL,
  basis: [
    { measures: ['deal.stage'], of: under('r."dealId"') },
    {
      measures: OF_DEALS.filter((measure) => measure !== 'deal.stage'),
      of: underPart('r."dealId"', 'r."legId"'),
    },
    {
      measures: OF_RESERVATIONS,
      of: ofThoseWith('request', `terms ->> 'dealId' = r."dealId" and terms ->> 'legId' = r."legId"`),
    },
    RATES,
  ],
  rests: {
    qtyFirm: ['leg', 'leg.qtyFirm'],
    qtyExpected: ['leg', 'leg.qtyExpected'],
    qtyCeiling: ['leg', 'leg.qtyCeiling'],
    firm: ['leg', 'leg.firm', 'fx'],
    expected: ['leg', 'leg.expected', 'fx'],
    ceiling: ['leg', 'leg.ceiling', 'fx'],
    ladder: ['deal.stage'],
    calledOff: ['leg', 'request', 'reservation.closed', 'plan', 'delivered'],
    delivered: ['leg', 'request', 'delivered'],
    accepted: ['leg', 'request', 'accepted'],
    incurred: ['leg', 'leg.incurred', 'fx'],
    paid: ['leg', 'leg.paid', 'fx'],
    prepaidUnapplied: ['leg', 'leg.incurred', 'leg.paid', 'fx'],
    remainingFirm: ['deal.stage', 'leg', 'leg.firm', 'leg.incurred', 'fx'],
    remainingCeiling: ['deal.stage', 'leg', 'leg.ceiling', 'leg.incurred', 'fx'],
  },
  carried: { bearings: [OF_DEAL, NAMING_DEAL] },
  totals: {
    byCurrency: sumsByCurrency(SUMS, (row) => (isPayment(row) ? byLadder(row) : undefined)),
    undisclosedLegs: counted((row) => isPayment(row) && row['undisclosed'] === true),
  },
  totalsSchema: z.object({
    byCurrency: sumsSchema(SUMS),
    undisclosedLegs: z.int().describe('Payment legs whose amount is kept secret; they are in none of the sums.'),
  }),
};

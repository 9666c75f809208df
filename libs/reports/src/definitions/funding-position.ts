import { z } from 'zod';
import { ofThoseWith, POLICY, RATES, under } from './basis';
import {
  decimal,
  equal,
  flag,
  id,
  isTrue,
  list,
  lists,
  money,
  oneOf,
  ratio,
  text,
  type ReportDefinition,
} from '../report';
import { counted, sumsByCurrency, sumsSchema } from '../totals';
import { cell, cellOrZero, pricedBy, RATE_FLAGS, RATES_USED } from './conversion';
import { FUNDING_MEASURES, FUNDINGS } from './fundings';
import { backwards, flagsOf, linesOf, namingDeal, ofItself, ofThose, ofThoseNamingDeal, valueOf } from './sql';

export const FundingPosition = z
  .object({
    fundingId: id('The funding.'),
    trancheId: text('The tranche; null in the row of the whole funding.'),
    funders: list('Who gives.'),
    recipient: id('Who gets.'),
    instrument: id('equity, debt, convertible, grant, prepayment or undisclosed.'),
    dealId: text('The deal it belongs to.'),
    stage: id('proposed, committed or closed.'),
    ladder: text('pipeline, indicated or committed; null once it is closed.'),
    ceiling: money('The most it may be, as stated.'),
    committed: money('What the funders owe if the conditions are met.'),
    conditionText: text('What the tranche waits for.'),
    conditionStatus: text('none, open, met or waived.'),
    window: text('When it is expected, as EDTF.'),
    available: money('Can be called now.'),
    called: money('Called, received or not.'),
    calledOverdue: money('Called, not received, and due before the date.'),
    received: money('Received, gross of what was repaid.'),
    repaid: money('Principal and capital that went back.'),
    outstanding: money('Received less repaid.'),
    undrawn: money('Committed less received and cancelled, plus what was repaid and may be called again.'),
    locked: money('Waits for a condition, or for the commitment.'),
    cancelled: money('Will not come.'),
    utilisation: ratio('Received / committed.'),
    probability: decimal(
      'Of the deal, as assessed in its present stage or by the policy for it; by the policy for a funding without an open deal.',
    ),
    weightedRemaining: money('Probability times the most that may still come.'),
    availabilityEnd: text('Last day on which money may be called.'),
    currency: text('Currency of the amounts.'),
    undisclosed: flag('Whether the amount is known to exist and kept secret.'),
    flags: list(
      'CALL_OVERDUE. FX_RATE_MISSING: a rate to convert with is. FX_RATE_STALE: a spot rate is more than 7 days older than what it would convert.',
    ),
  })
  .meta({ id: 'FundingPosition' });

/** Cells that are balances, and the columns they stand in. */
const BALANCES = {
  ceiling: 'r.ceiling',
  committed: 'r.committed',
  available: 'r.available',
  called: 'r.called',
  calledOverdue: 'r.overdue',
  outstanding: 'outstanding',
  undrawn: 'r.undrawn',
  locked: 'r.locked',
  cancelled: 'r.cancelled',
  weightedRemaining: 'weighted',
  openCalls: 'r.open',
  notInTranche: 'untranched',
};

const PARTS = `
  select r.funding_id, r.tranche_id, coalesce(f.currency, t.currency), balance.cell, balance.amount, case when balance.amount <> 0 then 'closing' end, effective_on
  from position_row as r
  join weighed as f on f.funding_id = r.funding_id
  left join tranches as t on t.funding_id = r.funding_id
  cross join lateral (values ${Object.entries(BALANCES)
    .map(([name, column]) => `('${name}', ${column})`)
    .join(', ')}) as balance (cell, amount)
  where balance.amount is not null
  union all
  select funding_id, null, currency, cell, amount, 'spot', day from cash
  union all
  select funding_id, tranche_id, currency, cell, amount, 'spot', day from cash where cell = 'received'`;

const OF_DEALS = ['deal.stage', 'deal.probability'];
const OF_FUNDING = [
  ofItself('fundingId', FUNDING_MEASURES),
  ofThose('fundingId', OF_DEALS, backwards(namingDeal('funding'))),
];
const LINES = linesOf(
  [...OF_DEALS, 'policy', ...FUNDING_MEASURES],
  ...OF_FUNDING,
  ofItself('dealId', OF_DEALS),
  ofThoseNamingDeal('funding', FUNDING_MEASURES),
);

const SQL = `
with ${LINES},
policy as materialized (select value::jsonb as probabilities from line where measure = 'policy'),
deal as (
  select subject as deal_id, ${valueOf('deal.stage')} ->> 'stage' as stage, ${valueOf('deal.probability')} ->> 'probability' as assessed
  from line where measure in ('deal.stage', 'deal.probability') group by subject
),
${FUNDINGS},
weighed as (
  select total.*,
    case
      when stage = 'closed' then null
      when deal_stage in ('exploring', 'announced', 'preliminary', 'binding') then coalesce(assessed, probabilities ->> deal_stage)
      when stage = 'committed' then probabilities ->> 'binding'
      else probabilities ->> 'fundingUnlinkedProposed'
    end as probability,
    probabilities ->> 'eventId' as policy_event_id
  from total
  left join policy on true
  left join (select deal_id, assessed from deal) as d on d.deal_id = terms ->> 'dealId'
),
position_row as (
  select funding_id, null as tranche_id, ceiling, committed, null as condition_text, null as condition_status, null as "window",
    available, called, overdue, received - repaid as outstanding,
    undrawn, locked, cancelled, probability,
    case when stage = 'closed' then 0 when coalesce(ceiling, nullif(committed, 0)) is not null then probability::numeric * greatest(greatest(ceiling, committed) - received - cancelled, 0) end as weighted,
    is_undisclosed and stage = 'proposed' as undisclosed,
    open, case when stage = 'proposed' then 0 else committed - received - open - cancelled - available - locked end as untranched, ratio(received, committed) as utilisation
  from weighed
  union all
  select t.funding_id, tranche_id, amount, case when f.committed = 0 then 0 else amount end, t.terms ->> 'conditionText', status, t.terms ->> 'window',
    case when rest_is <> 'available' then 0 when amount is not null then least(rest, f.remains) end,
    t.called, t.overdue, null,
    case when f.committed = 0 then 0 else amount - t.received - case when rest_is = 'cancelled' then rest else 0 end end,
    case when rest_is <> 'locked' then 0 when amount is not null then rest end,
    case when rest_is <> 'cancelled' or (f.stage = 'closed' and f.committed = 0) then 0 when amount is not null then rest end,
    null, null, (t.terms ->> 'undisclosed')::boolean, t.open, null, ratio(t.received, case when f.committed = 0 then 0 else amount end)
  from tranche as t join weighed as f on f.funding_id = t.funding_id
),
-- Cash is converted by the day it moved, everything else is a balance; nothing is nothing in any currency.
cash as (
  select split_part(subject, '/', 1) as funding_id, split_part(subject, '/', 2) as tranche_id, unit as currency,
    case measure when 'tranche.received' then 'received' else 'repaid' end as cell, amount, (value::jsonb ->> 'on')::date as day
  from line where measure in ('tranche.received', 'funding.repaid')
),
${pricedBy(['funding_id', 'tranche_id'], PARTS)},
amounts as (
  select funding_id, tranche_id, ${[...Object.keys(BALANCES)].map((name) => `${cell(name)} as "${name}"`).join(',\n    ')},
    ${cellOrZero('received')} as received, ${cellOrZero('repaid')} as repaid, max(currency) as currency, ${RATES_USED}
  from priced group by funding_id, tranche_id
)
  select r.funding_id as "fundingId", r.tranche_id as "trancheId", f.terms -> 'funders' as funders, f.terms ->> 'recipient' as recipient,
    f.terms ->> 'instrument' as instrument, f.terms ->> 'dealId' as "dealId", f.stage,
    case
      when f.stage = 'committed' then 'committed'
      when f.stage = 'proposed' and f.deal_stage in ('announced', 'preliminary', 'binding') then 'indicated'
      when f.stage = 'proposed' then 'pipeline'
    end as ladder,
    a.ceiling, a.committed, r.condition_text as "conditionText", r.condition_status as "conditionStatus", r."window",
    a.available, a.called, a."calledOverdue", a.received, case when r.tranche_id is null then a.repaid end as repaid,
    a.outstanding, a.undrawn, a.locked, a.cancelled, r.utilisation, r.probability, a."weightedRemaining",
    f.availability_end as "availabilityEnd", a.currency, r.undisclosed,
    ${flagsOf({ CALL_OVERDUE: 'r.overdue > 0', ...RATE_FLAGS })},
    f.policy_event_id as "policyEventId", a.fx_event_ids as "fxEventIds", a.unconverted, a."openCalls", a."notInTranche"
  from position_row as r
  join weighed as f on f.funding_id = r.funding_id
  join amounts as a on a.funding_id = r.funding_id and a.tranche_id is not distinct from r.tranche_id`;

const SUMS = [
  'ceiling',
  'committed',
  'available',
  'called',
  'calledOverdue',
  'received',
  'repaid',
  'outstanding',
  'undrawn',
  'locked',
  'cancelled',
  'weightedRemaining',
  'openCalls',
  'notInTranche',
] as const;

/** R6: where each funding stands, as a whole and tranche by tranche. */
export const fundingPosition: ReportDefinition = {
  name: 'funding-position',
  summary: 'Fundings and their tranches: committed, called, received, available, locked, and weighted by probability.',
  row: FundingPosition,
  key: ['fundingId', 'trancheId'],
  sort: {
    default: ['fundingId', 'trancheId'],
    columns: [
      'fundingId',
      'trancheId',
      'funders',
      'recipient',
      'instrument',
      'dealId',
      'stage',
      'ladder',
      'currency',
      'committed',
      'available',
      'calledOverdue',
      'received',
      'undrawn',
      'locked',
      'weightedRemaining',
      'availabilityEnd',
    ],
    ranks: { stage: ['proposed', 'committed', 'closed'], ladder: ['pipeline', 'indicated', 'committed'] },
  },
  filters: {
    fundingId: oneOf('fundingId'),
    trancheId: equal('trancheId'),
    funder: lists('funders'),
    recipient: equal('recipient'),
    instrument: equal('instrument'),
    dealId: oneOf('dealId'),
    stage: equal('stage'),
    ladder: equal('ladder'),
    conditionStatus: equal('conditionStatus'),
    undisclosed: isTrue('undisclosed'),
    flag: lists('flags'),
  },
  options: {},
  sql: SQL,
  basis: [
    {
      measures: FUNDING_MEASURES,
      of: `${under('r."fundingId"')} and (r."trancheId" is null or split_part(p.subject, '/', 2) in ('', r."trancheId"))`,
      bearing: under('r."fundingId"'),
    },
    {
      measures: ['deal.stage', 'deal.probability'],
      of: under('r."dealId"'),
      bearing: ofThoseWith('funding', 'each.subject = r."fundingId"', `terms ->> 'dealId'`),
    },
    POLICY,
    RATES,
  ],
  rests: {
    ceiling: ['funding', 'funding.ceiling', 'tranche', 'tranche.amount', 'fx'],
    committed: ['funding', 'funding.stage', 'funding.committed', 'tranche', 'tranche.amount', 'fx'],
    called: ['call.called', 'fx'],
    calledOverdue: ['call.called', 'call.received', 'fx'],
    received: ['tranche.received', 'fx'],
    repaid: ['funding.repaid', 'fx'],
    outstanding: ['tranche.received', 'funding.repaid', 'fx'],
    probability: ['funding', 'funding.stage', 'deal.stage', 'deal.probability', 'policy'],
    weightedRemaining: [
      'funding',
      'funding.stage',
      'funding.ceiling',
      'funding.committed',
      'tranche',
      'tranche.amount',
      'tranche.cancelled',
      'tranche.received',
      'deal.stage',
      'deal.probability',
      'policy',
      'fx',
    ],
  },
  summedOnly: z.object({
    openCalls: money('Called and not yet received.'),
    notInTranche: money('Committed and in no tranche; below zero where by the date more was drawn than committed.'),
  }),
  carried: { bearings: OF_FUNDING },
  totals: {
    byCurrency: sumsByCurrency(SUMS, (row) => (row['trancheId'] === null ? row : undefined)),
    undisclosed: counted(({ trancheId, undisclosed }) => trancheId === null && undisclosed === true),
  },
  totalsSchema: z.object({
    byCurrency: sumsSchema(SUMS).describe(
      'Of whole fundings. received + openCalls + available + locked + notInTranche + cancelled = committed, of fundings that were ever committed.',
    ),
    undisclosed: z.int().describe('Fundings whose amount is kept secret; they are in none of the sums.'),
  }),
};

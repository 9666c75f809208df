import { z } from 'zod';
import { adding } from './adding';
import { ofLegs, RATES, under } from './basis';
import { BY_ROOT, count, id, list, lists, money, ratio, text, type ReportDefinition } from '../report';
import { sumsByCurrency, sumsSchema } from '../totals';
import { cellOrZero, pricedBy, RATE_FLAGS, rateDay, RATES_USED } from './conversion';
import { FUNDING_MEASURES, FUNDINGS } from './fundings';
import { GROUPS } from './groups';
import { openBalancesOf, sidesOf, STAGES_OF_DEALS } from './legs';
import { flagsOf, namingDeal, ofItself, ofThose, postingsOf, termsOf } from './sql';

export const CounterpartyExposure = z
  .object({
    entityId: id(
      'Whose exposure: who pays, is funded, or is provided with something. A joint side without shares is one party, a+b.',
    ),
    partyId: id('To whom: who is paid, funds, or provides; likewise.'),
    groupId: text(
      'The top of the chain of owners of more than half, and of groups, above the party; itself when there is none. Of a joint party, that of each.',
    ),
    openDeals: count('Deals between the two that are not closed.'),
    owedFirmRemaining: money(
      'Firm amounts of binding payment legs that fall due after the date, or at no stated time.',
    ),
    owedCeilingRemaining: money('The most that these can be.'),
    incurredUnpaid: money('Cost due and not paid, for deals in any stage.'),
    prepaidUnapplied: money('Paid ahead of cost, for deals in any stage; not netted.'),
    fundingIndicatedCeiling: money(
      'The most that fundings may be which are proposed as part of an announced or signed deal; null when it is kept secret.',
    ),
    fundingCommittedUndrawn: money('Of committed fundings, what has not come and is not cancelled.'),
    fundingLocked: money('Of that, what waits for a condition.'),
    fundingReceivedNet: money('Received, less what was repaid.'),
    shareOfOwedFirm: ratio("owedFirmRemaining / that of all the entity's rows."),
    undisclosedLegs: count(
      'Legs between the two in open deals whose quantity or amount is kept secret; they are in none of the sums.',
    ),
    suppliesToCompetingParties: list(
      'Whom the party supplies besides, by recorded relations, outside the group of the entity.',
    ),
    currency: text('Currency of the amounts; null where none is known.'),
    flags: list(
      'JOINT_UNSPLIT: a joint side without shares. UNDISCLOSED_FUNDING: a proposed funding whose amount is kept secret. SEVERAL_CURRENCIES: no share, ask for one currency. FX_RATE_MISSING, FX_RATE_STALE: amounts cannot be converted.',
    ),
  })
  .meta({ id: 'CounterpartyExposure' });

const CELLS = [
  'owedFirmRemaining',
  'owedCeilingRemaining',
  'incurredUnpaid',
  'prepaidUnapplied',
  'fundingIndicatedCeiling',
  'fundingCommittedUndrawn',
  'fundingLocked',
  'fundingReceivedNet',
] as const;

const PARTS = `
  select provider, receiver, owed.currency, cell, amount, 'closing', effective_on
  from (
    select due.* from due join payment using (subject) where stage = 'binding'
    union all
    select * from open
  ) as owed
  join side on side.subject = owed.subject and side.party_id is not distinct from owed.party_id
  union all
  -- What is owed in a currency may be nothing.
  select provider, receiver, terms ->> 'currency', 'owedFirmRemaining', 0, null, null
  from side join payment using (subject) where terms ->> 'currency' is not null
  union all
  select recipient, funder, currency, cell, amount, case when amount <> 0 then 'closing' end, effective_on
  from funding_side
  cross join lateral (values
    ('fundingIndicatedCeiling', case when stage = 'proposed' and deal_stage in ('announced', 'preliminary', 'binding') then ceiling else 0 end),
    ('fundingCommittedUndrawn', undrawn),
    ('fundingLocked', case when stage = 'committed' then locked else 0 end)
  ) as funded (cell, amount)
  union all
  select recipient, funder, unit, 'fundingReceivedNet', case measure when 'tranche.received' then amount else -amount end, 'spot', ${rateDay(`(value::jsonb ->> 'on')::date`)}
  from line
  join funding_side on funding_id = split_part(subject, '/', 1)
  where measure in ('tranche.received', 'funding.repaid')
  union all
  -- Counted whichever way something goes between the two, of whom one has to do with the other.
  select entity, party, null, 'tie', 0, null, null from tie
  union all
  select entity, party, null, 'openDeals', 1, null, null from (select distinct entity, party, deal_id from either where is_open and deal_id is not null) as deals
  union all
  select entity, party, null, 'undisclosedLegs', 1, null, null from (select distinct entity, party, leg_id from either where is_open and is_secret and leg_id is not null) as legs
  union all
  select recipient, funder, null, 'undisclosedFunding', 0, null, null from funding_side where is_undisclosed and stage = 'proposed'`;

const EITHER = `(string_to_array(r."entityId", '+') || string_to_array(r."partyId", '+'))`;
/** Legs from the one to the other, either way. */
const BETWEEN_THEM = `terms -> 'providers' ?| ${EITHER} and terms -> 'receivers' ?| ${EITHER}`;

const OF_DEALS = ['deal', 'deal.stage', 'leg'];

const OF_DEAL = ofItself(BY_ROOT, [...OF_DEALS, 'leg.firm', 'leg.ceiling', 'leg.incurred', 'leg.paid']);

/** What there is between two in a deal is told by the fundings that name it, too. */
const NAMING = namingDeal('funding');
const OF_FUNDING = ofThose(BY_ROOT, FUNDING_MEASURES, {
  those: (roots) => `select unnest(${roots}) union ${NAMING.those(roots)}`,
  ids: (those) => `select unnest(${those}) union ${NAMING.ids(those)}`,
});

const CTES = `
${STAGES_OF_DEALS},
leg as (
  select subject, split_part(subject, '/', 1) as deal_id, stage, terms, terms ->> 'class' = 'payment' as is_payment,
    (terms ->> 'undisclosed')::boolean as is_secret
  from ${termsOf('leg')} as each
  join deal on deal.deal_id = split_part(subject, '/', 1)
  where terms ->> 'class' <> 'funding'
),
payment as (select * from leg where is_payment),
${sidesOf('leg')},
${FUNDINGS},
funding_side as (
  select t.*, joined(terms -> 'funders') as funder, terms ->> 'recipient' as recipient, terms ->> 'dealId' as deal_id from total as t
),
-- Who pays, is provided for or is funded, by whom; and every party of a deal of which no more is known.
tie (entity, party, deal_id, leg_id, is_open, is_secret) as (
  select case when is_payment then provider else receiver end, case when is_payment then receiver else provider end, deal_id, subject, stage <> 'closed', is_secret
  from side join leg using (subject)
  union all
  select recipient, funder, deal_id, null, deal_stage <> 'closed', false from funding_side
  union all
  select one ->> 'partyId', other ->> 'partyId', d.subject, null, true, false
  from line as d
  join deal on deal.deal_id = d.subject and stage <> 'closed'
  cross join lateral jsonb_array_elements(d.value::jsonb -> 'parties') as one
  cross join lateral jsonb_array_elements(d.value::jsonb -> 'parties') as other
  where measure = 'deal' and one ->> 'partyId' <> other ->> 'partyId'
    and d.subject not in (select deal_id from leg)
    and d.subject not in (select deal_id from funding_side where deal_id is not null)
),
either as (
  select * from tie
  union all
  select party, entity, deal_id, leg_id, is_open, is_secret from tie
),
due as (
  select subject, value::jsonb ->> 'partyId' as party_id,
    case measure when 'leg.firm' then 'owedFirmRemaining' else 'owedCeilingRemaining' end as cell, unit as currency, sum(amount) as amount
  from ${postingsOf(['leg.firm', 'leg.ceiling'], OF_DEAL)} as planned
  where period_last(period) > effective_on
  group by subject, value, measure, unit having sum(amount) <> 0
),
${openBalancesOf(
  'payment',
  {
    owedFirmRemaining: `case when stage = 'binding' then firm - incurred end`,
    owedCeilingRemaining: `case when stage = 'binding' then ceiling - incurred end`,
    incurredUnpaid: 'incurred - paid',
    prepaidUnapplied: 'paid - incurred',
  },
  OF_DEAL,
)}`;

const KEYS = ['entity', 'party'];
/** What pairs are told by, besides amounts. */
const OF_PAIRS = `cell in ('tie', 'openDeals', 'undisclosedLegs', 'undisclosedFunding')`;

const ROWS = `
pair as (
  select entity, party, coalesce(sum(amount) filter (where cell = 'openDeals'), 0) as open_deals,
    coalesce(sum(amount) filter (where cell = 'undisclosedLegs'), 0) as undisclosed_legs, bool_or(cell = 'undisclosedFunding') as is_undisclosed
  from added where ${OF_PAIRS} group by entity, party having bool_or(cell = 'tie')
),
${pricedBy(KEYS, `select * from added where not ${OF_PAIRS}`)},
exposed as (
  select entity, party, currency, ${CELLS.map((name) => `${cellOrZero(name)} as "${name}"`).join(',\n    ')}, ${RATES_USED}
  from priced group by entity, party, currency
),
${GROUPS},
member as (
  select joint, place, m.party, coalesce(group_id, m.party) as group_id, p.value::jsonb ->> 'country' as country
  from (select entity as joint from pair union select party from pair) as each
  cross join lateral unnest(string_to_array(joint, '+')) with ordinality as m (party, place)
  left join group_of on group_of.party = m.party
  left join line as p on p.measure = 'party' and p.subject = m.party
),
joint as (
  select joint, array_agg(party order by place) as parties, array_agg(distinct group_id) as groups, array_remove(array_agg(distinct country), null) as countries
  from member group by joint
),
-- Looked at for every row, so it is worked out before.
supplied as materialized (
  select split_part(subject, '/', 1) as supplier, customer, coalesce(group_id, customer) as group_id
  from line
  cross join lateral (select split_part(subject, '/', 2) as customer) as whom
  left join group_of on group_of.party = customer
  where measure = 'relation' and value::jsonb ->> 'relation' = 'suppliesTo'
),
shown as (
  select pair.*, coalesce(reporting_currency, x.currency) as currency, ${CELLS.map((name) => `coalesce("${name}", case when x.entity is null then 0 end) as "${name}"`).join(', ')},
    coalesce(fx_event_ids, '{}') as fx_event_ids, unconverted, coalesce(is_rate_missing, false) as is_rate_missing, coalesce(is_rate_stale, false) as is_rate_stale
  from pair
  left join exposed as x on x.entity = pair.entity and x.party = pair.party
),
owed as (
  select entity, case when bool_and("owedFirmRemaining" is not null) then sum("owedFirmRemaining") end as total,
    count(distinct currency) filter (where "owedFirmRemaining" <> 0) > 1 as is_mixed
  from shown group by entity
)
select s.entity as "entityId", s.party as "partyId", array_to_string(their.groups, '+') as "groupId", open_deals as "openDeals",
    ${CELLS.map((name) => `"${name}"`).join(', ')},
    case when not is_mixed then ratio("owedFirmRemaining", owed.total) end as "shareOfOwedFirm", undisclosed_legs as "undisclosedLegs",
    to_jsonb(array(
      select distinct customer collate "C" from supplied
      where supplier = any (their.parties) and customer <> all (own.parties) and customer <> all (their.parties) and group_id <> all (own.groups) order by 1
    )) as "suppliesToCompetingParties", currency,
    ${flagsOf({
      JOINT_UNSPLIT: `cardinality(own.parties) > 1 or cardinality(their.parties) > 1`,
      UNDISCLOSED_FUNDING: 'is_undisclosed',
      SEVERAL_CURRENCIES: 'is_mixed',
      ...RATE_FLAGS,
    })},
    null as "policyEventId", fx_event_ids as "fxEventIds", unconverted,
    s.entity || own.parties as entities, s.party || their.parties as parties, their.groups, their.countries
  from shown as s
  join owed on owed.entity = s.entity
  join joint as own on own.joint = s.entity
  join joint as their on their.joint = s.party`;

const { sql, sums } = adding({
  keys: KEYS,
  groupedBy: 1,
  of: { measures: [...OF_DEALS, ...FUNDING_MEASURES], narrowings: [OF_DEAL, OF_FUNDING], ctes: CTES, parts: PARTS },
  into: { measures: ['party', 'relation'], narrowings: [], rows: ROWS },
});

/** R9: what each counterparty is owed and gives, and whom else it feeds. */
export const counterpartyExposure: ReportDefinition = {
  name: 'counterparty-exposure',
  summary:
    'Exposure of each entity to each counterparty: what it owes it, what it is funded with, and who else is supplied.',
  row: CounterpartyExposure,
  key: ['entityId', 'partyId', 'currency'],
  sort: {
    default: ['-owedFirmRemaining', 'entityId', 'partyId', 'currency'],
    columns: [
      'entityId',
      'partyId',
      'groupId',
      'openDeals',
      ...CELLS,
      'shareOfOwedFirm',
      'undisclosedLegs',
      'currency',
    ],
  },
  filters: {
    entity: lists('entities'),
    party: lists('parties'),
    group: lists('groups'),
    country: lists('countries'),
    flag: lists('flags'),
  },
  options: {},
  sql,
  basis: [
    {
      ...ofLegs(BETWEEN_THEM, { legs: ['leg', 'leg.firm', 'leg.ceiling', 'leg.incurred', 'leg.paid'] }),
      // A share of what is owed changes with what others are.
      bearing: 'true',
    },
    {
      measures: ['deal'],
      of: `exists (
        select from jsonb_array_elements(p.value::jsonb -> 'parties') as member where member ->> 'partyId' = any (string_to_array(r."partyId", '+'))
      )`,
      bearing: 'true',
    },
    {
      measures: FUNDING_MEASURES,
      of: `split_part(p.subject, '/', 1) in (
        select each.subject from postings as each cross join lateral (select each.value::jsonb as terms) as said
        where each.measure = 'funding' and terms ->> 'recipient' = r."entityId" and terms -> 'funders' ?| string_to_array(r."partyId", '+')
      )`,
      bearing: 'true',
    },
    { measures: ['party'], of: under(`any (string_to_array(r."partyId", '+'))`) },
    {
      measures: ['relation'],
      of: under(`any (string_to_array(r."partyId", '+'))`),
      bearing: 'true',
    },
    RATES,
  ],
  rests: {
    openDeals: ['deal', 'deal.stage', 'leg', 'funding'],
    owedFirmRemaining: ['deal.stage', 'leg', 'leg.firm', 'leg.incurred', 'fx'],
    owedCeilingRemaining: ['deal.stage', 'leg', 'leg.ceiling', 'leg.incurred', 'fx'],
    incurredUnpaid: ['leg', 'leg.incurred', 'leg.paid', 'fx'],
    prepaidUnapplied: ['leg', 'leg.incurred', 'leg.paid', 'fx'],
    fundingCommittedUndrawn: [...FUNDING_MEASURES, 'fx'],
    fundingLocked: [...FUNDING_MEASURES, 'fx'],
    fundingReceivedNet: ['funding', 'tranche.received', 'funding.repaid', 'fx'],
    undisclosedLegs: ['deal.stage', 'leg'],
    suppliesToCompetingParties: ['relation'],
  },
  carried: { sums },
  totals: {
    byCurrency: sumsByCurrency(CELLS),
  },
  totalsSchema: z.object({
    byCurrency: sumsSchema(CELLS),
  }),
};

import { STAGES } from '@deal-ledger/domain';
import { z } from 'zod';
import { POLICY, under } from './basis';
import { count, decimal, equal, id, list, lists, mentions, oneOf, text, type ReportDefinition } from '../report';
import { countedBy, countsOf } from '../totals';
import { GROUPS } from './groups';
import { IS_JOINT } from './legs';
import { instant } from './recorded';
import {
  flagsOf,
  ifAny,
  linesOf,
  ofItself,
  ofThose,
  ofThoseNamingDeal,
  postingsOf,
  sumOf,
  termsOf,
  valueOf,
} from './sql';

/** How long before it lapses a letter of intent is said to. */
const LAPSING_DAYS = 90;

const STATUSES = ['pendingStart', 'active', 'expired', 'exhausted', 'loiLapsing'] as const;

export const DealRegister = z
  .object({
    dealId: id('The deal.'),
    title: id('What it is called.'),
    kinds: list('lease, purchase, supply, investment, barter, jointVenture or build.'),
    parties: list('Who is in it, each once.'),
    stage: id('exploring, announced, preliminary, binding or closed.'),
    derivedStatus: text(
      `Of an open deal with a paper. expired: the paper is. pendingStart: it binds, from a later day on. exhausted: nothing more can fall due. active: it binds. loiLapsing: it does not bind and expires within ${LAPSING_DAYS} days.`,
    ),
    instrument: text('The paper it stands on: loi, mou, termSheet, framework, definitive, amendment or unspecified.'),
    binding: text('Whether that binds: yes, no or unknown.'),
    announcedOn: text('When it was first announced, as EDTF.'),
    signedOn: text('When the paper was signed, as EDTF, as far as anybody said.'),
    effectiveFrom: text('First day of the paper.'),
    expiresOn: text('Last day of the paper.'),
    probability: decimal('As it was assessed in the present stage, else by the policy; null once closed.'),
    probabilitySource: text('assessed or policy.'),
    legs: count('Its legs.'),
    undisclosedLegs: count('Those of them whose quantity or amount is kept secret.'),
    amendments: count('Amendments in force.'),
    fundingIds: list('Fundings that its legs point to, or that name it.'),
    siteIds: list('Sites that name it.'),
    lastEventId: id('The event recorded last, whatever its day; a correction too.'),
    lastChangedAt: id('When that was recorded, UTC.'),
    minConfidence: text('The lowest confidence of the sources of what is known of the deal: low, medium or high.'),
    flags: list(
      'UNDISCLOSED_MONEY: a payment leg is of a secret amount. JOINT_UNSPLIT: a leg has a joint side without shares. LOI_LAPSING: see derivedStatus.',
    ),
  })
  .meta({ id: 'DealRegister' });

const TERMS = [
  'deal',
  'deal.stage',
  'deal.announced',
  'deal.agreement',
  'deal.probability',
  'deal.confidence',
  'deal.amendment',
  'leg',
];
const AMOUNTS = ['leg.ceiling', 'leg.incurred'];
const MEASURES = [...TERMS, ...AMOUNTS];

const NARROWINGS = [
  ofItself('dealId', MEASURES),
  ofThoseNamingDeal('funding', ['funding']),
  ofThose('dealId', ['site'], {
    those: (deals) =>
      `select p.subject from postings as p where p.measure = 'site' and p.value::jsonb -> 'dealIds' ?| ${deals}`,
    ids: (those) =>
      `select jsonb_array_elements_text(p.value::jsonb -> 'dealIds') from postings as p where p.measure = 'site' and split_part(p.subject, '/', 1) = any (${those})`,
  }),
];

const SQL = `
with recursive ${linesOf([...TERMS, 'policy', 'funding', 'site', 'party', 'relation'], ...NARROWINGS)},
policy as materialized (select value::jsonb as probabilities from line where measure = 'policy'),
deal as (
  select subject as deal_id, ${valueOf('deal')} as terms, ${valueOf('deal.stage')} ->> 'stage' as stage, ${valueOf('deal.agreement')} as paper,
    ${valueOf('deal.probability')} ->> 'probability' as assessed, ${valueOf('deal.confidence')} ->> 'confidence' as confidence,
    (array_agg(value::jsonb ->> 'announcedOn' order by value::jsonb ->> 'on', value collate "C") filter (where measure = 'deal.announced'))[1] as announced_on,
    count(*) filter (where measure = 'deal.amendment') as amendments
  from line where measure in (${TERMS.filter((measure) => measure.startsWith('deal'))
    .map((measure) => `'${measure}'`)
    .join(', ')})
  group by subject ${ifAny('deal')}
),
leg as (
  select split_part(subject, '/', 1) as deal_id, terms, terms ->> 'class' = 'payment' as is_payment, (terms ->> 'undisclosed')::boolean as is_secret,
    coalesce(to_come + greatest(unscheduled - incurred, 0), 0) as remains, coalesce(ceiling, 0) as ceiling
  from ${termsOf('leg')} as each
  left join (
    select subject, ${sumOf('leg.ceiling')} as ceiling, ${sumOf('leg.incurred')} as incurred,
      coalesce(sum(amount) filter (where measure = 'leg.ceiling' and period is null), 0) as unscheduled,
      -- An amount falls due on the last day of its period.
      coalesce(sum(amount) filter (where measure = 'leg.ceiling' and period_last(period) > effective_on), 0) as to_come
    from ${postingsOf(AMOUNTS, ...NARROWINGS)} as posted group by subject
  ) as sums using (subject)
),
legs as (
  select deal_id, count(*) as legs, count(*) filter (where is_secret) as secret,
    bool_or(is_payment and is_secret) as has_secret_money,
    bool_or(${IS_JOINT}) as is_joint,
    bool_and(remains = 0 and ceiling > 0) filter (where is_payment) as is_used_up
  from leg group by deal_id
),
pointer as (
  select deal_id, terms ->> 'fundingId' as funding_id, null as site_id from leg where terms ->> 'fundingId' is not null
  union all
  select value::jsonb ->> 'dealId', subject, null from line where measure = 'funding'
  union all
  select named, null, subject from line cross join lateral jsonb_array_elements_text(value::jsonb -> 'dealIds') as named where measure = 'site'
),
pointers as (
  select deal_id, array_agg(distinct funding_id collate "C") filter (where funding_id is not null) as funding_ids,
    array_agg(distinct site_id collate "C") filter (where site_id is not null) as site_ids
  from pointer group by deal_id
),
${GROUPS},
member as (
  select deal_id, party_id, min(place) as place
  from deal
  cross join lateral jsonb_array_elements(terms -> 'parties') with ordinality as listed (entry, place)
  cross join lateral (select entry ->> 'partyId' as party_id) as named
  group by deal_id, party_id
),
members as (
  select deal_id, array_agg(party_id order by place) as parties, array_agg(distinct coalesce(group_id, party_id)) as groups,
    array_agg(distinct known.country) as countries, string_agg(known.names, E'\\n') as names
  from member
  left join group_of on group_of.party = party_id
  left join lateral (
    select value::jsonb ->> 'country' as country,
      concat_ws(E'\\n', subject, value::jsonb ->> 'name', (select string_agg(alias, E'\\n') from jsonb_array_elements_text(value::jsonb -> 'aliases') as alias)) as names
    from line where measure = 'party' and subject = party_id
  ) as known on true
  group by deal_id
),
status as (
  select deal_id,
    case
      when stage = 'closed' or paper is null then null
      when (paper ->> 'expiresOn')::date < effective_on then 'expired'
      when stage = 'binding' and (paper ->> 'effectiveFrom')::date > effective_on then 'pendingStart'
      when stage = 'binding' and is_used_up then 'exhausted'
      when stage = 'binding' then 'active'
      when (paper ->> 'expiresOn')::date <= effective_on + ${LAPSING_DAYS} then 'loiLapsing'
    end as status
  from deal left join legs using (deal_id)
)
  select deal.deal_id as "dealId", deal.terms ->> 'title' as title, deal.terms -> 'kinds' as kinds, m.parties, stage, status as "derivedStatus",
    paper ->> 'instrument' as instrument, paper ->> 'binding' as binding, announced_on as "announcedOn",
    paper ->> 'signedOn' as "signedOn", paper ->> 'effectiveFrom' as "effectiveFrom", paper ->> 'expiresOn' as "expiresOn",
    case when stage <> 'closed' then coalesce(assessed, probabilities ->> stage) end as probability,
    case when stage = 'closed' then null when assessed is not null then 'assessed' when probabilities is not null then 'policy' end as "probabilitySource",
    coalesce(l.legs, 0) as legs, coalesce(l.secret, 0) as "undisclosedLegs", amendments,
    coalesce(p.funding_ids, '{}') as "fundingIds", coalesce(p.site_ids, '{}') as "siteIds",
    last.event_id as "lastEventId", ${instant('last.recorded_at')} as "lastChangedAt",
    confidence as "minConfidence",
    ${flagsOf({
      UNDISCLOSED_MONEY: 'l.has_secret_money',
      JOINT_UNSPLIT: 'l.is_joint',
      LOI_LAPSING: `status = 'loiLapsing'`,
    })},
    case when stage <> 'closed' and assessed is null then probabilities ->> 'eventId' end as "policyEventId", null::text[] as "fxEventIds", null::text[] as unconverted,
    m.groups, m.countries, concat_ws(E'\\n', deal.terms ->> 'title', m.names) as mentioned
  from deal
  join status using (deal_id)
  join members as m using (deal_id)
  left join legs as l using (deal_id)
  left join pointers as p using (deal_id)
  left join policy on true
  cross join lateral (
    select event_id, recorded_at from events
    where stream = 'deal/' || deal.deal_id and (as_of is null or (position, ordinal) <= (as_of, coalesce(as_of_ordinal, 2147483647)))
    order by version desc limit 1
  ) as last`;

/** R1: every deal, how far it is and on what paper. */
export const dealRegister: ReportDefinition = {
  name: 'deal-register',
  summary: 'Every deal: who with whom, how far it is, on what paper, how likely, and what is still kept secret.',
  row: DealRegister,
  key: ['dealId'],
  sort: {
    default: ['dealId'],
    columns: [
      'dealId',
      'title',
      'stage',
      'derivedStatus',
      'announcedOn',
      'signedOn',
      'effectiveFrom',
      'expiresOn',
      'probability',
      'legs',
      'undisclosedLegs',
      'amendments',
      'lastChangedAt',
      'minConfidence',
    ],
    ranks: { stage: STAGES, derivedStatus: STATUSES, minConfidence: ['low', 'medium', 'high'] },
  },
  filters: {
    dealId: oneOf('dealId'),
    stage: equal('stage'),
    derivedStatus: equal('derivedStatus'),
    kind: lists('kinds'),
    party: lists('parties'),
    group: lists('groups'),
    country: lists('countries'),
    flag: lists('flags'),
    text: mentions('mentioned', 'title, or a name or alias of a party, in any script'),
  },
  options: {},
  sql: SQL,
  basis: [
    { measures: MEASURES, of: under('r."dealId"') },
    POLICY,
    { measures: ['funding'], of: `p.value::jsonb ->> 'dealId' = r."dealId"` },
    { measures: ['site'], of: `p.value::jsonb -> 'dealIds' ? r."dealId"` },
    { measures: ['party'], of: under('any (r.parties)') },
    { measures: ['relation'], of: `r.parties && array[split_part(p.subject, '/', 1), split_part(p.subject, '/', 2)]` },
  ],
  rests: {
    title: ['deal'],
    kinds: ['deal'],
    parties: ['deal'],
    stage: ['deal.stage'],
    instrument: ['deal.agreement'],
    binding: ['deal.agreement'],
    signedOn: ['deal.agreement'],
    effectiveFrom: ['deal.agreement'],
    expiresOn: ['deal.agreement'],
    announcedOn: ['deal.announced'],
    probability: ['deal.stage', 'deal.probability', 'policy'],
    probabilitySource: ['deal.stage', 'deal.probability', 'policy'],
    legs: ['leg'],
    undisclosedLegs: ['leg'],
    amendments: ['deal.amendment'],
    fundingIds: ['leg', 'funding'],
    siteIds: ['site'],
    minConfidence: ['deal.confidence'],
  },
  // The last event of a deal is shown, even of one that posts nothing.
  carried: { bearings: NARROWINGS, kinds: ['deal'] },
  totals: {
    byStage: countedBy('stage', STAGES),
    legs: countsOf('legs'),
    undisclosedLegs: countsOf('undisclosedLegs'),
  },
  totalsSchema: z.object({
    byStage: z.object(Object.fromEntries(STAGES.map((stage) => [stage, z.int()]))).describe('Deals in each stage.'),
    legs: z.int().describe('Legs of all of them.'),
    undisclosedLegs: z.int().describe('Legs whose quantity or amount is kept secret.'),
  }),
};

import { z } from 'zod';
import { ofLegs, RATES, under } from './basis';
import { count, equal, flag, id, list, lists, money, ratio, text, type ReportDefinition } from '../report';
import { always, counted, hasAny } from '../totals';
import { cellOrZero, pricedBy, RATE_FLAGS, RATES_USED } from './conversion';
import { ANSWERS, cashOf, IS_JOINT, STAGES_OF_DEALS } from './legs';
import { flagsOf, ifAny, linesOf, postingsOf, sumOf, termsOf, unitOf, valueOf } from './sql';

/** More cycles than this are not looked for. */
const MAX_CYCLES = 1_000;

const STATEMENT =
  'An overlap is arithmetic: the lesser of what goes out and what comes back. It is no proof that the same money returned.';

export const CircularFlow = z
  .object({
    cycleId: id('Its kind and its parties; the same for as long as they are.'),
    parties: list(
      'The parties in the order the money goes, each once: the last hop leads from the last one to the first. A loop begins with its funder, other cycles with the first party by id.',
    ),
    length: count('How many hops it has.'),
    kind: id(
      'financingLoop: what a funder gives comes back by ways that have a payment in them. crossPurchase: payments alone. reciprocalTrade: deliveries that no payment answers.',
    ),
    dealIds: list('The deals its legs and fundings belong to.'),
    fundingIds: list('The fundings in it.'),
    sameDeal: flag('Whether all of it belongs to one deal.'),
    forwardCeiling: money('The most that the first hop can be.'),
    forwardCommitted: money('What is committed or firm and binding of the first hop; all of it, whatever is paid.'),
    forwardCash: money('Received or paid by the first hop.'),
    backCeiling: money('The least of the other hops, each at the most it can be.'),
    backCommitted: money('The least of the other hops, each by what is committed or firm and binding.'),
    backCash: money('The least of the other hops, each by what was received or paid.'),
    overlapCeiling: money('The lesser of forwardCeiling and backCeiling.'),
    overlapCommitted: money('The lesser of forwardCommitted and backCommitted.'),
    overlapCash: money('The lesser of forwardCash and backCash.'),
    recycledShareCeiling: ratio('overlapCeiling / forwardCeiling.'),
    recycledShareCommitted: ratio('overlapCommitted / forwardCommitted.'),
    recycledShareCash: ratio('overlapCash / forwardCash.'),
    undisclosedEdges: count(
      'Legs and fundings in it whose amount is kept secret, or of a joint side without shares. What they are part of is null.',
    ),
    nettingAgreement: flag('Whether a contract lets the parties net. No event records one, so it is always false.'),
    currency: text('Currency of the amounts; null where there are none, or several.'),
    flags: list(
      'TRUNCATED: there are more cycles than are shown; ask for those of one party. SEVERAL_CURRENCIES: no amounts, ask for one currency. JOINT_UNSPLIT: a joint side without shares. FX_RATE_MISSING, FX_RATE_STALE: amounts cannot be converted.',
    ),
  })
  .meta({ id: 'CircularFlow' });

const BASES = ['ceiling', 'committed', 'cash'] as const;
const each = (column: (basis: (typeof BASES)[number]) => string): string => BASES.map(column).join(',\n    ');
const columnOf = (side: string, basis: string): string => `${side}${basis[0]?.toUpperCase()}${basis.slice(1)}`;
const inColumn = (side: string, basis: string): string => `"${columnOf(side, basis)}"`;
/** Nothing when a part of it is nothing. */
const whole = (sum: string, amount: string, condition = 'true'): string =>
  `case when bool_and(${amount} is not null) filter (where ${condition}) then ${sum}(${amount}) filter (where ${condition}) end`;

const PARTS = `
  select source, target, way, s.currency, case s.cell when 'firm' then 'committed' else s.cell end, amount, case when amount <> 0 then kind end, day
  from hop_edge as e
  join stated as s on s.sort = e.sort and s.edge_id = e.edge_id and s.share_of is not distinct from e.share_of
  where not is_joint and (s.cell = 'cash' or (is_open and not is_undisclosed and (s.cell = 'ceiling' or is_binding)))
  union all
  select source, target, way, currency, unknown.cell, null, null, null
  from hop_edge
  cross join lateral (values
    ('ceiling', is_undisclosed),
    ('committed', is_undisclosed and is_binding),
    ('cash', is_joint and cash <> 0)
  ) as unknown (cell, is_unknown)
  where is_unknown`;

const SQL = `
with ${linesOf(['deal.stage', 'leg', 'funding', 'funding.stage', 'funding.ceiling', 'funding.committed', 'tranche.received'])},
${STAGES_OF_DEALS},
${cashOf(['leg.paid'])},
leg as (
  select subject, split_part(subject, '/', 1) as deal_id, split_part(subject, '/', 2) as leg_id, terms, coalesce(paid, 0) as paid
  from ${termsOf('leg')} as each
  left join (select subject, sum(amount) as paid from cash group by subject) as moved using (subject)
),
${ANSWERS},
-- A delivery that a payment answers is no consideration in kind.
leg_edge as (
  select 'leg' as sort, subject as edge_id, stage <> 'closed' as is_open, stage = 'binding' as is_binding,
    case when terms ->> 'class' = 'payment' then 'payment' else 'inKind' end as way, deal_id, null as funding_id,
    terms -> 'providers' as sources, terms -> 'receivers' as targets, terms ->> 'sharedSide' as shared_side, ${IS_JOINT} as is_joint,
    terms ->> 'currency' as currency, (terms ->> 'undisclosed')::boolean as is_secret, paid as cash
  from leg join deal using (deal_id)
  where terms ->> 'class' = 'payment' or (terms ->> 'class' <> 'funding' and stage <> 'closed' and subject not in (select delivery from answer))
),
funding_lines as (
  select split_part(subject, '/', 1) as edge_id, ${valueOf('funding')} as terms, ${valueOf('funding.stage')} ->> 'stage' as stage,
    ${unitOf('funding.committed')} as committed_in, ${sumOf('funding.ceiling')} as stated, ${sumOf('funding.committed')} as committed,
    ${sumOf('tranche.received')} as received, ${unitOf('tranche.received')} as received_in
  from line where measure like 'funding%' or measure = 'tranche.received' group by 1 ${ifAny('funding')}
),
funding as (
  select 'funding' as sort, edge_id, stage <> 'closed' as is_open, stage = 'committed' as is_binding,
    'funding' as way, terms ->> 'dealId' as deal_id, edge_id as funding_id,
    terms -> 'funders' as sources, jsonb_build_array(terms -> 'recipient') as targets, null as shared_side, jsonb_array_length(terms -> 'funders') > 1 as is_joint,
    coalesce(terms ->> 'currency', committed_in, received_in) as currency, (terms ->> 'undisclosed')::boolean and stage = 'proposed' as is_secret,
    received as cash, stated, committed
  from funding_lines
),
-- What is closed counts as the cash that went, and not at all where none did.
edge as (
  select * from leg_edge where is_open or cash <> 0
  union all
  select sort, edge_id, is_open, is_binding, way, deal_id, funding_id, sources, targets, shared_side, is_joint, currency, is_secret, cash
  from funding where is_open or cash <> 0
),
-- From each party of the one side to each of the other. Which part is whose, only shares can tell.
hop_edge as (
  select sort, edge_id, way, source, target, deal_id, funding_id, currency, is_joint, is_open and (is_secret or is_joint) as is_undisclosed,
    is_open, is_binding, cash, case shared_side when 'providers' then source when 'receivers' then target end as share_of
  from edge
  cross join lateral jsonb_array_elements_text(sources) as source
  cross join lateral jsonb_array_elements_text(targets) as target
),
stated (sort, edge_id, share_of, cell, currency, amount, kind, day) as (
  select 'leg', subject, value::jsonb ->> 'partyId', substr(measure, 5), unit, sum(amount), 'closing', effective_on
  from ${postingsOf(['leg.firm', 'leg.ceiling'])} as planned group by measure, subject, value, unit having sum(amount) <> 0
  union all
  select 'leg', subject, says ->> 'partyId', 'cash', unit, amount, 'spot', rate_day from cash
  union all
  select 'funding', edge_id, null, 'ceiling', currency, greatest(stated, committed), 'closing', effective_on from funding
  union all
  select 'funding', edge_id, null, 'firm', currency, committed, 'closing', effective_on from funding
  union all
  select 'funding', split_part(subject, '/', 1), null, 'cash', unit, amount, 'spot', (value::jsonb ->> 'on')::date from line where measure = 'tranche.received'
),
${pricedBy(['source', 'target', 'way'], PARTS)},
amounts as (
  select source, target, way, min(currency) as least_currency, max(currency) as greatest_currency,
    ${each((basis) => `${cellOrZero(basis)} as ${basis}`)},
    ${RATES_USED}
  from priced group by source, target, way
),
hop as (select distinct source, target, way from hop_edge),
cycle as (
  select 2 * place + trade::integer as number, trade, path
  from (
    select way = 'inKind' as trade, array_agg(source) as sources, array_agg(target) as targets from hop group by 1
  ) as known
  cross join lateral cycles(sources, targets, filter ->> 'party', least(max_length, 6), ${MAX_CYCLES}) with ordinality as found (path, place)
),
step as (
  select number, trade, place::integer, cardinality(path) as length, source, path[place % cardinality(path) + 1] as target
  from cycle cross join lateral unnest(path) with ordinality as walked (source, place)
),
-- Where a way begins: a loop at each of its fundings, the others at their first party by id.
start as (
  select number, length, place, 'financingLoop' as kind from step join hop using (source, target) where way = 'funding' and not trade
  union all
  select number, length, (array_agg(place order by source collate "C"))[1], case when trade then 'reciprocalTrade' else 'crossPurchase' end
  from step join hop using (source, target) where way = case when trade then 'inKind' else 'payment' end
  group by number, length, trade having count(*) = length
),
-- Out by the funding alone, back by all the money that goes that way.
flow_hop as (
  select start.number, kind, start.place as begun, start.length, turn, step.source, step.target, hop.way
  from start
  join step on step.number = start.number
  join hop on hop.source = step.source and hop.target = step.target
  cross join lateral (select mod(step.place - start.place + start.length, start.length) as turn) as since
  where case kind
    when 'financingLoop' then way = 'funding' or (way = 'payment' and turn > 0)
    when 'crossPurchase' then way = 'payment'
    else way = 'inKind'
  end
),
turn_amounts as (
  select number, kind, begun, turn, ${each((basis) => `${whole('sum', basis)} as ${basis}`)}
  from (
    select h.*, ${each((basis) => `case when h.way <> 'inKind' then case when a.way is null then 0 else ${basis} end end as ${basis}`)}
    from flow_hop as h left join amounts as a on a.source = h.source and a.target = h.target and a.way = h.way
  ) as each
  group by number, kind, begun, turn
),
flow_amounts as (
  select number, kind, begun,
    ${each((basis) => `${whole('sum', basis, 'turn = 0')} as forward_${basis}`)},
    ${each((basis) => `${whole('min', basis, 'turn > 0')} as back_${basis}`)}
  from turn_amounts group by number, kind, begun
),
flow as (
  select h.number, h.kind, h.begun, h.length, min(least_currency) as least_currency, max(greatest_currency) as greatest_currency,
    coalesce(bool_or(is_rate_missing), false) as is_rate_missing, coalesce(bool_or(is_rate_stale), false) as is_rate_stale
  from flow_hop as h left join amounts as a on a.source = h.source and a.target = h.target and a.way = h.way
  group by h.number, h.kind, h.begun, h.length
  having h.kind <> 'financingLoop' or bool_or(h.turn > 0 and h.way = 'payment')
  order by h.number, h.begun, h.kind
  limit ${MAX_CYCLES + 1}
),
rates as (
  select number, kind, begun, array_agg(distinct event_id) as fx_event_ids
  from flow_hop join amounts using (source, target, way) cross join lateral unnest(fx_event_ids) as event_id
  group by number, kind, begun
),
lacking as (
  select number, kind, begun, array_agg(distinct side || initcap(cell)) || array_agg(distinct 'overlap' || initcap(cell)) as unconverted
  from flow_hop join amounts using (source, target, way)
  cross join lateral unnest(unconverted) as cell
  cross join lateral (select case turn when 0 then 'forward' else 'back' end as side) as which
  where way <> 'inKind'
  group by number, kind, begun
),
content as (
  select number, kind, begun, array_agg(distinct deal_id) as deals, array_agg(distinct funding_id) as fundings,
    count(*) filter (where is_undisclosed) as undisclosed, bool_or(is_joint) as is_joint
  from flow join flow_hop using (number, kind, begun) join hop_edge using (source, target, way)
  group by number, kind, begun
),
shown as (
  select f.*, parties, fx_event_ids, unconverted, deals, fundings, undisclosed, is_joint, is_mixed, case when is_mixed or kind = 'reciprocalTrade' then null else coalesce(reporting_currency, least_currency) end as currency,
    ${each((basis) => `case when not is_mixed then forward_${basis} end as forward_${basis}, case when not is_mixed then back_${basis} end as back_${basis}`)},
    (select count(*) from flow) > ${MAX_CYCLES} or exists (select from cycle where path is null) as is_truncated
  from (select * from flow order by number, begun, kind limit ${MAX_CYCLES}) as f
  join flow_amounts using (number, kind, begun)
  join content using (number, kind, begun)
  left join rates using (number, kind, begun)
  left join lacking using (number, kind, begun)
  join lateral (select path[begun:] || path[:begun - 1] as parties from cycle where cycle.number = f.number) as way on true
  cross join lateral (select least_currency <> greatest_currency is true as is_mixed) as currencies
)
select kind || '/' || array_to_string(parties, '/') as "cycleId", to_jsonb(parties) as parties, length, kind,
    to_jsonb(array_remove(deals, null)) as "dealIds", to_jsonb(array_remove(fundings, null)) as "fundingIds",
    cardinality(deals) = 1 and deals[1] is not null as "sameDeal",
    ${each((basis) => `forward_${basis} as ${inColumn('forward', basis)}, back_${basis} as ${inColumn('back', basis)}`)},
    ${each((basis) => `overlap_${basis} as ${inColumn('overlap', basis)}, ratio(overlap_${basis}, forward_${basis}) as ${inColumn('recycledShare', basis)}`)},
    undisclosed as "undisclosedEdges", false as "nettingAgreement", currency,
    ${flagsOf({
      TRUNCATED: 'is_truncated',
      SEVERAL_CURRENCIES: 'is_mixed',
      JOINT_UNSPLIT: 'is_joint',
      ...RATE_FLAGS,
    })},
    null as "policyEventId", coalesce(fx_event_ids, '{}') as "fxEventIds", unconverted
  from shown
  cross join lateral (
    select ${each((basis) => `case when forward_${basis} is not null and back_${basis} is not null then least(forward_${basis}, back_${basis}) end as overlap_${basis}`)}
  ) as overlap
  where min_overlap is null or greatest(${BASES.map((basis) => `overlap_${basis}`).join(', ')}) >= min_overlap::numeric`;

const KINDS = ['financingLoop', 'crossPurchase', 'reciprocalTrade'] as const;

/** R10: money and deliveries that come back to where they came from. */
export const circularFlows: ReportDefinition = {
  name: 'circular-flows',
  summary: `Circular flows: who funds or pays whom that pays back, by what may be, what is committed and what was paid. ${STATEMENT}`,
  row: CircularFlow,
  key: ['cycleId'],
  sort: {
    default: ['-overlapCeiling', 'cycleId'],
    columns: [
      'cycleId',
      'length',
      'kind',
      'currency',
      ...['forward', 'back', 'overlap', 'recycledShare'].flatMap((side) => BASES.map((basis) => columnOf(side, basis))),
      'undisclosedEdges',
    ],
  },
  filters: {
    party: lists('parties'),
    kind: { ...equal('kind'), schema: z.enum(KINDS).describe('Only rows whose kind this is.') },
    dealId: lists('dealIds'),
    flag: lists('flags'),
  },
  options: {
    maxLength: {
      type: 'integer',
      schema: z
        .string()
        .regex(/^[2-6]$/, 'is a number of hops from 2 to 6')
        .default('4')
        .transform(Number)
        .describe('The most hops a cycle may have.'),
    },
    minOverlap: {
      type: 'text',
      schema: z
        .string()
        .regex(/^\d{1,30}(?:\.\d{1,6})?$/, 'is an amount, for example 1000000')
        .optional()
        .describe('Only rows in which an overlap, on whichever basis, is at least this.'),
    },
  },
  sql: SQL,
  basis: [
    {
      ...ofLegs(
        `split_part(each.subject, '/', 1) = any (r."dealIds") and terms -> 'providers' ?| r.parties and terms -> 'receivers' ?| r.parties`,
        {
          legs: ['leg', 'leg.firm', 'leg.ceiling', 'leg.paid'],
        },
      ),
      bearing: 'true',
    },
    {
      measures: ['funding', 'funding.stage', 'funding.ceiling', 'funding.committed', 'tranche.received'],
      of: under('any (r."fundingIds")'),
      bearing: 'true',
    },
    RATES,
  ],
  rests: {
    ...Object.fromEntries(
      ['forward', 'back', 'overlap', 'recycledShare'].flatMap((side) => [
        [
          `${side}Ceiling`,
          [
            'deal.stage',
            'leg',
            'leg.ceiling',
            'funding',
            'funding.stage',
            'funding.ceiling',
            'funding.committed',
            'fx',
          ],
        ],
        [`${side}Committed`, ['deal.stage', 'leg', 'leg.firm', 'funding', 'funding.stage', 'funding.committed', 'fx']],
        [`${side}Cash`, ['leg', 'leg.paid', 'funding', 'tranche.received', 'fx']],
      ]),
    ),
  },
  carried: {},
  totals: {
    ...Object.fromEntries(KINDS.map((kind) => [kind, counted((row) => row['kind'] === kind)])),
    undisclosed: counted(({ undisclosedEdges }) => Number(undisclosedEdges) > 0),
    truncated: hasAny(({ flags }) => (flags as readonly string[]).includes('TRUNCATED')),
    statement: always(STATEMENT),
  },
  totalsSchema: z.object({
    ...Object.fromEntries(KINDS.map((kind) => [kind, z.int().describe('Rows of this kind.')])),
    undisclosed: z.int().describe('Rows with legs or fundings whose amount is kept secret.'),
    truncated: z.boolean().describe(`Whether there are more than the ${MAX_CYCLES} cycles that were looked for.`),
    statement: z.literal(STATEMENT),
  }),
};

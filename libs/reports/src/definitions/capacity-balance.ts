import { z } from 'zod';
import { ofThoseWith, under } from './basis';
import { equal, id, list, lists, ofWindow, oneOf, quantity, ratio, text, type ReportDefinition } from '../report';
import { counted } from '../totals';
import { flagsOf, linesOf, ofItself, ofThose, RESTS_ON_NOTHING } from './sql';
import { OF_RESERVATIONS, RESERVATIONS } from './supply';

export const CapacityBalance = z
  .object({
    poolId: id('The pool.'),
    scope: id('supplier or global.'),
    supplierId: text('Whose capacity it is.'),
    itemId: id('What is produced.'),
    unit: id('Unit of the quantities, each for as long as the pool says.'),
    period: id(
      'A month in which a capacity begins, or something is planned or was delivered; of a pool without declared capacity also the window of its first deliveries.',
    ),
    capacity: quantity('Declared for that month.'),
    capacityBound: text('exact, about, upTo, atLeast, moreThan or lessThan.'),
    capacityBasis: text('declared, contracted, thirdPartyEstimate or derived.'),
    requestedCeiling: quantity('The most that open requests ask for, each in full in every pool it names.'),
    reservedFirm: quantity('Planned for the month, binding and firm.'),
    reservedNonBinding: quantity('Everything else that is planned.'),
    delivered: quantity('Delivered.'),
    accepted: quantity('Accepted by the buyer.'),
    shortfall: quantity('Declared short.'),
    headroomFirm: quantity('capacity less reservedFirm.'),
    ratioAtFirm: ratio('reservedFirm / capacity.'),
    ratioAtCeiling: ratio('The greater of requestedCeiling and what is reserved, / capacity.'),
    ratioBound: text(
      'What the bound of the capacity makes of the ratio: exact, about, atLeast, atMost, moreThan or lessThan.',
    ),
    reservations: list('Who asks.'),
    flags: list(
      'OVER_COMMITTED: more is asked for than exists. DERIVED: the capacity is. SCOPE_DIFFERS: a request asks for more than this item. ' +
        'UNIT_MISMATCH: something is in another unit, or by another length of time, and nobody said how to convert it. UNDISCLOSED_REQUESTS: some ask for a secret quantity. FIRST_DELIVERY_WINDOW: see period.',
    ),
  })
  .meta({ id: 'CapacityBalance' });

const OF_POOLS = ['pool', 'pool.availability', 'pool.declaration', 'pool.capacity'];
const QUANTITIES = ['plan', 'delivered', 'accepted', 'shortfall'];
const OF_DEMAND = [...OF_RESERVATIONS, 'request.ceiling', ...QUANTITIES];

const measuredBy = (measures: readonly string[]): string =>
  `measure in (${measures.map((measure) => `'${measure}'`).join(', ')})`;

/** Of one pool only what is about it is read, and every reservation that ever mentioned it. */
const NARROWINGS = [
  ofItself('poolId', OF_POOLS),
  ofThose('poolId', OF_DEMAND, {
    those: (pools) => `
        select p.subject from postings as p
        where p.measure = 'request' and p.value::jsonb -> 'poolIds' ?| ${pools}`,
    ids: (those) => `
        select jsonb_array_elements_text(p.value::jsonb -> 'poolIds') from postings as p
        where p.measure = 'request' and split_part(p.subject, '/', 1) = any (${those})`,
  }),
];
const LINES = linesOf([...OF_POOLS, ...OF_DEMAND, 'conversion'], ...NARROWINGS);

/** The columns that add up quantities, each with how to tell what belongs in it. */
const CELLS = ['reservedFirm', 'reservedNonBinding', 'delivered', 'accepted', 'shortfall'] as const;

/** Null where something in it is in a unit that nobody said how to convert. */
const held = (cell: (typeof CELLS)[number]): string =>
  `case when not coalesce(bool_or(factor is null) filter (where cell = '${cell}'), false) then coalesce(sum(amount * factor) filter (where cell = '${cell}'), 0) end`;

/** How many of the pool's units one of the reservation's is, in the row's period. */
const FACTOR = `
  case
    when given_unit = pool ->> 'unit' then 1
    when given_unit = 'GW' and pool ->> 'unit' = 'MW' then 1000
    when given_unit = 'MW' and pool ->> 'unit' = 'GW' then 0.001
    else (
      select factor from conversion as c
      where c.from_unit = given_unit and c.to_unit = pool ->> 'unit' and coalesce(c.item_id, terms ->> 'itemId') = terms ->> 'itemId'
        and c.since <= s.last_day
      order by c.item_id nulls last, since desc, version desc limit 1
    )
  end`;

const SQL = `
with ${LINES},
pool as (select subject as pool_id, value::jsonb as pool from line where measure = 'pool'),
declaration as (
  select d.subject as pool_id, (terms ->> 'version')::integer as version, coalesce(c.amount, 0) as rate, terms ->> 'bound' as bound, terms ->> 'basis' as basis,
    terms ->> 'eventId' as event_id, terms ->> 'firstMonth' as first_month, terms ->> 'lastMonth' as last_month
  from (select subject, value::jsonb as terms from line where measure = 'pool.declaration') as d
  left join line as c on c.measure = 'pool.capacity' and c.subject = d.subject and c.value::jsonb ->> 'eventId' = terms ->> 'eventId'
),
conversion as materialized (
  select split_part(subject, '/', 1) as from_unit, split_part(subject, '/', 2) as to_unit, nullif(split_part(subject, '/', 3), '') as item_id,
    (terms ->> 'factor')::numeric as factor, (terms ->> 'from')::date as since, (terms ->> 'version')::integer as version
  from (select subject, value::jsonb as terms from line where measure = 'conversion') as assumed
),
${RESERVATIONS},
reservation_of_pool as (
  select pool_id, reservation.*, ceiling
  from reservation
  left join (select subject as reservation_id, amount as ceiling from line where measure = 'request.ceiling') as most using (reservation_id)
  cross join lateral jsonb_array_elements_text(terms -> 'poolIds') as named (pool_id)
),
month_of_period as (
  select period, to_char(month, 'YYYY-MM') as month, place, count(*) over (partition by period) as months
  from (select distinct period from line where ${measuredBy(QUANTITIES)}) as each
  cross join lateral generate_series(period_first(period)::timestamp, period_last(period)::timestamp, interval '1 month') with ordinality as falls (month, place)
),
-- A quantity of a longer period falls on its months as evenly as whole units allow, the first ones first.
monthly as (
  select subject as reservation_id, measure, unit, value::jsonb as says, month,
    case
      when months = 1 then amount
      else floor(amount / months) + case when place <= floor(left_over) then 1 else 0 end + case when place = 1 then left_over - floor(left_over) else 0 end
    end as amount
  from line
  join month_of_period using (period)
  cross join lateral (select amount - floor(amount / months) * months as left_over) as rest
  where ${measuredBy(QUANTITIES)}
),
-- Of a reservation that is closed nothing is reserved any more but what came of it.
entry as (
  select reservation_id, month, unit, amount, cell
  from monthly join reservation using (reservation_id)
  cross join lateral (values
    (case when measure = case when is_closed then 'delivered' else 'plan' end
      then case when is_binding and coalesce(says ->> 'firmness', 'firm') = 'firm' then 'reservedFirm' else 'reservedNonBinding' end end),
    (case when measure <> 'plan' then measure end)
  ) as falls_in (cell)
  where cell is not null
),
slot as (
  select pool_id, first_month as period, (first_month || '-01')::date as first_day, period_last(first_month) as last_day, false as is_window
  from (
    select pool_id, first_month from declaration
    union
    select pool_id, month from reservation_of_pool join entry using (reservation_id)
  ) as month
  union all
  select subject, (days ->> 'from') || '/' || (days ->> 'to'), (days ->> 'from')::date, (days ->> 'to')::date, true
  from (select subject, value::jsonb as days from line where measure = 'pool.availability') as announced
  where subject not in (select pool_id from declaration)
),
-- For each month the capacity that begins last, of those that have not ended.
in_force as (
  select distinct on (pool_id, period) pool_id, period, rate, bound, basis, event_id
  from slot join declaration using (pool_id)
  where first_month <= period and (last_month is null or last_month >= period)
  order by pool_id, period, first_month desc, version desc
),
pool_slot as (
  select slot.*, pool, d.rate as capacity, d.bound, d.basis, d.event_id
  from slot
  join pool using (pool_id)
  left join in_force as d on d.pool_id = slot.pool_id and d.period = slot.period
),
asked as (
  select s.pool_id, s.period,
    array_agg(reservation_id) as reservations,
    bool_or(terms ->> 'scopeNote' is not null) as differs,
    bool_or(is_secret) as is_secret, bool_and(is_secret) as all_secret,
    bool_or(not is_secret and factor is null) as is_mismatch,
    sum(ceiling * factor) as requested
  from pool_slot as s
  join reservation_of_pool as r on r.pool_id = s.pool_id and not is_closed
    and (terms ->> 'firstMonth' is null or terms ->> 'firstMonth' <= to_char(s.last_day, 'YYYY-MM'))
    and (terms ->> 'lastMonth' is null or terms ->> 'lastMonth' >= to_char(s.first_day, 'YYYY-MM'))
  cross join lateral (select terms ->> 'unit' as given_unit, (terms ->> 'undisclosed')::boolean as is_secret) as what
  cross join lateral (select case when terms ->> 'per' = s.pool ->> 'per' then ${FACTOR} end as factor) as units
  group by s.pool_id, s.period
),
held as (
  select s.pool_id, s.period, array_agg(distinct reservation_id) as reservations, bool_or(factor is null) as is_mismatch,
    ${CELLS.map((cell) => `${held(cell)} as "${cell}"`).join(',\n    ')}
  from pool_slot as s
  join reservation_of_pool as r on r.pool_id = s.pool_id
  join entry as e using (reservation_id)
  cross join lateral (select e.unit as given_unit) as what
  -- Quantities are by the month, and a capacity by another length of time is no rate of theirs.
  cross join lateral (select case when s.pool ->> 'per' = 'P1M' then ${FACTOR} end as factor) as units
  where e.month = s.period
  group by s.pool_id, s.period
),
balance as (
  select s.*, coalesce(a.is_mismatch, false) or coalesce(h.is_mismatch, false) as is_mismatch,
    coalesce(differs, false) as differs, coalesce(is_secret, false) as is_secret,
    array(select distinct each collate "C" from unnest(coalesce(a.reservations, '{}') || coalesce(h.reservations, '{}')) as each order by 1) as reservations,
    case when not coalesce(a.is_mismatch, false) and not coalesce(all_secret, false) then coalesce(a.requested, 0) end as requested,
    ${CELLS.map((cell) => `case when h.pool_id is null then 0 else h."${cell}" end as "${cell}"`).join(',\n    ')}
  from pool_slot as s
  left join asked as a on a.pool_id = s.pool_id and a.period = s.period
  left join held as h on h.pool_id = s.pool_id and h.period = s.period
),
weighed as (
  select balance.*,
    -- Of what is secret alone nobody knows how much it is.
    case when requested is not null or "reservedFirm" + "reservedNonBinding" > 0 then greatest(requested, "reservedFirm" + "reservedNonBinding") end as most
  from balance
)
  select pool_id as "poolId", pool ->> 'scope' as scope, pool ->> 'supplierId' as "supplierId", pool ->> 'itemId' as "itemId", pool ->> 'unit' as unit,
    period, capacity, bound as "capacityBound", basis as "capacityBasis", requested as "requestedCeiling",
    "reservedFirm", "reservedNonBinding", delivered, accepted, shortfall, capacity - "reservedFirm" as "headroomFirm",
    case when not is_mismatch then ratio("reservedFirm", capacity) end as "ratioAtFirm",
    case when not is_mismatch then ratio(most, capacity) end as "ratioAtCeiling",
    case bound when 'lessThan' then 'moreThan' when 'upTo' then 'atLeast' when 'atLeast' then 'atMost' when 'moreThan' then 'lessThan' else bound end as "ratioBound",
    reservations, event_id as "declaredBy",
    ${flagsOf({
      OVER_COMMITTED: 'not is_mismatch and most > capacity',
      DERIVED: `basis = 'derived'`,
      SCOPE_DIFFERS: 'differs',
      UNIT_MISMATCH: 'is_mismatch',
      UNDISCLOSED_REQUESTS: 'is_secret',
      FIRST_DELIVERY_WINDOW: 'is_window',
    })},
    ${RESTS_ON_NOTHING}
  from weighed`;

/** R7: what each pool can produce, and what is asked of it. */
export const capacityBalance: ReportDefinition = {
  name: 'capacity-balance',
  summary: 'Capacity of each pool by month, beside what is requested and reserved of it.',
  row: CapacityBalance,
  key: ['poolId', 'period'],
  sort: {
    default: ['poolId', 'period'],
    columns: [
      'poolId',
      'itemId',
      'supplierId',
      'period',
      'capacity',
      'requestedCeiling',
      'ratioAtFirm',
      'ratioAtCeiling',
    ],
  },
  filters: {
    poolId: oneOf('poolId'),
    itemId: equal('itemId'),
    supplierId: equal('supplierId'),
    scope: equal('scope'),
    period: ofWindow('period'),
    reservation: lists('reservations'),
    flag: lists('flags'),
  },
  options: {},
  sql: SQL,
  basis: [
    { measures: OF_POOLS, of: under('r."poolId"') },
    {
      measures: OF_DEMAND,
      of: under('any (r.reservations)'),
      bearing: ofThoseWith('request', `terms -> 'poolIds' ? r."poolId"`),
    },
    { measures: ['conversion'], of: `r.unit = split_part(p.subject, '/', 2)` },
  ],
  rests: {
    capacity: OF_POOLS,
    requestedCeiling: [...OF_POOLS, 'request', 'request.ceiling', 'reservation.closed', 'conversion'],
    reservedFirm: [...OF_RESERVATIONS, 'plan', 'conversion'],
    reservedNonBinding: [...OF_RESERVATIONS, 'plan', 'conversion'],
    delivered: ['request', 'delivered', 'conversion'],
    accepted: ['request', 'accepted', 'conversion'],
    shortfall: ['request', 'shortfall', 'conversion'],
    headroomFirm: [...OF_POOLS, ...OF_RESERVATIONS, 'plan', 'conversion'],
    ratioAtFirm: [...OF_POOLS, ...OF_RESERVATIONS, 'plan', 'conversion'],
  },
  carried: { bearings: NARROWINGS },
  totals: { overCommitted: counted(({ flags }) => Array.isArray(flags) && flags.includes('OVER_COMMITTED')) },
  totalsSchema: z.object({ overCommitted: z.int().describe('Rows in which more is asked for than exists.') }),
};

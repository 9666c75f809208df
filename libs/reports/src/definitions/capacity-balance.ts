import { z } from 'zod';
import { equal, id, list, lists, quantity, ratio, text, type ReportDefinition } from '../report';
import { flagsOf, ifAny, linesOf, RESTS_ON_NOTHING, sumOf, valueOf } from './sql';

export const CapacityBalance = z
  .object({
    poolId: id('The pool.'),
    scope: id('supplier or global.'),
    supplierId: text('Whose capacity it is.'),
    itemId: id('What is produced.'),
    unit: id('Unit of the quantities, each for as long as the pool says.'),
    period: id(
      'Month from which a capacity is declared; of a pool without declaration the window of its first deliveries.',
    ),
    capacity: quantity('Declared for that month.'),
    capacityBound: text('exact, about, upTo, atLeast, moreThan or lessThan.'),
    capacityBasis: text('declared, contracted, thirdPartyEstimate or derived.'),
    requestedCeiling: quantity('The most that open requests ask for, each in full in every pool it names.'),
    reservedFirm: quantity('Reserved, binding and firm.'),
    reservedNonBinding: quantity('Everything else that is reserved.'),
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
        'UNIT_MISMATCH: a request is in another unit. UNDISCLOSED_REQUESTS: some ask for a secret quantity. FIRST_DELIVERY_WINDOW: see period.',
    ),
  })
  .meta({ id: 'CapacityBalance' });

const SQL = `
with ${linesOf(['pool', 'pool.availability', 'pool.declaration', 'pool.capacity', 'request', 'request.ceiling'])},
declaration as (
  select d.subject as pool_id, (terms ->> 'version')::integer as version, coalesce(c.amount, 0) as rate, terms ->> 'bound' as bound, terms ->> 'basis' as basis,
    terms ->> 'firstMonth' as first_month, terms ->> 'lastMonth' as last_month
  from (select subject, value::jsonb as terms from line where measure = 'pool.declaration') as d
  left join line as c on c.measure = 'pool.capacity' and c.subject = d.subject and c.value::jsonb ->> 'eventId' = terms ->> 'eventId'
),
slot as (
  select distinct pool_id, first_month as period, first_month, first_month as last_month, false as is_window from declaration
  union all
  select subject, (days ->> 'from') || '/' || (days ->> 'to'), left(days ->> 'from', 7), left(days ->> 'to', 7), true
  from (select subject, value::jsonb as days from line where measure = 'pool.availability') as announced
  where subject not in (select pool_id from declaration)
),
pool_slot as (
  select slot.*, p.value::jsonb as pool, d.rate as capacity, d.bound, d.basis
  from slot
  join line as p on p.measure = 'pool' and p.subject = slot.pool_id
  left join lateral (
    select rate, bound, basis from declaration
    where pool_id = slot.pool_id and declaration.first_month <= slot.period and (declaration.last_month is null or declaration.last_month >= slot.period)
    order by declaration.first_month desc, version desc limit 1
  ) as d on true
),
request as (
  select subject as reservation_id, ${valueOf('request')} as terms, ${sumOf('request.ceiling')} as ceiling
  from line where measure like 'request%' group by subject ${ifAny('request')}
),
request_of_pool as (
  select pool_id, request.* from request cross join lateral jsonb_array_elements_text(terms -> 'poolIds') as named (pool_id)
),
asked as (
  select s.pool_id, s.period,
    array_agg(reservation_id order by reservation_id collate "C") as reservations,
    bool_or(terms ->> 'scopeNote' is not null) as differs,
    bool_or(is_secret) as is_secret, bool_and(is_secret) as all_secret,
    bool_or(not is_secret and factor is null) as is_mismatch,
    sum(ceiling * factor) as requested
  from pool_slot as s
  join request_of_pool as r on r.pool_id = s.pool_id
    and (terms ->> 'firstMonth' is null or terms ->> 'firstMonth' <= s.last_month)
    and (terms ->> 'lastMonth' is null or terms ->> 'lastMonth' >= s.first_month)
  cross join lateral (
    select (terms ->> 'undisclosed')::boolean as is_secret,
      case
        when terms ->> 'per' is distinct from s.pool ->> 'per' then null
        when terms ->> 'unit' = s.pool ->> 'unit' then 1
        when terms ->> 'unit' = 'GW' and s.pool ->> 'unit' = 'MW' then 1000
        when terms ->> 'unit' = 'MW' and s.pool ->> 'unit' = 'GW' then 0.001
      end as factor
  ) as units
  group by s.pool_id, s.period
),
balance as (
  select s.*, coalesce(is_mismatch, false) as is_mismatch, coalesce(differs, false) as differs, coalesce(is_secret, false) as is_secret,
    coalesce(reservations, '{}') as reservations,
    case when not coalesce(is_mismatch, false) and not coalesce(all_secret, false) then coalesce(requested, 0) end as requested
  from pool_slot as s left join asked as a on a.pool_id = s.pool_id and a.period = s.period
)
  select pool_id as "poolId", pool ->> 'scope' as scope, pool ->> 'supplierId' as "supplierId", pool ->> 'itemId' as "itemId", pool ->> 'unit' as unit,
    period, capacity, bound as "capacityBound", basis as "capacityBasis", requested as "requestedCeiling",
    0 as "reservedFirm", 0 as "reservedNonBinding", 0 as delivered, 0 as accepted, 0 as shortfall, capacity as "headroomFirm",
    case when not is_mismatch then ratio(0, capacity) end as "ratioAtFirm",
    ratio(requested, capacity) as "ratioAtCeiling",
    case bound when 'lessThan' then 'moreThan' when 'upTo' then 'atLeast' when 'atLeast' then 'atMost' when 'moreThan' then 'lessThan' else bound end as "ratioBound",
    reservations,
    ${flagsOf({
      OVER_COMMITTED: 'requested > capacity',
      DERIVED: `basis = 'derived'`,
      SCOPE_DIFFERS: 'differs',
      UNIT_MISMATCH: 'is_mismatch',
      UNDISCLOSED_REQUESTS: 'is_secret',
      FIRST_DELIVERY_WINDOW: 'is_window',
    })},
    ${RESTS_ON_NOTHING}
  from balance`;

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
    poolId: equal('poolId'),
    itemId: equal('itemId'),
    supplierId: equal('supplierId'),
    scope: equal('scope'),
    period: equal('period'),
    reservation: lists('reservations'),
    flag: lists('flags'),
  },
  options: {},
  sql: SQL,
  totals: (rows) => ({
    overCommitted: rows.filter(({ flags }) => Array.isArray(flags) && flags.includes('OVER_COMMITTED')).length,
  }),
  totalsSchema: z.object({ overCommitted: z.int().describe('Rows in which more is asked for than exists.') }),
};

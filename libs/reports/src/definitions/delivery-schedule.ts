import { z } from 'zod';
import {
  equal,
  id,
  list,
  lists,
  ofPeriod,
  oneOf,
  periodFrom,
  periodTo,
  quantity,
  text,
  type ReportDefinition,
} from '../report';
import { sumsByUnit } from '../totals';
import { under } from './basis';
import { flagsOf, linesOf, ofItself, RESTS_ON_NOTHING } from './sql';
import { OF_RESERVATIONS, RESERVATIONS } from './supply';

export const DeliveryScheduleLine = z
  .object({
    reservationId: id('The reservation.'),
    buyer: id('Who is supplied.'),
    suppliers: list('Who supplies.'),
    itemId: id('What.'),
    unit: text('Unit of the quantities.'),
    period: text(
      'Period of the plan, a delivery, a slip or a shortfall; the year of them with granularity year; null of a reservation that has none of these, with unplanned.',
    ),
    originalPlan: quantity('Planned by the first ramp.'),
    currentPlan: quantity('Planned by the last ramp, with what slipped since in its new place.'),
    firmness: text('firm, makeAuth, materialAuth or forecast; null where a year has several.'),
    delivered: quantity('Delivered on account of the period.'),
    accepted: quantity('Of that, accepted by the buyer.'),
    rejected: quantity('Of that, rejected.'),
    slippedIn: quantity('Moved into the period, by whatever ramp.'),
    slippedOut: quantity('Moved out of the period, by whatever ramp.'),
    variance: quantity('delivered less currentPlan; null while the period lasts.'),
    cumVariance: quantity('The same of all periods up to this one.'),
    shortfall: quantity('Declared short.'),
    remedy: text('How that is made good: makeUp, payment or waived; several are joined by +.'),
    priorityTier: text('Place in the queue: first, amongFirst, preferred or standard.'),
    takeOrPayDue: quantity(
      'Of a year of a binding reservation: what must be paid for though it was not taken, as things stand: the least share of the current plan, less what was accepted.',
    ),
    flags: list(
      'SLIP: something was moved out of the period. BEHIND: less was delivered by its end than planned. SHORTFALL: something was declared short. CLOSED: the reservation is.',
    ),
  })
  .meta({ id: 'DeliveryScheduleLine' });

const QUANTITIES = ['ramp.plan', 'plan', 'delivered', 'accepted', 'rejected', 'slip.in', 'slip.out', 'shortfall'];
const MEASURES = [...OF_RESERVATIONS, ...QUANTITIES];

/** Whether a line is of the year of the row, where there is a row for each. */
const IN_YEAR = `(asked.granularity = 'year' and left(period_last(p.period)::text, 4) = r.period)`;

const total = (measure: string, more = ''): string =>
  `coalesce(sum(amount) filter (where measure = '${measure}'${more}), 0)`;

const NARROWINGS = [ofItself('reservationId', MEASURES)];

const SQL = `
with ${linesOf(MEASURES, ...NARROWINGS)},
${RESERVATIONS},
bucket_of as (
  select period, case granularity when 'year' then to_char(period_last(period), 'YYYY') else period end as row_period
  from (select distinct period from line where period is not null) as each
),
part as (
  select subject as reservation_id, row_period, measure, unit, amount, value::jsonb as says
  from line join bucket_of using (period)
  where measure in (${QUANTITIES.map((measure) => `'${measure}'`).join(', ')})
),
period_sums as (
  select reservation_id, row_period, min(unit) as unit,
    ${total('ramp.plan', ` and says ->> 'rampVersion' = '1'`)} as original, ${total('plan')} as planned,
    ${total('delivered')} as delivered, ${total('accepted')} as accepted, ${total('rejected')} as rejected,
    ${total('slip.in')} as slipped_in, ${total('slip.out')} as slipped_out, ${total('shortfall')} as short,
    min(says ->> 'firmness') filter (where measure = 'plan') as firmness, max(says ->> 'firmness') filter (where measure = 'plan') as last_firmness,
    string_agg(distinct says ->> 'remedy', '+') filter (where measure = 'shortfall') as remedy
  from part group by reservation_id, row_period
),
told as (
  select of_reservation.*, row_period, unit, original, planned, delivered, accepted, rejected, slipped_in, slipped_out, short,
    case when firmness = last_firmness then firmness end as firmness, remedy,
    case when period_last(row_period) <= effective_on then delivered - planned end as variance
  from reservation as of_reservation left join period_sums using (reservation_id)
  where unplanned or row_period is not null
),
running as (
  select told.*,
    case when variance is not null then
      sum(variance) over (partition by reservation_id order by period_last(row_period), period_first(row_period) desc, row_period)
    end as cum_variance
  from told
)
  select reservation_id as "reservationId", terms ->> 'buyerId' as buyer, terms -> 'supplierIds' as suppliers, terms ->> 'itemId' as "itemId",
    coalesce(unit, terms ->> 'unit') as unit, row_period as period, original as "originalPlan", planned as "currentPlan", firmness,
    delivered, accepted, rejected, slipped_in as "slippedIn", slipped_out as "slippedOut", variance, cum_variance as "cumVariance",
    short as shortfall, remedy, tier as "priorityTier",
    case when granularity = 'year' and is_binding then greatest(min_share * planned - accepted, 0) end as "takeOrPayDue",
    ${flagsOf({ SLIP: 'slipped_out > 0', BEHIND: 'cum_variance < 0', SHORTFALL: 'short > 0', CLOSED: 'is_closed' })},
    ${RESTS_ON_NOTHING}
  from running`;

const SUMS = [
  'originalPlan',
  'currentPlan',
  'delivered',
  'accepted',
  'rejected',
  'slippedIn',
  'slippedOut',
  'shortfall',
  'takeOrPayDue',
] as const;

/** R8: what was promised first, what is promised now, and what came of it. */
export const deliverySchedule: ReportDefinition = {
  name: 'delivery-schedule',
  summary: 'Deliveries by reservation and period: promised first, promised now, moved, delivered, accepted, missing.',
  row: DeliveryScheduleLine,
  key: ['reservationId', 'period'],
  sort: {
    default: ['reservationId', 'period'],
    columns: ['reservationId', 'itemId', 'period', 'currentPlan', 'delivered', 'variance', 'cumVariance', 'slippedOut'],
  },
  filters: {
    reservationId: oneOf('reservationId'),
    supplier: lists('suppliers'),
    buyer: equal('buyer'),
    itemId: equal('itemId'),
    period: ofPeriod('period'),
    periodFrom: periodFrom('period'),
    periodTo: periodTo('period'),
    tier: equal('priorityTier'),
    flag: lists('flags'),
  },
  options: {
    granularity: {
      type: 'text',
      schema: z
        .enum(['period', 'year'])
        .default('period')
        .describe('A row per period as it was planned, or per calendar year, with what take-or-pay makes due.'),
    },
    unplanned: {
      type: 'boolean',
      schema: z
        .enum(['true', 'false'])
        .default('false')
        .transform((value) => value === 'true')
        .describe('Whether reservations of which nothing is planned or delivered have a row too, without a period.'),
    },
  },
  sql: SQL,
  basis: [
    { measures: OF_RESERVATIONS, of: under('r."reservationId"') },
    {
      measures: QUANTITIES,
      of: `${under('r."reservationId"')} and (asked.measured = 'cumVariance' or p.period = r.period or ${IN_YEAR})`,
    },
  ],
  rests: {
    originalPlan: ['ramp.plan'],
    currentPlan: ['plan'],
    firmness: ['plan'],
    delivered: ['delivered'],
    accepted: ['accepted'],
    rejected: ['rejected'],
    slippedIn: ['slip.in'],
    slippedOut: ['slip.out'],
    variance: ['plan', 'delivered'],
    cumVariance: ['plan', 'delivered'],
    shortfall: ['shortfall'],
    remedy: ['shortfall'],
    priorityTier: ['priority'],
    takeOrPayDue: ['reservation', 'plan', 'accepted'],
  },
  carried: { bearings: NARROWINGS },
  totals: { byUnit: sumsByUnit(SUMS) },
  totalsSchema: z.object({
    byUnit: z.array(z.object({ unit: z.string(), ...Object.fromEntries(SUMS.map((column) => [column, z.string()])) })),
  }),
};

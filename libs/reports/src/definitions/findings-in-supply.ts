import { capacityBalance } from './capacity-balance';
import type { Finding } from './finding';

/** What the findings in supply are made of: windows of first deliveries, and ramps beside the legs they call off. */
export const SUPPLY = `
window_of as (
  select subject as pool_id, effective, days ->> 'from' as first_day, lag(days ->> 'from') over (partition by subject order by effective) as promised
  from (
    select subject, effective, value::jsonb as days from postings
    where measure = 'pool.availability' and effective <= effective_on
      and (as_of is null or (position, ordinal) <= (as_of, coalesce(as_of_ordinal, 2147483647)))
    group by subject, effective, value having sum(amount) > 0
  ) as announced
),
ramp_line as (
  select ramp.subject as reservation_id, ramp_version, period, unit, amount
  from (select subject, value::jsonb ->> 'rampVersion' as ramp_version from line where measure = 'ramp') as ramp
  join (select subject, value::jsonb ->> 'rampVersion' as of_version, period, unit, amount from line where measure = 'ramp.plan') as planned
    on planned.subject = ramp.subject and of_version = ramp_version
),
-- The most that a leg says it can be, where it says more than what is certain or expected.
leg_most as (
  select subject, unit, most
  from (
    select subject, unit,
      sum(amount) filter (where measure = 'leg.qtyCeiling') as most,
      greatest(sum(amount) filter (where measure = 'leg.qtyFirm'), sum(amount) filter (where measure = 'leg.qtyExpected')) as likely
    from line where measure in ('leg.qtyFirm', 'leg.qtyExpected', 'leg.qtyCeiling') group by subject, unit
  ) as each
  where most > coalesce(likely, 0)
),
called_off as (
  select reservation_id, leg.subject, leg.deal_id, leg.leg_id, leg.terms as leg_terms, ramp_version, period, r.unit, amount, most,
    sum(amount) over (partition by reservation_id) as total, leg.terms ->> 'per' as per
  from reservation
  join leg on leg.subject = (reservation.terms ->> 'dealId') || '/' || (reservation.terms ->> 'legId')
  join ramp_line as r using (reservation_id)
  join leg_most on leg_most.subject = leg.subject and leg_most.unit = r.unit
  where not is_closed
)`;

const BOTH_PLANS = `(
    select reservation_id, subject, deal_id, leg_terms, most, unit, period, amount, per
    from called_off
    cross join lateral (
      select right(per, 1) in ('M', 'Y') as by_months,
        substr(per, 2, length(per) - 2)::integer * case right(per, 1) when 'Y' then 12 when 'W' then 7 else 1 end as allowed_for,
        period_first(period) as first_day, period_last(period) + 1 as next_day
    ) as length
    where per is not null
      and amount * allowed_for > most * greatest(allowed_for, case when by_months
        then (extract(year from next_day) - extract(year from first_day)) * 12 + extract(month from next_day) - extract(month from first_day)
        else next_day - first_day end)
    union all
    select distinct reservation_id, subject, deal_id, leg_terms, most, unit, null, total, null
    from called_off where per is null and total > most
  )`;

export const IN_SUPPLY: readonly Finding[] = [
  {
    kind: 'OVER_COMMITTED',
    stream: `'pool/' || b."poolId"`,
    ref: `concat_ws('/', 'pool', b."poolId", b.period)`,
    since: 'period_first(b.period)',
    eventId: 'b."declaredBy"',
    text: `format(
      '%s %s are asked of pool %s for %s, it has %s (%s, %s): %s times as much. Ask for less, or declare what was added.',
      grouped(greatest(b."requestedCeiling", b."reservedFirm" + b."reservedNonBinding")), b.unit, b."poolId", b.period,
      grouped(b.capacity), b."capacityBound", b."capacityBasis", trim_scale(round(b."ratioAtCeiling", 4))
    )`,
    parties: `array_remove(
      array(select party from concerned cross join unnest(parties) as party where stream in (select 'reservation/' || each from unnest(b.reservations) as each))
      || b."supplierId", null)`,
    from: `(${capacityBalance.sql}) as b where 'OVER_COMMITTED' = any (b.flags)`,
  },
  {
    kind: 'SLIP',
    stream: 'stream',
    ref: `stream || '/' || (said ->> 'slipId')`,
    since: 'effective_to',
    eventId: 'event_id',
    text: `format(
      '%s promised of %s for %s come in %s: %s. See what waits for them.',
      told(said -> 'qty'), stream, said ->> 'fromPeriod', said ->> 'toPeriod', said ->> 'reason'
    )`,
    from: `current_event where type = 'DeliverySlipped' and effective_to <= effective_on`,
  },
  {
    kind: 'SLIP',
    stream: `'pool/' || pool_id`,
    ref: `concat_ws('/', 'pool', pool_id, effective)`,
    since: 'effective',
    eventId: 'e.event_id',
    text: `format('First deliveries of pool %s were to begin on %s and do on %s. See what waits for them.', pool_id, promised, first_day)`,
    from: `window_of
  left join (
    select distinct on (stream, effective_from) stream, effective_from, event_id
    from current_event where type = 'AvailabilityAnnounced'
    order by stream, effective_from, version desc
  ) as e on e.stream = 'pool/' || pool_id and e.effective_from = effective
  where first_day > promised`,
  },
  {
    kind: 'SHORTFALL',
    stream: 'stream',
    ref: `stream || '/' || (said ->> 'shortfallId')`,
    since: 'effective_to',
    eventId: 'event_id',
    text: `format(
      '%s are missing of %s for %s by the %s; remedy: %s. See that it is made good.',
      told(said -> 'qty'), stream, said ->> 'period', said ->> 'byParty', said ->> 'remedy'
    )`,
    from: `current_event where type = 'ShortfallDeclared' and effective_to <= effective_on`,
  },
  {
    kind: 'REFERENCE_BROKEN',
    stream: `'reservation/' || reservation_id`,
    ref: `concat_ws('/', 'reservation', reservation_id, 'deal', terms ->> 'dealId', terms ->> 'legId')`,
    since: 'e.since',
    eventId: 'e.event_id',
    text: `format(
      'Reservation %s calls off leg %s of deal %s, which there is no longer. Close the reservation, or have it name another leg.',
      reservation_id, terms ->> 'legId', terms ->> 'dealId'
    )`,
    from: `reservation
  join (
    select distinct on (stream, leg_id) stream, said ->> 'legId' as leg_id, event_id,
      (case action when 'cancel' then recorded_at at time zone 'UTC' else effective_from end)::date as since
    from recorded where type = 'LegRemoved' and is_current or type = 'LegAdded' and action = 'cancel'
    order by stream, leg_id, position desc, ordinal desc
  ) as e on e.stream = 'deal/' || (terms ->> 'dealId') and e.leg_id = terms ->> 'legId'
  where not is_closed and not exists (
      select from leg where leg.subject = (reservation.terms ->> 'dealId') || '/' || (reservation.terms ->> 'legId')
    )`,
  },
  {
    kind: 'REFERENCE_BROKEN',
    stream: `'reservation/' || reservation_id`,
    ref: `concat_ws('/', 'reservation', reservation_id, 'deal', deal_id)`,
    since: 'e.effective_to',
    eventId: 'e.event_id',
    text: `format(
      'Reservation %s is open, and deal %s that it belongs to was closed on %s (%s). Close the reservation too.',
      reservation_id, deal_id, e.effective_to, e.said ->> 'outcome'
    )`,
    from: `reservation
  join deal on deal_id = reservation.terms ->> 'dealId' and stage = 'closed'
  join current_event as e on e.stream = 'deal/' || deal_id and e.type = 'DealClosed'
  where not is_closed`,
  },
  {
    kind: 'REFERENCE_BROKEN',
    stream: `'funding/' || funding_id`,
    ref: `concat_ws('/', 'funding', funding_id, 'deal', deal_id)`,
    since: 'e.effective_to',
    eventId: 'e.event_id',
    text: `format(
      'Funding %s is %s, and deal %s that it pays for was closed on %s (%s). Close the funding too.',
      funding_id, funding.stage, deal_id, e.effective_to, e.said ->> 'outcome'
    )`,
    from: `funding
  join deal on deal_id = funding.terms ->> 'dealId' and deal.stage = 'closed'
  join current_event as e on e.stream = 'deal/' || deal_id and e.type = 'DealClosed'
  where funding.stage <> 'closed'`,
  },
  {
    kind: 'REFERENCE_BROKEN',
    stream: `'reservation/' || reservation_id`,
    ref: `concat_ws('/', 'reservation', reservation_id, coalesce(period, 'deal/' || plan.subject))`,
    since: 'e.effective_to',
    eventId: `leg_terms ->> 'termsEventId'`,
    text: `format(
      'The ramp of reservation %s has %s %s%s, leg %s has at most %s%s. Schedule a lower ramp, or change the leg.',
      reservation_id, grouped(amount), unit, ' for ' || period, plan.subject, grouped(most), ' per ' || per
    )`,
    from: `${BOTH_PLANS} as plan
  left join current_event as e on e.stream = 'deal/' || deal_id and e.event_id = leg_terms ->> 'termsEventId'`,
  },
  {
    kind: 'REFERENCE_BROKEN',
    stream: `'reservation/' || reservation_id`,
    ref: `concat_ws('/', 'reservation', reservation_id, 'deal', each.subject)`,
    since: 'e.effective_to',
    eventId: `leg_terms ->> 'termsEventId'`,
    text: `format(
      'Reservation %s counts %s%s, leg %s that it calls off counts %s; what one has of the other cannot be told. Change the leg, or close the reservation.',
      reservation_id, unit, ', ' || grouped(planned) || ' of them planned', each.subject, leg_terms ->> 'unit'
    )`,
    from: `(
    select reservation_id, leg.subject, leg.deal_id, leg.terms as leg_terms, coalesce(min(r.unit), reservation.terms ->> 'unit') as unit, sum(amount) as planned
    from reservation
    join leg on leg.subject = (reservation.terms ->> 'dealId') || '/' || (reservation.terms ->> 'legId')
    left join ramp_line as r using (reservation_id)
    where not is_closed
    group by reservation_id, leg.subject, leg.deal_id, leg.terms, reservation.terms
  ) as each
  left join current_event as e on e.stream = 'deal/' || deal_id and e.event_id = leg_terms ->> 'termsEventId'
  where unit <> leg_terms ->> 'unit' and not (unit in ('MW', 'GW') and leg_terms ->> 'unit' in ('MW', 'GW'))`,
  },
];

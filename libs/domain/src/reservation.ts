import { unapproved } from './approval';
import { firstDay, lastDay, type Period } from './calendar';
import { measureOf, measureOfClaim, numberOf, show, type Qty } from './claim';
import { add, compare, grouped, subtract, sum, type Decimal } from './decimal';
import type { DealState } from './deal';
import { legOf } from './deal';
import { entriesOf, get } from './keyed';
import type { DecisionContext, StreamKind } from './kind';
import { exceedsRate } from './rate';
import { notFound, unknown, unknownItem } from './references';
import { refusal, type Refusal } from './refusal';
import {
  reservationEvents,
  type RampData,
  type RequestData,
  type ReservationEvent,
  type ReservationEventOf,
} from './reservation-events';
import {
  deliveredIn,
  evolveReservation,
  plannedIn,
  shortIn,
  totalsOf,
  type ReservationState,
} from './reservation-state';
import { opened } from './state';
import { countTheSame, inBaseUnits } from './unit';

export * from './reservation-events';
export * from './reservation-state';

export const reservation: StreamKind<ReservationState, ReservationEvent> = {
  name: 'reservation',
  route: 'reservations',
  events: reservationEvents,
  opening: ['CapacityRequested'],
  identity: 'reservationId',

  refuse(state, event, context) {
    switch (event.type) {
      case 'CapacityRequested':
        return refuseRequest(event.data, context);
      case 'CapacityReserved':
        return (
          whenClosed(opened(state, event), event) ??
          (event.data.binding ? unapproved(event, 'A binding reservation') : undefined)
        );
      case 'RampScheduled':
        return refuseRamp(opened(state, event), event, context);
      case 'AllocationPriorityGranted':
        return whenClosed(opened(state, event), event);
      case 'QuantityDelivered':
        return refuseDelivery(opened(state, event), event, context);
      case 'DeliveryAccepted':
        return refuseAcceptance(opened(state, event), event);
      case 'DeliverySlipped':
        return refuseSlip(opened(state, event), event);
      case 'ShortfallDeclared':
        return refuseShortfall(opened(state, event), event);
      case 'ReservationClosed':
        return refuseClosing(opened(state, event), event);
    }
  },

  evolve: evolveReservation,
};

function refuseRequest(data: RequestData, context: DecisionContext): Refusal | undefined {
  return (
    unknown(context, 'party', data.buyerId, '/data/buyerId') ??
    unknown(context, 'party', data.supplierIds, '/data/supplierIds') ??
    unknownItem(context, data.itemId, '/data/itemId') ??
    unknown(context, 'pool', data.poolIds, '/data/poolIds') ??
    unknown(context, 'deal', data.dealId, '/data/dealId') ??
    unknownLeg(data, context)
  );
}

function unknownLeg({ dealId, legId }: RequestData, context: DecisionContext): Refusal | undefined {
  if (dealId == null || legId == null) return undefined;
  const deal = context.state<DealState>(`deal/${dealId}`);
  const known = deal !== undefined && legOf(deal, legId) !== undefined;
  return known ? undefined : notFound('leg', `${dealId}/${legId}`, '/data/legId');
}

function refuseRamp(
  state: ReservationState,
  event: ReservationEventOf<'RampScheduled'>,
  context: DecisionContext,
): Refusal | undefined {
  const { rampVersion, lines } = event.data;
  const expected = state.rampVersion + 1;
  const closed = whenClosed(state, event);
  if (closed !== undefined) return closed;
  if (rampVersion !== expected) {
    return refusal(
      'RAMP_VERSION_GAP',
      `Ramp ${rampVersion} of ${event.stream} was posted, ${expected} comes next; number ramps without a gap.`,
      { pointer: '/data/rampVersion', details: { expected, actual: rampVersion } },
    );
  }
  const unit = state.unit ?? lines[0]?.qty.unit ?? null;
  for (const [index, { qty }] of lines.entries()) {
    const other = otherUnit({ ...state, unit }, event, qty, `/data/lines/${index}/qty/unit`);
    if (other !== undefined) return other;
  }
  return aboveLeg(state, event.data, context) ?? belowDelivered(state, event.data);
}

function aboveLeg({ request }: ReservationState, { lines }: RampData, context: DecisionContext): Refusal | undefined {
  const { dealId, legId } = request;
  if (dealId == null || legId == null) return undefined;
  const deal = context.state<DealState>(`deal/${dealId}`);
  const terms = deal === undefined ? undefined : legOf(deal, legId)?.terms;
  const unit = lines[0]?.qty.unit;
  const legUnit = terms?.quantity == null ? undefined : measureOfClaim(terms.quantity);
  if (terms === undefined || unit === undefined || legUnit === undefined) return undefined;
  const leg = `leg ${dealId}/${legId}`;
  if (!countTheSame(unit, legUnit)) {
    return refusal(
      'UNIT_MISMATCH',
      `The ramp counts ${unit}, ${leg} that it calls off counts ${legUnit}; change the leg first, or plan it in a reservation of its own.`,
      { pointer: '/data/lines/0/qty/unit', details: { unit, legUnit } },
    );
  }
  const ceiling = terms.quantity?.ceiling;
  if (ceiling === undefined) return undefined;
  const { per } = terms;
  if (per == null) {
    const total: Qty = { unit, value: sum(lines.map(({ qty }) => qty.value)) };
    if (compare(inBaseUnits(total), inBaseUnits(ceiling)) <= 0) return undefined;
    return refusal(
      'RAMP_EXCEEDS_LEG',
      `The ramp makes ${show(total)}, ${leg} has at most ${show(ceiling)}; reduce the ramp or change the leg first.`,
      { pointer: '/data/lines', details: { planned: total.value, ceiling: ceiling.value } },
    );
  }
  for (const [index, { period, qty }] of lines.entries()) {
    if (!exceedsRate(inBaseUnits(qty), period, inBaseUnits(ceiling), per)) continue;
    return refusal(
      'RAMP_EXCEEDS_LEG',
      `${show(qty)} are planned for ${period}, ${leg} has at most ${show(ceiling)} per ${per}; reduce the line or change the leg first.`,
      {
        pointer: `/data/lines/${index}/qty/value`,
        details: { period, planned: qty.value, ceiling: ceiling.value, per },
      },
    );
  }
  return undefined;
}

interface Span {
  readonly period: Period;
  readonly from: string;
  readonly to: string;
  readonly qty: Decimal;
}

const spanOf = (period: Period, qty: Decimal): Span => ({ period, from: firstDay(period), to: lastDay(period), qty });

function belowDelivered(state: ReservationState, { lines }: RampData): Refusal | undefined {
  const planned = lines.map(({ period, qty }) => spanOf(period, qty.value));
  const arrived = Array.from(entriesOf(state.delivered), ([period, qty]) => spanOf(period, qty));
  for (const [index, { period, from, to }] of [...planned, ...arrived].entries()) {
    const delivered = sum(arrived.flatMap((part) => (part.from >= from && part.to <= to ? part.qty : [])));
    if (compare(delivered, '0') <= 0) continue;
    const plan = sum(planned.flatMap((line) => (line.from <= to && line.to >= from ? line.qty : [])));
    if (compare(plan, delivered) >= 0) continue;
    return refusal(
      'RAMP_BELOW_DELIVERED',
      `The ramp has ${grouped(plan)} ${state.unit} for ${period}, ${grouped(delivered)} are delivered; plan at least that.`,
      {
        pointer: index < lines.length ? `/data/lines/${index}/qty/value` : '/data/lines',
        details: { period, planned: plan, delivered },
      },
    );
  }
  return undefined;
}

function refuseDelivery(
  state: ReservationState,
  event: ReservationEventOf<'QuantityDelivered'>,
  context: DecisionContext,
): Refusal | undefined {
  const { deliveryId, qty, siteId, overDelivery } = event.data;
  return (
    exists('DELIVERY_EXISTS', 'delivery', get(state.deliveries, deliveryId), event, 'deliveryId', deliveryId) ??
    whenClosed(state, event) ??
    otherUnit(state, event, qty, '/data/qty/unit') ??
    unknown(context, 'site', siteId, '/data/siteId') ??
    (overDelivery === true ? undefined : aboveSchedule(state, event.data))
  );
}

/** Looks at every day from the end of the delivery's period on, because a late entry adds to all of them. */
function aboveSchedule(
  state: ReservationState,
  { deliveryId, period, qty }: ReservationEventOf<'QuantityDelivered'>['data'],
): Refusal | undefined {
  const own = lastDay(period);
  const planned = Array.from(entriesOf(state.plan), ([part, line]) => ({ on: firstDay(part), planned: line.qty }));
  const arrived = Array.from(entriesOf(state.delivered), ([part, delivered]) => ({ on: lastDay(part), delivered }));
  const days = [...planned, ...arrived, { on: own, delivered: qty.value }].sort((a, b) =>
    a.on === b.on ? Number('delivered' in a) - Number('delivered' in b) : a.on < b.on ? -1 : 1,
  );
  let [plan, delivered] = ['0', '0'];
  for (const [index, day] of days.entries()) {
    if ('planned' in day) plan = add(plan, day.planned);
    else delivered = add(delivered, day.delivered);
    if (day.on < own || days[index + 1]?.on === day.on || compare(delivered, plan) <= 0) continue;
    const before = subtract(delivered, qty.value);
    return refusal(
      'DELIVERY_EXCEEDS_SCHEDULE',
      `${deliveryId} brings ${show(qty)}; with it ${grouped(delivered)} ${qty.unit} are delivered by ${day.on} ` +
        `(${grouped(before)} before), ${grouped(plan)} are planned. Correct the quantity, or say "overDelivery": true.`,
      { pointer: '/data/qty/value', details: { asked: qty.value, delivered: before, planned: plan, by: day.on } },
    );
  }
  return undefined;
}

function refuseAcceptance(state: ReservationState, event: ReservationEventOf<'DeliveryAccepted'>): Refusal | undefined {
  const { deliveryId, acceptedQty, rejectedQty } = event.data;
  const delivery = get(state.deliveries, deliveryId);
  if (delivery === undefined) return notFound('delivery', deliveryId, '/data/deliveryId');
  if (delivery.isDecided) {
    return refusal(
      'DELIVERY_ALREADY_DECIDED',
      `Delivery ${deliveryId} was accepted or rejected already; correct that event if it was wrong.`,
      { pointer: '/data/deliveryId', details: { deliveryId } },
    );
  }
  const other =
    whenClosed(state, event) ??
    otherUnit(state, event, acceptedQty, '/data/acceptedQty/unit') ??
    otherUnit(state, event, rejectedQty, '/data/rejectedQty/unit');
  const decided = add(acceptedQty.value, rejectedQty.value);
  if (other !== undefined || compare(decided, delivery.qty) === 0) return other;
  return refusal(
    'ACCEPTANCE_MISMATCH',
    `Of ${deliveryId}, ${grouped(acceptedQty.value)} are accepted and ${grouped(rejectedQty.value)} rejected, ` +
      `which makes ${grouped(decided)}; ${grouped(delivery.qty)} were delivered. Account for all of it.`,
    {
      pointer: '/data/acceptedQty/value',
      details: { accepted: acceptedQty.value, rejected: rejectedQty.value, delivered: delivery.qty },
    },
  );
}

function refuseSlip(state: ReservationState, event: ReservationEventOf<'DeliverySlipped'>): Refusal | undefined {
  const { slipId, fromPeriod, toPeriod, qty } = event.data;
  const early =
    exists('SLIP_EXISTS', 'slip', get(state.slips, slipId), event, 'slipId', slipId) ??
    whenClosed(state, event) ??
    otherUnit(state, event, qty, '/data/qty/unit');
  if (early !== undefined) return early;
  if (firstDay(toPeriod) <= lastDay(fromPeriod)) {
    return refusal(
      'SLIP_NOT_FORWARD',
      `${slipId} moves ${show(qty)} from ${fromPeriod} to ${toPeriod}, which begins no later than that ends; ` +
        'name a later period, or post a new ramp to bring deliveries forward.',
      { pointer: '/data/toPeriod', details: { fromPeriod, toPeriod } },
    );
  }
  const planned = plannedIn(state, fromPeriod);
  const delivered = deliveredIn(state, fromPeriod);
  const open = subtract(planned, delivered);
  if (compare(qty.value, open) <= 0) return undefined;
  return refusal(
    'SLIP_EXCEEDS_PLANNED',
    `${slipId} moves ${show(qty)} out of ${fromPeriod}, ${grouped(open)} are left there ` +
      `(${grouped(planned)} planned - ${grouped(delivered)} delivered); reduce it or name another period.`,
    { pointer: '/data/qty/value', details: { asked: qty.value, planned, delivered } },
  );
}

function refuseShortfall(state: ReservationState, event: ReservationEventOf<'ShortfallDeclared'>): Refusal | undefined {
  const { shortfallId, period, qty } = event.data;
  const early =
    exists('SHORTFALL_EXISTS', 'shortfall', get(state.shortfalls, shortfallId), event, 'shortfallId', shortfallId) ??
    whenClosed(state, event) ??
    otherUnit(state, event, qty, '/data/qty/unit');
  if (early !== undefined) return early;
  const end = lastDay(period);
  const on = event.effective.to;
  if (end > on) {
    return refusal(
      'PERIOD_NOT_ENDED',
      `${shortfallId} is of ${on}, and ${period} ends on ${end}; until then it may still be delivered. Declare it afterwards.`,
      { pointer: '/data/period', details: { on, end } },
    );
  }
  const planned = plannedIn(state, period);
  const delivered = deliveredIn(state, period);
  const declared = shortIn(state, period);
  const gap = subtract(planned, delivered, declared);
  if (compare(qty.value, gap) <= 0) return undefined;
  return refusal(
    'SHORTFALL_EXCEEDS_GAP',
    `${shortfallId} declares ${show(qty)} short in ${period}, ${grouped(gap)} are missing ` +
      `(${grouped(planned)} planned - ${grouped(delivered)} delivered - ${grouped(declared)} declared short); reduce it.`,
    { pointer: '/data/qty/value', details: { asked: qty.value, planned, delivered, declared } },
  );
}

function refuseClosing(state: ReservationState, event: ReservationEventOf<'ReservationClosed'>): Refusal | undefined {
  const closed = whenClosed(state, event);
  const { planned, delivered } = totalsOf(state);
  const mustSayWhy = state.reserved?.binding === true && compare(delivered, planned) < 0;
  if (closed !== undefined || !mustSayWhy || event.data.reason != null) return closed;
  return refusal(
    'REASON_REQUIRED',
    `${event.stream} is binding, and ${grouped(delivered)} of ${grouped(planned)} ${state.unit} are delivered; say in reason why it is closed.`,
    { pointer: '/data/reason', details: { planned, delivered } },
  );
}

function exists(
  code: 'DELIVERY_EXISTS' | 'SLIP_EXISTS' | 'SHORTFALL_EXISTS',
  what: string,
  known: unknown,
  { stream }: ReservationEvent,
  field: string,
  id: string,
): Refusal | undefined {
  if (known === undefined) return undefined;
  return refusal(code, `${stream} has a ${what} ${id} already; choose another id.`, {
    pointer: `/data/${field}`,
    details: { [field]: id },
  });
}

function whenClosed({ stage }: ReservationState, { stream, type }: ReservationEvent): Refusal | undefined {
  if (stage !== 'closed') return undefined;
  return refusal(
    'RESERVATION_CLOSED',
    `${stream} is closed, ${type} cannot follow; cancel the closing if it was wrong, or begin a new reservation.`,
  );
}

function otherUnit(
  { unit }: ReservationState,
  { stream }: ReservationEvent,
  qty: Qty,
  pointer: string,
): Refusal | undefined {
  if (unit === null || measureOf(qty) === unit) return undefined;
  return refusal(
    'UNIT_MISMATCH',
    `${grouped(numberOf(qty))} ${qty.unit} were posted, ${stream} counts ${unit}; state it in ${unit}.`,
    { pointer, details: { unit: qty.unit, reservationUnit: unit } },
  );
}

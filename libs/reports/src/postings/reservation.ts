import {
  firstDay,
  hi,
  idOf,
  keyed,
  lastDay,
  measureOfClaim,
  type Keyed,
  type Period,
  type PriorityData,
  type Qty,
  type RequestData,
  type ReservationEvent,
  type ReservedData,
} from '@deal-ledger/domain';
import { negated } from '../decimal';
import { rampOf, rampPostings, slipOf, slipPostings, withRamp, withSlip, type Plan } from '../plan';
import { canonical, holds, type Posting, type PostingRule } from '../posting';
import { inserted, insertion, type Since } from '../timeline';

/** What of a reservation changes in time, and the periods of its deliveries. */
export interface ReservationTimes {
  /** In order of day. */
  readonly terms: readonly Since<ReservedData>[];
  /** In order of day. */
  readonly priorities: readonly Since<PriorityData>[];
  readonly plan: Plan;
  readonly deliveries: Keyed<Period>;
}

/** What buyers ask for and of which pools, what they are given, and what of it is planned, late and delivered. */
export const reservationPostings: PostingRule<ReservationTimes, ReservationEvent> = {
  kind: 'reservation',

  evolve(state, event) {
    const times = state ?? { terms: [], priorities: [], plan: [], deliveries: keyed.EMPTY };
    const on = event.effective.to;
    switch (event.type) {
      case 'CapacityReserved':
        return { ...times, terms: inserted(times.terms, { from: on, value: event.data }) };
      case 'AllocationPriorityGranted':
        return { ...times, priorities: inserted(times.priorities, { from: on, value: event.data }) };
      case 'RampScheduled':
        return { ...times, plan: withRamp(times.plan, rampOf(event.data, event.effective.from)) };
      case 'DeliverySlipped': {
        const slip = slipOf(times.plan, { ...event.data, qty: event.data.qty.value }, on);
        return slip === undefined ? times : { ...times, plan: withSlip(times.plan, slip) };
      }
      case 'QuantityDelivered':
        return { ...times, deliveries: keyed.put(times.deliveries, event.data.deliveryId, event.data.period) };
      case 'CapacityRequested':
      case 'DeliveryAccepted':
      case 'ShortfallDeclared':
      case 'ReservationClosed':
        return times;
    }
  },

  post(before, event, after) {
    const subject = idOf(event.stream);
    const on = event.effective.to;
    switch (event.type) {
      case 'CapacityRequested':
        return request(subject, event.data);
      case 'CapacityReserved':
        return insertion(before?.terms ?? [], { from: on, value: event.data }, ({ binding, takeOrPay, validUntil }) => [
          holds('reservation', subject, {
            binding,
            minShare: takeOrPay?.minShare ?? null,
            validUntil: validUntil ?? null,
          }),
        ]);
      case 'AllocationPriorityGranted':
        return insertion(before?.priorities ?? [], { from: on, value: event.data }, ({ tier, rank }) => [
          holds('priority', subject, { tier, rank: rank ?? null }),
        ]);
      case 'RampScheduled':
        return rampPostings(subject, before?.plan ?? [], rampOf(event.data, event.effective.from));
      case 'QuantityDelivered':
        return quantity('delivered', subject, event.data.period, event.data.qty, on);
      case 'DeliveryAccepted': {
        const { deliveryId, acceptedQty, rejectedQty } = event.data;
        const period = keyed.get(after.deliveries, deliveryId);
        return [
          ...quantity('accepted', subject, period, acceptedQty, on),
          ...quantity('rejected', subject, period, rejectedQty, on),
        ];
      }
      case 'DeliverySlipped': {
        const { fromPeriod, toPeriod, qty } = event.data;
        const slip = slipOf(before?.plan ?? [], { fromPeriod, toPeriod, qty: qty.value }, on);
        return [
          ...quantity('slip.out', subject, fromPeriod, qty, on),
          ...quantity('slip.in', subject, toPeriod, qty, on),
          ...(slip === undefined ? [] : slipPostings(subject, before?.plan ?? [], slip)),
        ];
      }
      case 'ShortfallDeclared': {
        const { period, qty, byParty, remedy } = event.data;
        return quantity('shortfall', subject, period, qty, on, canonical({ byParty, remedy }));
      }
      case 'ReservationClosed':
        return [{ ...holds('reservation.closed', subject, { outcome: event.data.outcome }), effective: on }];
    }
  },
};

function request(subject: string, data: RequestData): Posting[] {
  const { buyerId, supplierIds, itemId, rate, per, window, poolIds, dealId, legId, scopeNote } = data;
  const amount = hi(rate);
  const unit = measureOfClaim(rate);
  return [
    holds('request', subject, {
      buyerId,
      supplierIds,
      itemId,
      per: per ?? null,
      unit: unit ?? null,
      undisclosed: rate.undisclosed === true,
      firstMonth: window == null ? null : firstDay(window).slice(0, 7),
      lastMonth: window == null ? null : lastDay(window).slice(0, 7),
      poolIds,
      dealId: dealId ?? null,
      legId: legId ?? null,
      scopeNote: scopeNote ?? null,
    }),
    ...(amount === null || negated(amount) === '0' ? [] : [{ measure: 'request.ceiling', subject, unit, amount }]),
  ];
}

function quantity(
  measure: string,
  subject: string,
  period: Period | undefined,
  { unit, value: amount }: Qty,
  effective: string,
  value?: string,
): Posting[] {
  return negated(amount) === '0' ? [] : [{ measure, subject, value, period, effective, unit, amount }];
}

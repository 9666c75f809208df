import { firstDay, lastDay, type Period } from './calendar';
import { measureOf, measureOfClaim } from './claim';
import { add, subtract, sum, type Decimal } from './decimal';
import { EMPTY, entriesOf, get, put, type Keyed } from './keyed';
import type {
  Firmness,
  PriorityData,
  RampData,
  RequestData,
  ReservationEvent,
  ReservationEventOf,
  ReservedData,
} from './reservation-events';
import { opened } from './state';

export type ReservationStage = 'requested' | 'reserved' | 'delivering' | 'closed';

/** Quantities are decimals in the reservation's unit. */
export interface PlanLine {
  readonly qty: Decimal;
  readonly firmness: Firmness;
}

export interface Delivery {
  readonly period: Period;
  readonly qty: Decimal;
  /** Whether the buyer has accepted or rejected it. */
  readonly isDecided: boolean;
}

/** Quantities are decimals in `unit`. */
export interface ReservationState {
  readonly request: RequestData;
  /** Of the first quantity that anybody stated; every later one has the same. */
  readonly unit: string | null;
  readonly stage: ReservationStage;
  /** What was agreed last; null while only asked for. */
  readonly reserved: ReservedData | null;
  readonly priority: PriorityData | null;
  /** Of the last ramp; 0 before the first. */
  readonly rampVersion: number;
  /** By period: the last ramp, with what slipped since in its new place. */
  readonly plan: Keyed<PlanLine>;
  readonly deliveries: Keyed<Delivery>;
  /** By period. */
  readonly delivered: Keyed<Decimal>;
  readonly slips: Keyed<true>;
  readonly shortfalls: Keyed<true>;
  /** Declared short, by period. */
  readonly short: Keyed<Decimal>;
}

/** The state after `event`; never argues. */
export function evolveReservation(state: ReservationState | undefined, event: ReservationEvent): ReservationState {
  switch (event.type) {
    case 'CapacityRequested':
      return requested(event.data);
    case 'CapacityReserved': {
      const before = opened(state, event);
      return { ...before, reserved: event.data, stage: before.stage === 'requested' ? 'reserved' : before.stage };
    }
    case 'RampScheduled':
      return ramped(opened(state, event), event.data);
    case 'AllocationPriorityGranted':
      return { ...opened(state, event), priority: event.data };
    case 'QuantityDelivered':
      return delivered(opened(state, event), event.data);
    case 'DeliveryAccepted':
      return decided(opened(state, event), event.data.deliveryId);
    case 'DeliverySlipped':
      return slipped(opened(state, event), event.data);
    case 'ShortfallDeclared': {
      const before = opened(state, event);
      const { shortfallId, period, qty } = event.data;
      return {
        ...inUnit(before, qty.unit),
        shortfalls: put(before.shortfalls, shortfallId, true),
        short: raised(before.short, period, qty.value),
      };
    }
    case 'ReservationClosed':
      return { ...opened(state, event), stage: 'closed' };
  }
}

/** The plan's line of a period, in the current plan. */
export function plannedIn({ plan }: ReservationState, period: Period): Decimal {
  return get(plan, period)?.qty ?? '0';
}

/** What was delivered on account of a period, or of a part of it. */
export function deliveredIn({ delivered }: ReservationState, period: Period): Decimal {
  return within(delivered, period);
}

/** What was declared short in a period, or in a part of it. */
export function shortIn({ short }: ReservationState, period: Period): Decimal {
  return within(short, period);
}

/** The whole current plan, and all that was delivered. */
export function totalsOf({ plan, delivered }: ReservationState): {
  readonly planned: Decimal;
  readonly delivered: Decimal;
} {
  return {
    planned: sum(Array.from(entriesOf(plan), ([, { qty }]) => qty)),
    delivered: sum(Array.from(entriesOf(delivered), ([, qty]) => qty)),
  };
}

function within(byPeriod: Keyed<Decimal>, period: Period): Decimal {
  const [from, to] = [firstDay(period), lastDay(period)];
  const parts = [...entriesOf(byPeriod)].filter(([part]) => firstDay(part) >= from && lastDay(part) <= to);
  return sum(parts.map(([, qty]) => qty));
}

function requested(request: RequestData): ReservationState {
  return {
    request,
    unit: measureOfClaim(request.rate) ?? null,
    stage: 'requested',
    reserved: null,
    priority: null,
    rampVersion: 0,
    plan: EMPTY,
    deliveries: EMPTY,
    delivered: EMPTY,
    slips: EMPTY,
    shortfalls: EMPTY,
    short: EMPTY,
  };
}

function ramped(state: ReservationState, { rampVersion, lines }: RampData): ReservationState {
  const [first] = lines;
  let plan: Keyed<PlanLine> = EMPTY;
  for (const { period, qty, firmness } of lines) {
    plan = put(plan, period, { qty: qty.value, firmness: firmness ?? 'firm' });
  }
  return { ...(first === undefined ? state : inUnit(state, measureOf(first.qty))), rampVersion, plan };
}

function delivered(state: ReservationState, data: ReservationEventOf<'QuantityDelivered'>['data']): ReservationState {
  const { deliveryId, period, qty } = data;
  return {
    ...inUnit(state, qty.unit),
    stage: 'delivering',
    deliveries: put(state.deliveries, deliveryId, { period, qty: qty.value, isDecided: false }),
    delivered: raised(state.delivered, period, qty.value),
  };
}

function decided(state: ReservationState, deliveryId: string): ReservationState {
  const delivery = get(state.deliveries, deliveryId);
  if (delivery === undefined) throw new Error(`delivery ${deliveryId}, which does not exist`);
  return { ...state, deliveries: put(state.deliveries, deliveryId, { ...delivery, isDecided: true }) };
}

function slipped(state: ReservationState, data: ReservationEventOf<'DeliverySlipped'>['data']): ReservationState {
  const { slipId, fromPeriod, toPeriod, qty } = data;
  const from = get(state.plan, fromPeriod) ?? { qty: '0', firmness: 'firm' };
  const to = get(state.plan, toPeriod) ?? { qty: '0', firmness: from.firmness };
  const left = put(state.plan, fromPeriod, { ...from, qty: subtract(from.qty, qty.value) });
  return {
    ...inUnit(state, qty.unit),
    slips: put(state.slips, slipId, true),
    plan: put(left, toPeriod, { ...to, qty: add(to.qty, qty.value) }),
  };
}

function raised(byPeriod: Keyed<Decimal>, period: Period, by: Decimal): Keyed<Decimal> {
  return put(byPeriod, period, add(get(byPeriod, period) ?? '0', by));
}

function inUnit(state: ReservationState, unit: string): ReservationState {
  return state.unit !== null ? state : { ...state, unit };
}

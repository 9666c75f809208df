import type { z } from 'zod';
import { reservationEvents } from './reservation';
import { CONTROLLER, poster, type Draft, type Envelope } from './testing';

type Data<Type extends keyof typeof reservationEvents> = z.input<(typeof reservationEvents)[Type]['data']>;

const post = poster(reservationEvents, 'reservation/hbm');

export const wafers = (value: string) => ({ unit: 'WFR', value });

/** OpenAI asks for 900,000 wafers a month. */
export const requested = (data: Partial<Data<'CapacityRequested'>> = {}): Draft =>
  post('CapacityRequested', {
    reservationId: 'hbm',
    buyerId: 'openai',
    supplierIds: ['samsung', 'skhynix'],
    itemId: 'hbm',
    rate: { ceiling: wafers('900000'), bound: 'upTo' },
    per: 'P1M',
    poolIds: [],
    priorityAsked: true,
    ...data,
  });

export const reserved = (data: Partial<Data<'CapacityReserved'>> = {}, envelope: Envelope = {}): Draft =>
  post('CapacityReserved', { binding: true, ...data }, { approvedBy: CONTROLLER, ...envelope });

/** A ramp of wafers by period. */
export const ramp = (
  rampVersion: number,
  lines: Readonly<Record<string, string>>,
  firmness?: 'firm' | 'makeAuth' | 'materialAuth' | 'forecast',
): Draft =>
  post('RampScheduled', {
    rampVersion,
    lines: Object.entries(lines).map(([period, value]) => ({
      period,
      qty: wafers(value),
      ...(firmness === undefined ? {} : { firmness }),
    })),
  });

export const delivered = (
  deliveryId: string,
  period: string,
  value: string,
  more: Partial<Data<'QuantityDelivered'>> = {},
): Draft => post('QuantityDelivered', { deliveryId, period, qty: wafers(value), ...more });

export const accepted = (deliveryId: string, value: string, rejected = '0'): Draft =>
  post('DeliveryAccepted', { deliveryId, acceptedQty: wafers(value), rejectedQty: wafers(rejected) });

export const slipped = (slipId: string, fromPeriod: string, toPeriod: string, value: string): Draft =>
  post('DeliverySlipped', { slipId, fromPeriod, toPeriod, qty: wafers(value), reason: 'yield' });

export const short = (
  shortfallId: string,
  period: string,
  value: string,
  more: Partial<Data<'ShortfallDeclared'>> = {},
): Draft =>
  post('ShortfallDeclared', {
    shortfallId,
    period,
    qty: wafers(value),
    byParty: 'supplier',
    remedy: 'makeUp',
    ...more,
  });

export const closed = (data: Partial<Data<'ReservationClosed'>> = {}): Draft =>
  post('ReservationClosed', { outcome: 'cancelled', reason: 'no more needed', ...data });

/** Half a year that rises from 50,000 to 100,000 wafers. */
export const RAMP = { '2026-01': '50000', '2026-02': '75000', '2026-03': '100000' };

import { z } from 'zod';
import { check } from './check';
import { show, type Qty } from './claim';
import type { EventOf, EventTypes } from './kind';
import { LINES_MAX } from './schedule';
import {
  DaySchema,
  EdtfSchema,
  Fraction,
  Id,
  ids,
  MoneySchema,
  Per,
  PeriodSchema,
  QtyClaim,
  QtySchema,
  text,
} from './values';

/** How sure a line of a plan is: produced for, material and labour bought, material bought, foreseen. */
export const FIRMNESS = ['firm', 'makeAuth', 'materialAuth', 'forecast'] as const;
export type Firmness = (typeof FIRMNESS)[number];

// Kept for ever: what was once written must parse. Widen, never narrow.
export const reservationEvents = {
  CapacityRequested: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A buyer wants capacity. Asking for more than exists is recorded and flagged, never refused.',
    refusals: ['REF_NOT_FOUND'],
    data: z
      .strictObject({
        reservationId: Id,
        buyerId: Id,
        supplierIds: ids(1, 50),
        itemId: Id,
        rate: QtyClaim,
        per: Per.nullish(),
        window: EdtfSchema.nullish(),
        poolIds: ids(0, 50),
        dealId: Id.nullish(),
        legId: Id.nullish(),
        priorityAsked: z.boolean(),
        scopeNote: text().nullish(),
        note: text().nullish(),
      })
      .check(
        check(({ buyerId, supplierIds, rate, per, dealId, legId }, report) => {
          if (supplierIds.includes(buyerId)) {
            report(
              'VALIDATION_FAILED',
              `"${buyerId}" is buyer and supplier; capacity goes from one party to another.`,
              ['supplierIds'],
            );
          }
          if (rate.undisclosed !== true && per == null) {
            report(
              'VALIDATION_FAILED',
              'The rate states a quantity but not for how long; give per, for example "P1M".',
              ['per'],
            );
          }
          if (legId != null && dealId == null) {
            report('VALIDATION_FAILED', `Leg "${legId}" is named without its deal; give dealId.`, ['dealId']);
          }
        }),
      ),
  },
  CapacityReserved: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The supplier keeps capacity for the buyer; binding or not decides which column it counts in.',
    refusals: ['RESERVATION_CLOSED', 'FOUR_EYES_REQUIRED'],
    data: z.strictObject({
      binding: z.boolean(),
      takeOrPay: z
        .strictObject({ minShare: Fraction.describe('Of the plan of a year, what is paid for even if not taken.') })
        .nullish(),
      prepaymentPaymentId: Id.nullish(),
      validUntil: DaySchema.nullish(),
      note: text().nullish(),
    }),
  },
  RampScheduled: {
    class: 'T',
    schemaVersion: 1,
    summary: 'What is to be delivered when: a whole plan, which replaces the one before with all its slips.',
    refusals: ['RESERVATION_CLOSED', 'RAMP_VERSION_GAP', 'UNIT_MISMATCH', 'RAMP_EXCEEDS_LEG', 'RAMP_BELOW_DELIVERED'],
    data: z
      .strictObject({
        rampVersion: z.int().min(1),
        lines: z
          .array(
            z.strictObject({
              period: PeriodSchema,
              qty: QtySchema,
              firmness: z.enum(FIRMNESS).nullish().describe('"firm" unless said otherwise.'),
            }),
          )
          .min(1)
          .max(LINES_MAX),
        note: text().nullish(),
      })
      .check(
        check(({ lines }, report) => {
          const seen = new Map<string, Qty>();
          for (const [index, { period, qty }] of lines.entries()) {
            const before = seen.get(period);
            if (before !== undefined) {
              report(
                'VALIDATION_FAILED',
                `${period} is planned twice, ${show(before)} and ${show(qty)}; keep one line of a period.`,
                ['lines', index, 'period'],
              );
              return;
            }
            seen.set(period, qty);
          }
        }),
      ),
  },
  AllocationPriorityGranted: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Where in the queue the supplier has put the buyer.',
    refusals: ['RESERVATION_CLOSED'],
    data: z.strictObject({
      tier: z.enum(['first', 'amongFirst', 'preferred', 'standard']),
      rank: z.int().min(1).nullish(),
      note: text().nullish(),
    }),
  },
  QuantityDelivered: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Goods arrived, on account of a period of the plan.',
    refusals: ['DELIVERY_EXISTS', 'RESERVATION_CLOSED', 'UNIT_MISMATCH', 'REF_NOT_FOUND', 'DELIVERY_EXCEEDS_SCHEDULE'],
    data: z.strictObject({
      deliveryId: Id,
      period: PeriodSchema,
      qty: QtySchema,
      siteId: Id.nullish(),
      overDelivery: z.boolean().optional().describe('True: more than was planned to date, and meant so.'),
      note: text().nullish(),
    }),
  },
  DeliveryAccepted: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The buyer took a delivery, or parts of it.',
    refusals: [
      'REF_NOT_FOUND',
      'DELIVERY_ALREADY_DECIDED',
      'RESERVATION_CLOSED',
      'UNIT_MISMATCH',
      'ACCEPTANCE_MISMATCH',
    ],
    data: z.strictObject({ deliveryId: Id, acceptedQty: QtySchema, rejectedQty: QtySchema, note: text().nullish() }),
  },
  DeliverySlipped: {
    class: 'F',
    schemaVersion: 1,
    summary: 'A part of the plan moves to a later period. The old promise stays on record.',
    refusals: [
      'REASON_REQUIRED',
      'SLIP_EXISTS',
      'RESERVATION_CLOSED',
      'UNIT_MISMATCH',
      'SLIP_NOT_FORWARD',
      'SLIP_EXCEEDS_PLANNED',
    ],
    data: z.strictObject({
      slipId: Id,
      fromPeriod: PeriodSchema,
      toPeriod: PeriodSchema,
      qty: QtySchema,
      reason: text(),
    }),
  },
  ShortfallDeclared: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Of a period that is over, something was not delivered: on whose account, and how it is made good.',
    refusals: ['SHORTFALL_EXISTS', 'RESERVATION_CLOSED', 'UNIT_MISMATCH', 'PERIOD_NOT_ENDED', 'SHORTFALL_EXCEEDS_GAP'],
    data: z.strictObject({
      shortfallId: Id,
      period: PeriodSchema,
      qty: QtySchema,
      byParty: z.enum(['supplier', 'buyer']),
      remedy: z.enum(['makeUp', 'payment', 'waived']),
      money: MoneySchema.nullish(),
      note: text().nullish(),
    }),
  },
  ReservationClosed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Nothing more will come of the reservation.',
    refusals: ['RESERVATION_CLOSED', 'REASON_REQUIRED'],
    data: z.strictObject({
      outcome: z.enum(['fulfilled', 'cancelled', 'declined', 'expired']),
      reason: text().nullish().describe('Needed where a binding reservation is closed with something undelivered.'),
      note: text().nullish(),
    }),
  },
} as const satisfies EventTypes;

export type ReservationEvent = EventOf<typeof reservationEvents>;
export type RequestData = z.output<typeof reservationEvents.CapacityRequested.data>;
export type PriorityData = z.output<typeof reservationEvents.AllocationPriorityGranted.data>;
export type ReservedData = z.output<typeof reservationEvents.CapacityReserved.data>;
export type RampData = z.output<typeof reservationEvents.RampScheduled.data>;
export type ReservationEventOf<Type extends ReservationEvent['type']> = Extract<ReservationEvent, { type: Type }>;

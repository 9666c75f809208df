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
  Note,
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
        reservationId: Id.describe("The reservation's own id."),
        buyerId: Id.describe('Who asks.'),
        supplierIds: ids(1, 50).describe('Who is asked, alone or jointly.'),
        itemId: Id.describe('What for, a defined item.'),
        rate: QtyClaim.describe('How much is asked for, per time.'),
        per: Per.nullish().describe('The time that the rate is for; needed unless it is undisclosed.'),
        window: EdtfSchema.nullish().describe('The months that it is asked for; without, always.'),
        poolIds: ids(0, 50).describe('Pools that it would draw on, in full on each.'),
        dealId: Id.nullish().describe('The deal that it is part of.'),
        legId: Id.nullish().describe('The leg of that deal that it is called off from.'),
        priorityAsked: z.boolean().describe('Whether to be served before others was asked for.'),
        scopeNote: text()
          .nullish()
          .describe('Where what is asked is not quite what the pools count; the report flags it.'),
        note: Note,
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
      binding: z.boolean().describe('Whether it binds the supplier; takes two people if so.'),
      takeOrPay: z
        .strictObject({ minShare: Fraction.describe('Of the plan of a year, what is paid for even if not taken.') })
        .nullish()
        .describe('What is paid for even if it is not taken.'),
      prepaymentPaymentId: Id.nullish().describe('The payment that was made for it in advance.'),
      validUntil: DaySchema.nullish().describe('Last day on which the reservation holds.'),
      note: Note,
    }),
  },
  RampScheduled: {
    class: 'T',
    schemaVersion: 1,
    summary: 'What is to be delivered when: a whole plan, which replaces the one before with all its slips.',
    refusals: ['RESERVATION_CLOSED', 'RAMP_VERSION_GAP', 'UNIT_MISMATCH', 'RAMP_EXCEEDS_LEG', 'RAMP_BELOW_DELIVERED'],
    data: z
      .strictObject({
        rampVersion: z.int().min(1).describe('Number of the plan: 1, and then one more each time.'),
        lines: z
          .array(
            z.strictObject({
              period: PeriodSchema.describe('When it is to be delivered.'),
              qty: QtySchema.describe('How much in the whole period.'),
              firmness: z.enum(FIRMNESS).nullish().describe('"firm" unless said otherwise.'),
            }),
          )
          .min(1)
          .max(LINES_MAX)
          .describe('The whole plan, one line a period.'),
        note: Note,
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
      tier: z.enum(['first', 'amongFirst', 'preferred', 'standard']).describe('Which part of the queue.'),
      rank: z.int().min(1).nullish().describe('Place within it, 1 being first; null where nobody said.'),
      note: Note,
    }),
  },
  QuantityDelivered: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Goods arrived, on account of a period of the plan.',
    refusals: ['DELIVERY_EXISTS', 'RESERVATION_CLOSED', 'UNIT_MISMATCH', 'REF_NOT_FOUND', 'DELIVERY_EXCEEDS_SCHEDULE'],
    data: z.strictObject({
      deliveryId: Id.describe('The delivery, by an id within the reservation.'),
      period: PeriodSchema.describe('The period of the plan that it counts for.'),
      qty: QtySchema.describe("How much arrived, in the plan's unit."),
      siteId: Id.nullish().describe('Where it was delivered to.'),
      overDelivery: z.boolean().optional().describe('True: more than was planned to date, and meant so.'),
      note: Note,
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
    data: z.strictObject({
      deliveryId: Id.describe('The delivery of this reservation.'),
      acceptedQty: QtySchema.describe('How much of it is as agreed.'),
      rejectedQty: QtySchema.describe('How much is not; the two make what was delivered.'),
      note: Note,
    }),
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
      slipId: Id.describe('The slip, by an id within the reservation.'),
      fromPeriod: PeriodSchema.describe('The period that it was planned for.'),
      toPeriod: PeriodSchema.describe('The later period that it moves to.'),
      qty: QtySchema.describe('How much of the plan moves.'),
      reason: text().describe('Why it is late.'),
    }),
  },
  ShortfallDeclared: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Of a period that is over, something was not delivered: on whose account, and how it is made good.',
    refusals: ['SHORTFALL_EXISTS', 'RESERVATION_CLOSED', 'UNIT_MISMATCH', 'PERIOD_NOT_ENDED', 'SHORTFALL_EXCEEDS_GAP'],
    data: z.strictObject({
      shortfallId: Id.describe('The shortfall, by an id within the reservation.'),
      period: PeriodSchema.describe('The period that is over.'),
      qty: QtySchema.describe('How much was planned and not delivered.'),
      byParty: z.enum(['supplier', 'buyer']).describe('On whose account.'),
      remedy: z.enum(['makeUp', 'payment', 'waived']).describe('Delivered later, paid for, or let off.'),
      money: MoneySchema.nullish().describe('What is paid for it; for information.'),
      note: Note,
    }),
  },
  ReservationClosed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Nothing more will come of the reservation.',
    refusals: ['RESERVATION_CLOSED', 'REASON_REQUIRED'],
    data: z.strictObject({
      outcome: z.enum(['fulfilled', 'cancelled', 'declined', 'expired']).describe('How it ended.'),
      reason: text().nullish().describe('Needed where a binding reservation is closed with something undelivered.'),
      note: Note,
    }),
  },
} as const satisfies EventTypes;

export type ReservationEvent = EventOf<typeof reservationEvents>;
export type RequestData = z.output<typeof reservationEvents.CapacityRequested.data>;
export type PriorityData = z.output<typeof reservationEvents.AllocationPriorityGranted.data>;
export type ReservedData = z.output<typeof reservationEvents.CapacityReserved.data>;
export type RampData = z.output<typeof reservationEvents.RampScheduled.data>;
export type ReservationEventOf<Type extends ReservationEvent['type']> = Extract<ReservationEvent, { type: Type }>;

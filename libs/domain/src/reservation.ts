import { z } from 'zod';
import { check } from './check';
import type { DealState } from './deal';
import { legOf } from './deal';
import type { DecisionContext, EventOf, EventTypes, StreamKind } from './kind';
import { notFound, unknown, unknownItem } from './references';
import type { Refusal } from './refusal';
import { opened } from './state';
import { EdtfSchema, Id, ids, Per, QtyClaim, text } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const reservationEvents = {
  CapacityRequested: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A buyer wants capacity. Asking for more than exists is recorded and flagged, never refused.',
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
  AllocationPriorityGranted: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Where in the queue the supplier has put the buyer.',
    data: z.strictObject({
      tier: z.enum(['first', 'amongFirst', 'preferred', 'standard']),
      rank: z.int().min(1).nullish(),
      note: text().nullish(),
    }),
  },
} as const satisfies EventTypes;

export type ReservationEvent = EventOf<typeof reservationEvents>;
export type RequestData = z.output<typeof reservationEvents.CapacityRequested.data>;
export type PriorityData = z.output<typeof reservationEvents.AllocationPriorityGranted.data>;

export interface ReservationState {
  readonly request: RequestData;
  readonly priority: PriorityData | null;
}

export const reservation: StreamKind<ReservationState, ReservationEvent> = {
  name: 'reservation',
  route: 'reservations',
  events: reservationEvents,
  opening: ['CapacityRequested'],
  identity: 'reservationId',

  refuse(_, event, context) {
    switch (event.type) {
      case 'CapacityRequested':
        return refuseRequest(event.data, context);
      case 'AllocationPriorityGranted':
        return undefined;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'CapacityRequested':
        return { request: event.data, priority: null };
      case 'AllocationPriorityGranted':
        return { ...opened(state, event), priority: event.data };
    }
  },
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

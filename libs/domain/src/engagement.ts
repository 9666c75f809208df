import { z } from 'zod';
import type { DecisionContext, EventOf, EventTypes, StreamKind } from './kind';
import { unknown } from './references';
import { refusal, type Refusal } from './refusal';
import { opened } from './state';
import { Id, ids, Note, text, Word } from './values';

const MEETING = {
  engagementId: Id.describe("The meeting's own id."),
  participants: ids(1, 100).describe('Registered parties that take part.'),
  otherParticipants: text(500).nullish().describe('Who else, in words.'),
  places: z.array(text(100)).max(50).nullish().describe('Where, in words or as country codes.'),
  purpose: text().nullish().describe('What it is for.'),
  asks: z.array(Word).max(50).describe('What is asked for, such as moreCapacity or financing.'),
  topics: z.array(text(300)).max(50).nullish().describe('What is talked about.'),
  dealIds: ids(0, 50).nullish().describe('Deals that it was about.'),
  reservationIds: ids(0, 50).nullish().describe('Reservations that it was about.'),
  note: Note,
};

// Kept for ever: what was once written must parse. Widen, never narrow.
export const engagementEvents = {
  EngagementPlanned: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A meeting or visit is planned.',
    refusals: ['REF_NOT_FOUND'],
    data: z.strictObject({ ...MEETING, window: text(200).nullish().describe('When it is to be, in words.') }),
  },
  EngagementHeld: {
    class: 'F',
    schemaVersion: 1,
    summary: 'A meeting took place, planned or not.',
    refusals: ['ENGAGEMENT_ALREADY_HELD', 'ENGAGEMENT_CANCELLED', 'REF_NOT_FOUND'],
    data: z.strictObject({
      ...MEETING,
      outcome: text().nullish().describe('What came of it.'),
      remarks: z
        .array(
          z.strictObject({
            partyId: Id.nullish().describe('Whose view it is; one of the participants.'),
            person: text(200).nullish().describe('Who said it.'),
            text: text().describe('The words.'),
          }),
        )
        .max(100)
        .nullish()
        .describe('What was said.'),
    }),
  },
  EngagementCancelled: {
    class: 'F',
    schemaVersion: 1,
    summary: 'A planned meeting or visit will not take place.',
    refusals: ['REASON_REQUIRED', 'ENGAGEMENT_ALREADY_HELD', 'ENGAGEMENT_CANCELLED'],
    data: z.strictObject({ reason: text().describe('Why it will not be.'), note: Note }),
  },
} as const satisfies EventTypes;

export type EngagementEvent = EventOf<typeof engagementEvents>;
export type PlannedData = z.output<typeof engagementEvents.EngagementPlanned.data>;
export type HeldData = z.output<typeof engagementEvents.EngagementHeld.data>;
export type EngagementCancelledData = z.output<typeof engagementEvents.EngagementCancelled.data>;

export interface EngagementState {
  readonly planned: PlannedData | null;
  readonly held: HeldData | null;
  readonly cancelled: EngagementCancelledData | null;
}

export const engagement: StreamKind<EngagementState, EngagementEvent> = {
  name: 'engagement',
  route: 'engagements',
  events: engagementEvents,
  opening: ['EngagementPlanned', 'EngagementHeld'],
  reopening: ['EngagementHeld'],
  identity: 'engagementId',

  refuse(state, event, context) {
    switch (event.type) {
      case 'EngagementPlanned':
        return unknownMentions(event.data, context);
      case 'EngagementHeld':
        return (
          whenOver(state, event, 'a second meeting is an engagement of its own') ??
          unknownMentions(event.data, context) ??
          unknownSpeaker(event.data, context)
        );
      case 'EngagementCancelled':
        return whenOver(state, event, 'there is nothing left to cancel');
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'EngagementPlanned':
        return { planned: event.data, held: null, cancelled: null };
      case 'EngagementHeld':
        return { planned: state?.planned ?? null, held: event.data, cancelled: null };
      case 'EngagementCancelled':
        return { ...opened(state, event), cancelled: event.data };
    }
  },
};

function whenOver(state: EngagementState | undefined, { stream }: EngagementEvent, so: string): Refusal | undefined {
  if (state?.held != null) return refusal('ENGAGEMENT_ALREADY_HELD', `${stream} was held already; ${so}.`);
  if (state?.cancelled != null) {
    return refusal(
      'ENGAGEMENT_CANCELLED',
      `${stream} was cancelled; ${so}. Cancel that event if the meeting is on after all.`,
    );
  }
  return undefined;
}

function unknownMentions(
  { participants, dealIds, reservationIds }: PlannedData | HeldData,
  context: DecisionContext,
): Refusal | undefined {
  return (
    unknown(context, 'party', participants, '/data/participants') ??
    unknown(context, 'deal', dealIds, '/data/dealIds') ??
    unknown(context, 'reservation', reservationIds, '/data/reservationIds')
  );
}

function unknownSpeaker({ remarks }: HeldData, context: DecisionContext): Refusal | undefined {
  for (const [index, { partyId }] of (remarks ?? []).entries()) {
    const missing = unknown(context, 'party', partyId, `/data/remarks/${index}/partyId`);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

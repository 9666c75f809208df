import { z } from 'zod';
import { unapproved } from './approval';
import { monthsBetween, type Day } from './calendar';
import { check } from './check';
import { compare, sum } from './decimal';
import type { SourceReference } from './event';
import type { DecisionContext, EventOf, EventTypes, StreamKind } from './kind';
import { unknown, unknownItem } from './references';
import { refusal, type Refusal } from './refusal';
import { judgeSchedule, ScheduleSchema } from './schedule';
import { opened } from './state';
import { DaySchema, EdtfSchema, Fraction, Id, ids, MoneyClaim, Per, QtyClaim, text, Word } from './values';

const PARTIES_MAX = 50;

/** Each share of each month is lines in the reports. */
const SHARED_MONTHS_MAX = 3_600;

// Kept for ever: what was once written must parse. Widen, never narrow.
export const dealEvents = {
  DealOpened: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A deal is known of: who with whom, and what kind of deal.',
    data: z
      .strictObject({
        dealId: Id,
        title: text(300),
        kinds: z
          .array(z.enum(['lease', 'purchase', 'supply', 'investment', 'barter', 'jointVenture', 'build']))
          .min(1)
          .max(7),
        parties: z.array(z.strictObject({ partyId: Id, role: Word })).max(PARTIES_MAX),
        replacesDealId: Id.nullish(),
        note: text().nullish(),
      })
      .check(
        check(({ parties }, report) => {
          const distinct = new Set(parties.map(({ partyId }) => partyId)).size;
          if (distinct < 2) {
            report(
              'DEAL_NEEDS_PARTIES',
              `The deal names ${distinct} parties, it needs 2 or more; name who it is with.`,
              ['parties'],
            );
          }
        }),
      ),
  },
  DealAnnounced: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The deal was made public.',
    data: z.strictObject({
      announcedOn: EdtfSchema.nullish(),
      by: ids(1, PARTIES_MAX).nullish(),
      note: text().nullish(),
    }),
  },
  AgreementSigned: {
    class: 'F',
    schemaVersion: 1,
    summary: 'A paper was signed. Signed is not binding: `binding` decides which column amounts belong to.',
    data: z
      .strictObject({
        instrument: z.enum(['loi', 'mou', 'termSheet', 'framework', 'definitive', 'amendment', 'unspecified']),
        binding: z.enum(['yes', 'no', 'unknown']),
        signedOn: EdtfSchema.nullish(),
        effectiveFrom: DaySchema.nullish(),
        expiresOn: DaySchema.nullish(),
        note: text().nullish(),
      })
      .check(
        check(({ effectiveFrom, expiresOn }, report) => {
          if (effectiveFrom != null && expiresOn != null && expiresOn < effectiveFrom) {
            report(
              'PERIOD_INVALID',
              `The agreement expires on ${expiresOn}, before it takes effect on ${effectiveFrom}; swap or correct the two.`,
              ['expiresOn'],
            );
          }
        }),
      ),
  },
  LegAdded: {
    class: 'I',
    schemaVersion: 1,
    summary: 'One promise of the deal: who provides what to whom.',
    data: z
      .strictObject({
        legId: Id,
        class: z.enum(['supply', 'lease', 'service', 'build', 'license', 'inKind', 'payment', 'funding']),
        category: Word.nullish(),
        providers: ids(1, PARTIES_MAX),
        receivers: ids(1, PARTIES_MAX),
        shares: z
          .array(z.strictObject({ partyId: Id, share: Fraction }))
          .max(PARTIES_MAX)
          .nullish(),
        itemId: Id.nullish(),
        quantity: QtyClaim.nullish(),
        per: Per.nullish(),
        money: MoneyClaim.nullish(),
        fundingId: Id.nullish(),
        reciprocalOf: Id.nullish(),
        staged: z.boolean().optional(),
        commencesOn: EdtfSchema.nullish(),
        schedule: ScheduleSchema.nullish(),
        note: text().nullish(),
      })
      .check(
        check((leg, report) => {
          if (leg.class === 'payment' && leg.money == null) {
            report(
              'LEG_NEEDS_MONEY',
              `Payment leg ${leg.legId} states no money; say what is paid, or "money": {"undisclosed": true}.`,
              ['money'],
            );
          }
          if (leg.class === 'funding' && leg.fundingId == null) {
            report('VALIDATION_FAILED', `Funding leg ${leg.legId} names no funding; give fundingId.`, ['fundingId']);
          }
          if (leg.schedule == null) return;
          if (leg.money != null) judgeSchedule(leg.schedule, leg.money, 'money', report);
          // A rate ("900,000 a month") is no total that lines could add up to.
          if (leg.quantity != null && leg.per == null) judgeSchedule(leg.schedule, leg.quantity, 'quantity', report);
        }),
        check(({ providers, receivers, shares, schedule }, report) => {
          if (shares == null) return;
          const months =
            schedule && 'from' in schedule
              ? monthsBetween(schedule.from.slice(0, 7), schedule.to.slice(0, 7)).length
              : 1;
          if (months * shares.length > SHARED_MONTHS_MAX) {
            report(
              'VALIDATION_FAILED',
              `${shares.length} shares over ${months} months are ${months * shares.length} amounts, at most ${SHARED_MONTHS_MAX} are allowed; split the leg.`,
              ['shares'],
            );
          }
          const joint = providers.length > 1 ? providers : receivers;
          const named = shares.map(({ partyId }) => partyId);
          if (named.length !== joint.length || joint.length < 2 || !joint.every((id) => named.includes(id))) {
            report(
              'VALIDATION_FAILED',
              `Shares name ${named.join(', ')}, the joint side is ${joint.join(', ')}; list exactly its parties.`,
              ['shares'],
            );
            return;
          }
          const total = sum(shares.map(({ share }) => share));
          if (compare(total, '1') !== 0) {
            report(
              'VALIDATION_FAILED',
              `Shares add up to ${total}, they must make 1; correct them or leave the leg joint.`,
              ['shares'],
            );
          }
        }),
      ),
  },
} as const satisfies EventTypes;

export type DealEvent = EventOf<typeof dealEvents>;
export type DealData = z.output<typeof dealEvents.DealOpened.data>;
export type AgreementData = z.output<typeof dealEvents.AgreementSigned.data>;
export type LegTerms = z.output<typeof dealEvents.LegAdded.data>;

/** From talk to contract. A deal may skip forward, never go back. */
export const STAGES = ['exploring', 'announced', 'preliminary', 'binding'] as const;
export type Stage = (typeof STAGES)[number];

/** That a stage was reached, on the latest day it may have been. */
export interface Milestone {
  readonly on: Day;
  readonly stage: Stage;
  readonly eventId: string;
}

export interface Leg {
  readonly terms: LegTerms;
  /** The event that set the terms. */
  readonly termsEventId: string;
  readonly sources: readonly SourceReference[];
}

export interface Agreement extends AgreementData {
  /** Latest day it may have been signed on. */
  readonly on: Day;
  readonly eventId: string;
}

export interface DealState {
  readonly deal: DealData;
  /** By day, and of one day in the order recorded. */
  readonly milestones: readonly Milestone[];
  readonly firstAgreement: Agreement | null;
  readonly latestAgreement: Agreement | null;
  readonly legs: Readonly<Record<string, Leg>>;
}

export const deal: StreamKind<DealState, DealEvent> = {
  name: 'deal',
  route: 'deals',
  events: dealEvents,
  opening: ['DealOpened'],
  identity: 'dealId',

  refuse(state, event, context) {
    switch (event.type) {
      case 'DealOpened': {
        const { parties, replacesDealId } = event.data;
        return (
          unknown(
            context,
            'party',
            parties.map(({ partyId }) => partyId),
            '/data/parties',
            'partyId',
          ) ?? unknown(context, 'deal', replacesDealId, '/data/replacesDealId')
        );
      }
      case 'DealAnnounced':
        return unknown(context, 'party', event.data.by, '/data/by');
      case 'AgreementSigned':
        return refuseSignature(opened(state, event), event);
      case 'LegAdded':
        return refuseLeg(opened(state, event), event, context);
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'DealOpened':
        return { deal: event.data, milestones: [], firstAgreement: null, latestAgreement: null, legs: {} };
      case 'DealAnnounced':
        return reached(opened(state, event), event, 'announced');
      case 'AgreementSigned': {
        const before = opened(state, event);
        const agreement = { ...event.data, on: event.effective.to, eventId: event.id };
        return {
          ...reached(before, event, stageOfSignature(event)),
          firstAgreement: before.firstAgreement ?? agreement,
          latestAgreement: agreement,
        };
      }
      case 'LegAdded': {
        const before = opened(state, event);
        const leg: Leg = { terms: event.data, termsEventId: event.id, sources: event.sources };
        return { ...before, legs: { ...before.legs, [event.data.legId]: leg } };
      }
    }
  },
};

type SignatureEvent = Extract<DealEvent, { type: 'AgreementSigned' }>;
type LegEvent = Extract<DealEvent, { type: 'LegAdded' }>;

/** The stage a deal had reached by the end of `day`, or at any time if no day is given. */
export function stageAt({ milestones }: DealState, day?: Day): Stage {
  let stage: Stage = 'exploring';
  for (const milestone of milestones) {
    if (day !== undefined && milestone.on > day) break;
    if (rank(milestone.stage) > rank(stage)) stage = milestone.stage;
  }
  return stage;
}

/** The leg with this id, if the deal has it. */
export function legOf({ legs }: DealState, legId: string): Leg | undefined {
  return Object.hasOwn(legs, legId) ? legs[legId] : undefined;
}

function refuseSignature(state: DealState, event: SignatureEvent): Refusal | undefined {
  const stage = stageOfSignature(event);
  const day = event.effective.to;
  const higher = state.milestones.find((milestone) => milestone.on <= day && rank(milestone.stage) > rank(stage));
  if (higher !== undefined) {
    return refusal(
      'STAGE_REGRESSION',
      `A signature of ${day} would make ${event.stream} ${stage}, but it is ${higher.stage} since ${higher.on}; ` +
        'a deal never goes back. Correct the date, or say what became binding.',
      { pointer: '/data/binding', details: { stage, on: day, recordedStage: higher.stage, recordedOn: higher.on } },
    );
  }
  if (stage !== 'binding') return undefined;
  if (event.sources.every(({ attribution }) => attribution === 'anonymousSources')) {
    return refusal(
      'BINDING_NEEDS_DOCUMENT',
      `A binding signature rests on ${event.sources.length} sources, all of them anonymous; name a document or somebody who can be named.`,
      { pointer: '/sources' },
    );
  }
  return unapproved(event, 'A binding signature');
}

function refuseLeg(state: DealState, event: LegEvent, context: DecisionContext): Refusal | undefined {
  const { data } = event;
  const { legId, providers, receivers, reciprocalOf } = data;
  if (legOf(state, legId) !== undefined) {
    return refusal('LEG_EXISTS', `${event.stream} has a leg ${legId} already; choose another id.`, {
      pointer: '/data/legId',
      details: { legId },
    });
  }
  const both = providers.find((id) => receivers.includes(id));
  if (both !== undefined) {
    return refusal(
      'LEG_SAME_PARTY',
      `"${both}" is provider and receiver of leg ${legId}; a leg goes from one party to another.`,
      {
        pointer: '/data/receivers',
        details: { partyId: both },
      },
    );
  }
  if (data.class === 'funding') {
    const amount = (['quantity', 'money', 'per', 'schedule'] as const).find((field) => data[field] != null);
    if (amount !== undefined) {
      return refusal(
        'LEG_FUNDING_HAS_AMOUNT',
        `Funding leg ${legId} carries its own ${amount}; the amount stands in funding ${data.fundingId} alone, leave it out here.`,
        {
          pointer: `/data/${amount}`,
        },
      );
    }
  }
  if (reciprocalOf != null && legOf(state, reciprocalOf) === undefined) {
    return refusal(
      'LEG_RECIPROCAL_NOT_FOUND',
      `Leg ${legId} answers leg "${reciprocalOf}", which ${event.stream} does not have; add that one first.`,
      {
        pointer: '/data/reciprocalOf',
        details: { reciprocalOf },
      },
    );
  }
  return (
    unknown(context, 'party', providers, '/data/providers') ??
    unknown(context, 'party', receivers, '/data/receivers') ??
    unknownItem(context, data.itemId, '/data/itemId') ??
    unknown(context, 'funding', data.fundingId, '/data/fundingId')
  );
}

function reached(state: DealState, event: DealEvent, stage: Stage): DealState {
  const milestone: Milestone = { on: event.effective.to, stage, eventId: event.id };
  const after = state.milestones.findIndex(({ on }) => on > milestone.on);
  const at = after < 0 ? state.milestones.length : after;
  return { ...state, milestones: state.milestones.toSpliced(at, 0, milestone) };
}

function stageOfSignature({ data }: SignatureEvent): Stage {
  return data.binding === 'yes' ? 'binding' : 'preliminary';
}

function rank(stage: Stage): number {
  return STAGES.indexOf(stage);
}

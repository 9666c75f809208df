import {
  assessmentsInForce,
  deal,
  idOf,
  keyed,
  legOf,
  startOf,
  STAGES,
  type Confidence,
  type DealEvent,
  type DealEventOf,
  type DealState,
  type Stage,
} from '@deal-ledger/domain';
import { difference, holds, type Posting, type PostingRule } from '../posting';
import { reached } from '../stage';
import { timeline, type Since } from '../timeline';
import { incurredLines, paidLines, reversedLines } from './cash';
import { legDifference } from './leg';

/** From what nobody doubts to what rests on the least. */
const CONFIDENCES: readonly Confidence[] = ['high', 'medium', 'low'];

/** A deal, and from when on something known of it rests on sources of less confidence. */
export interface RatedDeal {
  readonly deal: DealState;
  readonly confidences: readonly Since<Confidence>[];
}

/** What a deal is and how far it is by date; its legs' terms by date; what was incurred and paid. */
export const dealPostings: PostingRule<RatedDeal, DealEvent> = {
  kind: 'deal',

  evolve(state, event) {
    const rated = event.sources.map(({ confidence }) => ({ from: dayOf(event), value: confidence }));
    return { deal: deal.evolve(state?.deal, event), confidences: ratedBy(state?.confidences ?? [], rated) };
  },

  post(before, event, after) {
    const dealId = idOf(event.stream);
    return [
      ...(before?.confidences === after.confidences
        ? []
        : difference(confidenceLines(dealId, before), confidenceLines(dealId, after))),
      ...own(dealId, event, before?.deal, after.deal),
    ];
  },
};

function own(dealId: string, event: DealEvent, before: DealState | undefined, after: DealState): readonly Posting[] {
  const on = event.effective.to;
  switch (event.type) {
    case 'DealOpened': {
      const { title, kinds, parties, replacesDealId } = event.data;
      return [
        holds('deal', dealId, { title, kinds, parties, replacesDealId: replacesDealId ?? null }),
        ...stageLines(dealId, after),
      ];
    }
    case 'DealAnnounced': {
      const announcement = { announcedOn: event.data.announcedOn ?? event.effective.edtf, on, eventId: event.id };
      return [{ ...holds('deal.announced', dealId, announcement), effective: on }, ...progress(dealId, before, after)];
    }
    case 'AgreementSigned':
    case 'DealProbabilityAssessed':
    case 'DealClosed':
      return progress(dealId, before, after);
    case 'LegTermsChanged':
      return [...ofLeg(dealId, event.data.legId, before, after), ...amendmentLines(dealId, event)];
    case 'LegAdded':
    case 'LegRemoved':
      return ofLeg(dealId, event.data.legId, before, after);
    case 'CostIncurred':
      return incurredLines(dealId, legOf(after, event.data.legId), event);
    case 'PaymentMade':
      return paidLines(dealId, legOf(after, event.data.legId), event);
    case 'PaymentReversed': {
      const payment = keyed.get(after.payments, event.data.paymentId);
      return payment === undefined ? [] : reversedLines(dealId, legOf(after, payment.legId), payment, on);
    }
  }
}

function progress(dealId: string, before: DealState | undefined, after: DealState): Posting[] {
  return difference(before === undefined ? [] : stageLines(dealId, before), stageLines(dealId, after));
}

/** How far the deal is, by what paper, and how likely somebody thinks it is. */
function stageLines(dealId: string, state: DealState): Posting[] {
  const stages = reached<Stage>(
    [{ from: undefined, value: 'exploring' }, ...state.milestones.map(({ on, stage }) => ({ from: on, value: stage }))],
    STAGES,
  );
  const agreements = state.agreements.map((agreement) => ({ from: agreement.on, value: agreement }));
  const assessments = assessmentsInForce(state).map(({ on, assessment }) => ({ from: on, value: assessment }));
  return [
    ...timeline(stages, (stage) => [holds('deal.stage', dealId, { stage })]),
    ...timeline(agreements, ({ instrument, binding, signedOn, effectiveFrom, expiresOn, eventId }) => [
      holds('deal.agreement', dealId, {
        instrument,
        binding,
        signedOn: signedOn ?? null,
        effectiveFrom: effectiveFrom ?? null,
        expiresOn: expiresOn ?? null,
        eventId,
      }),
    ]),
    ...timeline(assessments, (assessment) =>
      assessment === null
        ? []
        : [
            holds('deal.probability', dealId, {
              probability: assessment.probability,
              eventId: assessment.eventId,
            }),
          ],
    ),
  ];
}

/** The confidences with those of an event; the same ones where it changes nothing, as most events do. */
function ratedBy(
  known: readonly Since<Confidence>[],
  rated: readonly Since<Confidence>[],
): readonly Since<Confidence>[] {
  const all = reached([...known, ...rated], CONFIDENCES);
  return all.length === known.length && all.every((each, index) => each === known[index]) ? known : all;
}

function confidenceLines(dealId: string, state: RatedDeal | undefined): Posting[] {
  return timeline(state?.confidences ?? [], (confidence) => [holds('deal.confidence', dealId, { confidence })]);
}

function ofLeg(dealId: string, legId: string, before: DealState | undefined, after: DealState): Posting[] {
  return legDifference(dealId, before && legOf(before, legId), legOf(after, legId));
}

/** That an amendment is in force. One that changes several legs has one number. */
function amendmentLines(dealId: string, event: DealEventOf<'LegTermsChanged'>): Posting[] {
  const { changeType, amendmentNo } = event.data;
  if (changeType !== 'amendment') return [];
  const which = amendmentNo == null ? { eventId: event.id } : { amendmentNo };
  return [{ ...holds('deal.amendment', dealId, which), effective: startOf(event) ?? undefined }];
}

/** From which day on the event counts in reports; always, for identity and terms. */
function dayOf({ type, effective }: DealEvent): string | undefined {
  return deal.events[type]?.class === 'F' ? effective.to : undefined;
}

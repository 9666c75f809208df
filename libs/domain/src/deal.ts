import { unapproved } from './approval';
import { amountsOf } from './breadth';
import type { Day } from './calendar';
import { refuseCost, refusePayment, refuseReversal } from './deal-cash';
import { dealEvents, type DealEvent, type DealEventOf } from './deal-events';
import { refuseLeg, refuseRemoval, refuseTerms } from './deal-legs';
import { evolveDeal, isBound, legOf, rankOf, stageAt, stageOfSignature, unpaidOf, type DealState } from './deal-state';
import { compare, grouped } from './decimal';
import { entriesOf } from './keyed';
import type { StreamKind } from './kind';
import { startOf, termsFrom } from './leg';
import { unknown } from './references';
import { refusal, type Refusal } from './refusal';
import { opened } from './state';

export * from './deal-events';
export * from './deal-state';
export { startOf, termsOf, termsOn, type Leg, type TermsChange, type TermsInForce } from './leg';

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
        const partyIds = parties.map(({ partyId }) => partyId);
        return (
          unknown(context, 'party', partyIds, '/data/parties', 'partyId') ??
          unknown(context, 'deal', replacesDealId, '/data/replacesDealId')
        );
      }
      case 'DealAnnounced':
        return whenClosed(opened(state, event), event) ?? unknown(context, 'party', event.data.by, '/data/by');
      case 'AgreementSigned':
        return whenClosed(opened(state, event), event) ?? refuseSignature(opened(state, event), event);
      case 'LegAdded':
        return whenClosed(opened(state, event), event) ?? refuseLeg(opened(state, event), event, context);
      case 'LegTermsChanged':
        return whenClosed(opened(state, event), event) ?? refuseTerms(opened(state, event), event);
      case 'LegRemoved':
        return whenClosed(opened(state, event), event) ?? refuseRemoval(opened(state, event), event);
      case 'DealProbabilityAssessed':
        return whenClosed(opened(state, event), event);
      case 'CostIncurred':
        return whenClosed(opened(state, event), event) ?? refuseCost(opened(state, event), event);
      case 'PaymentMade':
        return refusePayment(opened(state, event), event);
      case 'PaymentReversed':
        return refuseReversal(opened(state, event), event);
      case 'DealClosed':
        return whenClosed(opened(state, event), event) ?? refuseClosing(opened(state, event), event);
    }
  },

  evolve: evolveDeal,

  amounts(event, state) {
    switch (event.type) {
      case 'LegAdded':
        return amountsFrom(state, event.data.legId, null);
      case 'LegTermsChanged':
        return amountsFrom(state, event.data.legId, startOf(event));
      case 'LegRemoved':
        return amountsFrom(state, event.data.legId, event.effective.from);
      default:
        return 1;
    }
  },
};

/** Terms are in the reports one after the other, each with all its amounts, and whatever begins bears on all that follow. */
function amountsFrom(state: DealState, legId: string, day: Day | null): number {
  const leg = legOf(state, legId);
  return leg === undefined ? 1 : termsFrom(leg, day).reduce((amounts, { terms }) => amounts + amountsOf(terms), 0);
}

function refuseSignature(state: DealState, event: DealEventOf<'AgreementSigned'>): Refusal | undefined {
  const stage = stageOfSignature(event.data);
  const day = event.effective.to;
  const higher = state.milestones.find((milestone) => milestone.on <= day && rankOf(milestone.stage) > rankOf(stage));
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

function refuseClosing(state: DealState, event: DealEventOf<'DealClosed'>): Refusal | undefined {
  const { outcome } = event.data;
  const bound = isBound(state);
  const fits = outcome === 'completed' || outcome === 'terminated' ? bound : !bound;
  if (!fits) {
    return refusal(
      'OUTCOME_STAGE_MISMATCH',
      `${event.stream} is ${stageAt(state)} and cannot be ${outcome}; ` +
        (bound
          ? 'a contract is completed or terminated.'
          : 'what never bound anybody lapsed or was withdrawn, else post the binding signature first.'),
      { pointer: '/data/outcome', details: { outcome, stage: stageAt(state) } },
    );
  }
  return outcome === 'completed' ? whenUnpaid(state, event) : undefined;
}

function whenUnpaid({ cash }: DealState, { stream }: DealEvent): Refusal | undefined {
  const [open] = [...entriesOf(cash)]
    .filter(([, leg]) => compare(unpaidOf(leg), '0') > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (open === undefined) return undefined;
  const [legId, { currency, incurred, paid }] = open;
  return refusal(
    'CLOSE_WITH_UNPAID',
    `${stream} cannot be completed: under leg ${legId} ${grouped(incurred)} ${currency} are incurred and ` +
      `${grouped(paid)} ${currency} paid; record the payment first, or say that it was terminated.`,
    { pointer: '/data/outcome', details: { legId, incurred, paid } },
  );
}

function whenClosed({ milestones }: DealState, { stream, type }: DealEvent): Refusal | undefined {
  const closing = milestones.find(({ stage }) => stage === 'closed');
  if (closing === undefined) return undefined;
  return refusal(
    'DEAL_CLOSED',
    `${stream} is closed since ${closing.on}, ${type} cannot follow; only payments and reversals are still recorded. ` +
      'If it is not over, cancel the closing.',
    { details: { closedOn: closing.on } },
  );
}

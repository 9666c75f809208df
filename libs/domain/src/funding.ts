import { unapproved } from './approval';
import { hi, show, type Money } from './claim';
import { add, compare, grouped, sum } from './decimal';
import { refuseCall, refuseReceipt, refuseRepayment } from './funding-cash';
import { fundingEvents, type FundingData, type FundingEvent } from './funding-events';
import { amount, otherCurrency, uncommitted, whenClosed } from './funding-guards';
import { evolveFunding, trancheOf, undrawnOf, type FundingState, type FundingEventOf } from './funding-state';
import type { DecisionContext, StreamKind } from './kind';
import { notFound, unknown } from './references';
import { refusal, type Refusal } from './refusal';
import { opened } from './state';

export * from './funding-events';
export * from './funding-state';

export const funding: StreamKind<FundingState, FundingEvent> = {
  name: 'funding',
  route: 'funding',
  events: fundingEvents,
  opening: ['FundingProposed'],
  identity: 'fundingId',

  refuse(state, event, context) {
    switch (event.type) {
      case 'FundingProposed':
        return refuseProposal(event.data, context);
      case 'FundingCommitted':
        return refuseCommitment(opened(state, event), event);
      case 'CommitmentChanged':
        return refuseChange(opened(state, event), event);
      case 'TrancheScheduled':
        return refuseTranche(opened(state, event), event);
      case 'TrancheConditionMet':
        return refuseConditionMet(opened(state, event), event);
      case 'FundsCalled':
        return refuseCall(opened(state, event), event);
      case 'FundsReceived':
        return refuseReceipt(opened(state, event), event);
      case 'FundsRepaid':
        return refuseRepayment(opened(state, event), event);
      case 'TrancheCancelled':
        return refuseCancellation(opened(state, event), event);
      case 'FundingClosed':
        return refuseClosing(opened(state, event), event);
    }
  },

  evolve: evolveFunding,
};

function refuseProposal(data: FundingData, context: DecisionContext): Refusal | undefined {
  return (
    unknown(context, 'party', data.funderIds, '/data/funderIds') ??
    unknown(context, 'party', data.recipientId, '/data/recipientId') ??
    unknown(context, 'deal', data.dealId, '/data/dealId') ??
    unknown(context, 'site', data.siteIds, '/data/siteIds')
  );
}

function refuseCommitment(state: FundingState, event: FundingEventOf<'FundingCommitted'>): Refusal | undefined {
  const { committed } = event.data;
  const pointer = '/data/committed/amount';
  if (state.committed !== null && state.stage !== 'closed') {
    return refusal(
      'FUNDING_ALREADY_COMMITTED',
      `${event.stream} has ${amount(state, state.committed)} committed already, ${show(committed)} was posted; post CommitmentChanged instead.`,
      { pointer, details: { committed: state.committed, asked: committed.amount } },
    );
  }
  const { ceiling } = state.funding.amount;
  return (
    whenClosed(state, event) ??
    otherCurrency(state, event, committed, '/data/committed') ??
    (ceiling !== undefined && compare(committed.amount, ceiling.amount) > 0
      ? refusal(
          'COMMITTED_EXCEEDS_CEILING',
          `${show(committed)} are to be committed, at most ${show(ceiling)} was stated; reduce the commitment or correct the ceiling first.`,
          { pointer, details: { committed: committed.amount, ceiling: ceiling.amount } },
        )
      : undefined) ??
    belowTranches(state, committed) ??
    unapproved(event, 'A funding commitment')
  );
}

function refuseChange(state: FundingState, event: FundingEventOf<'CommitmentChanged'>): Refusal | undefined {
  const { committed } = event.data;
  const before = whenClosed(state, event) ?? uncommitted(state, event);
  if (before !== undefined || state.committed === null) return before;
  const drawn = add(state.received, state.calledOpen);
  return (
    otherCurrency(state, event, committed, '/data/committed') ??
    (compare(committed.amount, drawn) < 0
      ? refusal(
          'COMMITTED_BELOW_DRAWN',
          `The commitment would be ${show(committed)}, ${amount(state, drawn)} are drawn ` +
            `(${grouped(state.received)} received + ${grouped(state.calledOpen)} called); commit at least that.`,
          { pointer: '/data/committed/amount', details: { committed: committed.amount, drawn } },
        )
      : undefined) ??
    belowTranches(state, committed) ??
    // To raise a commitment is to commit the difference.
    (compare(committed.amount, state.committed) > 0 ? unapproved(event, 'A raised funding commitment') : undefined)
  );
}

function refuseTranche(state: FundingState, event: FundingEventOf<'TrancheScheduled'>): Refusal | undefined {
  const { trancheId, amount: claim } = event.data;
  if (trancheOf(state, trancheId) !== undefined) {
    return refusal('TRANCHE_EXISTS', `${event.stream} has a tranche ${trancheId} already; choose another id.`, {
      pointer: '/data/trancheId',
      details: { trancheId },
    });
  }
  const stated = claim.ceiling ?? claim.expected ?? claim.firm;
  if (stated === undefined) return whenClosed(state, event);
  const limit = state.committed ?? hi(state.funding.amount);
  const total = add(state.scheduled, stated.amount);
  return (
    whenClosed(state, event) ??
    otherCurrency(state, event, stated, '/data/amount') ??
    (limit !== null && compare(total, limit) > 0
      ? refusal(
          'TRANCHES_EXCEED_COMMITMENT',
          `With ${trancheId} the tranches make ${amount(state, total)}, ` +
            `${amount(state, limit)} ${state.committed === null ? 'were stated' : 'are committed'}; reduce the tranche or raise that first.`,
          { pointer: '/data/amount', details: { tranches: total, limit } },
        )
      : undefined)
  );
}

function refuseConditionMet(state: FundingState, event: FundingEventOf<'TrancheConditionMet'>): Refusal | undefined {
  const { trancheId, waived } = event.data;
  const tranche = trancheOf(state, trancheId);
  if (tranche === undefined) return notFound('tranche', trancheId, '/data/trancheId');
  const { conditionStatus } = tranche;
  if (conditionStatus !== 'open') {
    return refusal(
      'CONDITION_ALREADY_MET',
      conditionStatus === 'none'
        ? `Tranche ${trancheId} waits for no condition; there is nothing to meet.`
        : `The condition of tranche ${trancheId} is ${conditionStatus} already; correct that event if it was wrong.`,
      { pointer: '/data/trancheId', details: { trancheId, conditionStatus } },
    );
  }
  return whenClosed(state, event) ?? (waived === true ? unapproved(event, 'A waiver') : undefined);
}

function refuseCancellation(state: FundingState, event: FundingEventOf<'TrancheCancelled'>): Refusal | undefined {
  const { trancheId } = event.data;
  const tranche = trancheOf(state, trancheId);
  if (tranche === undefined) return notFound('tranche', trancheId, '/data/trancheId');
  const nothing = tranche.isCancelled || (tranche.hi !== null && compare(undrawnOf(tranche.hi, tranche), '0') <= 0);
  // Of a funding that is closed nothing is left.
  if (!nothing) return undefined;
  return refusal(
    'NOTHING_TO_CANCEL',
    `Of tranche ${trancheId}, ${amount(state, tranche.received)} are received, ${grouped(tranche.calledOpen)} called ` +
      `and ${grouped(tranche.cancelled)} cancelled; nothing undrawn is left to cancel.`,
    { pointer: '/data/trancheId', details: { trancheId, received: tranche.received, cancelled: tranche.cancelled } },
  );
}

function refuseClosing(state: FundingState, event: FundingEventOf<'FundingClosed'>): Refusal | undefined {
  if (compare(state.calledOpen, '0') > 0) {
    return refusal(
      'OPEN_CALL',
      `${event.stream} is to be closed while ${amount(state, state.calledOpen)} are called and not received; record the receipts first.`,
      { details: { calledOpen: state.calledOpen } },
    );
  }
  return whenClosed(state, event) ?? closedTooEarly(state, event);
}

function closedTooEarly({ lastOn }: FundingState, { stream, effective }: FundingEvent): Refusal | undefined {
  const closedOn = effective.to;
  if (lastOn === null || lastOn <= closedOn) return undefined;
  return refusal(
    'FUNDING_CLOSED',
    `${stream} would be closed on ${closedOn}, and something is recorded of ${lastOn} that cannot follow; ` +
      'close it on that day or later, or correct the date of the other.',
    { pointer: '/effective', details: { closedOn, lastOn } },
  );
}

function belowTranches(state: FundingState, committed: Money): Refusal | undefined {
  // A tranche of undisclosed amount needs at least what was drawn from it.
  const drawn = Object.values(state.tranches)
    .filter((tranche) => tranche.hi === null)
    .map((tranche) => add(tranche.received, tranche.calledOpen));
  const needed = sum([state.scheduled, ...drawn]);
  if (compare(committed.amount, needed) >= 0) return undefined;
  return refusal(
    'TRANCHES_EXCEED_COMMITMENT',
    `${show(committed)} are to be committed, the tranches make ${amount(state, needed)}; commit at least that.`,
    { pointer: '/data/committed/amount', details: { committed: committed.amount, tranches: needed } },
  );
}

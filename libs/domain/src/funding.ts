import { unapproved } from './approval';
import { hi, show, type Money } from './claim';
import { add, compare, grouped, subtract } from './decimal';
import { refuseCall, refuseReceipt, refuseRepayment } from './funding-cash';
import { committedOn, drawnIn, leastLeft, type Dated } from './funding-days';
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
    belowTranches(state, event) ??
    unapproved(event, 'A funding commitment')
  );
}

function refuseChange(state: FundingState, event: FundingEventOf<'CommitmentChanged'>): Refusal | undefined {
  const { committed } = event.data;
  const day = event.effective.to;
  return (
    whenClosed(state, event) ??
    uncommitted(state, event) ??
    otherCurrency(state, event, committed, '/data/committed') ??
    belowDrawn(state, event) ??
    belowTranches(state, event) ??
    // To raise a commitment is to commit the difference.
    (compare(committed.amount, committedOn(state.commitments, day)) > 0
      ? unapproved(event, 'A raised funding commitment')
      : undefined)
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
  return (
    whenClosed(state, event) ??
    otherCurrency(state, event, stated, '/data/amount') ??
    (state.committed === null ? aboveCeiling(state, event, stated) : aboveCommitment(state, event, stated))
  );
}

function aboveCeiling(
  state: FundingState,
  event: FundingEventOf<'TrancheScheduled'>,
  stated: Money,
): Refusal | undefined {
  const { trancheId } = event.data;
  const limit = hi(state.funding.amount);
  const tranches = add(state.scheduled, stated.amount);
  if (limit === null || compare(tranches, limit) <= 0) return undefined;
  return refusal(
    'TRANCHES_EXCEED_COMMITMENT',
    `With ${trancheId} the tranches make ${amount(state, tranches)}, ${amount(state, limit)} were stated; ` +
      'reduce the tranche or raise that first.',
    { pointer: '/data/amount', details: { tranches, limit } },
  );
}

/** What is scheduled on a day is committed on that day, and on every later one. */
function aboveCommitment(
  state: FundingState,
  { data: { trancheId }, effective }: FundingEventOf<'TrancheScheduled'>,
  stated: Money,
): Refusal | undefined {
  const signedOn = state.commitments[0]?.on ?? effective.to;
  const from = effective.to < signedOn ? signedOn : effective.to;
  const { on, amount: left } = leastLeft(state.commitments, scheduledIn(state), from);
  if (compare(stated.amount, left) <= 0) return undefined;
  const limit = committedOn(state.commitments, on);
  const tranches = add(subtract(limit, left), stated.amount);
  return refusal(
    'TRANCHES_EXCEED_COMMITMENT',
    `With ${trancheId} the tranches make ${amount(state, tranches)} on ${on}, ${amount(state, limit)} are committed then; ` +
      'reduce the tranche, or raise that or correct its dates first.',
    { pointer: '/data/amount', details: { tranches, limit, on } },
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

/** What the tranches add up to, by the day they were scheduled; nothing of undisclosed ones. */
function scheduledIn({ tranches }: FundingState): readonly Dated[] {
  return Object.values(tranches).map(({ on, hi: most }) => ({ on, amount: most ?? '0' }));
}

type CommitmentEvent = FundingEventOf<'FundingCommitted' | 'CommitmentChanged'>;

/** What a commitment leaves over on the worst of its days, of what is taken of it. */
function leftOf(state: FundingState, { data, effective }: CommitmentEvent, taken: readonly Dated[]): Dated {
  const from = effective.to;
  // It holds until the next one by day begins, whichever was recorded first.
  const next = state.commitments.find(({ on }) => on > from);
  return leastLeft([{ on: from, amount: data.committed.amount }], taken, from, next?.on);
}

function belowDrawn(state: FundingState, event: FundingEventOf<'CommitmentChanged'>): Refusal | undefined {
  const { committed } = event.data;
  const { on, amount: left } = leftOf(state, event, drawnIn(state.movements));
  if (compare(left, '0') >= 0) return undefined;
  const drawn = subtract(committed.amount, left);
  return refusal(
    'COMMITTED_BELOW_DRAWN',
    `The commitment would be ${show(committed)}, ${amount(state, drawn)} are received or called on ${on}; ` +
      'commit at least that, or correct its date.',
    { pointer: '/data/committed/amount', details: { committed: committed.amount, drawn, on } },
  );
}

function belowTranches(state: FundingState, event: CommitmentEvent): Refusal | undefined {
  const { committed } = event.data;
  // A tranche of undisclosed amount needs at least what was drawn from it.
  const needed = [
    ...scheduledIn(state),
    ...state.movements.map(({ on, ofUndisclosed }) => ({ on, amount: ofUndisclosed })),
  ];
  const { on, amount: left } = leftOf(state, event, needed);
  if (compare(left, '0') >= 0) return undefined;
  const tranches = subtract(committed.amount, left);
  return refusal(
    'TRANCHES_EXCEED_COMMITMENT',
    `${show(committed)} are to be committed, the tranches make ${amount(state, tranches)} on ${on}; commit at least that.`,
    { pointer: '/data/committed/amount', details: { committed: committed.amount, tranches, on } },
  );
}

import { unapproved } from './approval';
import { hi, show, type Money } from './claim';
import { add, compare, grouped, subtract, sum, type Decimal } from './decimal';
import { fundingEvents, type FundingData, type FundingEvent } from './funding-events';
import {
  availableOf,
  evolveFunding,
  trancheOf,
  undrawnOf,
  type FundingState,
  type FundingEventOf,
  type Tranche,
} from './funding-state';
import { get } from './keyed';
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

function refuseCall(state: FundingState, event: FundingEventOf<'FundsCalled'>): Refusal | undefined {
  const { callId, trancheId, money } = event.data;
  const tranche = trancheOf(state, trancheId);
  if (get(state.calls, callId) !== undefined) {
    return refusal('CALL_EXISTS', `${event.stream} has a call ${callId} already; choose another id.`, {
      pointer: '/data/callId',
      details: { callId },
    });
  }
  const before = whenClosed(state, event) ?? uncommitted(state, event);
  if (before !== undefined) return before;
  if (tranche === undefined) return notFound('tranche', trancheId, '/data/trancheId');
  return (
    otherCurrency(state, event, money, '/data/money') ??
    conditionOpen(tranche) ??
    outsideAvailability(state, event) ??
    (compare(money.amount, availableOf(state, tranche)) > 0 ? callTooHigh(state, event, tranche) : undefined)
  );
}

function callTooHigh(state: FundingState, { data }: FundingEventOf<'FundsCalled'>, tranche: Tranche): Refusal {
  const left = availableOf(state, tranche);
  const of = tranche.hi ?? state.committed ?? '0';
  const parts = tranche.hi === null ? state : tranche;
  return refusal(
    'CALL_EXCEEDS_AVAILABLE',
    `${data.callId} asks ${show(data.money)} from tranche ${data.trancheId}, ${amount(state, left)} is available ` +
      `(${grouped(of)} - ${grouped(parts.received)} received - ${grouped(parts.calledOpen)} called - ${grouped(parts.cancelled)} cancelled). ` +
      'Reduce the call or change the commitment first.',
    { pointer: '/data/money/amount', details: { asked: data.money.amount, available: left } },
  );
}

function refuseReceipt(state: FundingState, event: FundingEventOf<'FundsReceived'>): Refusal | undefined {
  const { receiptId, callId, trancheId, money } = event.data;
  if (get(state.receipts, receiptId) !== undefined) {
    return refusal('RECEIPT_EXISTS', `${event.stream} has a receipt ${receiptId} already; choose another id.`, {
      pointer: '/data/receiptId',
      details: { receiptId },
    });
  }
  const before = whenClosed(state, event) ?? uncommitted(state, event);
  if (before !== undefined) return before;
  const tranche = trancheOf(state, trancheId);
  if (tranche === undefined) return notFound('tranche', trancheId, '/data/trancheId');
  const early = otherCurrency(state, event, money, '/data/money') ?? conditionOpen(tranche);
  if (early !== undefined) return early;
  if (callId == null) {
    const left = availableOf(state, tranche);
    return exceeds(
      'RECEIPT_EXCEEDS_TRANCHE',
      event,
      left,
      `tranche ${trancheId} has ${amount(state, left)} that is neither received nor called`,
    );
  }
  const call = get(state.calls, callId);
  if (call?.trancheId !== trancheId) return notFound('call', `${trancheId}/${callId}`, '/data/callId');
  return exceeds('RECEIPT_EXCEEDS_CALL', event, call.open, `${amount(state, call.open)} of ${callId} are open`);
}

function exceeds(
  code: 'RECEIPT_EXCEEDS_CALL' | 'RECEIPT_EXCEEDS_TRANCHE',
  { data }: FundingEventOf<'FundsReceived'>,
  limit: Decimal,
  why: string,
): Refusal | undefined {
  if (compare(data.money.amount, limit) <= 0) return undefined;
  return refusal(
    code,
    `${data.receiptId} brings ${show(data.money)}, ${why}. Correct the amount or record the call it answers.`,
    {
      pointer: '/data/money/amount',
      details: { received: data.money.amount, limit },
    },
  );
}

function refuseRepayment(state: FundingState, event: FundingEventOf<'FundsRepaid'>): Refusal | undefined {
  const { repaymentId, money, kind } = event.data;
  if (get(state.repayments, repaymentId) !== undefined) {
    return refusal('REPAYMENT_EXISTS', `${event.stream} has a repayment ${repaymentId} already; choose another id.`, {
      pointer: '/data/repaymentId',
      details: { repaymentId },
    });
  }
  // What was drawn is repaid long after a funding is closed.
  const early = uncommitted(state, event) ?? otherCurrency(state, event, money, '/data/money');
  if (early !== undefined || kind === 'interest') return early;
  const outstanding = subtract(state.received, state.repaid);
  if (compare(money.amount, outstanding) <= 0) return undefined;
  return refusal(
    'REPAYMENT_EXCEEDS_OUTSTANDING',
    `${repaymentId} repays ${show(money)}, ${amount(state, outstanding)} is outstanding ` +
      `(${grouped(state.received)} received - ${grouped(state.repaid)} repaid); reduce it, or post the rest as interest.`,
    { pointer: '/data/money/amount', details: { repaid: money.amount, outstanding } },
  );
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
  if (compare(state.calledOpen, '0') <= 0) return whenClosed(state, event);
  return refusal(
    'OPEN_CALL',
    `${event.stream} is to be closed while ${amount(state, state.calledOpen)} are called and not received; record the receipts first.`,
    { details: { calledOpen: state.calledOpen } },
  );
}

function whenClosed({ stage }: FundingState, { stream, type }: FundingEvent): Refusal | undefined {
  if (stage !== 'closed') return undefined;
  return refusal('FUNDING_CLOSED', `${stream} is closed, ${type} cannot follow; only repayments are still recorded.`);
}

function uncommitted({ committed }: FundingState, { stream, type }: FundingEvent): Refusal | undefined {
  if (committed !== null) return undefined;
  return refusal(
    'FUNDING_NOT_COMMITTED',
    `${stream} is only proposed, so ${type} cannot be; post FundingCommitted first.`,
  );
}

function otherCurrency(
  { currency }: FundingState,
  { stream }: FundingEvent,
  money: Money,
  pointer: string,
): Refusal | undefined {
  if (currency === null || money.currency === currency) return undefined;
  return refusal(
    'CURRENCY_MISMATCH',
    `The amount is in ${money.currency}, ${stream} is in ${currency}; state it in ${currency}.`,
    {
      pointer,
      details: { currency: money.currency, fundingCurrency: currency },
    },
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

function conditionOpen({ terms, conditionStatus }: Tranche): Refusal | undefined {
  if (conditionStatus !== 'open') return undefined;
  const { description } = terms.condition;
  return refusal(
    'TRANCHE_CONDITION_UNMET',
    `Tranche ${terms.trancheId} waits for its condition${description == null ? '' : ` (${description})`}; post TrancheConditionMet first.`,
    { pointer: '/data/trancheId', details: { trancheId: terms.trancheId } },
  );
}

function outsideAvailability(
  { availability }: FundingState,
  { effective }: FundingEventOf<'FundsCalled'>,
): Refusal | undefined {
  const { from, to } = availability;
  const day = effective.to;
  if ((from === null || from <= day) && (to === null || day <= to)) return undefined;
  return refusal(
    'OUTSIDE_AVAILABILITY',
    `The call is of ${day}, drawings may be made from ${from ?? 'the signing'} to ${to ?? 'the closing'}; correct the date or the availability.`,
    { pointer: '/effective', details: { on: day, from, to } },
  );
}

function amount({ currency }: FundingState, decimal: Decimal): string {
  return currency === null ? grouped(decimal) : `${grouped(decimal)} ${currency}`;
}

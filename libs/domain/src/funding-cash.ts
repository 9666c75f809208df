import type { Day } from './calendar';
import { show } from './claim';
import { compare, grouped, subtract, type Decimal } from './decimal';
import { drawnIn, leastLeft, leastOutstanding } from './funding-days';
import { amount, otherCurrency, uncommitted, whenClosed } from './funding-guards';
import { availableOf, trancheOf, type FundingEventOf, type FundingState, type Tranche } from './funding-state';
import { get } from './keyed';
import { notFound } from './references';
import { refusal, type Refusal } from './refusal';

/** Refuses to call what cannot be drawn, or not on that day. */
export function refuseCall(state: FundingState, event: FundingEventOf<'FundsCalled'>): Refusal | undefined {
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
    uncommittedThen('CALL_EXCEEDS_AVAILABLE', state, event) ??
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

/** Refuses money that nobody called or committed. */
export function refuseReceipt(state: FundingState, event: FundingEventOf<'FundsReceived'>): Refusal | undefined {
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
    return (
      uncommittedThen('RECEIPT_EXCEEDS_TRANCHE', state, event) ??
      exceeds(
        'RECEIPT_EXCEEDS_TRANCHE',
        event,
        left,
        `tranche ${trancheId} has ${amount(state, left)} that is neither received nor called`,
      )
    );
  }
  const call = get(state.calls, callId);
  if (call?.trancheId !== trancheId) return notFound('call', `${trancheId}/${callId}`, '/data/callId');
  return (
    exceeds('RECEIPT_EXCEEDS_CALL', event, call.open, `${amount(state, call.open)} of ${callId} are open`) ??
    uncommittedThen('RECEIPT_EXCEEDS_CALL', state, event, call.on)
  );
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

/** Refuses to give back what was not received, or not yet. */
export function refuseRepayment(state: FundingState, event: FundingEventOf<'FundsRepaid'>): Refusal | undefined {
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
  if (compare(money.amount, outstanding) > 0) {
    return refusal(
      'REPAYMENT_EXCEEDS_OUTSTANDING',
      `${repaymentId} repays ${show(money)}, ${amount(state, outstanding)} is outstanding ` +
        `(${grouped(state.received)} received - ${grouped(state.repaid)} repaid); reduce it, or post the rest as interest.`,
      { pointer: '/data/money/amount', details: { repaid: money.amount, outstanding } },
    );
  }
  const day = event.effective.to;
  const then = leastOutstanding(state.movements, outstanding, day);
  if (compare(money.amount, then.amount) <= 0) return undefined;
  return refusal(
    'REPAYMENT_EXCEEDS_OUTSTANDING',
    `${repaymentId} of ${day} repays ${show(money)}, ${amount(state, then.amount)} is outstanding on ${then.on}; ` +
      'reduce it, or correct its date or that of the receipt.',
    { pointer: '/effective', details: { repaid: money.amount, outstanding: then.amount, on: then.on } },
  );
}

/** What is drawn on a day is committed on that day, and on every later one. */
function uncommittedThen(
  code: 'CALL_EXCEEDS_AVAILABLE' | 'RECEIPT_EXCEEDS_TRANCHE' | 'RECEIPT_EXCEEDS_CALL',
  state: FundingState,
  { data: { money }, effective }: FundingEventOf<'FundsCalled' | 'FundsReceived'>,
  until?: Day,
): Refusal | undefined {
  const on = effective.to;
  // Of a commitment that never changed, what is left in the end is the least.
  if (state.commitments.length < 2 || (until !== undefined && until <= on)) return undefined;
  const left = leastLeft(state.commitments, drawnIn(state.movements), on, until);
  if (compare(money.amount, left.amount) <= 0) return undefined;
  return refusal(
    code,
    `${show(money)} are to be drawn on ${on}, ${amount(state, left.amount)} of what is committed on ${left.on} is not drawn; ` +
      'reduce the amount, or correct its date or that of the changed commitment.',
    { pointer: '/effective', details: { asked: money.amount, left: left.amount, on: left.on } },
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

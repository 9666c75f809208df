import type { Day } from './calendar';
import { hi, measureOfClaim, show, type Money } from './claim';
import type { DealEvent, DealEventOf } from './deal-events';
import { presentLeg } from './deal-legs';
import { isBound, stageAt, unpaidOf, type Cash, type DealState } from './deal-state';
import { add, compare, grouped } from './decimal';
import { get } from './keyed';
import { termsOn, type Leg } from './leg';
import { notFound } from './references';
import { refusal, type Refusal } from './refusal';

type CostEvent = DealEventOf<'CostIncurred'>;
type PaymentEvent = DealEventOf<'PaymentMade'>;

/** Refuses a cost that nobody owes, or that is more than the leg can be. */
export function refuseCost(state: DealState, event: CostEvent): Refusal | undefined {
  const { costId, legId } = event.data;
  if (get(state.costs, costId) !== undefined) {
    return refusal('COST_EXISTS', `${event.stream} has a cost ${costId} already; choose another id.`, {
      pointer: '/data/costId',
      details: { costId },
    });
  }
  const leg = presentLeg(state, legId);
  if (leg === undefined) return notFound('leg', legId, '/data/legId');
  return (
    fundingLeg(leg) ??
    unbound(state, event, 'A cost') ??
    otherCurrency(state, event, leg) ??
    aboveCeiling(state, event, leg)
  );
}

/** Refuses a payment of what is not owed, and a refund of what was not paid. */
export function refusePayment(state: DealState, event: PaymentEvent): Refusal | undefined {
  const { paymentId, legId, kind } = event.data;
  if (get(state.payments, paymentId) !== undefined) {
    return refusal('PAYMENT_EXISTS', `${event.stream} has a payment ${paymentId} already; choose another id.`, {
      pointer: '/data/paymentId',
      details: { paymentId },
    });
  }
  const leg = presentLeg(state, legId);
  if (leg === undefined) return notFound('leg', legId, '/data/legId');
  const early = fundingLeg(leg) ?? otherCurrency(state, event, leg);
  if (early !== undefined) return early;
  const cash = get(state.cash, legId) ?? { incurred: '0', paid: '0' };
  switch (kind) {
    case 'settlement':
      return unbound(state, event, 'A settlement') ?? aboveIncurred(cash, event);
    case 'refund':
      return abovePaid(cash, event);
    case 'prepayment':
    case 'deposit':
      return undefined;
  }
}

/** Refuses to reverse what was not paid, or what is reversed already. */
export function refuseReversal(
  { payments }: DealState,
  { data: { paymentId } }: DealEventOf<'PaymentReversed'>,
): Refusal | undefined {
  const pointer = '/data/paymentId';
  const payment = get(payments, paymentId);
  if (payment === undefined) return notFound('payment', paymentId, pointer);
  if (!payment.isReversed) return undefined;
  return refusal(
    'PAYMENT_ALREADY_REVERSED',
    `Payment ${paymentId} of ${show(payment.money)} is reversed already; a payment comes back once.`,
    { pointer, details: { paymentId } },
  );
}

function fundingLeg({ terms: { class: kind, legId, fundingId } }: Leg): Refusal | undefined {
  if (kind !== 'funding') return undefined;
  return refusal(
    'LEG_FUNDING_HAS_AMOUNT',
    `Nothing is paid under funding leg ${legId}; record the money in funding ${fundingId}.`,
    { pointer: '/data/legId', details: { legId } },
  );
}

function unbound(state: DealState, { stream }: DealEvent, what: string): Refusal | undefined {
  if (isBound(state)) return undefined;
  const stage = stageAt(state);
  return refusal(
    'BINDING_REQUIRED',
    `${what} needs a binding agreement, ${stream} is ${stage}; post its signature first, or pay as a prepayment or deposit.`,
    { details: { stage } },
  );
}

function otherCurrency({ cash }: DealState, event: CostEvent | PaymentEvent, leg: Leg): Refusal | undefined {
  const { legId, money } = event.data;
  const pointer = '/data/money';
  const actual = get(cash, legId)?.currency;
  if (actual !== undefined && actual !== money.currency) {
    return refusal(
      'CURRENCY_MISMATCH',
      `The amount is in ${money.currency}, the costs and payments of leg ${legId} are in ${actual}; state it in ${actual}.`,
      { pointer, details: { currency: money.currency, legCurrency: actual } },
    );
  }
  const other = statedFrom(leg, event.effective.to).find(({ currency }) => currency !== money.currency);
  if (other === undefined) return undefined;
  const { currency: legCurrency, from } = other;
  return refusal(
    'CURRENCY_MISMATCH',
    `The amount is in ${money.currency}, leg ${legId} is in ${legCurrency}${from === null ? '' : ` from ${from} on`}; ` +
      `state it in ${legCurrency}, or correct the terms: costs and payments of a leg are in one currency.`,
    { pointer, details: { currency: money.currency, legCurrency, ...(from === null ? {} : { from }) } },
  );
}

/** The currencies that a leg's terms have on `day` and later, each with the day it begins if that is a later one. */
function statedFrom(leg: Leg, day: Day): { readonly from: Day | null; readonly currency: string }[] {
  const later = leg.changes.flatMap(({ from, terms }) => (from !== null && from > day ? [{ from, terms }] : []));
  return [{ from: null, terms: termsOn(leg, day) }, ...later].flatMap(({ from, terms: { money } }) => {
    const currency = money == null ? undefined : measureOfClaim(money);
    return currency === undefined ? [] : [{ from, currency }];
  });
}

function aboveCeiling({ cash }: DealState, event: CostEvent, leg: Leg): Refusal | undefined {
  const { costId, legId, money, overCeiling } = event.data;
  const ceiling = ceilingOf(leg, event);
  const before = get(cash, legId)?.incurred ?? '0';
  const incurred = add(before, money.amount);
  if (overCeiling === true || ceiling === null || compare(incurred, ceiling) <= 0) return undefined;
  return refusal(
    'COST_EXCEEDS_CEILING',
    `With ${costId} leg ${legId} costs ${grouped(incurred)} ${money.currency} ` +
      `(${grouped(before)} incurred + ${grouped(money.amount)}), it can be ${grouped(ceiling)} ${money.currency} at the most; ` +
      'correct the amount, change the terms first, or say "overCeiling": true.',
    { pointer: '/data/money/amount', details: { incurred, ceiling } },
  );
}

// Of the day that the cost is about: what was agreed later does not make it too much.
function ceilingOf(leg: Leg, { effective }: CostEvent): string | null {
  const { money } = termsOn(leg, effective.to);
  return money == null ? null : hi(money);
}

function aboveIncurred(cash: Pick<Cash, 'incurred' | 'paid'>, { data }: PaymentEvent): Refusal | undefined {
  const { paymentId, legId, money } = data;
  const unpaid = unpaidOf(cash);
  if (compare(money.amount, unpaid) <= 0) return undefined;
  return refusal(
    'PAYMENT_EXCEEDS_INCURRED',
    `${paymentId} settles ${show(money)} of leg ${legId}, ${inCurrency(money, unpaid)} is incurred and unpaid ` +
      `(${grouped(cash.incurred)} incurred - ${grouped(cash.paid)} paid). Record the cost first, or pay as a prepayment.`,
    { pointer: '/data/money/amount', details: { asked: money.amount, incurred: cash.incurred, paid: cash.paid } },
  );
}

function abovePaid({ paid }: Pick<Cash, 'paid'>, { data }: PaymentEvent): Refusal | undefined {
  const { paymentId, legId, money } = data;
  if (compare(money.amount, paid) <= 0) return undefined;
  return refusal(
    'REFUND_EXCEEDS_PAID',
    `${paymentId} refunds ${show(money)} of leg ${legId}, ${inCurrency(money, paid)} are paid; reduce it or record the payment first.`,
    { pointer: '/data/money/amount', details: { asked: money.amount, paid } },
  );
}

function inCurrency({ currency }: Money, amount: string): string {
  return `${grouped(amount)} ${currency}`;
}

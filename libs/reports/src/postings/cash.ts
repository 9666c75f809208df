import type { Day, DealEventOf, Leg, Money, Payment } from '@deal-ledger/domain';
import { negated } from '../decimal';
import { canonical, type Posting } from '../posting';
import { scaleFor } from '../spread';
import { shared } from './shares';

/** A cost, in the period it is for; its day says which exchange rate it has. */
export function incurredLines(
  dealId: string,
  leg: Leg | undefined,
  { data, effective: { to: on } }: DealEventOf<'CostIncurred'>,
): Posting[] {
  return cashLines('leg.incurred', dealId, leg, data.money, on, {}).map((line) => ({ ...line, period: data.period }));
}

/** A payment, of which a refund takes something back. */
export function paidLines(
  dealId: string,
  leg: Leg | undefined,
  { data: { kind, money }, effective: { to: on } }: DealEventOf<'PaymentMade'>,
): Posting[] {
  const lines = cashLines('leg.paid', dealId, leg, money, on, { kind });
  return kind === 'refund' ? lines.map(opposite) : lines;
}

/** The reversal of a payment, on its own day: what was paid then, was. */
export function reversedLines(
  dealId: string,
  leg: Leg | undefined,
  { kind, money }: Pick<Payment, 'kind' | 'money'>,
  on: Day,
): Posting[] {
  const lines = cashLines('leg.paid', dealId, leg, money, on, { kind: 'reversal', of: kind });
  return kind === 'refund' ? lines : lines.map(opposite);
}

function cashLines(
  measure: string,
  dealId: string,
  leg: Leg | undefined,
  money: Money,
  on: Day,
  what: object,
): Posting[] {
  if (leg === undefined) return [];
  return shared(leg.terms, money.amount, scaleFor(money))
    .filter(({ amount }) => negated(amount) !== '0')
    .map(({ partyId, amount }) => ({
      measure,
      subject: `${dealId}/${leg.terms.legId}`,
      value: canonical({ on, ...what, partyId }),
      effective: on,
      unit: money.currency,
      amount,
    }));
}

function opposite(line: Posting): Posting {
  return { ...line, amount: negated(line.amount) };
}

import type { StreamEvent } from '../support/events';
import type { Chance } from './chance';
import { APPROVED, dayIn, event, monthAfter, money, type Market } from './market-terms';

/** Of a deal that others may refer to. */
export interface KnownDeal {
  readonly dealId: string;
  readonly buyer: string;
  readonly supplier: string;
  readonly itemId: string;
}

const CATEGORIES = ['computeRental', 'memory', 'accelerators', 'power', 'construction'];

/** A deal from its opening on: papers, two pairs of promise and payment, months of costs and payments, mistakes. */
export function* deal(market: Market, dealId: string, first: string, chance: Chance): Generator<StreamEvent> {
  const stream = `deal/${dealId}`;
  const buyer = chance.oftenFirst(market.buyers);
  const supplier = chance.oftenFirst(market.suppliers);
  const itemId = chance.oftenFirst(market.items);
  const currency = chance.percent(75) ? 'USD' : 'EUR';
  const term = chance.oneOf([12, 24, 36]);
  const span = { from: monthAfter(first, 3), to: monthAfter(first, 2 + term) };
  const on = (month: number): string => dayIn(monthAfter(first, month), chance);
  const days = chance.percent(20);
  const schedule = days
    ? { method: 'proRataDays', from: `${span.from}-11`, to: `${span.to}-20` }
    : { method: 'evenMonths', ...span, due: 'monthEnd' };
  const monthly = chance.between(100_000, 90_000_000);

  yield event(stream, 'opened', on(0), 'DealOpened', {
    dealId,
    title: `${itemId} from ${supplier} for ${buyer}`,
    kinds: ['supply'],
    parties: [
      { partyId: supplier, role: 'supplier' },
      { partyId: buyer, role: 'buyer' },
    ],
  });
  if (chance.percent(60)) yield event(stream, 'announced', on(0), 'DealAnnounced', { by: [supplier] });
  const legs = ['a', 'b', 'c'].slice(0, chance.between(1, 3));
  for (const leg of legs) {
    const quantity = { firm: { unit: 'EA', value: String(chance.between(1_000, 400_000)) } };
    yield event(stream, `goods-${leg}`, on(1), 'LegAdded', {
      legId: `goods-${leg}`,
      class: 'supply',
      providers: [supplier],
      receivers: [buyer],
      itemId,
      quantity,
      schedule: { method: 'evenMonths', ...span },
    });
    const firm = monthly * term;
    yield event(stream, `price-${leg}`, on(1), 'LegAdded', {
      legId: `price-${leg}`,
      class: 'payment',
      category: chance.oneOf(CATEGORIES),
      providers: [buyer],
      receivers: [supplier],
      reciprocalOf: `goods-${leg}`,
      money: chance.percent(4)
        ? { undisclosed: true }
        : { firm: money(currency, firm), ceiling: money(currency, 2 * firm) },
      schedule: chance.percent(10) ? { method: 'unscheduled' } : schedule,
    });
  }
  yield event(stream, 'letter', on(1), 'AgreementSigned', { instrument: 'loi', binding: 'no' });
  yield event(stream, 'odds', on(2), 'DealProbabilityAssessed', {
    probability: `0.${chance.between(15, 85)}`,
    method: 'by the committee',
  });
  if (chance.percent(15)) {
    yield event(stream, 'lapsed', on(5), 'DealClosed', { outcome: 'lapsed', reason: 'nobody signed' });
    return;
  }
  yield event(
    stream,
    'signed',
    on(2),
    'AgreementSigned',
    { instrument: 'definitive', binding: 'yes', effectiveFrom: `${span.from}-01`, expiresOn: `${span.to}-28` },
    APPROVED,
  );
  market.deals.push({ dealId, buyer, supplier, itemId });

  for (let month = 3, amendment = 0; month < 3 + Math.min(term, 28); month += 1) {
    for (const leg of legs) {
      const legId = `price-${leg}`;
      const cents = chance.between(0, 99);
      const cost = {
        costId: `c${leg}${month}`,
        legId,
        period: monthAfter(first, month),
        money: money(currency, monthly - 2, cents),
      };
      const paid = { paymentId: `p${leg}${month}`, legId, kind: 'settlement', money: money(currency, monthly - 2) };
      yield event(stream, cost.costId, on(month), 'CostIncurred', cost);
      yield event(stream, paid.paymentId, on(month + 1), 'PaymentMade', paid);
      if (chance.percent(3)) {
        const more = { ...cost, money: money(currency, monthly - 1, cents) };
        yield correction(stream, cost.costId, on(month), 'CostIncurred', more);
      }
      if (chance.percent(2)) {
        const again = { ...paid, paymentId: `${paid.paymentId}again`, kind: 'prepayment' };
        yield event(stream, again.paymentId, on(month + 1), 'PaymentMade', again);
        yield cancellation(stream, again.paymentId, on(month + 1), 'PaymentMade');
      }
      if (chance.percent(1)) {
        yield event(stream, `r${leg}${month}`, on(month + 1), 'PaymentReversed', {
          paymentId: paid.paymentId,
          reason: 'bounced',
        });
      }
      if (chance.percent(2)) {
        yield event(stream, `t${leg}${month}`, on(month), 'LegTermsChanged', {
          legId: `goods-${leg}`,
          changeType: 'amendment',
          amendmentNo: (amendment += 1),
          terms: { quantity: { firm: { unit: 'EA', value: String(chance.between(1_000, 400_000)) } } },
        });
      }
    }
  }
}

/** The same fact, as it should have been recorded. */
export const correction = (stream: string, corrects: string, day: string, type: string, data: object): StreamEvent =>
  event(stream, `${corrects}-corrected`, day, type, data, {
    ...APPROVED,
    action: 'correct',
    corrects,
    reason: 'as the invoice has it',
  });

const cancellation = (stream: string, corrects: string, day: string, type: string): StreamEvent =>
  event(stream, `${corrects}-cancelled`, day, type, null, {
    ...APPROVED,
    action: 'cancel',
    corrects,
    reason: 'posted twice',
  });

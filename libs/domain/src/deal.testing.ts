import type { z } from 'zod';
import { dealEvents, type DealState } from './deal';
import { CONTROLLER, given, poster, type Draft, type Envelope } from './testing';

export type Data<Type extends keyof typeof dealEvents> = z.input<(typeof dealEvents)[Type]['data']>;

export const STREAM = 'deal/alliance';
export const post = poster(dealEvents, STREAM);
export const usd = (amount: string | number) => ({ currency: 'USD', amount: String(amount) });
export const krw = (amount: string | number) => ({ currency: 'KRW', amount: String(amount) });

export const openedWith = (data: Partial<Data<'DealOpened'>> = {}) =>
  post('DealOpened', {
    dealId: 'alliance',
    title: 'Alliance',
    kinds: ['lease', 'investment'],
    parties: [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'openai', role: 'lessee' },
    ],
    ...data,
  });
export const opened = openedWith();
export const announced = (effective: string) => post('DealAnnounced', {}, { effective });
export const signed = (binding: Data<'AgreementSigned'>['binding'], effective: string, envelope: Envelope = {}) =>
  post('AgreementSigned', { instrument: 'loi', binding }, { effective, ...envelope });
export const bound = (effective: string) => signed('yes', effective, { approvedBy: CONTROLLER });
export const leg = (data: Partial<Data<'LegAdded'>> = {}) =>
  post('LegAdded', {
    legId: 'L1',
    class: 'lease',
    providers: ['nvidia'],
    receivers: ['openai'],
    itemId: 'ai-accelerator',
    quantity: { ceiling: { unit: 'EA', value: '5000000' }, bound: 'upTo' },
    ...data,
  });
export const payment = (data: Partial<Data<'LegAdded'>> = {}) =>
  post('LegAdded', {
    legId: 'L2',
    class: 'payment',
    category: 'computeRental',
    providers: ['openai'],
    receivers: ['nvidia'],
    money: { undisclosed: true },
    ...data,
  });
export const changed = (
  terms: Data<'LegTermsChanged'>['terms'],
  data: Partial<Data<'LegTermsChanged'>> = {},
  envelope: Envelope = {},
) => post('LegTermsChanged', { legId: 'L2', changeType: 'disclosure', terms, ...data }, envelope);
export const removed = (legId: string, effective = '2026-06-01') =>
  post('LegRemoved', { legId, reason: 'left out of the contract' }, { effective });
export const assessed = (probability: string, effective = '2026-06-01') =>
  post('DealProbabilityAssessed', { probability, method: 'judgement' }, { effective });
export const cost = (
  costId: string,
  amount: string | number,
  data: Partial<Data<'CostIncurred'>> = {},
  envelope: Envelope = {},
) => post('CostIncurred', { costId, legId: 'L2', period: '2026-06', money: usd(amount), ...data }, envelope);
export const made = (
  paymentId: string,
  kind: Data<'PaymentMade'>['kind'],
  amount: string | number,
  data: Partial<Data<'PaymentMade'>> = {},
) => post('PaymentMade', { paymentId, legId: 'L2', kind, money: usd(amount), ...data });
export const reversed = (paymentId: string) => post('PaymentReversed', { paymentId, reason: 'bounced' });
export const closed = (outcome: Data<'DealClosed'>['outcome'], effective = '2026-06-01') =>
  post('DealClosed', { outcome, reason: 'it is over' }, { effective });

/** A binding deal in which L2 pays 84 to 210, and what more happened. */
export const contract = (...more: readonly Draft[]) =>
  given(opened, payment({ money: { firm: usd(84), ceiling: usd(210) } }), bound('2026-03-31'), ...more);

export const stateOf = (scenario: ReturnType<typeof given>): DealState => {
  const state = scenario.state<DealState>(STREAM);
  if (state === undefined) throw new Error('nothing recorded');
  return state;
};

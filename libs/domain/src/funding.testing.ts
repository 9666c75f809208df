import type { z } from 'zod';
import { availableOf, fundingEvents, trancheOf, type FundingState } from './funding';
import { CONTROLLER, given, poster, type Draft, type Envelope } from './testing';

export type Data<Type extends keyof typeof fundingEvents> = z.input<(typeof fundingEvents)[Type]['data']>;

export const STREAM = 'funding/alliance';
export const post = poster(fundingEvents, STREAM);
export const usd = (amount: string | number) => ({ currency: 'USD', amount: String(amount) });
export const krw = (amount: string) => ({ currency: 'KRW', amount });

export const proposed = (data: Partial<Data<'FundingProposed'>> = {}) =>
  post('FundingProposed', {
    fundingId: 'alliance',
    funderIds: ['nvidia'],
    recipientId: 'openai',
    instrument: 'equity',
    amount: { ceiling: usd(100), bound: 'upTo' },
    ...data,
  });
export const committed = (
  amount: string | number,
  data: Partial<Data<'FundingCommitted'>> = {},
  envelope: Envelope = {},
) => post('FundingCommitted', { committed: usd(amount), ...data }, { approvedBy: CONTROLLER, ...envelope });
export const changed = (amount: string | number, envelope: Envelope = { approvedBy: CONTROLLER }) =>
  post('CommitmentChanged', { committed: usd(amount), changeType: 'amendment', reason: 'renegotiated' }, envelope);
export const tranche = (
  trancheId: string,
  amount: string | number | null,
  type: 'milestone' | 'date' | 'none' = 'none',
  envelope: Envelope = {},
) =>
  post(
    'TrancheScheduled',
    {
      trancheId,
      amount: amount === null ? { undisclosed: true } : { ceiling: usd(amount) },
      condition: { type, description: type === 'none' ? null : 'first gigawatt deployed' },
    },
    envelope,
  );
export const met = (trancheId: string, data: Partial<Data<'TrancheConditionMet'>> = {}, envelope: Envelope = {}) =>
  post('TrancheConditionMet', { trancheId, evidence: 'commissioning report', ...data }, envelope);
export const called = (callId: string, trancheId: string, amount: string | number, envelope: Envelope = {}) =>
  post('FundsCalled', { callId, trancheId, money: usd(amount), dueOn: '2026-10-20' }, envelope);
export const received = (
  receiptId: string,
  trancheId: string,
  amount: string | number,
  callId?: string,
  envelope: Envelope = {},
) => post('FundsReceived', { receiptId, trancheId, money: usd(amount), callId }, envelope);
export const repaid = (
  repaymentId: string,
  amount: string | number,
  data: Partial<Data<'FundsRepaid'>> = {},
  envelope: Envelope = {},
) => post('FundsRepaid', { repaymentId, money: usd(amount), kind: 'principal', ...data }, envelope);
export const trancheCancelled = (trancheId: string) => post('TrancheCancelled', { trancheId, reason: 'not needed' });
export const closedOn = (effective: string) =>
  post('FundingClosed', { outcome: 'expired', reason: 'availability ended' }, { effective });
export const closed = post('FundingClosed', { outcome: 'expired', reason: 'availability ended' });

/** Committed 100, of which T1 (60, no condition) and T2 (40, waiting for its condition). */
export const facility = (...more: readonly Draft[]) =>
  given(proposed(), committed(100), tranche('T1', 60), tranche('T2', 40, 'milestone'), ...more);

export const stateOf = (scenario: ReturnType<typeof facility>): FundingState => {
  const state = scenario.state<FundingState>(STREAM);
  if (state === undefined) throw new Error('nothing recorded');
  return state;
};

export const availableIn = (state: FundingState, trancheId: string): string => {
  const found = trancheOf(state, trancheId);
  if (found === undefined) throw new Error(`no tranche ${trancheId}`);
  return availableOf(state, found);
};

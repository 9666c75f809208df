import {
  hi,
  idOf,
  measureOfClaim,
  type Claim,
  type FundingEvent,
  type FundingStage,
  type Money,
} from '@deal-ledger/domain';
import { negated } from '../decimal';
import { canonical, difference, holds, type Posting, type PostingRule } from '../posting';
import { reached } from '../stage';
import { inserted, insertion, timeline, type Since } from '../timeline';

const LADDER: readonly FundingStage[] = ['proposed', 'committed', 'closed'];

/** What of a funding changes in time: its stage and what is committed, each with the day it begins, in order of day. */
export interface FundingTimes {
  readonly stages: readonly Since<FundingStage>[];
  readonly commitments: readonly Since<Money>[];
}

/** A funding's terms, stage and commitment by date, its tranches, calls, receipts and repayments. */
export const fundingPostings: PostingRule<FundingTimes, FundingEvent> = {
  kind: 'funding',

  evolve(state, event) {
    const { stages, commitments } = state ?? { stages: [], commitments: [] };
    switch (event.type) {
      case 'FundingProposed':
        return { stages: [{ from: undefined, value: 'proposed' }], commitments: [] };
      case 'FundingCommitted':
        return {
          stages: inserted(stages, stageOf(event, 'committed')),
          commitments: inserted(commitments, commitmentOf(commitments, event)),
        };
      case 'CommitmentChanged':
        return { stages, commitments: inserted(commitments, commitmentOf(commitments, event)) };
      case 'FundingClosed':
        return { stages: inserted(stages, stageOf(event, 'closed')), commitments };
      case 'TrancheScheduled':
      case 'TrancheConditionMet':
      case 'FundsCalled':
      case 'FundsReceived':
      case 'FundsRepaid':
      case 'TrancheCancelled':
        return { stages, commitments };
    }
  },

  post(before, event, after) {
    const fundingId = idOf(event.stream);
    const on = event.effective.to;
    const staged = (): Posting[] =>
      difference(stageLines(fundingId, before?.stages ?? []), stageLines(fundingId, after.stages));
    const recommitted = (of: Extract<FundingEvent, { type: 'FundingCommitted' | 'CommitmentChanged' }>): Posting[] =>
      insertion(before?.commitments ?? [], commitmentOf(before?.commitments ?? [], of), (money) =>
        moneyLine('funding.committed', fundingId, money, undefined),
      );
    switch (event.type) {
      case 'FundingProposed': {
        const { funderIds, recipientId, instrument, dealId, amount } = event.data;
        return [
          holds('funding', fundingId, {
            funders: funderIds,
            recipient: recipientId,
            instrument,
            dealId: dealId ?? null,
            ...stated(amount),
          }),
          ...staged(),
          ...most('funding.ceiling', fundingId, amount),
        ];
      }
      case 'FundingCommitted': {
        const { availability } = event.data;
        const days = { from: availability?.from ?? null, to: availability?.to ?? null };
        return [
          ...staged(),
          ...recommitted(event),
          { ...holds('funding.availability', fundingId, days), effective: on },
        ];
      }
      case 'CommitmentChanged':
        return recommitted(event);
      case 'FundingClosed':
        return staged();
      case 'TrancheScheduled': {
        const { trancheId, amount, condition, window } = event.data;
        const subject = `${fundingId}/${trancheId}`;
        return [
          holds('tranche', subject, {
            conditionType: condition.type,
            conditionText: condition.description ?? null,
            window: window ?? null,
            ...stated(amount),
          }),
          ...most('tranche.amount', subject, amount),
        ];
      }
      case 'TrancheConditionMet': {
        const { trancheId, waived } = event.data;
        const status = waived === true ? 'waived' : 'met';
        return [{ ...holds('tranche.condition', `${fundingId}/${trancheId}`, { status }), effective: on }];
      }
      case 'TrancheCancelled':
        return [
          { ...holds('tranche.cancelled', `${fundingId}/${event.data.trancheId}`, { cancelled: true }), effective: on },
        ];
      case 'FundsCalled': {
        const { callId, trancheId, money, dueOn } = event.data;
        return moneyLine('call.called', `${fundingId}/${trancheId}/${callId}`, money, on, canonical({ dueOn }));
      }
      case 'FundsReceived': {
        const { callId, trancheId, money } = event.data;
        const tranche = `${fundingId}/${trancheId}`;
        return [
          ...moneyLine('tranche.received', tranche, money, on, canonical({ on })),
          ...(callId == null ? [] : moneyLine('call.received', `${tranche}/${callId}`, money, on)),
        ];
      }
      case 'FundsRepaid': {
        const { money, kind, recallable } = event.data;
        // Interest is the price of the money, not a part of it that goes back.
        if (kind === 'interest') return [];
        return [
          ...moneyLine('funding.repaid', fundingId, money, on, canonical({ on })),
          ...(recallable === true ? moneyLine('funding.recallable', fundingId, money, on) : []),
        ];
      }
    }
  },
};

function stageOf({ effective }: FundingEvent, value: FundingStage): Since<FundingStage> {
  return { from: effective.to, value };
}

function commitmentOf(
  commitments: readonly Since<Money>[],
  { data, effective }: Extract<FundingEvent, { type: 'FundingCommitted' | 'CommitmentChanged' }>,
): Since<Money> {
  // Whatever day a change is given, it cannot change what is not committed yet.
  const since = commitments[0]?.from ?? effective.to;
  return { from: since > effective.to ? since : effective.to, value: data.committed };
}

function stageLines(fundingId: string, stages: readonly Since<FundingStage>[]): Posting[] {
  return timeline(reached(stages, LADDER), (stage) => [holds('funding.stage', fundingId, { stage })]);
}

function stated(claim: Claim<Money>): object {
  return {
    currency: measureOfClaim(claim) ?? null,
    undisclosed: claim.undisclosed === true,
  };
}

/** The most a claim can be; nothing when it is kept secret. */
function most(measure: string, subject: string, claim: Claim<Money>): Posting[] {
  const amount = hi(claim);
  const currency = measureOfClaim(claim);
  return amount === null || currency === undefined ? [] : moneyLine(measure, subject, { currency, amount }, undefined);
}

function moneyLine(
  measure: string,
  subject: string,
  { currency, amount }: Money,
  effective: string | undefined,
  value?: string,
): Posting[] {
  return negated(amount) === '0' ? [] : [{ measure, subject, value, effective, unit: currency, amount }];
}

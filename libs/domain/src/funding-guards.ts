import type { Money } from './claim';
import { grouped, type Decimal } from './decimal';
import type { FundingEvent } from './funding-events';
import type { FundingState } from './funding-state';
import { refusal, type Refusal } from './refusal';

/** Refuses what no longer follows once a funding is closed. */
export function whenClosed({ stage }: FundingState, { stream, type }: FundingEvent): Refusal | undefined {
  if (stage !== 'closed') return undefined;
  return refusal('FUNDING_CLOSED', `${stream} is closed, ${type} cannot follow; only repayments are still recorded.`);
}

/** Refuses what needs a commitment, before there is one and before its day. */
export function uncommitted(
  { committed, commitments: [first] }: FundingState,
  { stream, type, effective }: FundingEvent,
): Refusal | undefined {
  if (committed === null) {
    return refusal(
      'FUNDING_NOT_COMMITTED',
      `${stream} is only proposed, so ${type} cannot be; post FundingCommitted first.`,
    );
  }
  const on = effective.to;
  if (first === undefined || first.on <= on) return undefined;
  return refusal(
    'FUNDING_NOT_COMMITTED',
    `${stream} is committed from ${first.on} on, so ${type} of ${on} cannot be; correct the one date or the other.`,
    { pointer: '/effective', details: { on, committedOn: first.on } },
  );
}

/** Refuses an amount in another currency than the funding's. */
export function otherCurrency(
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

/** An amount in the funding's currency, for people. */
export function amount({ currency }: FundingState, decimal: Decimal): string {
  return currency === null ? grouped(decimal) : `${grouped(decimal)} ${currency}`;
}

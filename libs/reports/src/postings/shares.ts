import { scaleOf, type Decimal, type LegTerms } from '@deal-ledger/domain';
import { minorUnits } from '../decimal';
import { cut } from '../spread';

/** An amount of a leg, or the part of it that is one party's of the joint side. */
export interface Part {
  readonly partyId?: string;
  readonly amount: Decimal;
}

/** Cuts an amount by the leg's shares, in their order; without shares it stays whole. */
export function shared({ shares }: Pick<LegTerms, 'shares'>, amount: Decimal, scale: number): Part[] {
  if (shares == null || shares.length === 0) return [{ amount }];
  const digits = Math.max(...shares.map(({ share }) => scaleOf(share)));
  const weights = shares.map(({ share }) => minorUnits(share, digits));
  return cut(amount, weights, scale).map((part, index) => ({ partyId: shares[index]?.partyId ?? '', amount: part }));
}

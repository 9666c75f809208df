import { compare, grouped, type Decimal } from './decimal';

export interface Money {
  readonly currency: string;
  readonly amount: Decimal;
}

export interface Qty {
  readonly unit: string;
  readonly value: Decimal;
}

export type Measured = Money | Qty;

export const BOUNDS = ['exact', 'about', 'upTo', 'atLeast', 'moreThan', 'lessThan'] as const;
export type Bound = (typeof BOUNDS)[number];

/**
 * A figure as somebody stated it. A value that is missing was not stated, which is neither zero
 * nor `undisclosed` (known to exist, kept secret).
 */
export interface Claim<Value extends Measured> {
  readonly firm?: Value | undefined;
  readonly expected?: Value | undefined;
  readonly ceiling?: Value | undefined;
  readonly bound?: Bound | undefined;
  readonly undisclosed?: boolean | undefined;
  readonly derivation?: string | undefined;
}

export const CLAIM_VALUES = ['firm', 'expected', 'ceiling'] as const;
export type ClaimValue = (typeof CLAIM_VALUES)[number];

/** The number of a money or a quantity, without its unit. */
export function numberOf(measured: Measured): Decimal {
  return 'amount' in measured ? measured.amount : measured.value;
}

/** The currency of a money, the unit of a quantity. */
export function measureOf(measured: Measured): string {
  return 'currency' in measured ? measured.currency : measured.unit;
}

/** What is certain: `firm`, else `"0"`; nothing when the figure is kept secret. */
export function lo(claim: Claim<Measured>): Decimal | null {
  if (claim.undisclosed === true) return null;
  return claim.firm === undefined ? '0' : numberOf(claim.firm);
}

/** What is expected, if anybody said so. */
export function mid(claim: Claim<Measured>): Decimal | null {
  return claim.expected === undefined ? null : numberOf(claim.expected);
}

/** The most it can be: `ceiling`, else `expected`, else `firm`. */
export function hi(claim: Claim<Measured>): Decimal | null {
  const highest = claim.ceiling ?? claim.expected ?? claim.firm;
  return highest === undefined ? null : numberOf(highest);
}

/** The currency or unit that a claim is stated in, if it states a value. */
export function measureOfClaim(claim: Claim<Measured>): string | undefined {
  const stated = claim.firm ?? claim.expected ?? claim.ceiling;
  return stated === undefined ? undefined : measureOf(stated);
}

/** For people: `7,000,000,000 USD`. */
export function show(measured: Measured): string {
  return `${grouped(numberOf(measured))} ${measureOf(measured)}`;
}

/** -1, 0 or 1; of the same currency or unit only. */
export function compareMeasured(a: Measured, b: Measured): -1 | 0 | 1 {
  return compare(numberOf(a), numberOf(b));
}

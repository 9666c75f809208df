import Big from 'big.js';

/**
 * An exact decimal as text: `-?digits(.digits)?`, without exponent, superfluous zeros in front,
 * or minus zero. Never a JSON number, whose digits a parser may lose.
 */
export type Decimal = string;

/** What a decimal looks like, as far as a pattern can tell (it lets `-0` through). */
export const DECIMAL_PATTERN = /^-?(?:0|[1-9]\d{0,27})(?:\.\d{1,12})?$/;

const MINUS_ZERO = /^-0(?:\.0+)?$/;

/** Whether `text` is a decimal: at most 28 digits before the point and 12 after it. */
export function isDecimal(text: string): boolean {
  return DECIMAL_PATTERN.test(text) && !(text.startsWith('-0') && MINUS_ZERO.test(text));
}

/** Digits after the point, as written. */
export function scaleOf(decimal: Decimal): number {
  const point = decimal.indexOf('.');
  return point < 0 ? 0 : decimal.length - point - 1;
}

/** -1, 0 or 1 as `a` is less than, equal to or greater than `b`. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  return new Big(a).cmp(b);
}

export function add(a: Decimal, b: Decimal): Decimal {
  return new Big(a).plus(b).toFixed();
}

/** What is left of `whole` without `parts`. */
export function subtract(whole: Decimal, ...parts: readonly Decimal[]): Decimal {
  let left = new Big(whole);
  for (const part of parts) left = left.minus(part);
  return left.toFixed();
}

/** The sum of all, `"0"` of none. */
export function sum(decimals: Iterable<Decimal>): Decimal {
  let total = new Big(0);
  for (const decimal of decimals) total = total.plus(decimal);
  return total.toFixed();
}

export function times(decimal: Decimal, count: number): Decimal {
  return new Big(decimal).times(count).toFixed();
}

export function least(a: Decimal, b: Decimal): Decimal {
  return compare(a, b) <= 0 ? a : b;
}

/** With thousands separators, for people: `7,000,000,000.50`. */
export function grouped(decimal: Decimal): string {
  const [whole = '', fraction] = decimal.split('.');
  const separated = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

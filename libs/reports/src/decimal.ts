import { add, type Decimal } from '@deal-ledger/domain';
import Big from 'big.js';

export { add as addDecimals };

/** The decimal of the opposite sign. */
export function negated(decimal: Decimal): Decimal {
  if (/^-?0(?:\.0*)?$/.test(decimal)) return '0';
  return decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`;
}

/** The decimal as a whole number of its smallest unit, of which `10 ** scale` make one. */
export function minorUnits(decimal: Decimal, scale: number): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale));
}

/** The decimal that `minor` smallest units make. */
export function fromMinorUnits(minor: bigint, scale: number): Decimal {
  if (scale === 0) return String(minor);
  const sign = minor < 0n ? '-' : '';
  const digits = String(minor < 0n ? -minor : minor).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** With exactly `scale` digits after the point, rounded half to even. */
export function atScale(decimal: Decimal, scale: number): Decimal {
  const rounded = new Big(decimal).toFixed(scale, Big.roundHalfEven);
  return /^-0(?:\.0*)?$/.test(rounded) ? rounded.slice(1) : rounded;
}

/** Without superfluous zeros after the point. */
export function trimmed(decimal: Decimal): Decimal {
  if (/^-?[1-9]\d*$/.test(decimal)) return decimal;
  return new Big(decimal).toFixed();
}

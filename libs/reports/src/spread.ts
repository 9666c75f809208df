import {
  CLAIM_VALUES,
  currencyScale,
  daysBetween,
  firstDay,
  lastDay,
  measureOf,
  monthsBetween,
  numberOf,
  scaleOf,
  sum,
  type Claim,
  type ClaimValue,
  type Decimal,
  type ExplicitLine,
  type Measured,
  type Period,
  type Schedule,
} from '@deal-ledger/domain';
import { fromMinorUnits, minorUnits } from './decimal';

/** A part of a total, and when it falls due: on the last day of its period, if it has one. */
export interface Bucket {
  readonly period: Period | undefined;
  readonly amount: Decimal;
}

/** What of a leg its schedule spreads. */
export type Side = 'money' | 'quantity';

/**
 * Cuts `total` by weights, in smallest units: each part is rounded down, and what is left over goes
 * unit by unit to the largest fractions, of equals to the earliest. The parts add up exactly.
 */
export function cut(total: Decimal, weights: readonly bigint[], scale: number): Decimal[] {
  const units = minorUnits(total, scale);
  const whole = weights.reduce((a, b) => a + b, 0n);
  if (whole === 0n)
    return cut(
      total,
      weights.map(() => 1n),
      scale,
    );
  const parts = weights.map((weight, index) => ({
    index,
    floor: (units * weight) / whole,
    rest: (units * weight) % whole,
  }));
  let left = units - parts.reduce((a, { floor }) => a + floor, 0n);
  for (const part of parts.toSorted((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))) {
    if (left === 0n) break;
    part.floor += 1n;
    left -= 1n;
  }
  return parts.map(({ floor }) => fromMinorUnits(floor, scale));
}

/** One stated value of a claim over its schedule's buckets. */
export function spread(claim: Claim<Measured>, name: ClaimValue, schedule: Schedule, side: Side): Bucket[] {
  const stated = claim[name];
  if (stated === undefined) return [];
  const total = numberOf(stated);
  const over = (periods: readonly Period[], weights: readonly bigint[]): Bucket[] =>
    cut(total, weights, scaleFor(stated)).map((amount, index) => ({ period: periods[index], amount }));

  switch (schedule.method) {
    case 'unscheduled':
      return [{ period: undefined, amount: total }];
    case 'lump':
      return [{ period: schedule.period, amount: total }];
    case 'evenMonths': {
      const months = monthsBetween(schedule.from, schedule.to);
      return over(
        months,
        months.map(() => 1n),
      );
    }
    case 'proRataDays': {
      const months = monthsBetween(schedule.from, schedule.to);
      return over(
        months,
        months.map((month) => daysWithin(month, schedule.from, schedule.to)),
      );
    }
    case 'ramp': {
      const months = monthsBetween(schedule.from, schedule.to);
      return over(months, rampWeights(schedule.r0, schedule.r1, months.length));
    }
    case 'explicit': {
      const periods = [...new Set(schedule.lines.map(({ period }) => period))];
      const own = lineTotals(schedule.lines, periods, side, name);
      if (own !== undefined) return periods.map((period, index) => ({ period, amount: own[index] ?? '0' }));
      const guide = CLAIM_VALUES.map((other) => lineTotals(schedule.lines, periods, side, other)).find(
        (known) => known !== undefined,
      );
      if (guide === undefined) return [{ period: undefined, amount: total }];
      const scale = Math.max(...guide.map(scaleOf));
      return over(
        periods,
        guide.map((amount) => minorUnits(amount, scale)),
      );
    }
  }
}

/** Digits after the point that parts of this value may have: a currency's, a quantity's own. */
export function scaleFor(measured: Measured): number {
  const own = scaleOf(numberOf(measured));
  return 'currency' in measured ? Math.max(own, currencyScale(measureOf(measured)) ?? 0) : own;
}

function daysWithin(month: Period, from: string, to: string): bigint {
  const first = firstDay(month) < from ? from : firstDay(month);
  const last = lastDay(month) > to ? to : lastDay(month);
  return BigInt(daysBetween(first, last));
}

/** Month i of n weighs r0 + (r1 - r0) * i / (n - 1), here times n - 1. */
function rampWeights(r0: Decimal, r1: Decimal, months: number): bigint[] {
  const scale = Math.max(scaleOf(r0), scaleOf(r1));
  const first = minorUnits(r0, scale);
  const last = minorUnits(r1, scale);
  const steps = BigInt(Math.max(1, months - 1));
  return Array.from({ length: months }, (_, index) => first * steps + (last - first) * BigInt(index));
}

/** Per period what the lines state for this value, a line without it counting zero; nothing if no line has it. */
function lineTotals(
  lines: readonly ExplicitLine[],
  periods: readonly Period[],
  side: Side,
  name: ClaimValue,
): Decimal[] | undefined {
  if (lines.every((line) => line[side]?.[name] === undefined)) return undefined;
  return periods.map((period) =>
    sum(
      lines.flatMap((line) => {
        const stated = line.period === period ? line[side]?.[name] : undefined;
        return stated === undefined ? [] : [numberOf(stated)];
      }),
    ),
  );
}

import { daysBetween, firstDay, lastDay, monthsBetween, type Period } from './calendar';
import { compare, times, type Decimal } from './decimal';

const DAYS: Readonly<Record<string, number>> = { D: 1, W: 7 };
const MONTHS: Readonly<Record<string, number>> = { M: 1, Y: 12 };

/**
 * Whether a quantity for a period is more than a rate `per` a duration (`P1M`) makes of it. A
 * period shorter than the duration may have all that the duration has.
 */
export function exceedsRate(qty: Decimal, period: Period, rate: Decimal, per: string): boolean {
  const designator = per.slice(-1);
  const count = Number(per.slice(1, -1));
  const inMonths = MONTHS[designator];
  const [length, of] =
    inMonths === undefined
      ? [daysBetween(firstDay(period), lastDay(period)), count * (DAYS[designator] ?? 1)]
      : [monthsBetween(period, period).length, count * inMonths];
  return compare(times(qty, of), times(rate, Math.max(length, of))) > 0;
}

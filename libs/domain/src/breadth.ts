import { CLAIM_VALUES, type Claim, type Measured } from './claim';
import type { Schedule } from './schedule';

/**
 * Amounts that one commit may set. Each is lines in the tables of the reports, which take in a commit
 * as a whole: 180,000 lines took a projection 1.6 s, and a million 15 s and 1.4 GB.
 */
export const MAX_COMMIT_AMOUNTS = 100_000;

/** What of a leg's terms decides into how many amounts it falls. */
export interface Spread {
  readonly money?: Claim<Measured> | null | undefined;
  readonly quantity?: Claim<Measured> | null | undefined;
  readonly per?: string | null | undefined;
  readonly shares?: readonly unknown[] | null | undefined;
  readonly schedule?: Schedule | null | undefined;
}

/** How many amounts terms fall into: one for each value, in each period, of each share. */
export function amountsOf({ money, quantity, per, shares, schedule }: Spread): number {
  const periods = periodsOf(schedule);
  // A rate ("900,000 a month") is no total that falls on periods.
  const values = valuesOf(money) * periods + valuesOf(quantity) * (per == null ? periods : 1);
  return Math.max(1, values * Math.max(1, shares?.length ?? 0));
}

/** How many periods a schedule falls into. */
export function periodsOf(schedule: Schedule | null | undefined): number {
  if (schedule == null) return 1;
  if (schedule.method === 'explicit') return schedule.lines.length;
  if (!('from' in schedule)) return 1;
  const monthOf = (date: string): number => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7));
  return monthOf(schedule.to) - monthOf(schedule.from) + 1;
}

/** Those that are stated, and the highest once more where no ceiling is. */
function valuesOf(claim: Claim<Measured> | null | undefined): number {
  if (claim == null || claim.undisclosed === true) return 0;
  const stated = CLAIM_VALUES.filter((name) => claim[name] !== undefined).length;
  return stated === 0 || claim.ceiling !== undefined ? stated : stated + 1;
}

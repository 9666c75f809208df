import type { Day } from './calendar';
import { add, compare, subtract, sum, type Decimal } from './decimal';

/** An amount, and the day from which on it holds or on which it moved. */
export interface Dated {
  readonly on: Day;
  readonly amount: Decimal;
}

/** What one day adds. */
export interface Movement {
  readonly on: Day;
  /** To what is received, or called and still open. */
  readonly drawn: Decimal;
  /** Of that, to what came of tranches whose amount is undisclosed. */
  readonly ofUndisclosed: Decimal;
  /** To what is received and not repaid. */
  readonly outstanding: Decimal;
}

/** Commitments with one more, which holds from its day on until the one after it begins. */
export function recommitted(commitments: readonly Dated[], commitment: Dated): readonly Dated[] {
  const after = commitments.findIndex(({ on }) => on > commitment.on);
  return commitments.toSpliced(after < 0 ? commitments.length : after, 0, commitment);
}

/** What is committed on a day; nothing before the first. */
export function committedOn(commitments: readonly Dated[], day: Day): Decimal {
  return commitments.findLast(({ on }) => on <= day)?.amount ?? '0';
}

/** Movements with what one more day adds. */
export function moved(
  movements: readonly Movement[],
  on: Day,
  { drawn = '0', ofUndisclosed = '0', outstanding = '0' }: Partial<Omit<Movement, 'on'>>,
): readonly Movement[] {
  const place = movements.findLastIndex((other) => other.on <= on);
  const same = movements[place];
  if (same?.on !== on) return movements.toSpliced(place + 1, 0, { on, drawn, ofUndisclosed, outstanding });
  return movements.with(place, {
    on,
    drawn: add(same.drawn, drawn),
    ofUndisclosed: add(same.ofUndisclosed, ofUndisclosed),
    outstanding: add(same.outstanding, outstanding),
  });
}

/** What was drawn, by day. */
export function drawnIn(movements: readonly Movement[]): readonly Dated[] {
  return movements.map(({ on, drawn }) => ({ on, amount: drawn }));
}

/** The least that is committed and not taken on any day from `from` on and before `until`. */
export function leastLeft(commitments: readonly Dated[], taken: readonly Dated[], from: Day, until?: Day): Dated {
  const changes = [
    ...commitments.map(({ on, amount }, index) => ({
      on,
      amount: subtract(amount, commitments[index - 1]?.amount ?? '0'),
    })),
    ...taken.map(({ on, amount }) => ({ on, amount: subtract('0', amount) })),
  ].sort((a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : 0));
  return leastFrom(changes, sum(changes.map(({ amount }) => amount)), from, until);
}

/** The least that is received and not repaid on any day from `from` on, where `outstanding` is in the end. */
export function leastOutstanding(movements: readonly Movement[], outstanding: Decimal, from: Day): Dated {
  const changes = movements.map((movement) => ({ on: movement.on, amount: movement.outstanding }));
  return leastFrom(changes, outstanding, from);
}

/** From the end back, as most of what is looked for is of the last days. */
function leastFrom(changes: readonly Dated[], end: Decimal, from: Day, until?: Day): Dated {
  let amount = end;
  let lowest: Dated | undefined;
  const look = (on: Day): void => {
    if (until !== undefined && on >= until) return;
    if (lowest === undefined || compare(amount, lowest.amount) <= 0) lowest = { on, amount };
  };
  for (const [index, { on, amount: added }] of [...changes.entries()].reverse()) {
    if (on <= from) break;
    // Of one day all changes count.
    if (changes[index + 1]?.on !== on) look(on);
    amount = subtract(amount, added);
  }
  look(from);
  return lowest ?? { on: from, amount };
}

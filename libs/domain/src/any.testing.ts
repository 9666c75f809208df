import type { z } from 'zod';
import type { EventTypes } from './kind';

/** What chance decides; the same numbers, the same choices. */
export class Dice {
  /** `random` gives the next number, from 0 to below 1. */
  constructor(private readonly random: () => number) {}

  between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  happens(probability: number): boolean {
    return this.random() < probability;
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length - 1)] as Item;
  }

  /** So many of the items, each at most once. */
  some<Item>(items: readonly Item[], count: number): Item[] {
    const left = [...items];
    return Array.from({ length: Math.min(count, left.length) }, () =>
      left.splice(this.between(0, left.length - 1), 1),
    ).flat();
  }

  /** A member, or nothing where it may be missing. */
  maybe<Value extends object>(value: Value, probability = 0.5): Value | Record<never, never> {
    return this.happens(probability) ? value : {};
  }

  day(): string {
    return new Date(Date.UTC(2025, 11, 15) + this.between(0, 380) * 86_400_000).toISOString().slice(0, 10);
  }

  month(): string {
    return `${this.oneOf([2025, 2026, 2026, 2026, 2027])}-${String(this.between(1, 12)).padStart(2, '0')}`;
  }

  period(): string {
    return this.happens(0.6) ? this.month() : this.oneOf(['2026', '2027', '2026-Q2', '2026-Q4', '2026-40', '2026-41']);
  }

  /** A day, or more than one that it may have been. */
  effective(): string {
    if (this.happens(0.85)) return this.day();
    return this.oneOf(['2026-03', '2026-05-1X', '2026-04-20/2026-05-03', '2026-40', this.month(), this.period()]);
  }
}

export type Proposals<Types extends EventTypes> = {
  readonly [Type in keyof Types & string]: (id: string, dice: Dice) => z.input<Types[Type]['data']>;
};

/** Recorded from the beginning. */
export const PARTIES = ['nvidia', 'openai', 'samsung', 'skhynix'];
export const ITEMS = ['hbm', 'ai-accelerator'];

/** The ids that streams have; few, so that events meet, and some more often than others. */
export const IDS: Readonly<Record<string, readonly string[]>> = {
  source: ['filing', 'rumour', 'contract'],
  party: [...PARTIES, 'stargate'],
  reference: ['items', 'conversions', 'fx', 'policy'],
  engagement: ['visit', 'summit'],
  deal: ['d1', 'd1', 'd2'],
  funding: ['f1', 'f1', 'f2'],
  forecast: ['rental'],
  pool: ['global', 'own'],
  reservation: ['r1', 'r1', 'r2'],
  site: ['abilene'],
  'report-run': ['board', 'board-2'],
};

/** Mostly of one currency for one id; euros have no rate. */
export function currencyFor(id: string, dice: Dice): string {
  if (dice.happens(0.1)) return dice.oneOf(['USD', 'KRW', 'EUR']);
  return id.endsWith('2') ? 'KRW' : 'USD';
}

export function moneyIn(currency: string, dice: Dice, most = 60): { currency: string; amount: string } {
  const amount = String(dice.between(0, most));
  return { currency, amount: currency !== 'KRW' && dice.happens(0.3) ? `${amount}.${dice.between(1, 99)}` : amount };
}
export const moneyFor = (id: string, dice: Dice, most?: number) => moneyIn(currencyFor(id, dice), dice, most);
export const qtyIn = (unit: string, dice: Dice, most = 60) => ({ unit, value: String(dice.between(0, most)) });
/** Reservations and pools mostly count wafers. */
export const unitOf = (dice: Dice): 'WFR' | 'EA' => (dice.happens(0.9) ? 'WFR' : 'EA');

/** Values in rising order, any of them missing. */
function claim<Value>(rising: readonly [Value, Value, Value], dice: Dice) {
  const [firm, expected, ceiling] = rising;
  if (dice.happens(0.08)) return { undisclosed: true };
  return dice.oneOf([{ firm }, { ceiling }, { firm, ceiling }, { firm, expected, ceiling }, { firm, expected }]);
}
function rising(dice: Dice): [number, number, number] {
  const first = dice.between(1, 80);
  const second = first + dice.between(0, 40);
  return [first, second, second + dice.between(0, 40)];
}
export function moneyClaim(currency: string, dice: Dice) {
  const [a, b, c] = rising(dice);
  const money = (amount: number) => ({ currency, amount: String(amount) });
  return claim([money(a), money(b), money(c)], dice);
}
export function qtyClaim(unit: string, dice: Dice) {
  const [a, b, c] = rising(dice);
  const qty = (value: number) => ({ unit, value: String(value) });
  return claim([qty(a), qty(b), qty(c)], dice);
}

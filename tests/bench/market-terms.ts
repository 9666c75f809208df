import type { StreamEvent } from '../support/events';
import type { Chance } from './chance';
import type { KnownDeal } from './market-deals';

/** What the streams of a market refer to. */
export interface Market {
  readonly buyers: readonly string[];
  readonly suppliers: readonly string[];
  readonly funders: readonly string[];
  readonly items: readonly string[];
  /** Pools that are defined, with what is produced in each. */
  readonly pools: { readonly poolId: string; readonly itemId: string }[];
  /** Deals that were signed. */
  readonly deals: KnownDeal[];
}

export const APPROVED = { approvedBy: { id: 'controller-1' } };

const SOURCES = [
  [{ sourceId: 'contract', attribution: 'official', confidence: 'high' }],
  [{ sourceId: 'press', attribution: 'named', confidence: 'medium' }],
];

export const event = (
  stream: string,
  id: string,
  effective: string,
  type: string,
  data: object | null,
  more: object = {},
): StreamEvent => ({ stream, id, type, effective, sources: SOURCES[type === 'DealAnnounced' ? 1 : 0], data, ...more });

/** Whole units and cents of a currency. */
export const money = (currency: string, whole: number, cents = 0): { currency: string; amount: string } => ({
  currency,
  amount: `${whole}.${String(cents).padStart(2, '0')}`,
});

/** The month so many months after `month`, both as YYYY-MM. */
export function monthAfter(month: string, months: number): string {
  const all = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + months;
  return `${Math.floor(all / 12)}-${String((all % 12) + 1).padStart(2, '0')}`;
}

/** A day of a month. */
export const dayIn = (month: string, chance: Chance): string =>
  `${month}-${String(chance.between(1, 28)).padStart(2, '0')}`;

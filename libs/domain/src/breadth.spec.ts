import { amountsOf, MAX_COMMIT_AMOUNTS, type Spread } from './breadth';
import { deal, type DealState } from './deal';

const usd = (amount: string) => ({ currency: 'USD', amount });
const money = { firm: usd('1'), expected: usd('2'), ceiling: usd('3') };
const year = { method: 'evenMonths', from: '2026-07', to: '2027-06' } as const;
const shares = [
  { partyId: 'a', share: '0.5' },
  { partyId: 'b', share: '0.5' },
];

describe('the amounts that terms fall into', () => {
  it.each<[string, Spread, number]>([
    ['one where nothing is stated', {}, 1],
    ['one where all is secret', { money: { undisclosed: true }, schedule: year }, 1],
    ['one a value', { money }, 3],
    ['the highest value once more as ceiling', { money: { firm: usd('1') } }, 2],
    ['one a month', { money, schedule: year }, 36],
    ['one a month of days', { money, schedule: { method: 'proRataDays', from: '2026-01-15', to: '2026-03-10' } }, 9],
    ['one a line', { money, schedule: { method: 'explicit', lines: [{ period: '2026' }, { period: '2027' }] } }, 6],
    ['one a share', { money, shares, schedule: year }, 72],
    ['both sides', { money, quantity: { ceiling: { unit: 'WFR', value: '1' } }, schedule: year }, 48],
    ['a rate once', { quantity: { ceiling: { unit: 'WFR', value: '1' } }, per: 'P1M', schedule: year }, 1],
  ])('are %s', (_, terms, amounts) => expect(amountsOf(terms)).toBe(amounts));

  it('are fewer for the widest leg than a commit may have', () => {
    const wide = new Array(6).fill(shares[0]) as typeof shares;
    const schedule = { method: 'evenMonths', from: '2026-01', to: '2075-12' } as const;
    expect(
      amountsOf({ money, quantity: { ceiling: { unit: 'WFR', value: '1' } }, shares: wide, schedule }),
    ).toBeLessThan(MAX_COMMIT_AMOUNTS);
  });

  it('are counted for the events that set terms alone', () => {
    const terms = { legId: 'L1', money, schedule: year };
    const state = { legs: { L1: { terms } } } as unknown as DealState;
    const amounts = (type: string): unknown => deal.amounts?.({ type, data: { legId: 'L1' } } as never, state);
    expect([
      amounts('LegAdded'),
      amounts('LegTermsChanged'),
      amounts('CostIncurred'),
      amounts('DealAnnounced'),
    ]).toEqual([36, 36, 1, 1]);
  });
});

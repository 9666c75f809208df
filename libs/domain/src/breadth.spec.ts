import { amountsOf, MAX_COMMIT_AMOUNTS, type Spread } from './breadth';
import { deal, type DealEvent, type DealState } from './deal';
import { announced, bound, changed, cost, opened, payment, removed, STREAM } from './deal.testing';
import { effectiveOf } from './calendar';
import { given, type Draft } from './testing';

const usd = (amount: string) => ({ currency: 'USD', amount });
const money = { firm: usd('1'), expected: usd('2'), ceiling: usd('3') };
const year = { method: 'evenMonths', from: '2026-07', to: '2027-06' } as const;
const shares = [
  { partyId: 'a', share: '0.5' },
  { partyId: 'b', share: '0.5' },
];

/** On the state that there is, as if nothing came of the event itself. */
const amountsOfDraft = (scenario: ReturnType<typeof given>, { type, data, effective = '2026-06-01' }: Draft) =>
  deal.amounts?.(
    { type, data, effective: effectiveOf(effective) } as DealEvent,
    scenario.state<DealState>(STREAM) as DealState,
  );

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
    const [added, ...others] = [payment({ money, schedule: year }), cost('c1', '1'), announced('2026-06-01')];
    const scenario = given(opened, added ?? opened);
    expect([added, ...others].map((draft) => draft && amountsOfDraft(scenario, draft))).toEqual([36, 1, 1]);
  });

  it('are those of all terms that a change bears on: from its day on, and the ones that it ends', () => {
    const half = { method: 'evenMonths', from: '2026-07', to: '2026-12' } as const;
    const scenario = given(
      opened,
      payment({ money, schedule: year }),
      bound('2026-01-01'),
      changed({ schedule: half }, { effectiveFrom: '2026-03-01' }),
      changed({ money: { firm: usd('1') } }, { effectiveFrom: '2026-05-01' }),
    );
    const from = (effectiveFrom: string | null) =>
      amountsOfDraft(scenario, changed({ money }, effectiveFrom === null ? {} : { effectiveFrom }));
    // 36 as added, 18 from March, 12 from May.
    expect([from(null), from('2026-03-01'), from('2026-05-01'), from('2026-06-01')]).toEqual([66, 66, 30, 12]);
    expect(amountsOfDraft(scenario, removed('L2', '2026-04-01'))).toBe(30);
  });
});

import type { JudgedRecord } from '@deal-ledger/ledger';
import { PORTIONS } from './portions';

const usd = (amount: string) => ({ currency: 'USD', amount });
const schedule = { method: 'evenMonths', from: '2026-01', to: '2026-12' };
const weight = (...events: object[]): number =>
  PORTIONS.weightOf({
    verdict: 'fact',
    commit: { events: events.map((event) => ({ stream: 'deal/d', type: 'LegAdded', action: 'new', ...event })) },
  } as unknown as JudgedRecord);

describe('a record weighs', () => {
  it.each<[string, number, object]>([
    ['one, where it sets no terms', 1, { stream: 'funding/f', type: 'FundsCalled', data: {} }],
    ['one, where a deal goes on', 1, { type: 'CostIncurred', data: { legId: 'L1' } }],
    ['as many amounts as its terms fall into', 12, { data: { money: { ceiling: usd('1') }, schedule } }],
    [
      'as much as terms that it changes',
      12,
      { type: 'LegTermsChanged', data: { terms: { money: { ceiling: usd('1') }, schedule } } },
    ],
    [
      'much, where terms go on over months that it does not name',
      1_800,
      { type: 'LegTermsChanged', data: { terms: {} } },
    ],
    ['much, where it corrects', 1_800, { action: 'cancel', data: null }],
    [
      'much, where it cannot be read',
      1_800,
      { data: { money: { ceiling: usd('1') }, schedule: { method: 'explicit' } } },
    ],
  ])('%s', (_, amounts, event) => expect(weight(event)).toBe(amounts));

  it('as much as its events together', () =>
    expect(weight({ data: { money: { ceiling: usd('1') }, schedule } }, { type: 'DealAnnounced', data: {} })).toBe(13));

  it('one, where it is no fact', () =>
    expect(PORTIONS.weightOf({ verdict: 'foreign' } as unknown as JudgedRecord)).toBe(1));
});

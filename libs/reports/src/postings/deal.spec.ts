import { given, type Line } from '../testing';
import { dealPostings } from './deal';

const opened: Line = {
  type: 'DealOpened',
  data: {
    dealId: 'd',
    title: 'A deal',
    kinds: ['lease'],
    parties: [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'openai', role: 'lessee' },
    ],
  },
};
const announced = (effective: string): Line => ({ type: 'DealAnnounced', effective, data: {} });
const signed = (effective: string, binding: 'yes' | 'no'): Line => ({
  type: 'AgreementSigned',
  effective,
  data: { instrument: 'loi', binding },
});
const leg = (data: object): Line => ({
  type: 'LegAdded',
  data: { legId: 'L1', class: 'payment', providers: ['openai'], receivers: ['nvidia'], ...data },
});

describe('the stage of a deal', () => {
  const stageOn = (day: string, ...lines: Line[]): string[] =>
    Object.keys(given(dealPostings, 'deal/d', opened, ...lines).sums(day, 'deal.stage'));

  it('is exploring whatever the date, once the deal is known of', () => {
    expect(stageOn('1999-01-01')).toEqual(['deal.stage d {"stage":"exploring"}']);
  });

  it('changes on the latest day the announcement may have been', () => {
    expect(stageOn('2025-09-29', announced('2025-09'))).toEqual(['deal.stage d {"stage":"exploring"}']);
    expect(stageOn('2025-09-30', announced('2025-09'))).toEqual(['deal.stage d {"stage":"announced"}']);
  });

  it('is reshaped from its day on by a signature that is learned of late', () => {
    const lines = [announced('2025-09'), signed('2025-09-22', 'no')];
    expect(stageOn('2025-09-15', ...lines)).toEqual(['deal.stage d {"stage":"exploring"}']);
    expect(stageOn('2025-09-25', ...lines)).toEqual(['deal.stage d {"stage":"preliminary"}']);
    expect(stageOn('2025-10-05', ...lines)).toEqual(['deal.stage d {"stage":"preliminary"}']);
  });

  it('posts the difference between the timelines before and after, and nothing else', () => {
    const { last } = given(dealPostings, 'deal/d', opened, announced('2025-09'), signed('2025-09-22', 'no'));
    expect(last.map(({ value, effective, amount }) => [value, effective, amount])).toEqual(
      expect.arrayContaining([
        ['{"stage":"exploring"}', '2025-09-22', '-1'],
        ['{"stage":"preliminary"}', '2025-09-22', '1'],
        ['{"stage":"exploring"}', '2025-09-30', '1'],
        ['{"stage":"announced"}', '2025-09-30', '-1'],
      ]),
    );
    expect(last).toHaveLength(4);
  });

  it('posts nothing when a paper changes nothing', () => {
    expect(given(dealPostings, 'deal/d', opened, signed('2025-09-22', 'no'), announced('2025-09')).last).toEqual([]);
  });
});

describe('the legs of a deal', () => {
  const sums = (data: object): Record<string, string> =>
    given(dealPostings, 'deal/d', opened, leg(data)).sums('2025-10-05', 'leg.');

  it('posts what is firm, expected, and the most it can be, by period', () => {
    const claim = {
      firm: { currency: 'USD', amount: '2' },
      expected: { currency: 'USD', amount: '4' },
      ceiling: { currency: 'USD', amount: '6' },
    };
    expect(sums({ money: claim, schedule: { method: 'evenMonths', from: '2026-01', to: '2026-02' } })).toEqual({
      'leg.ceiling d/L1 2026-01 USD': '3',
      'leg.ceiling d/L1 2026-02 USD': '3',
      'leg.expected d/L1 2026-01 USD': '2',
      'leg.expected d/L1 2026-02 USD': '2',
      'leg.firm d/L1 2026-01 USD': '1',
      'leg.firm d/L1 2026-02 USD': '1',
    });
  });

  it('takes what is firm for the most where nothing more is stated', () => {
    expect(sums({ money: { firm: { currency: 'USD', amount: '2' } } })).toEqual({
      'leg.ceiling d/L1 USD': '2',
      'leg.firm d/L1 USD': '2',
    });
  });

  it('posts no amount of what is undisclosed', () => {
    expect(sums({ money: { undisclosed: true } })).toEqual({});
  });

  it('does not spread a rate', () => {
    const rate = {
      class: 'supply',
      quantity: { ceiling: { unit: 'EA', value: '900000' } },
      per: 'P1M',
      schedule: { method: 'evenMonths', from: '2026-01', to: '2026-03' },
    };
    expect(sums(rate)).toEqual({ 'leg.qtyCeiling d/L1 EA': '900000' });
  });

  it('cuts a shared amount bucket by bucket, in the order of the shares', () => {
    const shared = {
      providers: ['samsung', 'skhynix'],
      receivers: ['openai'],
      shares: [
        { partyId: 'skhynix', share: '0.5' },
        { partyId: 'samsung', share: '0.5' },
      ],
      money: { firm: { currency: 'USD', amount: '0.01' } },
    };
    expect(sums(shared)).toEqual({
      'leg.ceiling d/L1 {"partyId":"skhynix"} USD': '0.01',
      'leg.firm d/L1 {"partyId":"skhynix"} USD': '0.01',
    });
  });

  it('describes the leg by its terms and what they rest on', () => {
    const sources = [
      { sourceId: 'a', attribution: 'named', confidence: 'high' },
      { sourceId: 'b', attribution: 'analyst', confidence: 'low' },
      { sourceId: 'a', attribution: 'named', confidence: 'medium' },
    ];
    const { last } = given(dealPostings, 'deal/d', opened, {
      ...leg({ category: 'memory', money: { undisclosed: true, bound: 'upTo' } }),
      sources,
    });
    expect(last).toHaveLength(1);
    expect(JSON.parse(last[0]?.value ?? '')).toEqual({
      class: 'payment',
      category: 'memory',
      providers: ['openai'],
      receivers: ['nvidia'],
      sharedSide: null,
      shares: null,
      itemId: null,
      per: null,
      unit: null,
      currency: null,
      qtyExpectedStated: false,
      expectedStated: false,
      undisclosed: true,
      bound: 'upTo',
      scheduleMethod: 'unscheduled',
      commencesOn: null,
      commencesBy: null,
      reciprocalOf: null,
      sourceIds: ['a', 'b'],
      confidence: 'low',
      termsEventId: 'e2',
    });
  });

  it('says by when a lease has begun, and in which shares a joint side pays', () => {
    const shares = [
      { partyId: 'skhynix', share: '0.25' },
      { partyId: 'samsung', share: '0.75' },
    ];
    const joint = leg({
      providers: ['samsung', 'skhynix'],
      money: { undisclosed: true },
      shares,
      commencesOn: '2027-41',
    });
    const [description] = given(dealPostings, 'deal/d', opened, joint).last;
    expect(JSON.parse(description?.value ?? '')).toMatchObject({
      sharedSide: 'providers',
      shares,
      commencesBy: '2027-12-31',
    });
  });
});

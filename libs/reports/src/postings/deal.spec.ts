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
const closed = (effective: string, outcome: string): Line => ({
  type: 'DealClosed',
  effective,
  data: { outcome, reason: 'it is over' },
});
const assessed = (effective: string, probability: string): Line => ({
  type: 'DealProbabilityAssessed',
  effective,
  data: { probability, method: 'judgement' },
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
    const stages = last.filter(({ measure }) => measure === 'deal.stage');
    expect(stages.map(({ value, effective, amount }) => [value, effective, amount])).toEqual(
      expect.arrayContaining([
        ['{"stage":"exploring"}', '2025-09-22', '-1'],
        ['{"stage":"preliminary"}', '2025-09-22', '1'],
        ['{"stage":"exploring"}', '2025-09-30', '1'],
        ['{"stage":"announced"}', '2025-09-30', '-1'],
      ]),
    );
    expect(stages).toHaveLength(4);
  });

  it('stays what it is when a paper changes nothing', () => {
    const { last } = given(dealPostings, 'deal/d', opened, signed('2025-09-22', 'no'), announced('2025-09'));
    expect(last.map(({ measure }) => measure)).toEqual(['deal.announced']);
  });

  it('is closed from its day on, whatever was reached before', () => {
    const lines = [signed('2026-03-31', 'yes'), closed('2026-06-30', 'terminated')];
    expect(stageOn('2026-06-29', ...lines)).toEqual(['deal.stage d {"stage":"binding"}']);
    expect(stageOn('2026-06-30', ...lines)).toEqual(['deal.stage d {"stage":"closed"}']);
  });
});

describe('a deal', () => {
  it('is what it was opened as, whatever the date', () => {
    expect(given(dealPostings, 'deal/d', opened).sums('1999-01-01', 'deal d')).toEqual({
      'deal d {"kinds":["lease"],"parties":[{"partyId":"nvidia","role":"lessor"},{"partyId":"openai","role":"lessee"}],"replacesDealId":null,"title":"A deal"}':
        '1',
    });
  });

  it('is announced when it is, each time', () => {
    const { sums } = given(dealPostings, 'deal/d', opened, announced('2025-09'), announced('2025-10-05'));
    expect(Object.keys(sums('2025-09-30', 'deal.announced'))).toEqual([
      'deal.announced d {"announcedOn":"2025-09","eventId":"e2","on":"2025-09-30"}',
    ]);
    expect(Object.keys(sums('2025-10-05', 'deal.announced'))).toHaveLength(2);
  });

  it('stands on the paper signed last, by its date', () => {
    const { sums } = given(dealPostings, 'deal/d', opened, signed('2026-03-31', 'yes'), signed('2025-09-22', 'no'));
    const eventOn = (day: string) =>
      Object.keys(sums(day, 'deal.agreement')).map((key) => /"eventId":"(\w+)"/.exec(key)?.[1]);
    expect(['2025-09-21', '2025-09-22', '2026-03-31'].map(eventOn)).toEqual([[], ['e3'], ['e2']]);
  });

  it('is as likely as was assessed in its present stage', () => {
    const probabilityOn = (day: string, ...lines: Line[]) =>
      Object.keys(given(dealPostings, 'deal/d', opened, ...lines).sums(day, 'deal.probability'));
    const lines = [signed('2025-09-22', 'no'), assessed('2025-11-20', '0.35')];
    expect(probabilityOn('2025-11-19', ...lines)).toEqual([]);
    expect(probabilityOn('2025-11-20', ...lines)).toEqual(['deal.probability d {"eventId":"e3","probability":"0.35"}']);
    expect(probabilityOn('2026-03-31', ...lines, signed('2026-03-31', 'yes'))).toEqual([]);
    expect(probabilityOn('2026-03-31', ...lines, signed('2025-09-21', 'no'))).toHaveLength(1);
    expect(probabilityOn('2026-03-31', ...lines, closed('2026-03-31', 'lapsed'))).toEqual([]);
  });

  it('is as good as the worst that is known of it by then', () => {
    const confidence = (level: string) => [{ sourceId: 'filing', attribution: 'official', confidence: level }];
    const { sums, last } = given(
      dealPostings,
      'deal/d',
      opened,
      { ...signed('2026-03-31', 'no'), sources: confidence('low') },
      { ...announced('2025-10-05'), sources: confidence('medium') },
      { ...announced('2026-10-05'), sources: confidence('medium') },
    );
    const on = (day: string) => Object.keys(sums(day, 'deal.confidence')).map((key) => key.split('"')[3]);
    expect(['2025-10-04', '2025-10-05', '2026-03-31'].map(on)).toEqual([['high'], ['medium'], ['low']]);
    expect(last.map(({ measure }) => measure)).toEqual(['deal.announced']);
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
    const own = last.filter(({ measure }) => measure === 'leg');
    expect(own).toHaveLength(1);
    expect(JSON.parse(own[0]?.value ?? '')).toEqual({
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
      fundingId: null,
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

describe('changed terms', () => {
  const usd = (amount: string) => ({ currency: 'USD', amount });
  const months = { method: 'evenMonths', from: '2026-01', to: '2026-02' };
  const changed = (terms: object, data: object = {}): Line => ({
    type: 'LegTermsChanged',
    effective: '2026-06-01',
    data: { legId: 'L1', changeType: 'disclosure', terms, ...data },
  });
  const removed: Line = { type: 'LegRemoved', effective: '2026-09', data: { legId: 'L1', reason: 'left out' } };
  const firm = leg({ money: { firm: usd('6') }, schedule: months });

  it('replace the old from the beginning when they are disclosed', () => {
    const { sums } = given(
      dealPostings,
      'deal/d',
      opened,
      leg({ money: { undisclosed: true } }),
      changed({ money: { firm: usd('8') }, schedule: months }),
    );
    expect(sums('1999-01-01', 'leg.firm')).toEqual({
      'leg.firm d/L1 2026-01 USD': '4',
      'leg.firm d/L1 2026-02 USD': '4',
    });
    const [description, ...more] = Object.keys(sums('1999-01-01', 'leg d/L1')).map(
      (key) => JSON.parse(key.slice('leg d/L1 '.length)) as object,
    );
    expect(more).toEqual([]);
    expect(description).toMatchObject({
      termsEventId: 'e3',
      undisclosed: false,
      currency: 'USD',
      scheduleMethod: 'evenMonths',
    });
  });

  it('replace the old from their day on when they are agreed, past months included', () => {
    const { sums } = given(
      dealPostings,
      'deal/d',
      opened,
      firm,
      signed('2026-01-01', 'yes'),
      changed({ money: { firm: usd('8') } }, { changeType: 'amendment' }),
    );
    expect(sums('2026-05-31', 'leg.firm')).toEqual({
      'leg.firm d/L1 2026-01 USD': '3',
      'leg.firm d/L1 2026-02 USD': '3',
    });
    expect(sums('2026-06-01', 'leg.firm')).toEqual({
      'leg.firm d/L1 2026-01 USD': '4',
      'leg.firm d/L1 2026-02 USD': '4',
    });
  });

  it('say which amendments are in force, one of several legs once', () => {
    const amended = (legId: string, amendmentNo?: number) =>
      changed({ money: { firm: usd('8') } }, { legId, changeType: 'amendment', amendmentNo });
    const { sums } = given(
      dealPostings,
      'deal/d',
      opened,
      firm,
      leg({ legId: 'L4', money: { firm: usd('6') } }),
      signed('2026-01-01', 'yes'),
      amended('L1', 1),
      amended('L4', 1),
      amended('L4'),
    );
    expect(sums('2026-05-31', 'deal.amendment')).toEqual({});
    expect(Object.keys(sums('2026-06-01', 'deal.amendment'))).toEqual([
      'deal.amendment d {"amendmentNo":1}',
      'deal.amendment d {"eventId":"e7"}',
    ]);
  });

  it('post the difference and leave what stays', () => {
    const { last } = given(
      dealPostings,
      'deal/d',
      opened,
      leg({ money: { firm: usd('6'), ceiling: usd('9') }, schedule: { method: 'lump', period: '2026' } }),
      changed({ money: { firm: usd('7'), ceiling: usd('9') } }),
    );
    const amounts = last.filter(({ measure }) => measure !== 'leg');
    expect(amounts.map(({ measure, amount }) => [measure, amount])).toEqual([['leg.firm', '1']]);
  });

  it('end with the leg', () => {
    const { sums } = given(
      dealPostings,
      'deal/d',
      opened,
      firm,
      changed({ money: { firm: usd('8') } }, { effectiveFrom: '2027-01-01' }),
      removed,
    );
    expect(Object.values(sums('2026-08-31', 'leg.firm'))).toEqual(['3', '3']);
    expect(sums('2026-09-01', 'leg')).toEqual({});
    expect(sums('2027-01-01', 'leg')).toEqual({});
  });
});

describe('costs and payments', () => {
  const usd = (amount: string) => ({ currency: 'USD', amount });
  const joint = leg({
    receivers: ['samsung', 'skhynix'],
    money: { firm: usd('100') },
    shares: [
      { partyId: 'skhynix', share: '0.7' },
      { partyId: 'samsung', share: '0.3' },
    ],
  });
  const cost = (amount: string, effective = '2026-07-31'): Line => ({
    type: 'CostIncurred',
    effective,
    data: { costId: 'c1', legId: 'L1', period: '2026-07', money: usd(amount) },
  });
  const paid = (paymentId: string, kind: string, amount: string, effective: string): Line => ({
    type: 'PaymentMade',
    effective,
    data: { paymentId, legId: 'L1', kind, money: usd(amount) },
  });
  const reversed = (paymentId: string, effective: string): Line => ({
    type: 'PaymentReversed',
    effective,
    data: { paymentId, reason: 'bounced' },
  });
  const plain = leg({ money: { firm: usd('100') } });

  it('posts a cost in its period, from its day on', () => {
    const { sums } = given(dealPostings, 'deal/d', opened, plain, cost('5'));
    expect(sums('2026-07-30', 'leg.incurred')).toEqual({});
    expect(sums('2026-07-31', 'leg.incurred')).toEqual({ 'leg.incurred d/L1 {"on":"2026-07-31"} 2026-07 USD': '5' });
  });

  it('posts refunds and reversals against what was paid, on their own days', () => {
    const { sums } = given(
      dealPostings,
      'deal/d',
      opened,
      plain,
      paid('p1', 'prepayment', '9', '2026-07-01'),
      paid('r1', 'refund', '4', '2026-08-01'),
      reversed('p1', '2026-09-01'),
      reversed('r1', '2026-10-01'),
    );
    expect(sums('2026-10-01', 'leg.paid')).toEqual({
      'leg.paid d/L1 {"kind":"prepayment","on":"2026-07-01"} USD': '9',
      'leg.paid d/L1 {"kind":"refund","on":"2026-08-01"} USD': '-4',
      'leg.paid d/L1 {"kind":"reversal","of":"prepayment","on":"2026-09-01"} USD': '-9',
      'leg.paid d/L1 {"kind":"reversal","of":"refund","on":"2026-10-01"} USD': '4',
    });
    expect(Object.values(sums('2026-08-31', 'leg.paid'))).toEqual(['9', '-4']);
  });

  it('cuts both by the shares of the leg, to the last cent', () => {
    const { sums } = given(
      dealPostings,
      'deal/d',
      opened,
      joint,
      cost('0.05'),
      paid('p1', 'refund', '0.05', '2026-08-01'),
    );
    expect(sums('2026-08-01', 'leg.incurred')).toEqual({
      'leg.incurred d/L1 {"on":"2026-07-31","partyId":"samsung"} 2026-07 USD': '0.01',
      'leg.incurred d/L1 {"on":"2026-07-31","partyId":"skhynix"} 2026-07 USD': '0.04',
    });
    expect(Object.values(sums('2026-08-01', 'leg.paid'))).toEqual(['-0.01', '-0.04']);
  });

  it('posts a payment without the leg it is of', () => {
    const { last } = given(dealPostings, 'deal/d', opened, plain, paid('p1', 'deposit', '9', '2026-07-01'));
    expect(last.map(({ measure }) => measure)).toEqual(['leg.paid']);
  });

  it('posts nothing for a cost of nothing', () =>
    expect(given(dealPostings, 'deal/d', opened, plain, cost('0.00')).last).toEqual([]));
});

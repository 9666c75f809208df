import type { PostedLine } from './testing';
import { deal, forecast, leg, line, policy, signed, usd } from './testing-reports';

const approvedBy = { id: 'controller-1' };

export const won = (amount: string) => ({ currency: 'KRW', amount });

export const cost = (costId: string, day: string, money: object, data: object = {}, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'CostIncurred',
  effective: day,
  data: { costId, legId: 'L2', period: day.slice(0, 7), money, ...data },
});
export const payment = (paymentId: string, day: string, kind: string, money: object, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'PaymentMade',
  effective: day,
  data: { paymentId, legId: 'L2', kind, money },
});
export const reversal = (paymentId: string, day: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'PaymentReversed',
  effective: day,
  data: { paymentId, reason: 'it bounced' },
});
export const assessed = (day: string, probability: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'DealProbabilityAssessed',
  effective: day,
  data: { probability, method: 'judgement' },
});
export const closed = (day: string, outcome: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'DealClosed',
  effective: day,
  approvedBy,
  data: { outcome, closedOn: day, reason: 'over' },
});
/** A rate as it is usually quoted: so many won a dollar. */
export const rate = (rateType: string, onDate: string, value: string, base = 'USD', quote = 'KRW'): PostedLine => ({
  id: `${rateType}-${base}-${quote}-${onDate}`,
  stream: 'reference/fx',
  type: 'FxRateRecorded',
  effective: onDate,
  data: { base, quote, rate: value, onDate, rateType },
});

const onFunding = (type: string, effective: string, data: object): PostedLine => ({
  stream: 'funding/f',
  type,
  effective,
  approvedBy,
  data,
});
const tranche = (trancheId: string, amount: string): PostedLine =>
  onFunding('TrancheScheduled', '2025-10-07', {
    trancheId,
    amount: { ceiling: usd(amount), bound: 'upTo' },
    condition: { type: 'milestone', description: `gigawatts of ${trancheId}` },
  });
const BILLION = usd('1000000000');

const ANNOUNCED = [
  policy,
  forecast(1, 'statedToInvestors', [line('2025', 'base', '16000000000'), line('2029', 'high', '400000000000')]),
  deal(),
  onFunding('FundingProposed', '2025-10-05', {
    fundingId: 'f',
    funderIds: ['nvidia'],
    recipientId: 'openai',
    instrument: 'equity',
    amount: { ceiling: usd('100000000000'), bound: 'upTo' },
    dealId: 'd',
  }),
  leg({ money: { undisclosed: true } }),
  {
    stream: 'deal/d',
    type: 'DealAnnounced',
    effective: '2025-09',
    data: { announcedOn: '2025-09' },
  },
  deal('memory'),
  leg(
    {
      category: 'memory',
      receivers: ['samsung', 'skhynix'],
      money: { undisclosed: true },
    },
    'memory',
  ),
  {
    stream: 'deal/memory',
    type: 'DealAnnounced',
    effective: '2025-10-04',
    data: {},
  },
] satisfies PostedLine[];

const LETTERS_OF_INTENT = [
  signed('2025-10-01', 'no', 'memory'),
  signed('2025-09-22', 'no'),
  tranche('T1', '10000000000'),
  tranche('T2', '90000000000'),
] satisfies PostedLine[];

const JUDGED = [assessed('2025-11-20', '0.35')] satisfies PostedLine[];

const disclosed = (id: string, day: string, terms: object): PostedLine => ({
  stream: `deal/${id}`,
  type: 'LegTermsChanged',
  effective: day,
  data: { legId: 'L2', changeType: 'disclosure', terms },
});

const SIGNED = [
  forecast(
    2,
    'assumed',
    [
      line('2025', 'base', '16000000000'),
      line('2026', 'base', '35777087640.00'),
      line('2027', 'base', '80000000000'),
      line('2028', 'base', '178885438199.98'),
      line('2029', 'base', '400000000000'),
    ],
    { method: 'geometric interpolation between 2025 and 2029' },
  ),
  onFunding('FundingCommitted', '2026-03-31', {
    committed: usd('100000000000'),
    signedOn: '2026-03-31',
    availability: { from: '2026-04-01', to: '2031-12-31' },
  }),
  signed('2026-03-31', 'yes'),
  disclosed('d', '2026-03-31', {
    money: { firm: usd('84000000000'), ceiling: usd('210000000000') },
    schedule: { method: 'evenMonths', from: '2026-07', to: '2033-06' },
  }),
  cost('c1', '2026-07-31', BILLION),
  payment('p1', '2026-08-15', 'settlement', BILLION),
  cost('c2', '2026-08-31', BILLION),
  payment('p2', '2026-09-15', 'settlement', BILLION),
  onFunding('TrancheConditionMet', '2026-09-30', {
    trancheId: 'T1',
    evidence: 'one gigawatt',
  }),
  cost('c3', '2026-09-30', BILLION),
  onFunding('FundsCalled', '2026-10-05', {
    callId: 'c1',
    trancheId: 'T1',
    money: usd('4000000000'),
    dueOn: '2026-10-20',
  }),
  payment('p3', '2026-10-15', 'settlement', BILLION),
  onFunding('FundsReceived', '2026-10-20', {
    receiptId: 'r1',
    callId: 'c1',
    trancheId: 'T1',
    money: usd('4000000000'),
  }),
  cost('c4', '2026-10-31', BILLION),
  signed('2026-11-01', 'yes', 'memory'),
  disclosed('memory', '2026-11-01', {
    money: { firm: won('14000000000000'), bound: 'exact' },
    schedule: { method: 'evenMonths', from: '2027-01', to: '2027-10' },
  }),
] satisfies PostedLine[];

const DUPLICATE = {
  ...payment('p3-again', '2026-10-15', 'settlement', BILLION),
  id: 'duplicate',
};
const CANCELLED: PostedLine = {
  ...DUPLICATE,
  id: 'cancel',
  action: 'cancel',
  corrects: 'duplicate',
  reason: 'posted twice',
  approvedBy,
  data: null,
};

const YEAR_END = [
  payment('p4', '2026-11-15', 'settlement', BILLION),
  rate('spot', '2026-11-15', '1400'),
  payment('pp1', '2026-11-15', 'prepayment', won('1400000000000'), 'memory'),
  cost('c5', '2026-11-30', BILLION),
  payment('p5', '2026-12-15', 'settlement', BILLION),
  cost('c6', '2026-12-31', BILLION),
  rate('closing', '2026-12-31', '1450'),
] satisfies PostedLine[];

/** From the announcement to the end of the first year: two contracts, one of them in won, and a funding. */
export const FIRST_YEAR: readonly PostedLine[] = [
  ...ANNOUNCED,
  ...LETTERS_OF_INTENT,
  ...JUDGED,
  ...SIGNED,
  DUPLICATE,
  CANCELLED,
  ...YEAR_END,
];
const countOf = (...parts: readonly (readonly PostedLine[])[]): string => String(parts.flat().length);

/** The position of the last event of each part of {@link FIRST_YEAR}. */
export const KNOWN = {
  announced: countOf(ANNOUNCED),
  lettersOfIntent: countOf(ANNOUNCED, LETTERS_OF_INTENT),
  judged: countOf(ANNOUNCED, LETTERS_OF_INTENT, JUDGED),
  duplicate: countOf(ANNOUNCED, LETTERS_OF_INTENT, JUDGED, SIGNED, [DUPLICATE]),
  cancelled: countOf(ANNOUNCED, LETTERS_OF_INTENT, JUDGED, SIGNED, [DUPLICATE, CANCELLED]),
  yearEnd: countOf(FIRST_YEAR),
} as const;

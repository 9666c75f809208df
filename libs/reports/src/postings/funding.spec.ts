import { given, type Line } from '../testing';
import { fundingPostings } from './funding';

const usd = (amount: string) => ({ currency: 'USD', amount });
const proposed: Line = {
  type: 'FundingProposed',
  data: {
    fundingId: 'f',
    funderIds: ['nvidia'],
    recipientId: 'openai',
    instrument: 'equity',
    amount: { ceiling: usd('100') },
    dealId: 'd',
  },
};
const committed = (effective: string, amount = '100'): Line => ({
  type: 'FundingCommitted',
  effective,
  data: { committed: usd(amount), availability: { from: null, to: '2031-12-31' } },
});
const changed = (effective: string, amount: string): Line => ({
  type: 'CommitmentChanged',
  effective,
  data: { committed: usd(amount), changeType: 'amendment', reason: 'agreed' },
});
const on = (day: string, measure: string, ...lines: Line[]): Record<string, string> =>
  given(fundingPostings, 'funding/f', proposed, ...lines).sums(day, measure);

describe('a funding', () => {
  it('is proposed whatever the date, with the most it may be', () => {
    expect(on('1999-01-01', 'funding.')).toEqual({
      'funding.ceiling f USD': '100',
      'funding.stage f {"stage":"proposed"}': '1',
    });
  });

  it('states no ceiling when it is undisclosed', () => {
    const secret: Line = { ...proposed, data: { ...(proposed.data as object), amount: { undisclosed: true } } };
    const { last } = given(fundingPostings, 'funding/f', secret);
    expect(last.map(({ measure }) => measure)).toEqual(['funding', 'funding.stage']);
    expect(last[0]?.value).toContain('"undisclosed":true');
  });

  it('is committed from the day it was signed', () => {
    expect(on('2026-03-30', 'funding.committed', committed('2026-03-31'))).toEqual({});
    expect(on('2026-03-31', 'funding.', committed('2026-03-31'))).toMatchObject({
      'funding.availability f {"from":null,"to":"2031-12-31"}': '1',
      'funding.committed f USD': '100',
      'funding.stage f {"stage":"committed"}': '1',
    });
  });

  it('takes a change that is learned of late for its own days, not for those of a later change', () => {
    const lines = [committed('2026-03-31'), changed('2026-06-30', '120'), changed('2026-05-31', '110')];
    expect(on('2026-06-01', 'funding.committed', ...lines)).toEqual({ 'funding.committed f USD': '110' });
    expect(on('2026-07-01', 'funding.committed', ...lines)).toEqual({ 'funding.committed f USD': '120' });
  });

  it('is not changed before it is committed, whatever day the change is given', () => {
    const lines = [committed('2026-03-31'), changed('2026-02-28', '120')];
    expect(on('2026-03-30', 'funding.committed', ...lines)).toEqual({});
    expect(on('2026-03-31', 'funding.committed', ...lines)).toEqual({ 'funding.committed f USD': '120' });
  });

  it('is closed from its day on', () => {
    const closed: Line = {
      type: 'FundingClosed',
      effective: '2027-01-01',
      data: { outcome: 'expired', reason: 'over' },
    };
    expect(on('2027-01-01', 'funding.stage', committed('2026-03-31'), closed)).toEqual({
      'funding.stage f {"stage":"closed"}': '1',
    });
  });
});

describe('a tranche', () => {
  const tranche: Line = {
    type: 'TrancheScheduled',
    data: {
      trancheId: 'T1',
      amount: { ceiling: usd('10') },
      condition: { type: 'milestone', description: 'first gigawatt' },
      window: '2026-41',
    },
  };

  it('is known whatever the date, with its condition', () => {
    expect(on('1999-01-01', 'tranche', tranche)).toEqual({
      'tranche f/T1 {"conditionText":"first gigawatt","conditionType":"milestone","currency":"USD","undisclosed":false,"window":"2026-41"}':
        '1',
      'tranche.amount f/T1 USD': '10',
    });
  });

  it('has its condition met, or waived, on a day', () => {
    const met: Line = {
      type: 'TrancheConditionMet',
      effective: '2026-09-30',
      data: { trancheId: 'T1', evidence: 'seen' },
    };
    expect(on('2026-09-29', 'tranche.condition', tranche, met)).toEqual({});
    expect(on('2026-09-30', 'tranche.condition', tranche, met)).toEqual({
      'tranche.condition f/T1 {"status":"met"}': '1',
    });
    const waived: Line = { ...met, data: { trancheId: 'T1', evidence: 'let off', waived: true } };
    expect(on('2026-09-30', 'tranche.condition', tranche, waived)).toEqual({
      'tranche.condition f/T1 {"status":"waived"}': '1',
    });
  });

  it('is cancelled on a day', () => {
    const cancelled: Line = {
      type: 'TrancheCancelled',
      effective: '2026-10-01',
      data: { trancheId: 'T1', reason: 'not needed' },
    };
    expect(on('2026-10-01', 'tranche.cancelled', tranche, cancelled)).toEqual({
      'tranche.cancelled f/T1 {"cancelled":true}': '1',
    });
  });

  it('is called, and a receipt counts for the tranche, with the day of its rate, and for its call', () => {
    const called: Line = {
      type: 'FundsCalled',
      effective: '2026-10-05',
      data: { callId: 'c1', trancheId: 'T1', money: usd('4'), dueOn: '2026-10-20' },
    };
    const received: Line = {
      type: 'FundsReceived',
      effective: '2026-10-20',
      data: { receiptId: 'r1', callId: 'c1', trancheId: 'T1', money: usd('3') },
    };
    const direct: Line = {
      type: 'FundsReceived',
      effective: '2026-10-21',
      data: { receiptId: 'r2', trancheId: 'T1', money: usd('1') },
    };
    const all = given(fundingPostings, 'funding/f', proposed, tranche, called, received, direct);
    expect({ ...all.sums('2026-10-31', 'call'), ...all.sums('2026-10-31', 'tranche.received') }).toEqual({
      'call.called f/T1/c1 {"dueOn":"2026-10-20"} USD': '4',
      'call.received f/T1/c1 USD': '3',
      'tranche.received f/T1 {"on":"2026-10-20"} USD': '3',
      'tranche.received f/T1 {"on":"2026-10-21"} USD': '1',
    });
  });
});

describe('repayments', () => {
  const repaid = (kind: string, recallable?: boolean): Line => ({
    type: 'FundsRepaid',
    effective: '2027-01-01',
    data: { repaymentId: 'p1', money: usd('2'), kind, ...(recallable === undefined ? {} : { recallable }) },
  });

  it('count as repaid, and as recallable only when they say so', () => {
    expect(on('2027-01-01', 'funding.re', repaid('principal'))).toEqual({
      'funding.repaid f {"on":"2027-01-01"} USD': '2',
    });
    expect(on('2027-01-01', 'funding.re', repaid('returnOfCapital', true))).toEqual({
      'funding.recallable f USD': '2',
      'funding.repaid f {"on":"2027-01-01"} USD': '2',
    });
  });

  it('leave interest out', () => {
    expect(on('2027-01-01', 'funding.re', repaid('interest'))).toEqual({});
  });
});

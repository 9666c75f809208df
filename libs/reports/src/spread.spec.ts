import type { Claim, Money, Qty, Schedule } from '@deal-ledger/domain';
import { cut, spread } from './spread';

const usd = (amount: string): Money => ({ currency: 'USD', amount });
const amounts = (claim: Claim<Money | Qty>, schedule: Schedule): string[] =>
  spread(claim, 'firm', schedule, 'money').map(({ amount }) => amount);

describe('spreading a total over buckets', () => {
  it('gives every calendar month the same of 84 billion', () => {
    const buckets = spread(
      { firm: usd('84000000000') },
      'firm',
      { method: 'evenMonths', from: '2026-07', to: '2033-06' },
      'money',
    );
    expect(buckets).toHaveLength(84);
    expect(buckets[0]).toEqual({ period: '2026-07', amount: '1000000000.00' });
    expect(new Set(buckets.map(({ amount }) => amount)).size).toBe(1);
  });

  it('cuts 100.00 by days, both ends counted', () => {
    expect(amounts({ firm: usd('100.00') }, { method: 'proRataDays', from: '2026-01-15', to: '2026-03-10' })).toEqual([
      '30.91',
      '50.91',
      '18.18',
    ]);
  });

  it('ramps from 50,000 to 300,000 over six months', () => {
    const claim = { firm: { unit: 'WFR', value: '1050000' } };
    expect(amounts(claim, { method: 'ramp', from: '2027-01', to: '2027-06', r0: '50000', r1: '300000' })).toEqual([
      '50000',
      '100000',
      '150000',
      '200000',
      '250000',
      '300000',
    ]);
  });

  it('spreads the ceiling of a ramp by the same weights', () => {
    const ramp: Schedule = { method: 'ramp', from: '2027-01', to: '2027-03', r0: '1', r1: '3' };
    const buckets = spread({ firm: usd('6.00'), ceiling: usd('60.00') }, 'ceiling', ramp, 'money');
    expect(buckets.map(({ amount }) => amount)).toEqual(['10.00', '20.00', '30.00']);
  });

  it('gives a ramp of one month everything', () => {
    expect(
      amounts({ firm: usd('7.00') }, { method: 'ramp', from: '2027-01', to: '2027-01', r0: '7', r1: '7' }),
    ).toEqual(['7.00']);
  });

  it('gives what is left over to the largest fractions, of equals to the earliest', () => {
    expect(cut('100', [1n, 1n, 1n], 2)).toEqual(['33.34', '33.33', '33.33']);
    expect(cut('1', [2n, 3n, 2n], 0)).toEqual(['0', '1', '0']);
    expect(cut('0.05', [1n, 0n, 1n], 2)).toEqual(['0.03', '0.00', '0.02']);
  });

  it('cuts evenly where every weight is nothing', () => {
    expect(cut('2', [0n, 0n], 0)).toEqual(['1', '1']);
  });

  it('never cuts a yen', () => {
    expect(
      amounts({ firm: { currency: 'JPY', amount: '100' } }, { method: 'evenMonths', from: '2026-01', to: '2026-03' }),
    ).toEqual(['34', '33', '33']);
  });

  it('takes explicit lines as they are, a line without the value counting nothing', () => {
    const schedule: Schedule = {
      method: 'explicit',
      lines: [
        { period: '2026', money: { firm: usd('10'), ceiling: usd('20') } },
        { period: '2027', money: { ceiling: usd('40') } },
      ],
    };
    expect(spread({ firm: usd('10'), ceiling: usd('60') }, 'firm', schedule, 'money')).toEqual([
      { period: '2026', amount: '10' },
      { period: '2027', amount: '0' },
    ]);
  });

  it('spreads what no line states by the weights of what the lines state', () => {
    const schedule: Schedule = {
      method: 'explicit',
      lines: [
        { period: '2026', money: { firm: usd('1') } },
        { period: '2027', money: { firm: usd('3') } },
      ],
    };
    expect(
      spread({ firm: usd('4'), ceiling: usd('100') }, 'ceiling', schedule, 'money').map(({ amount }) => amount),
    ).toEqual(['25.00', '75.00']);
  });

  it('keeps a lump and an unscheduled total whole', () => {
    expect(spread({ firm: usd('5') }, 'firm', { method: 'lump', period: '2029' }, 'money')).toEqual([
      { period: '2029', amount: '5' },
    ]);
    expect(spread({ firm: usd('5') }, 'firm', { method: 'unscheduled' }, 'money')).toEqual([
      { period: undefined, amount: '5' },
    ]);
  });

  it('has no buckets for what is not stated', () => {
    expect(spread({ ceiling: usd('5') }, 'firm', { method: 'unscheduled' }, 'money')).toEqual([]);
  });
});

import { deliverySchedule, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { pick, reported } from './testing-reports';

describeWithPostgres('delivery schedule', (url) => {
  const wafers = (value: string) => ({ unit: 'WFR', value });
  const schedule = (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    reported(url, supplierCommitments, deliverySchedule, [requested, ...lines], query);
  const of = (type: string, data: object, effective = '2025-10-05'): PostedLine => ({
    stream: 'reservation/r',
    type,
    effective,
    data,
  });
  const requested = of('CapacityRequested', {
    reservationId: 'r',
    buyerId: 'openai',
    supplierIds: ['samsung'],
    itemId: 'hbm',
    rate: { ceiling: wafers('900') },
    per: 'P1M',
    poolIds: [],
    priorityAsked: true,
  });
  const ramp = (rampVersion: number, effective: string, plan: Readonly<Record<string, string>>, firmness?: string) =>
    of(
      'RampScheduled',
      {
        rampVersion,
        lines: Object.entries(plan).map(([period, value]) => ({ period, qty: wafers(value), firmness })),
      },
      effective,
    );
  const slip = (slipId: string, fromPeriod: string, toPeriod: string, value: string, effective: string) =>
    of('DeliverySlipped', { slipId, fromPeriod, toPeriod, qty: wafers(value), reason: 'yield' }, effective);
  const delivered = (deliveryId: string, period: string, value: string, effective: string) =>
    of('QuantityDelivered', { deliveryId, period, qty: wafers(value) }, effective);
  const taken = (deliveryId: string, value: string, rejected: string, effective: string) =>
    of('DeliveryAccepted', { deliveryId, acceptedQty: wafers(value), rejectedQty: wafers(rejected) }, effective);

  it('keeps every slip, though a new ramp has taken the earlier ones in', async () => {
    const { rows } = await schedule([
      ramp(1, '2026-01-01', { '2026-03': '100', '2026-04': '100' }),
      slip('s1', '2026-03', '2026-04', '30', '2026-02-01'),
      ramp(2, '2026-02-10', { '2026-03': '70', '2026-04': '130' }),
      slip('s2', '2026-03', '2026-05', '20', '2026-02-20'),
    ]);
    expect(pick(rows, 'period', 'originalPlan', 'currentPlan', 'slippedOut', 'slippedIn', 'flags')).toEqual([
      ['2026-03', '100', '50', '50', '0', ['SLIP', 'BEHIND']],
      ['2026-04', '100', '130', '0', '30', ['BEHIND']],
      ['2026-05', '0', '20', '0', '20', ['BEHIND']],
    ]);
  });

  it('reads the plan of its day', async () => {
    const lines = [
      ramp(1, '2026-01-01', { '2026-03': '100' }),
      slip('s1', '2026-03', '2026-04', '30', '2026-02-01'),
      ramp(2, '2026-02-10', { '2026-03': '80' }),
    ];
    const plan = async (effectiveOn: string) =>
      pick((await schedule(lines, { effectiveOn })).rows, 'period', 'originalPlan', 'currentPlan');
    expect(await plan('2025-12-31')).toEqual([]);
    expect(await plan('2026-01-31')).toEqual([['2026-03', '100', '100']]);
    expect(await plan('2026-02-09')).toEqual([
      ['2026-03', '100', '70'],
      ['2026-04', '0', '30'],
    ]);
    expect(await plan('2026-02-10')).toEqual([
      ['2026-03', '100', '80'],
      ['2026-04', '0', '0'],
    ]);
  });

  it('says how far behind a period that is over is, and all before it', async () => {
    const lines = [
      ramp(1, '2026-01-01', { '2026-03': '100', '2026-04': '100', '2026-05': '100' }),
      delivered('d1', '2026-03', '90', '2026-03-20'),
      delivered('d2', '2026-04', '105', '2026-04-20'),
    ];
    const { rows } = await schedule(lines, { effectiveOn: '2026-04-30' });
    expect(pick(rows, 'variance', 'cumVariance', 'flags')).toEqual([
      ['-10', '-10', ['BEHIND']],
      ['5', '-5', ['BEHIND']],
      [null, null, []],
    ]);
  });

  it('makes of take-or-pay by the year what binds and was not accepted', async () => {
    const binding = (is: boolean) =>
      of('CapacityReserved', { binding: is, takeOrPay: { minShare: '0.80' } }, '2026-01-01');
    const lines = (is: boolean) => [
      binding(is),
      ramp(1, '2026-01-01', { '2026-11': '100', '2026-12': '100', '2027-01': '50' }),
      delivered('d1', '2026-11', '100', '2026-11-20'),
      taken('d1', '90', '10', '2026-12-01'),
    ];
    const years = async (is: boolean, query: Record<string, string> = {}) =>
      pick(
        (await schedule(lines(is), { granularity: 'year', ...query })).rows,
        'period',
        'currentPlan',
        'accepted',
        'takeOrPayDue',
      );
    // 0.80 of 200, less 90; and 0.80 of 50
    expect(await years(true)).toEqual([
      ['2026', '200', '90', '70'],
      ['2027', '50', '0', '40'],
    ]);
    expect(await years(false)).toEqual([
      ['2026', '200', '90', null],
      ['2027', '50', '0', null],
    ]);
    const { meta } = await schedule(lines(true), { granularity: 'year' });
    expect(meta.totals).toMatchObject({ byUnit: [{ unit: 'WFR', currentPlan: '250', takeOrPayDue: '110' }] });
    expect(pick((await schedule(lines(true))).rows, 'takeOrPayDue')).toEqual([[null], [null], [null]]);
  });

  it('says how sure a line is, and of a year only where all are as sure', async () => {
    const lines = [ramp(1, '2026-01-01', { '2026-11': '1', '2026-12': '1' }, 'materialAuth')];
    expect(pick((await schedule(lines)).rows, 'firmness')).toEqual([['materialAuth'], ['materialAuth']]);
    const mixed = [
      of('RampScheduled', {
        rampVersion: 1,
        lines: [
          { period: '2026-11', qty: wafers('1') },
          { period: '2026-12', qty: wafers('1'), firmness: 'forecast' },
        ],
      }),
    ];
    expect(pick((await schedule(mixed, { granularity: 'year' })).rows, 'firmness')).toEqual([[null]]);
  });

  it('finds periods by their length', async () => {
    const lines = [ramp(1, '2026-01-01', { '2026-11': '1', '2026-12': '2', '2027-Q1': '3' })];
    expect(pick((await schedule(lines, { periodFrom: '2026-12', periodTo: '2027-03' })).rows, 'period')).toEqual([
      ['2026-12'],
      ['2027-33'],
    ]);
  });
});

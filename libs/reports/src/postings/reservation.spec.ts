import { add, subtract } from '@deal-ledger/domain';
import fc from 'fast-check';
import { given, type Line } from '../testing';
import { reservationPostings } from './reservation';

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

const wafers = (value: string) => ({ unit: 'WFR', value });
const requested: Line = {
  type: 'CapacityRequested',
  data: {
    reservationId: 'hbm',
    buyerId: 'openai',
    supplierIds: ['samsung'],
    itemId: 'hbm',
    rate: { ceiling: wafers('900000') },
    per: 'P1M',
    poolIds: [],
    priorityAsked: true,
  },
};
const ramp = (rampVersion: number, effective: string, lines: Readonly<Record<string, string>>): Line => ({
  type: 'RampScheduled',
  effective,
  data: { rampVersion, lines: Object.entries(lines).map(([period, value]) => ({ period, qty: wafers(value) })) },
});
const slip = (effective: string, fromPeriod: string, toPeriod: string, value: string): Line => ({
  type: 'DeliverySlipped',
  effective,
  data: { slipId: `${effective}-${fromPeriod}`, fromPeriod, toPeriod, qty: wafers(value), reason: 'yield' },
});
const delivered: Line = {
  type: 'QuantityDelivered',
  effective: '2027-01-29',
  data: { deliveryId: 'd1', period: '2027-01', qty: wafers('45') },
};
const post = (...lines: readonly Line[]) => given(reservationPostings, 'reservation/hbm', requested, ...lines);

describe('a reservation', () => {
  const reserved = (effective: string, binding: boolean): Line => ({
    type: 'CapacityReserved',
    effective,
    data: { binding, ...(binding ? { takeOrPay: { minShare: '0.80' } } : {}) },
  });

  it('holds the terms of its day, whatever was recorded first', () => {
    const { sums } = post(reserved('2026-11-01', true), reserved('2026-10-01', false));
    const terms = (day: string) => Object.keys(sums(day, 'reservation'));
    expect([terms('2026-09-30'), terms('2026-10-31'), terms('2026-11-01')]).toEqual([
      [],
      ['reservation hbm {"binding":false,"minShare":null,"validUntil":null}'],
      ['reservation hbm {"binding":true,"minShare":"0.80","validUntil":null}'],
    ]);
  });

  it('is closed from a day on', () => {
    const closed: Line = { type: 'ReservationClosed', effective: '2027-03-01', data: { outcome: 'expired' } };
    const { sums } = post(closed);
    expect([sums('2027-02-28', 'reservation'), sums('2027-03-01', 'reservation')]).toEqual([
      {},
      { 'reservation.closed hbm {"outcome":"expired"}': '1' },
    ]);
  });

  it('has the priority that was granted last', () => {
    const granted = (effective: string, tier: string): Line => ({
      type: 'AllocationPriorityGranted',
      effective,
      data: { tier },
    });
    const { sums } = post(granted('2026-02-01', 'first'), granted('2026-01-01', 'standard'));
    expect(sums('2026-03-01', 'priority')).toEqual({ 'priority hbm {"rank":null,"tier":"first"}': '1' });
  });
});

describe('what becomes of a plan', () => {
  it('keeps the first ramp beside the plan with its slips', () => {
    const { sums } = post(
      ramp(1, '2026-11-01', { '2027-01': '50', '2027-02': '100' }),
      slip('2027-02-05', '2027-02', '2027-03', '20'),
    );
    expect(sums('2027-02-05', 'plan')).toEqual({
      'plan hbm {"firmness":"firm"} 2027-01 WFR': '50',
      'plan hbm {"firmness":"firm"} 2027-02 WFR': '80',
      'plan hbm {"firmness":"firm"} 2027-03 WFR': '20',
    });
    expect(sums('2027-02-05', 'ramp.plan')).toEqual({
      'ramp.plan hbm {"firmness":"firm","rampVersion":1} 2027-01 WFR': '50',
      'ramp.plan hbm {"firmness":"firm","rampVersion":1} 2027-02 WFR': '100',
    });
    expect(sums('2027-02-05', 'slip')).toEqual({ 'slip.in hbm 2027-03 WFR': '20', 'slip.out hbm 2027-02 WFR': '20' });
    expect(sums('2027-02-04', 'plan')['plan hbm {"firmness":"firm"} 2027-02 WFR']).toBe('100');
  });

  it('counts deliveries and what was taken of them by the period of the delivery', () => {
    const taken: Line = {
      type: 'DeliveryAccepted',
      effective: '2027-02-03',
      data: { deliveryId: 'd1', acceptedQty: wafers('44'), rejectedQty: wafers('1') },
    };
    const short: Line = {
      type: 'ShortfallDeclared',
      effective: '2027-02-01',
      data: { shortfallId: 's', period: '2027-01', qty: wafers('5'), byParty: 'supplier', remedy: 'makeUp' },
    };
    const { sums } = post(delivered, short, taken);
    expect({ ...sums('2027-02-02', 'd'), ...sums('2027-02-02', 'shortfall'), ...sums('2027-02-02', 'a') }).toEqual({
      'delivered hbm 2027-01 WFR': '45',
      'shortfall hbm {"byParty":"supplier","remedy":"makeUp"} 2027-01 WFR': '5',
    });
    expect({ ...sums('2027-02-03', 'accepted'), ...sums('2027-02-03', 'rejected') }).toEqual({
      'accepted hbm 2027-01 WFR': '44',
      'rejected hbm 2027-01 WFR': '1',
    });
  });

  const PERIODS = ['2027-01', '2027-02', '2027-03', '2027-04'] as const;
  const day = fc.integer({ min: 1, max: 9 }).map((number) => `2026-03-0${number}`);
  const lines = fc.dictionary(fc.constantFrom(...PERIODS), fc.constantFrom('10', '20', '30'), { minKeys: 1 });
  const step = fc.oneof(
    fc.record({ day, lines }),
    fc.record({ day, from: fc.integer({ min: 0, max: 2 }), by: fc.integer({ min: 1, max: 2 }) }),
  );

  it(`has on every day exactly the last ramp begun, with what slipped in it by then (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), day, (steps, on) => {
        let version = 0;
        const posted = steps.map((each) =>
          'lines' in each
            ? ramp(++version, each.day, each.lines)
            : slip(each.day, PERIODS[each.from] ?? '', PERIODS[Math.min(3, each.from + each.by)] ?? '', '5'),
        );
        const begun = steps.findLastIndex((each) => 'lines' in each && each.day <= on);
        const expected = new Map<string, string>();
        if (begun >= 0) {
          const [first, ...later] = steps.slice(begun);
          for (const [period, qty] of Object.entries(first && 'lines' in first ? first.lines : {}))
            expected.set(period, qty);
          for (const each of later) {
            if ('lines' in each) break;
            if (each.day > on) continue;
            const [from, to] = [PERIODS[each.from] ?? '', PERIODS[Math.min(3, each.from + each.by)] ?? ''];
            expected.set(from, subtract(expected.get(from) ?? '0', '5'));
            expected.set(to, add(expected.get(to) ?? '0', '5'));
          }
        }
        expect(post(...posted).sums(on, 'plan')).toEqual(
          Object.fromEntries(
            [...expected]
              .filter(([, qty]) => qty !== '0')
              .map(([period, qty]) => [`plan hbm {"firmness":"firm"} ${period} WFR`, qty])
              .sort(),
          ),
        );
      }),
      { seed },
    );
  });
});

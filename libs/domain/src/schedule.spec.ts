import { judgeSchedule, ScheduleSchema, type Schedule, type Side } from './schedule';
import type { Claim, Measured } from './claim';

const usd = (amount: string) => ({ currency: 'USD', amount });
const wafers = (value: string) => ({ unit: 'WFR', value });

/** `CODE path` of what the body of a schedule is refused for. */
function refused(schedule: unknown): string[] {
  const result = ScheduleSchema.safeParse(schedule);
  return result.success
    ? []
    : result.error.issues.map(
        (issue) => `${issue.code === 'custom' ? issue.params?.['code'] : issue.code} ${issue.path.join('/')}`,
      );
}

/** Where the schedule does not add up to the claim. */
function mismatches(schedule: Schedule, claim: Claim<Measured>, side: Side = 'money'): string[] {
  const paths: string[] = [];
  judgeSchedule(schedule, claim, side, (code, _, path = []) => paths.push(`${code} ${path.join('/')}`));
  return paths;
}

const lines = (...amounts: string[]): Schedule => ({
  method: 'explicit',
  lines: amounts.map((amount, index) => ({ period: `${2026 + index}`, money: { firm: usd(amount) } })),
});
const ramp = (r0: string, r1: string): Schedule => ({ method: 'ramp', from: '2027-01', to: '2027-06', r0, r1 });

describe('a schedule', () => {
  it.each<[string, (year: number) => unknown]>([
    ['even months', (year) => ({ method: 'evenMonths', from: '2026-01', to: `${year}-01` })],
    ['days', (year) => ({ method: 'proRataDays', from: '2026-01-01', to: `${year}-01-01` })],
    ['a ramp', (year) => ({ method: 'ramp', from: '2026-01', to: `${year}-01`, r0: '1', r1: '1' })],
  ])('by %s goes over 50 years at the most, 600 months', (_, until) => {
    expect(refused(until(2076))).toEqual([]);
    expect(refused(until(2077))).toEqual(['PERIOD_INVALID to']);
  });

  it('has 600 lines at the most', () => {
    const line = { period: '2026', money: { firm: usd('1') } };
    const of = (count: number) => ({ method: 'explicit', lines: new Array<object>(count).fill(line) });
    expect(refused(of(600))).toEqual([]);
    expect(refused(of(601))).toEqual(['too_big lines']);
  });

  it.each<[string, unknown]>([
    ['even months', { method: 'evenMonths', from: '2026-07', to: '2033-06', due: 'monthEnd' }],
    ['days', { method: 'proRataDays', from: '2026-01-15', to: '2026-03-10' }],
    ['a ramp', ramp('50000', '300000')],
    ['a lump', { method: 'lump', period: '2026-41' }],
    ['lines', lines('1', '2')],
    ['nothing known', { method: 'unscheduled' }],
  ])('may be %s', (_, schedule) => expect(refused(schedule)).toEqual([]));

  it.each<[string, unknown, string]>([
    ['of months that run backwards', { method: 'evenMonths', from: '2026-07', to: '2026-06' }, 'PERIOD_INVALID to'],
    ['of months that are years', { method: 'evenMonths', from: '2026', to: '2027' }, 'PERIOD_INVALID from'],
    [
      'of days that run backwards',
      { method: 'proRataDays', from: '2026-03-10', to: '2026-01-15' },
      'PERIOD_INVALID to',
    ],
    ['with a lump on a day', { method: 'lump', period: '2026-07-01' }, 'PERIOD_INVALID period'],
    ['without lines', { method: 'explicit', lines: [] }, 'too_small lines'],
    ['with a negative ramp', ramp('-1', '1'), 'AMOUNT_NEGATIVE r0'],
    ['by a method nobody knows', { method: 'guess' }, 'invalid_union method'],
  ])('is refused %s', (_, schedule, expected) => expect(refused(schedule)).toContain(expected));
});

describe('explicit lines', () => {
  it('add up to the leg, to the cent', () => {
    expect(mismatches(lines('0.01', '99.99'), { firm: usd('100') })).toEqual([]);
    expect(mismatches(lines('0.01', '99.98'), { firm: usd('100') })).toEqual(['SCHEDULE_SUM_MISMATCH schedule/lines']);
  });

  it('state no value that the leg does not', () =>
    expect(mismatches(lines('100'), { ceiling: usd('100') })).toEqual(['SCHEDULE_SUM_MISMATCH schedule/lines']));

  it('may leave a value of the leg to be spread by their weights', () =>
    expect(mismatches(lines('40', '60'), { firm: usd('100'), ceiling: usd('300') })).toEqual([]));

  it('are in the currency of the leg', () =>
    expect(mismatches(lines('100'), { firm: { currency: 'KRW', amount: '100' } })).toEqual([
      'SCHEDULE_SUM_MISMATCH schedule/lines/0/money',
    ]));

  it('are not undisclosed', () => {
    const schedule: Schedule = { method: 'explicit', lines: [{ period: '2026', money: { undisclosed: true } }] };
    expect(mismatches(schedule, { firm: usd('1') })).toEqual(['SCHEDULE_SUM_MISMATCH schedule/lines/0/money']);
  });

  it('say nothing about an undisclosed leg', () =>
    expect(mismatches(lines('1'), { undisclosed: true })).toEqual(['SCHEDULE_SUM_MISMATCH schedule/lines/0/money']));
});

describe('a ramp', () => {
  it('totals n(r0 + r1)/2, one of the values of the leg', () => {
    expect(mismatches(ramp('50000', '300000'), { ceiling: wafers('1050000') }, 'quantity')).toEqual([]);
    expect(mismatches(ramp('50000', '300000'), { firm: wafers('1'), expected: wafers('1050000') }, 'quantity')).toEqual(
      [],
    );
  });

  it('is refused when it totals anything else', () =>
    expect(mismatches(ramp('50000', '300000'), { ceiling: wafers('1050001') }, 'quantity')).toEqual([
      'SCHEDULE_SUM_MISMATCH schedule',
    ]));

  it('may total half a unit', () => expect(mismatches(ramp('0.25', '0'), { firm: usd('0.75') })).toEqual([]));
});

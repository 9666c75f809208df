import { daysBetween, effectiveOf, firstDay, isDay, isPeriod, lastDay, monthsBetween, normalEdtf } from './calendar';

describe('a date as stated', () => {
  it.each([
    ['2025-10-05', '2025-10-05', '2025-10-05'],
    ['2025-10', '2025-10-01', '2025-10-31'],
    ['2024-02', '2024-02-01', '2024-02-29'],
    ['2100-02', '2100-02-01', '2100-02-28'],
    ['2026', '2026-01-01', '2026-12-31'],
    ['2025-10-0X', '2025-10-01', '2025-10-09'],
    ['2025-XX', '2025-01-01', '2025-12-31'],
    ['2025-02-2X', '2025-02-20', '2025-02-28'],
    ['2025-1X', '2025-10-01', '2025-12-31'],
    ['202X', '2020-01-01', '2029-12-31'],
    ['2026-40', '2026-01-01', '2026-06-30'],
    ['2026-41', '2026-07-01', '2026-12-31'],
    ['2026-36', '2026-10-01', '2026-12-31'],
    ['2025-10~', '2025-10-01', '2025-10-31'],
    ['2025-10-05?', '2025-10-05', '2025-10-05'],
    ['2025-09-21/2025-10-04', '2025-09-21', '2025-10-04'],
    ['2024-01/2024-03', '2024-01-01', '2024-03-31'],
    ['2025-10-0X/2025-11', '2025-10-01', '2025-11-30'],
    ['1900-01-01', '1900-01-01', '1900-01-01'],
    ['2200-12-31', '2200-12-31', '2200-12-31'],
  ])('%s means %s to %s', (edtf, from, to) => {
    expect(effectiveOf(edtf)).toEqual({ edtf, from, to });
    // a second time, from memory
    expect(effectiveOf(edtf)).toEqual({ edtf, from, to });
  });

  it.each([
    ['no date', 'yesterday'],
    ['a day that does not exist', '2025-02-29'],
    ['a month that does not exist', '2025-13'],
    ['a day that does not exist, however uncertain', '2025-02-29~'],
    ['a day that does not exist, at the end of an interval', '2025-02/2025-02-30'],
    ['the 31st of a month that may not have one', '2025-0X-31'],
    ['the 29th of a February that may not have one', '20XX-02-29'],
    ['a third of a year', '2025-37'],
    ['an open end', '2025-10/..'],
    ['an unknown end', '2025-10/'],
    ['an open beginning', '../2025-10'],
    ['an interval that runs backwards', '2025-12/2025-01'],
    ['a season, which has no days of its own', '2025-21'],
    ['a time of day', '2025-10-05T10:00:00Z'],
    ['a set', '[2025,2026]'],
    ['a year before 1900', '1899-12-31'],
    ['a year after 2200', '2201'],
    ['a year of five digits', 'Y20250'],
    ['nothing', ''],
    ['more text than a date has', '2025-10/'.repeat(20)],
    ['a day without dashes', '20251005'],
    ['a run of digits', '1759622400000'],
    ['a year of five digits', '02025'],
    ['a qualifier that hides a wrong day', '2025-~02-29'],
    ['a day of unknown tens', '2025-02-X0'],
  ])('refuses %s', (_, edtf) => expect(effectiveOf(edtf)).toBeUndefined());

  it('writes a quarter as EDTF does', () => {
    expect(normalEdtf('2026-Q4')).toBe('2026-36');
    expect(effectiveOf('2026-Q4')).toEqual({ edtf: '2026-36', from: '2026-10-01', to: '2026-12-31' });
  });
});

describe('a day', () => {
  it.each(['2024-02-29', '2025-12-31'])('may be %s', (day) => expect(isDay(day)).toBe(true));
  it.each(['2025-02-29', '2025-04-31', '2025-00-01', '2025-01-00', '2025-1-001', '20x5-01-01', '2025-10'])(
    'is not %s',
    (day) => expect(isDay(day)).toBe(false),
  );
});

describe('a period', () => {
  it.each(['2026', '2026-41', '2026-Q4', '2026-36', '2026-10'])('may be %s', (period) =>
    expect(isPeriod(period)).toBe(true),
  );
  it.each(['2026-10-05', '2026-42', '2026-00', '2026-Q5', '202X', '1899', '2026/2027'])('is not %s', (period) =>
    expect(isPeriod(period)).toBe(false),
  );

  it('has a first and a last day', () =>
    expect([firstDay('2026-41'), lastDay('2026-02')]).toEqual(['2026-07-01', '2026-02-28']));

  it('is no invention', () => expect(() => firstDay('soon')).toThrow(RangeError));

  it('has months', () => {
    expect(monthsBetween('2026-11', '2027-02')).toEqual(['2026-11', '2026-12', '2027-01', '2027-02']);
    expect(monthsBetween('2026', '2026')).toHaveLength(12);
    expect(monthsBetween('2026-02', '2026-01')).toEqual([]);
  });

  it('has days, both ends counted', () => expect(daysBetween('2026-01-15', '2026-03-10')).toBe(55));
});

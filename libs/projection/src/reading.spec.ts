import {
  capacityBalance,
  deliverySchedule,
  forecastVersions,
  spendOutlook,
  type ReportDefinition,
} from '@deal-ledger/reports';
import { validQuery } from '@deal-ledger/service';
import { querySchema } from './reading';

describe('the filter of a period', () => {
  const read = (report: ReportDefinition, period: string): unknown =>
    validQuery(querySchema(report), { period })['period'];

  it.each<[ReportDefinition, string, string]>([
    [spendOutlook, '2026', '2026'],
    [spendOutlook, '2026-41', '2026-41'],
    [spendOutlook, '2026-Q4', '2026-36'],
    [spendOutlook, 'unscheduled', 'unscheduled'],
    [forecastVersions, 'unscheduled', 'unscheduled'],
    [deliverySchedule, '2026-11', '2026-11'],
    [capacityBalance, '2026-11', '2026-11'],
    [capacityBalance, '2026-07-01/2026-12-31', '2026-07-01/2026-12-31'],
  ])('of $name takes %s', (report, given, asked) => expect(read(report, given)).toBe(asked));

  it.each<[ReportDefinition, string]>([
    [spendOutlook, 'abc'],
    [spendOutlook, '2026-13'],
    [spendOutlook, '2026-11-05'],
    [spendOutlook, 'Unscheduled'],
    [forecastVersions, 'Q4'],
    [deliverySchedule, 'unscheduled'],
    [capacityBalance, 'abc'],
  ])('of $name refuses %s, which its column never holds', (report, given) => {
    const refused = expect.objectContaining({
      status: 400,
      code: 'VALIDATION_FAILED',
      errors: [expect.objectContaining({ parameter: 'period', message: expect.stringContaining('write') as string })],
    }) as Error;
    expect(() => read(report, given)).toThrow(refused);
  });
});

import { spendForecast, spendOutlook } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { forecast, line, pick, RENTAL, reported, withdrawn } from './testing-reports';

describeWithPostgres('which forecast the spend outlook shows', (url) => {
  const shown = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    pick(
      (await reported(url, spendForecast, spendOutlook, lines, query)).rows,
      'forecastVersion',
      'forecastBasis',
      'forecastBase',
      'flags',
    );
  const first = forecast(1, 'internalPlan', [line('2027', 'base', '1')]);
  const second = forecast(2, 'assumed', [line('2027', 'base', '2')]);

  it('is the highest version that is not withdrawn on that day', async () => {
    const lines = [first, second, withdrawn(2, '2026-06-30')];
    expect(await shown(lines, { effectiveOn: '2026-06-29' })).toEqual([[2, 'assumed', '2.00', []]]);
    expect(await shown(lines, { effectiveOn: '2026-06-30' })).toEqual([[1, 'internalPlan', '1.00', []]]);
    expect(await shown([...lines, withdrawn(1, '2026-07-31')])).toEqual([]);
  });

  it('is the version that is asked for, said to be withdrawn if it is', async () => {
    const lines = [first, second, withdrawn(1, '2026-06-30')];
    expect(await shown(lines, { forecastVersion: '1' })).toEqual([[1, 'internalPlan', '1.00', ['FORECAST_WITHDRAWN']]]);
    expect(await shown(lines, { forecastVersion: '2' })).toEqual([[2, 'assumed', '2.00', []]]);
    expect(await shown(lines, { forecastVersion: '3' })).toEqual([]);
  });

  const other = (id: string, effective: string, amount: string, extra: object = {}): PostedLine => ({
    ...forecast(1, 'internalPlan', [line('2027', 'base', amount)], { forecastId: id, ...extra }),
    stream: `forecast/${id}`,
    effective,
  });

  it('is, of several forecasts of one measure, the one published last, whichever was recorded last, and says so', async () => {
    expect(await shown([other('a', '2026-02-01', '1'), other('b', '2026-01-01', '2')])).toEqual([
      [1, 'internalPlan', '1.00', ['SEVERAL_FORECASTS']],
    ]);
    expect(await shown([other('b', '2026-01-01', '2'), other('a', '2026-01-01', '1')])).toEqual([
      [1, 'internalPlan', '2.00', ['SEVERAL_FORECASTS']],
    ]);
  });

  it('is one of several only beside another of the same entity and measure that may be counted', async () => {
    const mine = other('a', '2026-02-01', '1');
    expect(
      await shown([
        mine,
        other('b', '2026-01-01', '2', { measure: 'memory' }),
        other('c', '2026-01-01', '3', { entityId: 'nvidia' }),
      ]),
    ).toEqual([
      [1, 'internalPlan', '3.00', []],
      [1, 'internalPlan', '1.00', []],
      [1, 'internalPlan', '2.00', []],
    ]);
    const gone: PostedLine = { ...withdrawn(1, '2026-06-30'), stream: 'forecast/b' };
    const lines = [mine, other('b', '2026-01-01', '2'), gone];
    expect(await shown(lines, { effectiveOn: '2026-06-29' })).toMatchObject([
      [1, 'internalPlan', '1.00', ['SEVERAL_FORECASTS']],
    ]);
    expect(await shown(lines, { effectiveOn: '2026-06-30' })).toEqual([[1, 'internalPlan', '1.00', []]]);
  });

  it('is said to be one of several also where it foresees nothing', async () => {
    const longer = other('b', '2026-01-01', '2', { lines: [line('2027', 'base', '2'), line('2029', 'base', '2')] });
    const lines = [other('a', '2026-02-01', '1'), longer, ...RENTAL];
    const { rows } = await reported(url, spendForecast, spendOutlook, lines, { periodFrom: '2029', periodTo: '2029' });
    expect(pick(rows, 'forecastStatus', 'forecastBase', 'flags')).toEqual([['notStated', null, ['SEVERAL_FORECASTS']]]);
  });
});

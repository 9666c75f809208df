import { forecastVersions, spendForecast } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { ASSUMED, STATED, forecast, line, pick, reported } from './testing-reports';

describeWithPostgres('forecast versions', (url) => {
  it('compares each line with the version before', async () => {
    const { rows } = await reported(url, spendForecast, forecastVersions, [STATED, ASSUMED], { period: '2025' });
    expect(pick(rows, 'version', 'amount', 'previousAmount', 'deltaFromPrevious', 'method')).toEqual([
      [1, '16000000000.00', null, null, 'a method'],
      [2, '16000000000.00', '16000000000.00', '0.00', 'a method'],
    ]);
  });

  it('puts low before base before high', async () => {
    const { rows } = await reported(url, spendForecast, forecastVersions, [
      forecast(1, 'internalPlan', [line('2026', 'high', '3'), line('2026', 'base', '2'), line('2026', 'low', '1')]),
    ]);
    expect(pick(rows, 'scenario', 'amount')).toEqual([
      ['low', '1.00'],
      ['base', '2.00'],
      ['high', '3.00'],
    ]);
  });

  it('shows no amount in another currency', async () => {
    const { rows } = await reported(url, spendForecast, forecastVersions, [STATED], {
      reportingCurrency: 'KRW',
      period: '2025',
    });
    expect(pick(rows, 'currency', 'amount')).toEqual([['KRW', null]]);
  });
});

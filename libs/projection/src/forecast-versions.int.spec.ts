import { forecastVersions, spendForecast } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { rate } from './testing-money';
import { ASSUMED, STATED, forecast, line, pick, reported, withdrawn } from './testing-reports';

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

  it('keeps a version that was withdrawn, and says so from that day on', async () => {
    const lines = [STATED, ASSUMED, withdrawn(2, '2026-06-30')];
    const on = async (effectiveOn: string) =>
      pick(
        (await reported(url, spendForecast, forecastVersions, lines, { effectiveOn, period: '2025' })).rows,
        'version',
        'withdrawn',
      );
    expect(await on('2026-06-29')).toEqual([
      [1, false],
      [2, false],
    ]);
    expect(await on('2026-06-30')).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  it('converts amounts at the closing rate, and shows none without it', async () => {
    const inWon = async (...rates: PostedLine[]) =>
      pick(
        (
          await reported(url, spendForecast, forecastVersions, [STATED, ...rates], {
            reportingCurrency: 'KRW',
            period: '2025',
          })
        ).rows,
        'currency',
        'amount',
        'flags',
      );
    expect(await inWon()).toEqual([['KRW', null, ['FX_RATE_MISSING']]]);
    const whole = { reportingCurrency: 'KRW', period: '2025', onMissingFx: 'fail' };
    await expect(reported(url, spendForecast, forecastVersions, [STATED], whole)).rejects.toMatchObject({
      members: { cells: [{ columns: ['amount'] }] },
    });
    expect(await inWon(rate('closing', '2026-06-30', '1400'))).toEqual([['KRW', '22400000000000', []]]);
  });
});

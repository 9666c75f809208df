import { spendForecast, spendOutlook } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { payment, rate, won } from './testing-money';
import { deal, forecast, leg, line, pick, policy, reported, signed } from './testing-reports';

const IN_WON = [
  policy,
  deal(),
  leg({
    money: { firm: won('100000') },
    schedule: { method: 'lump', period: '2028' },
  }),
  signed('2025-01-31', 'yes'),
];

describeWithPostgres('the spend outlook in another currency', (url) => {
  const outlook = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, spendForecast, spendOutlook, lines, query)).rows;
  const dollars = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    pick(
      await outlook([...IN_WON, ...lines], {
        reportingCurrency: 'USD',
        period: '2026',
        ...query,
      }),
      'paid',
      'flags',
    );
  const paid = (paymentId: string, day: string, amount = '5') => payment(paymentId, day, 'prepayment', won(amount));

  it('converts what has the same rate once, and each rate by itself, half to even', async () => {
    const both = [paid('p1', '2026-03-02'), paid('p2', '2026-03-03')];
    expect(await dollars([rate('spot', '2026-03-02', '1000'), ...both])).toEqual([['0.01', []]]);
    expect(await dollars([rate('spot', '2026-03-02', '1000'), rate('spot', '2026-03-03', '1000'), ...both])).toEqual([
      ['0.00', []],
    ]);
  });

  it('takes a spot rate of at most seven days before', async () => {
    const on = (day: string) => dollars([rate('spot', '2026-03-02', '1000'), paid('p1', day, '1000')]);
    expect(await on('2026-03-09')).toEqual([['1.00', []]]);
    expect(await on('2026-03-10')).toEqual([[null, ['FX_RATE_STALE']]]);
    expect(await on('2026-03-01')).toEqual([[null, ['FX_RATE_MISSING']]]);
  });

  it('shows nothing of a cell of which one part cannot be converted', async () => {
    const lines = [rate('spot', '2026-03-02', '1000'), paid('p1', '2026-03-02', '1000'), paid('p2', '2026-06-30')];
    expect(await dollars(lines)).toEqual([[null, ['FX_RATE_STALE']]]);
    const { meta } = await reported(url, spendForecast, spendOutlook, [...IN_WON, ...lines], {
      reportingCurrency: 'USD',
      period: '2026',
    });
    expect(meta.totals).toMatchObject({
      byCurrency: [{ currency: 'USD', paid: null, incurred: '0.00' }],
    });
  });

  it('takes the later of the direct and the inverse rate, of one day the direct one', async () => {
    const direct = (day: string) => rate('spot', day, '0.002', 'KRW', 'USD');
    const inverse = (day: string) => rate('spot', day, '1000');
    const fact = paid('p1', '2026-03-05', '1000');
    expect(await dollars([direct('2026-03-02'), inverse('2026-03-03'), fact])).toEqual([['1.00', []]]);
    expect(await dollars([direct('2026-03-03'), inverse('2026-03-02'), fact])).toEqual([['2.00', []]]);
    expect(await dollars([direct('2026-03-03'), inverse('2026-03-03'), fact])).toEqual([['2.00', []]]);
  });

  it('goes by way of no third currency', async () => {
    const lines = [
      rate('spot', '2026-03-02', '150', 'JPY', 'KRW'),
      rate('spot', '2026-03-02', '150', 'USD', 'JPY'),
      paid('p1', '2026-03-02', '1000'),
    ];
    expect(await dollars(lines)).toEqual([[null, ['FX_RATE_MISSING']]]);
  });

  it('takes a spot rate for facts and a closing rate of any age for what is to come, never one for the other', async () => {
    const committed = async (lines: PostedLine[], effectiveOn = '2026-12-31') =>
      pick(
        await outlook([...IN_WON, ...lines], {
          reportingCurrency: 'USD',
          period: '2028',
          effectiveOn,
        }),
        'committedFirm',
        'flags',
      );
    const closing = rate('closing', '2026-03-02', '1000');
    expect(await committed([closing])).toEqual([['100.00', []]]);
    expect(await committed([closing], '2026-03-01')).toEqual([[null, ['FX_RATE_MISSING']]]);
    expect(await committed([rate('spot', '2026-12-31', '1000')])).toEqual([[null, ['FX_RATE_MISSING']]]);
    expect(await dollars([closing, paid('p1', '2026-03-02', '1000')])).toEqual([[null, ['FX_RATE_MISSING']]]);
  });

  it('adds weights unrounded before it converts them', async () => {
    const half = {
      money: { ceiling: won('5') },
      schedule: { method: 'lump', period: '2027' },
    };
    const lines = [policy, deal(), leg({ ...half, legId: 'a' }), leg({ ...half, legId: 'b' })];
    // Ten percent of ten won.
    expect(
      pick(
        await outlook([...lines, rate('closing', '2026-03-02', '100')], {
          reportingCurrency: 'USD',
        }),
        'weighted',
      ),
    ).toEqual([['0.01']]);
  });

  it('converts a forecast, and compares it with what is committed as shown', async () => {
    const lines = [...IN_WON, forecast(1, 'internalPlan', [line('2028', 'base', '400')])];
    expect(
      pick(
        await outlook([...lines, rate('closing', '2026-03-02', '1000')], {
          reportingCurrency: 'USD',
        }),
        'period',
        'committedFirm',
        'forecastBase',
        'coverageRatio',
        'gapToBase',
      ),
    ).toEqual([['2028', '100.00', '400.00', '0.2500', '300.00']]);
    expect(
      pick(
        await outlook([...lines, rate('closing', '2026-03-02', '1000')], {
          reportingCurrency: 'KRW',
        }),
        'committedFirm',
        'forecastBase',
        'gapToBase',
      ),
    ).toEqual([['100000', '400000', '300000']]);
  });
});

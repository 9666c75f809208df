import { spendForecast, spendOutlook } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import {
  ASSUMED,
  RENTAL,
  STATED,
  deal,
  forecast,
  leg,
  line,
  pick,
  policy,
  reported,
  signed,
  usd,
} from './testing-reports';

describeWithPostgres('spend outlook', (url) => {
  const outlook = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, spendForecast, spendOutlook, lines, query)).rows;

  it('sets what is committed beside what is assumed, year by year', async () => {
    const { rows, meta } = await reported(url, spendForecast, spendOutlook, [...RENTAL, STATED, ASSUMED]);
    expect(
      pick(
        rows,
        'period',
        'committedFirm',
        'committedCeiling',
        'weighted',
        'forecastBase',
        'coverageRatio',
        'gapToBase',
        'forecastStatus',
      ),
    ).toEqual([
      ['2025', '0.00', '0.00', '0.00', '16000000000.00', '0.0000', '16000000000.00', 'assumed'],
      [
        '2026',
        '6000000000.00',
        '15000000000.00',
        '14550000000.00',
        '35777087640.00',
        '0.1677',
        '29777087640.00',
        'assumed',
      ],
      [
        '2027',
        '12000000000.00',
        '30000000000.00',
        '29100000000.00',
        '80000000000.00',
        '0.1500',
        '68000000000.00',
        'assumed',
      ],
      [
        '2028',
        '12000000000.00',
        '30000000000.00',
        '29100000000.00',
        '178885438199.98',
        '0.0671',
        '166885438199.98',
        'assumed',
      ],
      [
        '2029',
        '12000000000.00',
        '30000000000.00',
        '29100000000.00',
        '400000000000.00',
        '0.0300',
        '388000000000.00',
        'assumed',
      ],
      ...['2030', '2031', '2032'].map((year) => [
        year,
        '12000000000.00',
        '30000000000.00',
        '29100000000.00',
        null,
        null,
        null,
        'notStated',
      ]),
      ['2033', '6000000000.00', '15000000000.00', '14550000000.00', null, null, null, 'notStated'],
    ]);
    expect(meta.policyEventId).toBe('policy-1');
    expect(meta.totals).toMatchObject({
      byCurrency: [
        {
          currency: 'USD',
          committedFirm: '84000000000.00',
          committedCeiling: '210000000000.00',
          weighted: '203700000000.00',
          forecastBase: '710662525839.98',
        },
      ],
    });
  });

  it('goes back to what was stated when it is asked for that', async () => {
    const rows = await outlook([...RENTAL, STATED, ASSUMED], { forecast: 'latestStated' });
    expect(pick(rows, 'period', 'forecastVersion', 'forecastBase', 'forecastHigh').slice(0, 5)).toEqual([
      ['2025', 1, '16000000000.00', '16000000000.00'],
      ['2026', null, null, null],
      ['2027', null, null, null],
      ['2028', null, null, null],
      ['2029', 1, null, '400000000000.00'],
    ]);
  });

  it('puts an amount in the rung that its deal stands on that day', async () => {
    const lines = [
      policy,
      deal(),
      leg({ money: { ceiling: usd('100') }, schedule: { method: 'lump', period: '2027' } }),
      signed('2026-02-01', 'no'),
      signed('2026-03-31', 'yes'),
    ];
    const rung = async (effectiveOn: string) =>
      pick(
        await outlook(lines, { effectiveOn }),
        'pipelineCeiling',
        'indicatedCeiling',
        'committedCeiling',
        'weighted',
      );
    expect(await rung('2026-01-31')).toEqual([['100.00', '0.00', '0.00', '10.00']]);
    expect(await rung('2026-02-01')).toEqual([['0.00', '100.00', '0.00', '50.00']]);
    expect(await rung('2026-03-31')).toEqual([['0.00', '0.00', '100.00', '95.00']]);
  });

  it('weighs what is expected before the most it can be, and nothing without a policy', async () => {
    const lines = [
      deal(),
      leg({
        money: { firm: usd('10'), expected: usd('30'), ceiling: usd('100') },
        schedule: { method: 'lump', period: '2027' },
      }),
      signed('2026-03-31', 'yes'),
    ];
    expect(pick(await outlook([policy, ...lines]), 'weighted')).toEqual([['29.00']]);
    expect(pick(await outlook(lines), 'weighted')).toEqual([[null]]);
    expect(pick(await outlook([policy, ...lines], { effectiveOn: '2025-10-04' }), 'weighted')).toEqual([[null]]);
  });

  it('rounds a weight once, half to even, after it is summed', async () => {
    const half = { money: { ceiling: usd('0.05') }, schedule: { method: 'lump', period: '2027' } };
    const lines = [policy, deal(), leg({ ...half, legId: 'a' }), leg({ ...half, legId: 'b' })];
    expect(pick(await outlook(lines), 'weighted')).toEqual([['0.01']]);
    expect(pick(await outlook(lines.slice(0, 3)), 'weighted')).toEqual([['0.00']]);
  });

  it('shows quarters and months, and leaves a forecast for longer at its own period', async () => {
    const lines = [
      policy,
      deal(),
      leg({ money: { firm: usd('4') }, schedule: { method: 'evenMonths', from: '2026-03', to: '2026-06' } }),
      STATED,
    ];
    expect(pick(await outlook(lines, { granularity: 'quarter' }), 'period', 'pipelineCeiling', 'forecastBase')).toEqual(
      [
        ['2025', '0.00', '16000000000.00'],
        ['2026-33', '1.00', null],
        ['2026-34', '3.00', null],
        ['2029', '0.00', null],
      ],
    );
    expect(pick(await outlook(lines, { granularity: 'month' }), 'period')).toEqual([
      ['2025'],
      ['2026-03'],
      ['2026-04'],
      ['2026-05'],
      ['2026-06'],
      ['2029'],
    ]);
  });

  it('shows the periods of a range, which what has no date is never in', async () => {
    const lines = [
      deal(),
      leg({ money: { firm: usd('4') }, schedule: { method: 'evenMonths', from: '2026-11', to: '2027-02' } }),
      leg({ legId: 'L3', money: { ceiling: usd('1') } }),
      STATED,
    ];
    const periods = async (query: Record<string, string>) => pick(await outlook(lines, query), 'period').flat();
    expect(await periods({})).toEqual(['2025', '2026', '2027', '2029', 'unscheduled']);
    expect(await periods({ periodFrom: '2026' })).toEqual(['2026', '2027', '2029']);
    expect(await periods({ periodFrom: '2026', periodTo: '2027' })).toEqual(['2026', '2027']);
    expect(await periods({ granularity: 'month', periodFrom: '2026-Q4', periodTo: '2027-01' })).toEqual([
      '2026-11',
      '2026-12',
      '2027-01',
    ]);
    expect(await periods({ granularity: 'month', periodFrom: '2029-02' })).toEqual([]);
  });

  it('shows one period, in whichever way a quarter is written, or what has no date', async () => {
    const lines = [
      deal(),
      leg({ money: { firm: usd('4') }, schedule: { method: 'evenMonths', from: '2026-11', to: '2027-02' } }),
      leg({ legId: 'L3', money: { ceiling: usd('1') } }),
    ];
    const periods = async (period: string) =>
      pick(await outlook(lines, { granularity: 'quarter', period }), 'period').flat();
    expect([await periods('unscheduled'), await periods('2026-Q4')]).toEqual([['unscheduled'], ['2026-36']]);
  });

  it('fills quarters and months between the first and the last', async () => {
    const lines = [
      deal(),
      leg({
        money: { firm: usd('1') },
        schedule: {
          method: 'explicit',
          lines: [
            { period: '2026-11', money: { firm: usd('0.5') } },
            { period: '2027-02', money: { firm: usd('0.5') } },
          ],
        },
      }),
    ];
    expect(pick(await outlook(lines, { granularity: 'month', fill: 'true' }), 'period', 'pipelineCeiling')).toEqual([
      ['2026-11', '0.50'],
      ['2026-12', null],
      ['2027-01', null],
      ['2027-02', '0.50'],
    ]);
    expect(pick(await outlook(lines, { granularity: 'quarter', fill: 'true' }), 'period')).toEqual([
      ['2026-36'],
      ['2027-33'],
    ]);
  });

  it('adds monthly forecasts to a year, which is null as soon as one of them is missing', async () => {
    const whole = forecast(1, 'internalPlan', [line('2026-01', 'base', '1'), line('2026-02', 'base', '2')]);
    expect(pick(await outlook([whole]), 'period', 'forecastLow', 'forecastBase', 'forecastHigh')).toEqual([
      ['2026', '3.00', '3.00', '3.00'],
    ]);
    const holed = forecast(1, 'internalPlan', [line('2026-01', 'base', '1'), line('2026-02', 'high', '2')]);
    expect(pick(await outlook([holed]), 'period', 'forecastLow', 'forecastBase', 'forecastHigh')).toEqual([
      ['2026', null, null, '3.00'],
    ]);
  });

  it('tells a forecast of nothing from no forecast', async () => {
    const zero = forecast(1, 'internalPlan', [line('2026', 'base', '0')]);
    expect(pick(await outlook([zero]), 'forecastBase', 'forecastStatus', 'coverageRatio')).toEqual([
      ['0.00', 'stated', null],
    ]);
  });

  it('has a row per party where a joint side says who pays which share, else one for all of them', async () => {
    const joint = { providers: ['samsung', 'skhynix'], receivers: ['openai'], money: { ceiling: usd('0.03') } };
    expect(pick(await outlook([deal(), leg(joint)]), 'entityId', 'pipelineCeiling')).toEqual([
      ['samsung+skhynix', '0.03'],
    ]);
    const shares = [
      { partyId: 'samsung', share: '0.5' },
      { partyId: 'skhynix', share: '0.5' },
    ];
    expect(pick(await outlook([deal(), leg({ ...joint, shares })]), 'entityId', 'pipelineCeiling')).toEqual([
      ['samsung', '0.02'],
      ['skhynix', '0.01'],
    ]);
    expect(
      pick(
        await outlook([deal(), leg({ ...joint, shares, money: { undisclosed: true } })]),
        'entityId',
        'undisclosedLegs',
      ),
    ).toEqual([
      ['samsung', 1],
      ['skhynix', 1],
    ]);
  });

  it('keeps currencies apart, and claims no coverage across them', async () => {
    const won = {
      money: { firm: { currency: 'KRW', amount: '14000000000000' } },
      schedule: { method: 'lump', period: '2025' },
    };
    const lines = [policy, deal(), leg(won), signed('2026-03-31', 'yes'), STATED];
    expect(
      pick(
        await outlook(lines, { period: '2025' }),
        'currency',
        'committedFirm',
        'forecastBase',
        'coverageRatio',
        'flags',
      ),
    ).toEqual([
      ['KRW', '14000000000000', null, null, ['SEVERAL_CURRENCIES']],
      ['USD', '0.00', '16000000000.00', null, ['SEVERAL_CURRENCIES']],
    ]);
  });

  it('converts nothing without a rate, and says so', async () => {
    const won = {
      money: { firm: { currency: 'KRW', amount: '14000000000000' } },
      schedule: { method: 'lump', period: '2025' },
    };
    const { rows, meta } = await reported(
      url,
      spendForecast,
      spendOutlook,
      [policy, deal(), leg(won), signed('2026-03-31', 'yes'), STATED],
      { reportingCurrency: 'USD', period: '2025' },
    );
    expect(pick(rows, 'currency', 'committedFirm', 'weighted', 'forecastBase', 'coverageRatio', 'flags')).toEqual([
      ['USD', null, null, '16000000000.00', null, ['FX_RATE_MISSING']],
    ]);
    expect(meta.totals).toMatchObject({
      byCurrency: [{ currency: 'USD', committedFirm: null, forecastBase: '16000000000.00' }],
    });
    const asked = { reportingCurrency: 'USD', onMissingFx: 'fail' };
    const lines = [policy, deal(), leg(won), signed('2026-03-31', 'yes')];
    const cells = ['committedFirm', 'committedCeiling', 'weighted'];
    await expect(reported(url, spendForecast, spendOutlook, [...lines, STATED], asked)).rejects.toMatchObject({
      members: { cells: [{ columns: [...cells, 'gapToBase'] }] },
    });
    await expect(reported(url, spendForecast, spendOutlook, lines, asked)).rejects.toMatchObject({
      members: { cells: [{ columns: cells }] },
    });
  });
});

import {
  fundingPosition,
  obligationsMaturity,
  spendForecast,
  spendOutlook,
  type ReportDefinition,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { FIRST_YEAR, KNOWN } from './testing-money';
import { projected, type TestProjection } from './testing-projection';
import { pick } from './testing-reports';

describeWithPostgres('the money of a first year', (url) => {
  let projection: TestProjection;

  beforeAll(async () => {
    projection = (await projected(url, spendForecast, FIRST_YEAR)).projection;
  });
  afterAll(() => projection.stop());

  const read = (report: ReportDefinition, asOf: keyof typeof KNOWN, query: Record<string, string> = {}) =>
    projection.read(report, {
      asOf: KNOWN[asOf],
      effectiveOn: '2026-12-31',
      reportingCurrency: 'USD',
      ...query,
    });
  const outlook = async (asOf: keyof typeof KNOWN, query: Record<string, string> = {}) =>
    (await read(spendOutlook, asOf, query)).rows;
  const funding = async (asOf: keyof typeof KNOWN, effectiveOn: string) =>
    (await read(fundingPosition, asOf, { effectiveOn, fundingId: 'f' })).rows;

  it('sets what is committed, incurred and paid beside what is foreseen, year by year', async () => {
    const { rows, meta } = await read(spendOutlook, 'yearEnd', {
      category: 'computeRental',
    });
    const whole = ['12000000000.00', '30000000000.00', '29100000000.00'];
    const half = ['6000000000.00', '15000000000.00', '14550000000.00'];
    const nothing = ['0.00', '0.00'];
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
        'incurred',
        'paid',
      ),
    ).toEqual([
      ['2025', '0.00', '0.00', '0.00', '16000000000.00', '0.0000', '16000000000.00', ...nothing],
      ['2026', ...half, '35777087640.00', '0.1677', '29777087640.00', '6000000000.00', '5000000000.00'],
      ['2027', ...whole, '80000000000.00', '0.1500', '68000000000.00', ...nothing],
      ['2028', ...whole, '178885438199.98', '0.0671', '166885438199.98', ...nothing],
      ['2029', ...whole, '400000000000.00', '0.0300', '388000000000.00', ...nothing],
      ['2030', ...whole, null, null, null, ...nothing],
      ['2031', ...whole, null, null, null, ...nothing],
      ['2032', ...whole, null, null, null, ...nothing],
      ['2033', ...half, null, null, null, ...nothing],
    ]);
    expect(meta.totals).toMatchObject({
      byCurrency: [
        {
          currency: 'USD',
          committedFirm: '84000000000.00',
          committedCeiling: '210000000000.00',
          weighted: '203700000000.00',
          forecastBase: '710662525839.98',
          incurred: '6000000000.00',
          paid: '5000000000.00',
        },
      ],
    });
  });

  it('goes back to the forecast that was stated when it is asked for that', async () => {
    const stated = await outlook('yearEnd', {
      category: 'computeRental',
      forecast: 'latestStated',
    });
    expect(pick(stated, 'period', 'forecastVersion', 'forecastBase', 'forecastHigh').slice(0, 5)).toEqual([
      ['2025', 1, '16000000000.00', '16000000000.00'],
      ['2026', null, null, null],
      ['2027', null, null, null],
      ['2028', null, null, null],
      ['2029', 1, null, '400000000000.00'],
    ]);
  });

  it('converts what was prepaid at the rate of its day, and what is to come once, at the closing rate', async () => {
    expect(
      pick(
        await outlook('yearEnd', { category: 'memory' }),
        'period',
        'committedFirm',
        'committedCeiling',
        'paid',
        'prepaid',
        'flags',
      ),
    ).toEqual([
      ['2026', '0.00', '0.00', '1000000000.00', '1000000000.00', []],
      ['2027', '9655172413.79', '9655172413.79', '0.00', '0.00', []],
    ]);
  });

  it('knew of nothing but what is kept secret when the deals were announced', async () => {
    const rows = await outlook('announced', { effectiveOn: '2025-10-05' });
    expect(pick(rows, 'category', 'period', 'committedFirm', 'weighted', 'forecastHigh', 'undisclosedLegs')).toEqual([
      ['computeRental', '2025', '0.00', '0.00', '16000000000.00', 0],
      ['computeRental', '2029', '0.00', '0.00', '400000000000.00', 0],
      ['computeRental', 'unscheduled', '0.00', null, null, 1],
      ['memory', 'unscheduled', '0.00', null, null, 1],
    ]);
    const { rows: maturity, meta } = await read(obligationsMaturity, 'announced', { effectiveOn: '2025-10-05' });
    expect(
      pick(maturity, 'counterparty', 'total', 'incurredUnpaid', 'excludedPreliminaryLegs', 'excludedUndisclosedLegs'),
    ).toEqual([
      ['nvidia', '0.00', '0.00', 1, 0],
      ['samsung+skhynix', '0.00', '0.00', 1, 0],
    ]);
    expect(meta.totals).toMatchObject({
      excludedPreliminaryLegs: 2,
      excludedUndisclosedLegs: 0,
    });
  });

  it('puts what is firm and still to come in the year it falls due, and balances beside it', async () => {
    const { rows, meta } = await read(obligationsMaturity, 'yearEnd');
    const years = [
      'remainderOfYear',
      'year1',
      'year2',
      'year3',
      'year4',
      'year5',
      'thereafter',
      'unscheduled',
      'total',
      'prepaidUnapplied',
      'incurredUnpaid',
    ];
    const twelve = '12000000000.00';
    expect(pick(rows, 'entityId', 'counterparty', 'obligationType', 'currency', ...years)).toEqual([
      ['openai', 'nvidia', 'purchase', 'USD']
        .concat('0.00', twelve, twelve, twelve, twelve, twelve, '18000000000.00', '0.00')
        .concat('78000000000.00', '0.00', '1000000000.00'),
      ['openai', 'samsung+skhynix', 'purchase', 'USD']
        .concat('0.00', '9655172413.79', '0.00', '0.00', '0.00', '0.00', '0.00', '0.00')
        .concat('9655172413.79', '965517241.38', '0.00'),
    ]);
    expect(meta.totals).toMatchObject({
      byCurrency: [
        {
          currency: 'USD',
          year1: '21655172413.79',
          year2: twelve,
          year5: twelve,
          thereafter: '18000000000.00',
          total: '87655172413.79',
          prepaidUnapplied: '965517241.38',
          incurredUnpaid: '1000000000.00',
        },
      ],
    });
  });

  it('weighs the funding by the stage of its deal, and by the judgement on it for as long as that stage lasts', async () => {
    expect(await funding('announced', '2025-10-05')).toMatchObject([
      {
        probability: '0.30',
        weightedRemaining: '30000000000.00',
        committed: '0.00',
        ladder: 'indicated',
      },
    ]);
    expect(await funding('lettersOfIntent', '2025-10-07')).toMatchObject([
      {
        probability: '0.50',
        weightedRemaining: '50000000000.00',
        locked: '100000000000.00',
      },
      { trancheId: 'T1', locked: '10000000000.00' },
      { trancheId: 'T2', locked: '90000000000.00' },
    ]);
    expect((await funding('judged', '2025-11-20'))[0]).toMatchObject({
      probability: '0.35',
      weightedRemaining: '35000000000.00',
    });
    expect((await funding('judged', '2025-11-19'))[0]).toMatchObject({
      probability: '0.50',
    });
    expect(await funding('yearEnd', '2026-12-31')).toMatchObject([
      {
        committed: '100000000000.00',
        called: '4000000000.00',
        received: '4000000000.00',
        available: '6000000000.00',
        locked: '90000000000.00',
        undrawn: '96000000000.00',
        utilisation: '0.0400',
        probability: '0.95',
        weightedRemaining: '91200000000.00',
      },
      {
        trancheId: 'T1',
        conditionStatus: 'met',
        received: '4000000000.00',
        available: '6000000000.00',
      },
      { trancheId: 'T2', conditionStatus: 'open', locked: '90000000000.00' },
    ]);
  });

  it('counts a payment that was posted twice for as long as nobody knew', async () => {
    const paid = async (asOf: keyof typeof KNOWN): Promise<unknown> =>
      (
        await outlook(asOf, {
          effectiveOn: '2026-10-20',
          category: 'computeRental',
          period: '2026',
        })
      )[0]?.['paid'];
    expect(await paid('duplicate')).toBe('4000000000.00');
    expect(await paid('cancelled')).toBe('3000000000.00');
  });
});

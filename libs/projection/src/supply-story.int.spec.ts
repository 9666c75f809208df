import {
  audit,
  capacityBalance,
  deliverySchedule,
  engagementLog,
  forecastVersions,
  siteBoard,
  spendForecast,
  supplierCommitments,
  type ReportDefinition,
  type Row,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { projected, type TestProjection } from './testing-projection';
import { pick } from './testing-reports';
import { story } from './testing-story';

const ARTICLE = { asOf: '58', effectiveOn: '2025-10-05' };
const SOURCES = { asOf: '80', effectiveOn: '2025-11-20' };
const END = { asOf: '115', effectiveOn: '2027-03-05' };

describeWithPostgres('what becomes of the supply', (url) => {
  let supply: TestProjection;
  let meetings: TestProjection;
  let finance: TestProjection;

  beforeAll(async () => {
    supply = (await projected(url, supplierCommitments, story)).projection;
    meetings = (await projected(url, audit, story)).projection;
    finance = (await projected(url, spendForecast, story)).projection;
  });
  afterAll(async () => {
    await supply.stop();
    await meetings.stop();
    await finance.stop();
  });

  const rowsOf = async (report: ReportDefinition, query: Record<string, string>): Promise<readonly Row[]> =>
    (await supply.read(report, query)).rows;

  it('reads chips after the article, and wafers once further sources are known', async () => {
    const shown = (rows: readonly Row[]) =>
      pick(
        rows,
        'poolId',
        'period',
        'capacity',
        'unit',
        'capacityBound',
        'requestedCeiling',
        'ratioAtFirm',
        'ratioAtCeiling',
        'ratioBound',
        'flags',
      );
    expect(shown(await rowsOf(capacityBalance, ARTICLE))).toEqual([
      [
        'hbm-global',
        '2025-10',
        '450000',
        'EA',
        'lessThan',
        '900000',
        '0.0000',
        '2.0000',
        'moreThan',
        ['OVER_COMMITTED', 'DERIVED'],
      ],
      [
        'rubin',
        '2026-07-01/2026-12-31',
        null,
        'SYS',
        null,
        null,
        null,
        null,
        null,
        ['UNDISCLOSED_REQUESTS', 'FIRST_DELIVERY_WINDOW'],
      ],
    ]);
    expect(shown(await rowsOf(capacityBalance, { ...SOURCES, scope: 'global' }))).toEqual([
      ['dram-global', '2025-01', '2250000', 'WFR', 'about', '900000', '0.0000', '0.4000', 'about', ['SCOPE_DIFFERS']],
      [
        'hbm-global',
        '2025-10',
        '450000',
        'WFR',
        'lessThan',
        '900000',
        '0.0000',
        '2.0000',
        'moreThan',
        ['OVER_COMMITTED', 'DERIVED', 'SCOPE_DIFFERS'],
      ],
    ]);
    expect(
      pick(await rowsOf(capacityBalance, { ...ARTICLE, effectiveOn: '2027-03-05', poolId: 'hbm-global' }), 'unit'),
    ).toEqual([['EA']]);
  });

  it('holds what is planned by month against what there is', async () => {
    const rows = await rowsOf(capacityBalance, { ...END, poolId: 'hbm-global' });
    expect(
      pick(
        rows,
        'period',
        'capacity',
        'reservedFirm',
        'reservedNonBinding',
        'headroomFirm',
        'ratioAtFirm',
        'ratioAtCeiling',
      ),
    ).toEqual([
      ['2025-10', '450000', '0', '0', '450000', '0.0000', '2.0000'],
      ['2027-01', '480000', '50000', '0', '430000', '0.1042', '1.8750'],
      ['2027-02', '480000', '80000', '0', '400000', '0.1667', '1.8750'],
      ['2027-03', '480000', '170000', '0', '310000', '0.3542', '1.8750'],
      ['2027-04', '480000', '200000', '0', '280000', '0.4167', '1.8750'],
      ['2027-05', '480000', '250000', '0', '230000', '0.5208', '1.8750'],
      ['2027-06', '480000', '300000', '0', '180000', '0.6250', '1.8750'],
    ]);
    expect(rows[1]).toMatchObject({
      capacityBound: 'about',
      capacityBasis: 'declared',
      delivered: '45000',
      accepted: '44000',
      shortfall: '5000',
      reservations: ['hbm'],
      flags: ['OVER_COMMITTED', 'SCOPE_DIFFERS'],
    });
  });

  it('keeps what was promised beside what is promised now and what came of it', async () => {
    const { rows, meta } = await supply.read(deliverySchedule, END);
    expect(
      pick(
        rows,
        'period',
        'originalPlan',
        'currentPlan',
        'delivered',
        'accepted',
        'rejected',
        'slippedOut',
        'slippedIn',
        'variance',
        'cumVariance',
      ),
    ).toEqual([
      ['2027-01', '50000', '50000', '45000', '44000', '1000', '0', '0', '-5000', '-5000'],
      ['2027-02', '100000', '80000', '80000', '80000', '0', '20000', '0', '0', '-5000'],
      ['2027-03', '150000', '170000', '0', '0', '0', '0', '20000', null, null],
      ['2027-04', '200000', '200000', '0', '0', '0', '0', '0', null, null],
      ['2027-05', '250000', '250000', '0', '0', '0', '0', '0', null, null],
      ['2027-06', '300000', '300000', '0', '0', '0', '0', '0', null, null],
    ]);
    expect(rows[0]).toMatchObject({
      reservationId: 'hbm',
      buyer: 'openai',
      suppliers: ['samsung', 'skhynix'],
      unit: 'WFR',
      firmness: 'firm',
      shortfall: '5000',
      remedy: 'makeUp',
      flags: ['BEHIND', 'SHORTFALL'],
    });
    expect(meta.totals).toEqual({
      byUnit: [
        {
          unit: 'WFR',
          originalPlan: '1050000',
          currentPlan: '1050000',
          delivered: '125000',
          accepted: '124000',
          rejected: '1000',
          slippedIn: '20000',
          slippedOut: '20000',
          shortfall: '5000',
          takeOrPayDue: '0',
        },
      ],
    });
  });

  it('has of a year what must be paid for though it was not taken', async () => {
    const [year, ...more] = await rowsOf(deliverySchedule, { ...END, granularity: 'year' });
    expect(more).toEqual([]);
    // 0.80 of 1,050,000, less 124,000
    expect(year).toMatchObject({ period: '2027', currentPlan: '1050000', accepted: '124000', takeOrPayDue: '716000' });
  });

  it('shows the place in the queue of what nobody has planned yet', async () => {
    expect(await rowsOf(deliverySchedule, ARTICLE)).toEqual([]);
    const rows = await rowsOf(deliverySchedule, { ...ARTICLE, unplanned: 'true' });
    expect(pick(rows, 'reservationId', 'period', 'unit', 'priorityTier')).toEqual([
      ['foxconn', null, null, null],
      ['hbm', null, 'EA', null],
      ['rubin', null, null, 'amongFirst'],
      ['tsmc', null, null, null],
    ]);
  });

  it('lists the sites, and the phases of one once they are known', async () => {
    const shown = (rows: readonly Row[]) =>
      pick(rows, 'siteId', 'country', 'phaseId', 'power', 'unit', 'targetOnline', 'slipDays', 'status');
    expect(shown(await rowsOf(siteBoard, ARTICLE))).toEqual([
      ['kr-joint', 'KR', null, null, null, null, null, null],
      ['stargate-uae', 'AE', null, null, null, null, null, null],
    ]);
    expect(shown(await rowsOf(siteBoard, SOURCES))).toEqual([
      ['kr-joint', 'KR', null, null, null, null, null, null],
      ['stargate-uae', 'AE', 'P1', '200', 'MW', '2026', 0, 'planned'],
      ['stargate-uae', 'AE', 'P2', '800', 'MW', null, null, 'planned'],
    ]);
    expect((await rowsOf(siteBoard, { ...ARTICLE, country: 'AE' }))[0]).toMatchObject({
      name: 'Stargate UAE, Abu Dhabi',
      partners: ['g42', 'openai'],
      dealIds: ['g42-stargate-uae'],
      fundingIds: [],
    });
  });

  it('tells who met whom, in order', async () => {
    const { rows, meta } = await meetings.read(engagementLog, ARTICLE);
    expect(pick(rows, 'engagementId', 'status', 'from', 'to', 'places', 'asks', 'outcome')).toEqual([
      ['2024-pitch', 'held', '2024-01-01', '2024-03-31', [], [], 'wide scepticism'],
      ['2025-asia', 'held', '2025-09-21', '2025-10-04', ['TW', 'KR', 'JP'], ['moreCapacity', 'orderPriority'], null],
      ['2025-uae', 'planned', '2025-10-05', '2025-10-05', ['AE'], ['financing', 'newDataCentres'], null],
    ]);
    expect(meta.totals).toEqual({ byStatus: { planned: 1, held: 2, cancelled: 0 } });
    const asked = await meetings.read(engagementLog, { ...ARTICLE, party: 'g42' });
    expect(pick(asked.rows, 'engagementId')).toEqual([['2025-uae']]);
  });

  it('has of the forecasts what was stated first and what was assumed since', async () => {
    const versions = async (query: Record<string, string>) =>
      pick(
        (await finance.read(forecastVersions, query)).rows,
        'forecastId',
        'version',
        'period',
        'scenario',
        'amount',
        'bound',
        'withdrawn',
      );
    expect(await versions(ARTICLE)).toEqual([
      ['openai-compute-rental', 1, '2025', 'base', '16000000000.00', 'about', false],
      ['openai-compute-rental', 1, '2029', 'high', '400000000000.00', 'upTo', false],
      ['openai-programme', 1, 'unscheduled', 'high', '7000000000000.00', 'upTo', false],
    ]);
    expect(
      (await versions({ ...END, forecastId: 'openai-compute-rental', period: '2029' })).map(
        ([, version, , scenario]) => [version, scenario],
      ),
    ).toEqual([
      [1, 'high'],
      [2, 'base'],
    ]);
  });
});

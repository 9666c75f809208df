import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { startService, type RunningService } from './harness/services';
import { post } from './support/client';
import { dataDir } from './support/data-dir';
import { only, SetClock, Tour, type Row } from './support/tour';

jest.setTimeout(120_000);

/** The ledger as it stood after the article, after further sources, at the end of 2026, and at the end of the story. */
const ARTICLE = 58;
const LETTERS = 72;
const SOURCES = 80;
const YEAR_END = 108;
const END = 115;

const ARTICLE_DAY = '2025-10-05';
const YEAR_END_DAY = '2026-12-31';
const END_DAY = '2027-03-05';
const USD = { reportingCurrency: 'USD' };

const data = dataDir();
const clock = new SetClock(join(mkdirOf(join(data.path, '..')), 'clock'));
let ledger: RunningService;
let tour: Tour;

beforeAll(async () => {
  ledger = await startService({
    service: 'standalone',
    environment: { DATA_DIR: data.path, LEDGER_CLOCK: clock.file, KAFKA_BROKERS: '', DATABASE_URL: '' },
  });
  tour = await Tour.tell(ledger.url, clock, { 101: attemptASettlement });
  clock.set(`${END_DAY}T12:00:00Z`);
});
afterAll(async () => {
  await ledger?.stop();
  data.remove();
});

function mkdirOf(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

/** What was answered to a settlement while the third one stood there twice. */
let settlement: Readonly<Record<string, unknown>>;

async function attemptASettlement(): Promise<void> {
  const answer = await post(`${ledger.url}/v1/deals/nvda-openai/events?dryRun=true`, {
    events: [
      {
        id: 'attempt',
        type: 'PaymentMade',
        effective: '2026-11-10',
        sources: [{ sourceId: 'synthetic', attribution: 'synthetic', confidence: 'low' }],
        data: {
          paymentId: 'p4',
          legId: 'L2',
          kind: 'settlement',
          money: { currency: 'USD', amount: '1000000000' },
        },
      },
    ],
  });
  settlement = answer.json;
}

const columns = (rows: readonly Row[], ...names: readonly string[]): unknown[][] =>
  rows.map((row) => names.map((name) => row[name]));

it('takes all 115 events', () => expect(tour.eventCount).toBe(115));

describe('R1, the register of deals', () => {
  const stages = async (known: number, day: string): Promise<object> =>
    Object.fromEntries(columns((await tour.read('deal-register', known, day)).rows, 'dealId', 'stage'));

  it('has five deals after the article, none of them binding', async () => {
    expect(await stages(ARTICLE, ARTICLE_DAY)).toEqual({
      'nvda-openai': 'announced',
      'kr-memory': 'announced',
      'kr-datacentres': 'exploring',
      hitachi: 'preliminary',
      'g42-stargate-uae': 'exploring',
    });
  });

  it('counts seven legs, four of them undisclosed', async () => {
    const { rows } = await tour.read('deal-register', ARTICLE, ARTICLE_DAY);
    expect(Object.fromEntries(columns(rows, 'dealId', 'legs'))).toEqual({
      'nvda-openai': 3,
      'kr-memory': 2,
      'kr-datacentres': 0,
      hitachi: 2,
      'g42-stargate-uae': 0,
    });
    expect(Object.fromEntries(columns(rows, 'dealId', 'undisclosedLegs'))).toEqual({
      'nvda-openai': 1,
      'kr-memory': 1,
      'kr-datacentres': 0,
      hitachi: 2,
      'g42-stargate-uae': 0,
    });
  });

  it('has the stages that further sources made of them', async () => {
    expect(await stages(SOURCES, '2025-11-20')).toEqual({
      'nvda-openai': 'preliminary',
      'kr-memory': 'preliminary',
      'kr-datacentres': 'exploring',
      hitachi: 'preliminary',
      'g42-stargate-uae': 'announced',
    });
    expect(await tour.row('deal-register', SOURCES, '2025-11-20', { dealId: 'hitachi' })).toMatchObject({
      instrument: 'mou',
      signedOn: '2025-10-02',
    });
  });

  it('has two binding deals at the end of 2026', async () => {
    expect(await stages(YEAR_END, YEAR_END_DAY)).toEqual({
      'nvda-openai': 'binding',
      'kr-memory': 'binding',
      'kr-datacentres': 'exploring',
      hitachi: 'preliminary',
      'g42-stargate-uae': 'announced',
    });
  });

  it.each([
    ['2025-09-15', 'exploring', 'exploring', 'exploring'],
    ['2025-09-25', 'exploring', 'preliminary', 'preliminary'],
    ['2025-10-05', 'announced', 'preliminary', 'preliminary'],
    ['2026-04-01', 'announced', 'preliminary', 'binding'],
  ])('tells on %s what was known when: %s, %s, %s', async (day, ...expected) => {
    const known = await Promise.all(
      [ARTICLE, SOURCES, YEAR_END].map((event) => tour.row('deal-register', event, day, { dealId: 'nvda-openai' })),
    );
    expect(known.map(({ stage }) => stage)).toEqual(expected);
  });

  it.each([
    ['2025-10-01', 'exploring', 'exploring'],
    ['2025-10-02', 'exploring', 'preliminary'],
    ['2025-10-04', 'preliminary', 'preliminary'],
  ])('knows hitachi on %s as %s, and since its release as %s', async (day, ...expected) => {
    const known = await Promise.all(
      [ARTICLE, SOURCES].map((event) => tour.row('deal-register', event, day, { dealId: 'hitachi' })),
    );
    expect(known.map(({ stage }) => stage)).toEqual(expected);
  });
});

describe('R2, the lines of commitments', () => {
  it('has seven lines after the article, nothing firm, and says what is undisclosed', async () => {
    const { rows, meta } = await tour.read('commitment-lines', ARTICLE, ARTICLE_DAY);
    expect(rows).toHaveLength(7);
    expect(new Set(rows.map(({ ladder }) => ladder))).toEqual(new Set(['indicated']));
    expect(rows.every(({ firm }) => firm === null || /^0(\.0+)?$/.test(String(firm)))).toBe(true);
    expect(rows.every(({ qtyFirm }) => qtyFirm === null || qtyFirm === '0')).toBe(true);
    expect(only(rows, { dealId: 'nvda-openai', legId: 'L1' })).toMatchObject({ qtyCeiling: '5000000', unit: 'EA' });
    expect(only(rows, { dealId: 'nvda-openai', legId: 'L2' })).toMatchObject({ undisclosed: true, ceiling: null });
    expect(only(rows, { dealId: 'nvda-openai', legId: 'L3' })).toMatchObject({ class: 'funding', ceiling: null });
    expect(only(rows, { dealId: 'kr-memory', legId: 'L1' })).toMatchObject({
      qtyCeiling: '900000',
      unit: 'EA',
      per: 'P1M',
      providers: ['samsung', 'skhynix'],
    });
    expect(only(rows, { dealId: 'kr-memory', legId: 'L2' })).toMatchObject({ undisclosed: true });
    expect(only(rows, { dealId: 'hitachi', legId: 'L1' })).toMatchObject({ undisclosed: true, receivers: ['openai'] });
    expect(only(rows, { dealId: 'hitachi', legId: 'L2' })).toMatchObject({ undisclosed: true, class: 'inKind' });
    expect(meta.totals['undisclosedLegs']).toBe(2);
  });

  it.each([
    ['2026-10-20', 100, '4000000000.00'],
    ['2026-10-20', 101, '3000000000.00'],
    [YEAR_END_DAY, YEAR_END, '5000000000.00'],
  ])('has paid on %s, as known after event %d: %s', async (day, known, paid) => {
    expect(await tour.row('commitment-lines', known, day, { dealId: 'nvda-openai', legId: 'L2' })).toMatchObject({
      paid,
    });
  });

  it('reads the ceiling in wafers once that is known, and in chips before', async () => {
    const leg = { dealId: 'kr-memory', legId: 'L1' };
    expect(await tour.row('commitment-lines', SOURCES, ARTICLE_DAY, leg)).toMatchObject({ unit: 'WFR' });
    expect(await tour.row('commitment-lines', ARTICLE, ARTICLE_DAY, leg)).toMatchObject({ unit: 'EA' });
  });
});

describe('R3, the outlook on spending', () => {
  const outlook = { entity: 'openai', ...USD };
  const year = (period: string, category = 'computeRental', query = {}): Promise<Row> =>
    tour.row('spend-outlook', YEAR_END, YEAR_END_DAY, { category, period }, { ...outlook, ...query });

  it('has after the article two stated years, nothing between them, and one unscheduled secret a category', async () => {
    const { rows } = await tour.read('spend-outlook', ARTICLE, ARTICLE_DAY, { entity: 'openai' });
    expect(only(rows, { category: 'computeRental', period: '2025' })).toMatchObject({
      forecastLow: '16000000000.00',
      forecastBase: '16000000000.00',
      forecastHigh: '16000000000.00',
      forecastStatus: 'stated',
      committedFirm: '0.00',
      incurred: '0.00',
      paid: '0.00',
      coverageRatio: '0.0000',
    });
    expect(only(rows, { category: 'computeRental', period: '2029' })).toMatchObject({
      forecastLow: null,
      forecastBase: null,
      forecastHigh: '400000000000.00',
    });
    for (const category of ['computeRental', 'memory']) {
      expect(only(rows, { category, period: 'unscheduled' })).toMatchObject({ undisclosedLegs: 1 });
    }
    expect(rows.map(({ period }) => period)).not.toEqual(expect.arrayContaining(['2026']));
    expect(JSON.stringify(rows)).not.toContain('7000000000000');
  });

  it.each([
    ['2025', '0.00', '0.00', '0.00', '16000000000.00', '0.0000', '16000000000.00', '0.00', '0.00'],
    [
      '2026',
      '6000000000.00',
      '15000000000.00',
      '14550000000.00',
      '35777087640.00',
      '0.1677',
      '29777087640.00',
      '6000000000.00',
      '5000000000.00',
    ],
    [
      '2027',
      '12000000000.00',
      '30000000000.00',
      '29100000000.00',
      '80000000000.00',
      '0.1500',
      '68000000000.00',
      '0.00',
      '0.00',
    ],
    [
      '2028',
      '12000000000.00',
      '30000000000.00',
      '29100000000.00',
      '178885438199.98',
      '0.0671',
      '166885438199.98',
      '0.00',
      '0.00',
    ],
    [
      '2029',
      '12000000000.00',
      '30000000000.00',
      '29100000000.00',
      '400000000000.00',
      '0.0300',
      '388000000000.00',
      '0.00',
      '0.00',
    ],
    ['2030', '12000000000.00', '30000000000.00', '29100000000.00', null, null, null, '0.00', '0.00'],
    ['2031', '12000000000.00', '30000000000.00', '29100000000.00', null, null, null, '0.00', '0.00'],
    ['2032', '12000000000.00', '30000000000.00', '29100000000.00', null, null, null, '0.00', '0.00'],
    ['2033', '6000000000.00', '15000000000.00', '14550000000.00', null, null, null, '0.00', '0.00'],
  ])('has for %s firm %s, ceiling %s, weighted %s, base %s', async (period, ...expected) => {
    const [row] = columns(
      [await year(period)],
      'committedFirm',
      'committedCeiling',
      'weighted',
      'forecastBase',
      'coverageRatio',
      'gapToBase',
      'incurred',
      'paid',
    );
    expect(row).toEqual(expected);
  });

  it('foots', async () => {
    const { meta } = await tour.read('spend-outlook', YEAR_END, YEAR_END_DAY, {
      ...outlook,
      category: 'computeRental',
    });
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

  it('goes back to what was stated when only that is wanted', async () => {
    const { rows } = await tour.read('spend-outlook', YEAR_END, YEAR_END_DAY, { ...outlook, forecast: 'latestStated' });
    for (const period of ['2026', '2027', '2028']) {
      expect(only(rows, { category: 'computeRental', period })).toMatchObject({ forecastBase: null });
    }
  });

  it('converts won at the rate of the day for what was paid, and at the closing rate for what is to come', async () => {
    expect(await year('2026', 'memory')).toMatchObject({ paid: '1000000000.00', prepaid: '1000000000.00' });
    expect(await year('2027', 'memory')).toMatchObject({
      committedFirm: '9655172413.79',
      committedCeiling: '9655172413.79',
    });
  });
});

describe('R4, the versions of forecasts', () => {
  it('has the pitched plan and what investors were told', async () => {
    const { rows } = await tour.read('forecast-versions', ARTICLE, ARTICLE_DAY);
    expect(only(rows, { forecastId: 'openai-programme' })).toMatchObject({
      version: 1,
      period: 'unscheduled',
      scenario: 'high',
      amount: '7000000000000.00',
      bound: 'upTo',
    });
    expect(rows.filter(({ forecastId }) => forecastId === 'openai-compute-rental')).toHaveLength(2);
  });
});

describe('R5, the maturity of obligations', () => {
  const PARTS = ['remainderOfYear', 'year1', 'year2', 'year3', 'year4', 'year5', 'thereafter', 'unscheduled'] as const;

  it('has nothing due after the article, and says what it leaves out', async () => {
    const { rows } = await tour.read('obligations-maturity', ARTICLE, ARTICLE_DAY, { entity: 'openai' });
    expect(rows.every((row) => PARTS.every((part) => row[part] === null || /^0(\.0+)?$/.test(String(row[part]))))).toBe(
      true,
    );
    const excluded = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);
    expect(excluded('excludedPreliminaryLegs')).toBe(2);
    expect(excluded('excludedUndisclosedLegs')).toBe(0);
  });

  it('has five years and thereafter at the end of 2026, and foots', async () => {
    const { rows, meta } = await tour.read('obligations-maturity', YEAR_END, YEAR_END_DAY, {
      entity: 'openai',
      ...USD,
    });
    const zero = /^0(\.00)?$/;
    const nvidia = only(rows, { counterparty: 'nvidia' });
    expect(nvidia).toMatchObject({
      year1: '12000000000.00',
      year2: '12000000000.00',
      year3: '12000000000.00',
      year4: '12000000000.00',
      year5: '12000000000.00',
      thereafter: '18000000000.00',
      total: '78000000000.00',
      prepaidUnapplied: expect.stringMatching(zero),
      incurredUnpaid: '1000000000.00',
    });
    expect(only(rows, { counterparty: 'samsung+skhynix' })).toMatchObject({
      year1: '9655172413.79',
      year2: expect.stringMatching(zero),
      thereafter: expect.stringMatching(zero),
      total: '9655172413.79',
      prepaidUnapplied: '965517241.38',
      incurredUnpaid: expect.stringMatching(zero),
    });
    expect(meta.totals).toMatchObject({
      byCurrency: [
        {
          currency: 'USD',
          year1: '21655172413.79',
          year2: '12000000000.00',
          year5: '12000000000.00',
          thereafter: '18000000000.00',
          total: '87655172413.79',
          prepaidUnapplied: '965517241.38',
          incurredUnpaid: '1000000000.00',
        },
      ],
    });
    expect(meta['fxRates']).toEqual([expect.objectContaining({ rate: '1450', onDate: '2026-12-31' })]);
  });
});

describe('R6, the position of fundings', () => {
  const whole = (known: number, day: string): Promise<Row> =>
    tour.row('funding-position', known, day, { fundingId: 'nvda-openai', trancheId: null });

  it('has one indication and two secrets after the article', async () => {
    expect(await whole(ARTICLE, ARTICLE_DAY)).toMatchObject({
      ladder: 'indicated',
      ceiling: '100000000000.00',
      committed: '0.00',
      available: '0.00',
      received: '0.00',
      probability: '0.30',
      weightedRemaining: '30000000000.00',
    });
    for (const fundingId of ['mgx', 'mubadala']) {
      expect(await tour.row('funding-position', ARTICLE, ARTICLE_DAY, { fundingId })).toMatchObject({
        ladder: 'pipeline',
        ceiling: null,
        undisclosed: true,
        weightedRemaining: null,
      });
    }
  });

  it('weighs by the stage of the deal, and by an assessment while that stage lasts', async () => {
    expect(await whole(LETTERS, '2025-11-20')).toMatchObject({
      probability: '0.50',
      weightedRemaining: '50000000000.00',
      locked: '100000000000.00',
    });
    expect(await whole(SOURCES, '2025-11-20')).toMatchObject({
      probability: '0.35',
      weightedRemaining: '35000000000.00',
    });
  });

  it('has 4 received, 6 available and 90 locked of 100 billion at the end of 2026', async () => {
    expect(await whole(YEAR_END, YEAR_END_DAY)).toMatchObject({
      committed: '100000000000.00',
      called: '4000000000.00',
      received: '4000000000.00',
      available: '6000000000.00',
      locked: '90000000000.00',
      undrawn: '96000000000.00',
      utilisation: '0.0400',
      probability: '0.95',
      weightedRemaining: '91200000000.00',
    });
    const tranche = (trancheId: string): Promise<Row> =>
      tour.row('funding-position', YEAR_END, YEAR_END_DAY, { fundingId: 'nvda-openai', trancheId });
    expect(await tranche('T1')).toMatchObject({ conditionStatus: 'met', available: '6000000000.00' });
    expect(await tranche('T2')).toMatchObject({ conditionStatus: 'open', locked: '90000000000.00' });
  });
});

describe('R7, the balance of capacity', () => {
  it('reads chips after the article and wafers once that is known', async () => {
    const pool = { poolId: 'hbm-global', period: '2025-10' };
    expect(await tour.row('capacity-balance', ARTICLE, ARTICLE_DAY, pool)).toMatchObject({
      capacity: '450000',
      unit: 'EA',
      capacityBound: 'lessThan',
      capacityBasis: 'derived',
      requestedCeiling: '900000',
      reservedFirm: '0',
      ratioAtFirm: '0.0000',
      ratioAtCeiling: '2.0000',
      ratioBound: 'moreThan',
      flags: expect.arrayContaining(['OVER_COMMITTED', 'DERIVED']),
    });
    const later = await tour.row('capacity-balance', SOURCES, '2025-11-20', pool);
    expect(later).toMatchObject({ capacity: '450000', unit: 'WFR', ratioAtCeiling: '2.0000', ratioBound: 'moreThan' });
    expect([...(later['flags'] as string[])].sort()).toEqual(['DERIVED', 'OVER_COMMITTED', 'SCOPE_DIFFERS']);
    expect(await tour.row('capacity-balance', SOURCES, '2025-11-20', { poolId: 'dram-global' })).toMatchObject({
      capacity: '2250000',
      unit: 'WFR',
      ratioAtCeiling: '0.4000',
      ratioBound: 'about',
    });
  });

  it('says when the first Rubin systems are to come', async () => {
    expect(await tour.row('capacity-balance', ARTICLE, ARTICLE_DAY, { poolId: 'rubin' })).toMatchObject({
      capacity: null,
      period: '2026-07-01/2026-12-31',
    });
  });

  it.each([
    ['2027-01', '0.1042'],
    ['2027-02', '0.1667'],
    ['2027-03', '0.3542'],
    ['2027-04', '0.4167'],
    ['2027-05', '0.5208'],
    ['2027-06', '0.6250'],
  ])('has for %s a ratio at firm of %s, and is over-committed at the ceiling', async (period, ratioAtFirm) => {
    expect(await tour.row('capacity-balance', END, END_DAY, { poolId: 'hbm-global', period })).toMatchObject({
      capacity: '480000',
      capacityBound: 'about',
      ratioAtFirm,
      ratioAtCeiling: '1.8750',
      flags: expect.arrayContaining(['OVER_COMMITTED']),
    });
  });
});

describe('R8, the schedule of deliveries', () => {
  it('has no plan after the article', async () => {
    expect((await tour.read('delivery-schedule', ARTICLE, ARTICLE_DAY)).rows).toEqual([]);
  });

  it.each([
    ['2027-01', '50000', '50000', '45000', '44000', '1000', '0', '0', '-5000', '-5000'],
    ['2027-02', '100000', '80000', '80000', '80000', '0', '20000', '0', '0', '-5000'],
    ['2027-03', '150000', '170000', '0', '0', '0', '0', '20000', null, null],
    ['2027-04', '200000', '200000', '0', '0', '0', '0', '0', null, null],
    ['2027-05', '250000', '250000', '0', '0', '0', '0', '0', null, null],
    ['2027-06', '300000', '300000', '0', '0', '0', '0', '0', null, null],
  ])('has for %s planned %s, now %s, delivered %s', async (period, ...expected) => {
    const row = await tour.row('delivery-schedule', END, END_DAY, { reservationId: 'hbm', period });
    const [got] = columns(
      [row],
      'originalPlan',
      'currentPlan',
      'delivered',
      'accepted',
      'rejected',
      'slippedOut',
      'slippedIn',
      'variance',
      'cumVariance',
    );
    expect(got).toEqual(expected);
  });

  it('foots', async () => {
    const { meta } = await tour.read('delivery-schedule', END, END_DAY, { reservationId: 'hbm' });
    expect(JSON.stringify(meta.totals)).toContain('"1050000"');
    expect(JSON.stringify(meta.totals)).toContain('"125000"');
    expect(JSON.stringify(meta.totals)).toContain('"124000"');
  });
});

describe('R9, the exposure to counterparties', () => {
  it('names after the article what is undisclosed, and who else is supplied', async () => {
    const { rows } = await tour.read('counterparty-exposure', ARTICLE, ARTICLE_DAY, { entity: 'openai' });
    expect(only(rows, { partyId: 'nvidia' })).toMatchObject({ undisclosedLegs: 1, openDeals: 1 });
    expect(only(rows, { partyId: 'samsung+skhynix' })).toMatchObject({
      undisclosedLegs: 1,
      suppliesToCompetingParties: ['nvidia'],
      flags: expect.arrayContaining(['JOINT_UNSPLIT']),
    });
  });

  it('has what is owed at the end of 2026, and whose share it is', async () => {
    const { rows } = await tour.read('counterparty-exposure', YEAR_END, YEAR_END_DAY, { entity: 'openai', ...USD });
    expect(only(rows, { partyId: 'nvidia' })).toMatchObject({
      owedFirmRemaining: '78000000000.00',
      owedCeilingRemaining: '195000000000.00',
      incurredUnpaid: '1000000000.00',
      fundingCommittedUndrawn: '96000000000.00',
      fundingLocked: '90000000000.00',
      fundingReceivedNet: '4000000000.00',
      shareOfOwedFirm: '0.8899',
    });
    expect(only(rows, { partyId: 'samsung+skhynix' })).toMatchObject({
      owedFirmRemaining: '9655172413.79',
      shareOfOwedFirm: '0.1101',
      flags: expect.arrayContaining(['JOINT_UNSPLIT']),
    });
  });
});

describe('R10, circular flows', () => {
  it('sees the loop after the article, with what is undisclosed left open', async () => {
    const { rows } = await tour.read('circular-flows', ARTICLE, ARTICLE_DAY);
    expect(only(rows, { kind: 'financingLoop' })).toMatchObject({
      parties: ['nvidia', 'openai'],
      sameDeal: true,
      forwardCeiling: '100000000000.00',
      backCeiling: null,
      undisclosedEdges: 1,
      overlapCeiling: null,
    });
    expect(only(rows, { kind: 'reciprocalTrade' })).toMatchObject({
      parties: ['hitachi', 'openai'],
      forwardCeiling: null,
    });
  });

  it('has on three bases what goes out and comes back at the end of 2026', async () => {
    expect(await tour.row('circular-flows', YEAR_END, YEAR_END_DAY, { kind: 'financingLoop' }, USD)).toMatchObject({
      forwardCeiling: '100000000000.00',
      backCeiling: '210000000000.00',
      overlapCeiling: '100000000000.00',
      recycledShareCeiling: '1.0000',
      forwardCommitted: '100000000000.00',
      backCommitted: '84000000000.00',
      overlapCommitted: '84000000000.00',
      recycledShareCommitted: '0.8400',
      forwardCash: '4000000000.00',
      backCash: '5000000000.00',
      overlapCash: '4000000000.00',
      recycledShareCash: '1.0000',
    });
  });
});

describe('R11, the variance between two states of knowledge', () => {
  it('explains the weight of a funding by the letter of intent and by an assessment', async () => {
    const { rows, meta } = await variance('funding-position', {
      measure: 'weightedRemaining',
      key: 'nvda-openai',
      from: String(tour.at(ARTICLE)),
      to: String(tour.at(SOURCES)),
      effectiveOn: '2025-11-20',
    });
    expect(columns(rows, 'eventId', 'contribution', 'cause')).toEqual([
      ['evt-0070', '20000000000.00', 'new'],
      ['evt-0080', '-15000000000.00', 'new'],
    ]);
    expect(meta).toMatchObject({ fromPosition: tour.at(ARTICLE), toPosition: tour.at(SOURCES) });
  });

  it('names the cancellation of a payment that was posted twice', async () => {
    const { rows } = await variance('commitment-lines', {
      measure: 'paid',
      key: 'nvda-openai/L2',
      from: String(tour.at(100)),
      to: String(tour.at(101)),
      effectiveOn: '2026-10-20',
    });
    expect(rows).toEqual([
      expect.objectContaining({
        eventId: 'evt-0101',
        contribution: '-1000000000.00',
        cause: 'cancel',
        reason: 'duplicate posting of p3',
      }),
    ]);
  });

  async function variance(
    report: string,
    query: Readonly<Record<string, string>>,
  ): Promise<{ rows: readonly Row[]; meta: Row }> {
    const answer = await fetch(`${tour.url}/v1/reports/${report}/variance?${new URLSearchParams(query).toString()}`);
    if (answer.status !== 200) throw new Error(`variance was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as { rows: readonly Row[]; meta: Row };
  }
});

describe('R12 and R13, meetings and sites', () => {
  it('has three meetings', async () => {
    const { rows } = await tour.read('engagement-log', ARTICLE, ARTICLE_DAY);
    expect(columns(rows, 'engagementId', 'status', 'from', 'to')).toEqual([
      ['2024-pitch', 'held', '2024-01-01', '2024-03-31'],
      ['2025-asia', 'held', '2025-09-21', '2025-10-04'],
      ['2025-uae', 'planned', expect.anything(), expect.anything()],
    ]);
  });

  it('has two sites of undisclosed power, then the phases of one', async () => {
    const { rows } = await tour.read('site-board', ARTICLE, ARTICLE_DAY);
    expect(columns(rows, 'siteId', 'power')).toEqual([
      ['kr-joint', null],
      ['stargate-uae', null],
    ]);
    const phases = await tour.read('site-board', SOURCES, '2025-11-20');
    const phase = (phaseId: string): Row => only(phases.rows, { siteId: 'stargate-uae', phaseId });
    expect(phase('P1')).toMatchObject({ power: '200', unit: 'MW', targetOnline: '2026' });
    expect(phase('P2')).toMatchObject({ power: '800', unit: 'MW', targetOnline: null });
  });
});

describe('what contradicts the story is refused', () => {
  const sources = [{ sourceId: 'synthetic', attribution: 'synthetic', confidence: 'low' }];
  const approvedBy = { id: 'controller-1', role: 'controller' };
  const dry = (stream: string, event: object): Promise<{ status: number; json: Readonly<Record<string, unknown>> }> =>
    post(`${tour.url}/v1/commits?dryRun=true`, {
      events: [{ id: 'attempt', stream, effective: '2027-03-05', sources, ...event }],
    });
  const usd = (amount: string): object => ({ currency: 'USD', amount });

  it('a settlement while an earlier one stood there twice', () => {
    expect(settlement).toMatchObject({ status: 409, code: 'PAYMENT_EXCEEDS_INCURRED' });
    expect(settlement['detail']).toContain('4,000,000,000');
  });

  it('a call of more than a tranche has left', async () => {
    const call = { callId: 'call-2', trancheId: 'T1', money: usd('7000000000'), dueOn: '2027-03-20' };
    const { status, json } = await dry('funding/nvda-openai', { type: 'FundsCalled', data: call });
    expect({ status, code: json['code'], available: json['available'] }).toEqual({
      status: 409,
      code: 'CALL_EXCEEDS_AVAILABLE',
      available: '6000000000',
    });
  });

  it('a call from a tranche that waits', async () => {
    const call = { callId: 'call-2', trancheId: 'T2', money: usd('1'), dueOn: '2027-03-20' };
    expect((await dry('funding/nvda-openai', { type: 'FundsCalled', data: call })).json['code']).toBe(
      'TRANCHE_CONDITION_UNMET',
    );
  });

  it('a ceiling below what was incurred', async () => {
    const data = {
      legId: 'L2',
      changeType: 'amendment',
      amendmentNo: 1,
      terms: { money: { ceiling: usd('5000000000') }, schedule: { method: 'unscheduled' } },
    };
    expect((await dry('deal/nvda-openai', { type: 'LegTermsChanged', data })).json['code']).toBe(
      'CEILING_BELOW_INCURRED',
    );
  });

  it('a letter of intent after the contract', async () => {
    const data = { instrument: 'loi', binding: 'no', signedOn: '2027-01-05' };
    expect(
      (await dry('deal/nvda-openai', { type: 'AgreementSigned', effective: '2027-01-05', data })).json['code'],
    ).toBe('STAGE_REGRESSION');
  });

  it('to take back the condition under which money was called', async () => {
    const { json } = await dry('funding/nvda-openai', {
      type: 'TrancheConditionMet',
      action: 'cancel',
      corrects: 'evt-0090',
      reason: 'not met after all',
      effective: '2026-09-30',
      approvedBy,
    });
    expect(json).toMatchObject({ code: 'CORRECTION_BREAKS_HISTORY', firstOffendingEventId: 'evt-0092' });
  });

  const pool = { poolId: 'hbm-global', scope: 'global', supplierId: null, itemId: 'hbm', unit: 'EA', per: 'P1M' };
  const unit = {
    type: 'PoolDefined',
    action: 'correct',
    reason: 'chips after all',
    effective: '2025-10-05',
    approvedBy,
  };

  it('to correct the unit of a pool alone, where its capacity is in the other', async () => {
    const { json } = await dry('pool/hbm-global', { ...unit, corrects: 'evt-0065', data: pool });
    expect(json).toMatchObject({ code: 'CORRECTION_BREAKS_HISTORY', firstOffendingEventId: 'evt-0051' });
  });

  it('to correct what a later correction has replaced', async () => {
    expect((await dry('pool/hbm-global', { ...unit, corrects: 'evt-0050', data: pool })).json['code']).toBe(
      'CORRECTION_SUPERSEDED',
    );
  });
});

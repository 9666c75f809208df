import { given, type Line } from '../testing';
import { engagementPostings } from './engagement';
import { forecastPostings } from './forecast';
import { referencePostings } from './reference';
import { poolPostings } from './pool';
import { reservationPostings } from './reservation';
import { sitePostings } from './site';

describe('a forecast', () => {
  const published: Line = {
    type: 'ForecastPublished',
    effective: '2024-01/2024-03',
    data: {
      forecastId: 'rental',
      version: 1,
      entityId: 'openai',
      measure: 'computeRental',
      basis: 'statedToInvestors',
      lines: [
        { period: '2025', scenario: 'base', money: { currency: 'USD', amount: '16' }, bound: 'about' },
        { scenario: 'high', money: { currency: 'USD', amount: '7' } },
        { period: '2026', scenario: 'low', money: { currency: 'USD', amount: '0' } },
      ],
    },
  };

  it('posts each line by scenario and period, whatever the date', () => {
    const { sums } = given(forecastPostings, 'forecast/rental', published);
    expect(sums('1999-01-01', 'forecast.')).toEqual({
      'forecast.base rental/1 2025 USD': '16',
      'forecast.high rental/1 USD': '7',
    });
  });

  it('says which lines it states, so that a stated zero is told from nothing', () => {
    const [description] = given(forecastPostings, 'forecast/rental', published).last;
    expect(JSON.parse(description?.value ?? '')).toMatchObject({
      publishedAt: '2024-01/2024-03',
      publishedOn: '2024-03-31',
      currency: 'USD',
      lines: [
        { period: '2025', scenario: 'base', bound: 'about' },
        { period: null, scenario: 'high', bound: null },
        { period: '2026', scenario: 'low', bound: null },
      ],
    });
  });
});

describe('the probability policy', () => {
  const policy = (effective: string, announced: string, from?: string): Line => ({
    type: 'ProbabilityPolicySet',
    effective,
    data: {
      exploring: '0.10',
      announced,
      preliminary: '0.50',
      binding: '0.95',
      fundingUnlinkedProposed: '0.20',
      ...(from === undefined ? {} : { from }),
    },
  });
  const announcedOn = (day: string, ...lines: Line[]): string[] =>
    Object.keys(given(referencePostings, 'reference/policy', ...lines).sums(day)).map(
      (key) => (JSON.parse(key.slice('policy policy '.length)) as { announced: string }).announced,
    );

  it('is in force from its own day on, else from the day of its event', () => {
    expect(announcedOn('2025-10-04', policy('2025-10-05', '0.30'))).toEqual([]);
    expect(announcedOn('2025-10-05', policy('2025-10-05', '0.30'))).toEqual(['0.30']);
    expect(announcedOn('2025-10-05', policy('2025-10-05', '0.30', '2026-01-01'))).toEqual([]);
  });

  it('gives way to the one that begins later, even if that was known before', () => {
    const lines = [policy('2025-10-05', '0.40', '2026-01-01'), policy('2025-10-05', '0.30')];
    expect(announcedOn('2025-12-31', ...lines)).toEqual(['0.30']);
    expect(announcedOn('2026-01-01', ...lines)).toEqual(['0.40']);
  });

  it('is replaced by one of the same day', () => {
    expect(announcedOn('2025-10-05', policy('2025-10-05', '0.30'), policy('2025-10-05', '0.35'))).toEqual(['0.35']);
  });
});

describe('a pool', () => {
  const defined: Line = {
    type: 'PoolDefined',
    data: { poolId: 'p', scope: 'global', itemId: 'hbm', unit: 'EA', per: 'P1M' },
  };

  it('posts a declared capacity with the months it is for, whatever the date', () => {
    const declared: Line = {
      type: 'CapacityDeclared',
      data: { from: '2026-Q1', to: '2027', rate: { unit: 'EA', value: '5' }, bound: 'lessThan', basis: 'declared' },
    };
    expect(given(poolPostings, 'pool/p', defined, declared).sums('1999-01-01')).toEqual({
      'pool p {"itemId":"hbm","per":"P1M","scope":"global","supplierId":null,"unit":"EA"}': '1',
      'pool.capacity p {"eventId":"e2"} EA': '5',
      'pool.declaration p {"basis":"declared","bound":"lessThan","eventId":"e2","firstMonth":"2026-01","lastMonth":"2027-12","version":2}':
        '1',
    });
  });

  it('follows the window of first deliveries as it is announced', () => {
    const window = (effective: string, firstDeliveryWindow: string): Line => ({
      type: 'AvailabilityAnnounced',
      effective,
      data: { firstDeliveryWindow },
    });
    const { sums } = given(
      poolPostings,
      'pool/p',
      defined,
      window('2025-10-05', '2026-41'),
      window('2026-08-01', '2027-Q1'),
    );
    expect(sums('2026-07-31', 'pool.availability')).toEqual({
      'pool.availability p {"from":"2026-07-01","to":"2026-12-31"}': '1',
    });
    expect(sums('2026-08-01', 'pool.availability')).toEqual({
      'pool.availability p {"from":"2027-01-01","to":"2027-03-31"}': '1',
    });
  });
});

describe('a reservation', () => {
  const requested = (data: object): Line => ({
    type: 'CapacityRequested',
    data: {
      reservationId: 'r',
      buyerId: 'openai',
      supplierIds: ['samsung'],
      itemId: 'hbm',
      poolIds: ['p'],
      priorityAsked: true,
      ...data,
    },
  });

  it('posts the most that is asked for', () => {
    const { sums } = given(
      reservationPostings,
      'reservation/r',
      requested({ rate: { ceiling: { unit: 'EA', value: '900000' } }, per: 'P1M', window: '2026-41' }),
    );
    expect(sums('1999-01-01', 'request.')).toEqual({ 'request.ceiling r EA': '900000' });
  });

  it('posts no amount of a secret request', () => {
    const secret = requested({ rate: { undisclosed: true } });
    expect(given(reservationPostings, 'reservation/r', secret).last.map(({ measure }) => measure)).toEqual(['request']);
  });
});

describe('what everything refers to', () => {
  it('posts an item with its unit', () => {
    const dram: Line = { type: 'ItemDefined', data: { itemId: 'dram', name: 'DRAM', defaultUnit: 'WFR' } };
    expect(given(referencePostings, 'reference/items', dram).sums('1999-01-01')).toEqual({
      'item dram {"defaultUnit":"WFR","name":"DRAM"}': '1',
    });
  });

  it('posts a rate with its day and type, whatever the date of the report', () => {
    const rate: Line = {
      type: 'FxRateRecorded',
      data: { base: 'USD', quote: 'KRW', rate: '1400', onDate: '2026-11-15', rateType: 'spot' },
    };
    expect(given(referencePostings, 'reference/fx', rate).sums('1999-01-01')).toEqual({
      'fx USD/KRW {"eventId":"e1","onDate":"2026-11-15","rate":"1400","rateType":"spot"}': '1',
    });
  });

  it.each([
    [{ expected: '60', ceiling: '70' }, '60'],
    [{ firm: '50', ceiling: '70' }, '70'],
    [{ firm: '50' }, '50'],
  ])('posts a conversion by %j as %s, in the order assumed', (factor, taken) => {
    const conversion: Line = {
      type: 'UnitConversionAssumed',
      data: { fromUnit: 'WFR', toUnit: 'STK', itemId: 'hbm', factor, from: '2026-41' },
    };
    const ofAll: Line = { ...conversion, data: { fromUnit: 'WFR', toUnit: 'STK', factor, from: '2026-10' } };
    expect(given(referencePostings, 'reference/conversions', conversion, ofAll).sums('1999-01-01')).toEqual({
      [`conversion WFR/STK/hbm {"eventId":"e1","factor":"${taken}","from":"2026-07-01","version":1}`]: '1',
      [`conversion WFR/STK {"eventId":"e2","factor":"${taken}","from":"2026-10-01","version":2}`]: '1',
    });
  });
});

describe('a site', () => {
  const announced: Line = {
    type: 'SiteAnnounced',
    data: {
      siteId: 'uae',
      name: 'Stargate UAE',
      country: 'AE',
      partnerIds: ['g42'],
      dealIds: ['stargate'],
      power: { expected: { unit: 'GW', value: '1' } },
    },
  };
  const phase = (power: string, targetOnline?: string): Line => ({
    type: 'SitePhasePlanned',
    data: { phaseId: 'P1', power: { expected: { unit: 'MW', value: power } }, targetOnline },
  });
  const reaches = (status: string, effective: string, power?: string): Line => ({
    type: 'SitePhaseStatusChanged',
    effective,
    data: { phaseId: 'P1', status, ...(power && { power: { firm: { unit: 'MW', value: power } } }) },
  });

  it('posts who it belongs to and its power, whatever the date', () => {
    expect(given(sitePostings, 'site/uae', announced).sums('1999-01-01')).toEqual({
      'site uae {"country":"AE","dealIds":["stargate"],"fundingIds":[],"name":"Stargate UAE","partnerIds":["g42"],"place":null,"undisclosed":false,"unit":"GW"}':
        '1',
      'site.power uae GW': '1',
    });
  });

  it('keeps the first target of a phase beside the last', () => {
    const { sums } = given(
      sitePostings,
      'site/uae',
      announced,
      phase('200'),
      phase('200', '2026'),
      phase('300', '2027-Q1'),
    );
    expect(sums('1999-01-01', 'site.phase')).toEqual({
      'site.phase uae/P1 {"firstTarget":"2026","firstTargetDay":"2026-12-31","targetDay":"2027-03-31","targetOnline":"2027-33","undisclosed":false,"unit":"MW"}':
        '1',
    });
    expect(sums('1999-01-01', 'site.power uae/P1')).toEqual({ 'site.power uae/P1 MW': '300' });
  });

  it('has the furthest status reached by a day, and the power it then had', () => {
    const { sums } = given(
      sitePostings,
      'site/uae',
      announced,
      phase('200'),
      reaches('operational', '2026-03-01', '210'),
      reaches('energised', '2026-02-01', '50'),
      phase('220'),
    );
    const on = (day: string) => ({ ...sums(day, 'site.status'), ...sums(day, 'site.power uae/P1') });
    expect([on('2026-01-31'), on('2026-02-28'), on('2026-03-01')]).toEqual([
      { 'site.power uae/P1 MW': '220' },
      { 'site.status uae/P1 {"status":"energised"}': '1', 'site.power uae/P1 MW': '50' },
      { 'site.status uae/P1 {"status":"operational"}': '1', 'site.power uae/P1 MW': '210' },
    ]);
  });
});

describe('a meeting', () => {
  const meeting = { engagementId: 'uae', participants: ['openai', 'mgx'], asks: ['financing'] };
  const planned: Line = { type: 'EngagementPlanned', data: { ...meeting, places: ['AE'], dealIds: ['stargate'] } };
  const held: Line = {
    type: 'EngagementHeld',
    effective: '2025-11-01/2025-11-03',
    data: { ...meeting, outcome: 'a letter' },
  };
  const statuses = (day: string, ...lines: readonly Line[]) =>
    Object.keys(given(engagementPostings, 'engagement/uae', ...lines).sums(day)).map((key) => {
      const { status, from, to, outcome, dealIds } = JSON.parse(key.slice('engagement uae '.length)) as Record<
        string,
        unknown
      >;
      return [status, from, to, outcome, dealIds];
    });

  it('is planned until it is held', () => {
    expect(statuses('2025-11-02', planned, held)).toEqual([
      ['planned', '2025-10-05', '2025-10-05', null, ['stargate']],
    ]);
    expect(statuses('2025-11-03', planned, held)).toEqual([['held', '2025-11-01', '2025-11-03', 'a letter', []]]);
  });

  it('that nobody planned is not there before it was held', () => {
    expect([statuses('2025-11-02', held), statuses('2025-11-03', held).length]).toEqual([[], 1]);
  });

  it('is cancelled from a day on, for a reason', () => {
    const off: Line = { type: 'EngagementCancelled', effective: '2025-10-20', data: { reason: 'travel ban' } };
    expect(statuses('2025-10-20', planned, off)).toEqual([
      ['cancelled', '2025-10-05', '2025-10-05', 'travel ban', ['stargate']],
    ]);
  });
});

describe('a withdrawn forecast', () => {
  it('is withdrawn from a day on', () => {
    const withdrawn: Line = {
      type: 'ForecastWithdrawn',
      effective: '2026-02-01',
      data: { version: 1, reason: 'a cell was wrong' },
    };
    const { sums } = given(forecastPostings, 'forecast/rental', withdrawn);
    expect([sums('2026-01-31'), sums('2026-02-01')]).toEqual([{}, { 'forecast.withdrawn rental/1 {}': '1' }]);
  });
});

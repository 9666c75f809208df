import {
  capacityBalance,
  commitmentLines,
  forecastVersions,
  spendForecast,
  spendOutlook,
  supplierCommitments,
  type ReportDefinition,
  type ReportSet,
  type Row,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { projected } from './testing-projection';

const usd = (amount: string) => ({ currency: 'USD', amount });
const wafers = (value: string) => ({ unit: 'WFR', value });

const policy: PostedLine = {
  id: 'policy-1',
  stream: 'reference/policy',
  type: 'ProbabilityPolicySet',
  data: { exploring: '0.10', announced: '0.30', preliminary: '0.50', binding: '0.95', fundingUnlinkedProposed: '0.20' },
};
const deal = (id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'DealOpened',
  data: {
    dealId: id,
    title: id,
    kinds: ['lease'],
    parties: [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'openai', role: 'lessee' },
    ],
  },
});
const signed = (effective: string, binding: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'AgreementSigned',
  effective,
  data: { instrument: 'definitive', binding },
});
const leg = (data: object, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'LegAdded',
  data: {
    legId: 'L2',
    class: 'payment',
    category: 'computeRental',
    providers: ['openai'],
    receivers: ['nvidia'],
    ...data,
  },
});
const forecast = (version: number, basis: string, lines: object[], extra: object = {}): PostedLine => ({
  stream: 'forecast/rental',
  type: 'ForecastPublished',
  data: {
    forecastId: 'rental',
    version,
    entityId: 'openai',
    measure: 'computeRental',
    basis,
    method: 'a method',
    lines,
    ...extra,
  },
});
const line = (period: string, scenario: string, amount: string): object => ({ period, scenario, money: usd(amount) });

/** A contract of 84 to 210 billion over seven years, signed on 2026-03-31. */
const RENTAL = [
  policy,
  deal(),
  leg({
    money: { firm: usd('84000000000'), ceiling: usd('210000000000') },
    schedule: { method: 'evenMonths', from: '2026-07', to: '2033-06' },
  }),
  signed('2026-03-31', 'yes'),
];
const STATED = forecast(1, 'statedToInvestors', [
  line('2025', 'base', '16000000000'),
  line('2029', 'high', '400000000000'),
]);
const ASSUMED = forecast(2, 'assumed', [
  line('2025', 'base', '16000000000'),
  line('2026', 'base', '35777087640.00'),
  line('2027', 'base', '80000000000'),
  line('2028', 'base', '178885438199.98'),
  line('2029', 'base', '400000000000'),
]);

describeWithPostgres('reports', (url) => {
  /** Given these events, what the report says on a day. */
  async function read(
    set: ReportSet,
    report: ReportDefinition,
    lines: readonly PostedLine[],
    query: Record<string, string> = {},
  ) {
    const { projection } = await projected(url, set, lines);
    try {
      return await projection.read(report, { effectiveOn: '2026-12-31', ...query });
    } finally {
      await projection.stop();
    }
  }
  const outlook = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await read(spendForecast, spendOutlook, lines, query)).rows;
  const commitments = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await read(supplierCommitments, commitmentLines, lines, query)).rows;
  const balance = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await read(supplierCommitments, capacityBalance, lines, query)).rows;
  const pick = (rows: readonly Row[], ...columns: string[]): unknown[][] =>
    rows.map((row) => columns.map((column) => row[column]));

  describe('spend outlook', () => {
    it('sets what is committed beside what is assumed, year by year', async () => {
      const { rows, meta } = await read(spendForecast, spendOutlook, [...RENTAL, STATED, ASSUMED]);
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
      expect(
        pick(await outlook(lines, { granularity: 'quarter' }), 'period', 'pipelineCeiling', 'forecastBase'),
      ).toEqual([
        ['2025', '0.00', '16000000000.00'],
        ['2026-33', '1.00', null],
        ['2026-34', '3.00', null],
        ['2029', '0.00', null],
      ]);
      expect(pick(await outlook(lines, { granularity: 'month' }), 'period')).toEqual([
        ['2025'],
        ['2026-03'],
        ['2026-04'],
        ['2026-05'],
        ['2026-06'],
        ['2029'],
      ]);
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
      const { rows, meta } = await read(
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
    });
  });

  describe('forecast versions', () => {
    it('compares each line with the version before', async () => {
      const { rows } = await read(spendForecast, forecastVersions, [STATED, ASSUMED], { period: '2025' });
      expect(pick(rows, 'version', 'amount', 'previousAmount', 'deltaFromPrevious', 'method')).toEqual([
        [1, '16000000000.00', null, null, 'a method'],
        [2, '16000000000.00', '16000000000.00', '0.00', 'a method'],
      ]);
    });

    it('puts low before base before high', async () => {
      const { rows } = await read(spendForecast, forecastVersions, [
        forecast(1, 'internalPlan', [line('2026', 'high', '3'), line('2026', 'base', '2'), line('2026', 'low', '1')]),
      ]);
      expect(pick(rows, 'scenario', 'amount')).toEqual([
        ['low', '1.00'],
        ['base', '2.00'],
        ['high', '3.00'],
      ]);
    });

    it('shows no amount in another currency', async () => {
      const { rows } = await read(spendForecast, forecastVersions, [STATED], {
        reportingCurrency: 'KRW',
        period: '2025',
      });
      expect(pick(rows, 'currency', 'amount')).toEqual([['KRW', null]]);
    });
  });

  describe('commitment lines', () => {
    it('tells what still falls due from what has', async () => {
      const rows = await commitments(RENTAL);
      expect(
        pick(
          rows,
          'ladder',
          'firm',
          'ceiling',
          'remainingFirm',
          'remainingCeiling',
          'firstDue',
          'lastDue',
          'incurred',
          'calledOff',
        ),
      ).toEqual([
        [
          'committed',
          '84000000000.00',
          '210000000000.00',
          '78000000000.00',
          '195000000000.00',
          '2026-07-31',
          '2033-06-30',
          '0.00',
          null,
        ],
      ]);
    });

    it('owes nothing firm before it binds', async () => {
      expect(pick(await commitments(RENTAL, { effectiveOn: '2026-03-30' }), 'ladder', 'firm', 'remainingFirm')).toEqual(
        [['pipeline', '84000000000.00', '0.00']],
      );
    });

    it('tells a stated zero from what nobody stated', async () => {
      const rows = await commitments([
        deal(),
        leg({ legId: 'zero', money: { expected: usd('0') } }),
        leg({ legId: 'none', class: 'service', money: undefined }),
      ]);
      expect(pick(rows, 'legId', 'firm', 'expected', 'ceiling')).toEqual([
        ['none', null, null, null],
        ['zero', '0.00', '0.00', '0.00'],
      ]);
    });

    it('finds one deal among those whose ids begin alike', async () => {
      const ids = ['d', 'd-1', 'd.1', 'd0', 'c', 'D'];
      const lines = ids.flatMap((id) => [
        deal(id),
        leg({ money: { firm: usd('1') } }, id),
        signed('2026-03-31', 'yes', id),
      ]);
      expect(pick(await commitments(lines, { dealId: 'd' }), 'dealId', 'ladder', 'firm')).toEqual([
        ['d', 'committed', '1.00'],
      ]);
      expect(pick(await commitments(lines, { dealId: 'd.1' }), 'dealId')).toEqual([['d.1']]);
      expect(pick(await commitments(lines), 'dealId')).toEqual([['D'], ['c'], ['d'], ['d-1'], ['d.1'], ['d0']]);
    });

    it('passes only rows that fit every filter', async () => {
      const lines = [
        deal(),
        leg({ legId: 'a', money: { firm: usd('1') } }),
        leg({ legId: 'b', money: { undisclosed: true }, receivers: ['samsung', 'nvidia'] }),
      ];
      expect(pick(await commitments(lines, { receiver: 'nvidia' }), 'legId')).toEqual([['a'], ['b']]);
      expect(pick(await commitments(lines, { receiver: 'nvidia', undisclosed: 'true' }), 'legId')).toEqual([['b']]);
      expect(pick(await commitments(lines, { flag: 'JOINT_UNSPLIT' }), 'legId')).toEqual([['b']]);
      expect(await commitments(lines, { provider: 'nvidia' })).toEqual([]);
    });

    it('shows no amount in another currency', async () => {
      expect(
        pick(await commitments(RENTAL, { reportingCurrency: 'KRW' }), 'currency', 'firm', 'remainingFirm', 'flags'),
      ).toEqual([['KRW', null, null, ['FX_RATE_MISSING']]]);
    });
  });

  describe('capacity balance', () => {
    const pool = (id: string, extra: object = {}): PostedLine => ({
      stream: `pool/${id}`,
      type: 'PoolDefined',
      data: { poolId: id, scope: 'global', itemId: 'hbm', unit: 'WFR', per: 'P1M', ...extra },
    });
    const declared = (id: string, from: string, value: string, extra: object = {}): PostedLine => ({
      stream: `pool/${id}`,
      type: 'CapacityDeclared',
      data: { from, rate: wafers(value), basis: 'declared', ...extra },
    });
    const asked = (id: string, value: string | undefined, extra: object = {}): PostedLine => ({
      stream: `reservation/${id}`,
      type: 'CapacityRequested',
      data: {
        reservationId: id,
        buyerId: 'openai',
        supplierIds: ['samsung'],
        itemId: 'hbm',
        rate: value === undefined ? { undisclosed: true } : { ceiling: wafers(value) },
        per: 'P1M',
        poolIds: ['p'],
        priorityAsked: true,
        ...extra,
      },
    });

    it('turns the bound of a capacity into the bound of the ratio', async () => {
      const bounds = [
        ['lessThan', 'moreThan'],
        ['upTo', 'atLeast'],
        ['about', 'about'],
        ['atLeast', 'atMost'],
        ['moreThan', 'lessThan'],
        ['exact', 'exact'],
      ];
      for (const [bound, result] of bounds) {
        const rows = await balance([pool('p'), declared('p', '2025-01', '2250000', { bound }), asked('r', '900000')]);
        expect(pick(rows, 'ratioAtCeiling', 'ratioBound', 'flags')).toEqual([['0.4000', result, []]]);
      }
    });

    it('takes for each month the capacity that begins last, and after its end the one before', async () => {
      const lines = [
        pool('p'),
        declared('p', '2027-01', '480000'),
        declared('p', '2025-10', '450000'),
        declared('p', '2026-01', '500000', { to: '2026-03' }),
        asked('r', '900000'),
      ];
      expect(pick(await balance(lines), 'period', 'capacity', 'ratioAtCeiling')).toEqual([
        ['2025-10', '450000', '2.0000'],
        ['2026-01', '500000', '1.8000'],
        ['2027-01', '480000', '1.8750'],
      ]);
    });

    it('replaces a capacity of the same month by the one declared later', async () => {
      expect(
        pick(
          await balance([pool('p'), declared('p', '2027-01', '5'), declared('p', '2027', '0')]),
          'period',
          'capacity',
          'ratioAtFirm',
        ),
      ).toEqual([['2027-01', '0', null]]);
    });

    it('counts a request in the months that its window meets, in full in each pool', async () => {
      const lines = [
        pool('p'),
        pool('q'),
        declared('p', '2026-06', '10'),
        declared('p', '2026-07', '10'),
        declared('q', '2026-07', '10'),
        asked('r', '8', { window: '2026-41', poolIds: ['p', 'q'] }),
        asked('s', '3'),
      ];
      expect(pick(await balance(lines), 'poolId', 'period', 'requestedCeiling', 'reservations', 'flags')).toEqual([
        ['p', '2026-06', '3', ['s'], []],
        ['p', '2026-07', '11', ['r', 's'], ['OVER_COMMITTED']],
        ['q', '2026-07', '8', ['r'], []],
      ]);
    });

    it('divides nothing by another unit', async () => {
      const rows = await balance([
        pool('p'),
        declared('p', '2026-06', '10'),
        asked('r', '1', { rate: { ceiling: { unit: 'EA', value: '900000' } } }),
      ]);
      expect(pick(rows, 'capacity', 'requestedCeiling', 'ratioAtFirm', 'ratioAtCeiling', 'flags')).toEqual([
        ['10', null, null, null, ['UNIT_MISMATCH']],
      ]);
    });

    it('counts a gigawatt as a thousand megawatts', async () => {
      const lines = [
        pool('p', { unit: 'MW' }),
        declared('p', '2026-06', '10', { rate: { unit: 'MW', value: '4000' } }),
        asked('r', '1', { rate: { ceiling: { unit: 'GW', value: '1.5' } } }),
      ];
      expect(pick(await balance(lines), 'requestedCeiling', 'ratioAtCeiling')).toEqual([['1500', '0.3750']]);
    });

    it('says when some of the demand is secret, or asks for more than the item', async () => {
      const rows = await balance([
        pool('p'),
        declared('p', '2026-06', '10', { basis: 'derived', derivation: 'half' }),
        asked('r', '5', { scopeNote: 'all memory' }),
        asked('s', undefined),
      ]);
      expect(pick(rows, 'requestedCeiling', 'flags')).toEqual([
        ['5', ['DERIVED', 'SCOPE_DIFFERS', 'UNDISCLOSED_REQUESTS']],
      ]);
    });

    it('follows a window of first deliveries from the day it is announced', async () => {
      const window = (effective: string, firstDeliveryWindow: string): PostedLine => ({
        stream: 'pool/p',
        type: 'AvailabilityAnnounced',
        effective,
        data: { firstDeliveryWindow },
      });
      const lines = [pool('p'), window('2025-10-05', '2026-41'), window('2026-08-01', '2027-Q1')];
      expect(pick(await balance(lines, { effectiveOn: '2026-07-31' }), 'period', 'capacity')).toEqual([
        ['2026-07-01/2026-12-31', null],
      ]);
      expect(pick(await balance(lines, { effectiveOn: '2026-08-01' }), 'period', 'requestedCeiling')).toEqual([
        ['2027-01-01/2027-03-31', '0'],
      ]);
    });
  });
});

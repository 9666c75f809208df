import { dirname } from 'node:path';
import { PROJECTIONS } from '@deal-ledger/reports';
import { describeWithKafka } from './harness';
import { startCluster, type Cluster } from './harness/cluster';
import { dataDir } from './support/data-dir';
import { startService, type RunningService } from './harness/services';
import {
  addressOf,
  postArticle,
  postFurtherSources,
  readReport,
  REPORTS,
  withoutPlace,
  type Row,
} from './support/article';
import { post, send } from './support/client';

jest.setTimeout(180_000);

const by = (rows: readonly Row[], wanted: Row): Row => {
  const found = rows.filter((row) => Object.entries(wanted).every(([column, value]) => row[column] === value));
  if (found.length !== 1) throw new Error(`${found.length} rows are ${JSON.stringify(wanted)}`);
  return found[0] as Row;
};

/** The numbers that the article alone supports, on the day it was read. */
async function expectTheArticlesNumbers(url: string, position: number): Promise<void> {
  const lines = await readReport(url, 'commitment-lines', position);
  expect(lines.rows).toHaveLength(7);
  expect(lines.rows.map(({ ladder }) => ladder)).toEqual(Array(7).fill('indicated'));
  expect(
    lines.rows.every(
      ({ firm, qtyFirm }) => (firm === null || Number(firm) === 0) && (qtyFirm === null || Number(qtyFirm) === 0),
    ),
  ).toBe(true);
  expect(by(lines.rows, { dealId: 'nvda-openai', legId: 'L1' })).toMatchObject({
    class: 'lease',
    qtyCeiling: '5000000',
    unit: 'EA',
    providers: ['nvidia'],
    receivers: ['openai'],
  });
  expect(by(lines.rows, { dealId: 'nvda-openai', legId: 'L2' })).toMatchObject({
    class: 'payment',
    undisclosed: true,
    firm: null,
    ceiling: null,
    reciprocalOf: 'L1',
  });
  expect(by(lines.rows, { dealId: 'kr-memory', legId: 'L1' })).toMatchObject({
    qtyCeiling: '900000',
    unit: 'EA',
    per: 'P1M',
    providers: ['samsung', 'skhynix'],
  });
  expect(lines.meta['totals']).toMatchObject({ undisclosedLegs: 2 });

  const capacity = await readReport(url, 'capacity-balance', position);
  expect(by(capacity.rows, { poolId: 'hbm-global' })).toMatchObject({
    period: '2025-10',
    capacity: '450000',
    capacityBound: 'lessThan',
    capacityBasis: 'derived',
    unit: 'EA',
    requestedCeiling: '900000',
    reservedFirm: '0',
    ratioAtFirm: '0.0000',
    ratioAtCeiling: '2.0000',
    ratioBound: 'moreThan',
    flags: ['OVER_COMMITTED', 'DERIVED'],
  });
  expect(by(capacity.rows, { poolId: 'rubin' })).toMatchObject({ capacity: null, period: '2026-07-01/2026-12-31' });

  const outlook = await readReport(url, 'spend-outlook', position);
  expect(outlook.rows).toHaveLength(4);
  expect(by(outlook.rows, { category: 'computeRental', period: '2025' })).toMatchObject({
    forecastLow: '16000000000.00',
    forecastBase: '16000000000.00',
    forecastHigh: '16000000000.00',
    forecastStatus: 'stated',
    committedFirm: '0.00',
    incurred: '0.00',
    paid: '0.00',
    coverageRatio: '0.0000',
  });
  expect(by(outlook.rows, { category: 'computeRental', period: '2029' })).toMatchObject({
    forecastLow: null,
    forecastBase: null,
    forecastHigh: '400000000000.00',
  });
  for (const category of ['computeRental', 'memory'])
    expect(by(outlook.rows, { category, period: 'unscheduled' })).toMatchObject({ undisclosedLegs: 1 });
  expect(outlook.text).not.toContain('7000000000000');
  const filled = await readReport(url, 'spend-outlook', position, '&fill=true');
  for (const period of ['2026', '2027', '2028'])
    expect(by(filled.rows, { category: 'computeRental', period })).toMatchObject({
      forecastStatus: 'notStated',
      forecastBase: null,
    });

  const forecasts = await readReport(url, 'forecast-versions', position);
  expect(by(forecasts.rows, { forecastId: 'openai-programme' })).toMatchObject({
    version: 1,
    scenario: 'high',
    amount: '7000000000000.00',
    bound: 'upTo',
    period: 'unscheduled',
  });
  expect(forecasts.rows.filter(({ forecastId }) => forecastId === 'openai-compute-rental')).toHaveLength(2);

  const funding = await readReport(url, 'funding-position', position);
  expect(by(funding.rows, { fundingId: 'nvda-openai', trancheId: null })).toMatchObject({
    ladder: 'indicated',
    ceiling: '100000000000.00',
    committed: '0.00',
    available: '0.00',
    received: '0.00',
    probability: '0.30',
    weightedRemaining: '30000000000.00',
  });
  for (const fundingId of ['mgx', 'mubadala'])
    expect(by(funding.rows, { fundingId })).toMatchObject({
      ladder: 'pipeline',
      ceiling: null,
      undisclosed: true,
      weightedRemaining: null,
    });
}

describe('the article, told to everything in one process', () => {
  const data = dataDir();
  let ledger: RunningService;

  beforeAll(async () => {
    // Nothing but Node within reach.
    ledger = await startService({
      service: 'standalone',
      environment: {
        DATA_DIR: data.path,
        PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
        KAFKA_BROKERS: '',
        DATABASE_URL: '',
      },
    });
  });
  afterAll(async () => {
    await ledger?.stop();
    data.remove();
  });

  it('gives the numbers that the article supports', async () =>
    expectTheArticlesNumbers(ledger.url, await postArticle(ledger.url)));

  it('gives the same bytes after it was killed and started again, and doubles nothing that is posted again', async () => {
    const position = await postArticle(ledger.url);
    const before = await Promise.all(REPORTS.map((name) => readReport(ledger.url, name, position)));
    await ledger.kill9();
    await ledger.start();
    expect(await postArticle(ledger.url)).toBe(position);
    const after = await Promise.all(REPORTS.map((name) => readReport(ledger.url, name, position)));
    expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
  });

  it('gives every report as CSV with the columns of its JSON, and never a float', async () => {
    const position = await postArticle(ledger.url);
    for (const { name, row } of PROJECTIONS.flatMap(({ reports }) => reports)) {
      const { text, headers } = await send(
        `${addressOf(ledger.url, name)}?asOf=${position}&effectiveOn=2025-10-05&format=csv`,
      );
      expect(headers.get('content-type')).toContain('text/csv');
      expect(text.split(/\r?\n/)[0]).toBe(Object.keys(row.shape).join(','));
      // What was posted is told there as it was, with ids in hexadecimal digits.
      if (!name.startsWith('audit-')) expect(text).not.toMatch(/\de\+?\d|NaN|undefined|null/);
    }
  });

  describeWithKafka('and to a cluster, every service a process on a real Kafka', () => {
    let cluster: Cluster;

    beforeAll(async () => {
      cluster = await startCluster({ durable: false });
    });
    afterAll(() => cluster?.stop());

    it('gives the same bytes, positions and times aside', async () => {
      const there = await postArticle(cluster.url);
      await expectTheArticlesNumbers(cluster.url, there);
      const here = await postArticle(ledger.url);
      const knownThen = [here, there] as const;
      const knownNow = [await postFurtherSources(ledger.url), await postFurtherSources(cluster.url)] as const;
      for (const [one, all] of [knownThen, knownNow]) {
        for (const name of REPORTS) {
          const bodies = await Promise.all([readReport(ledger.url, name, one), readReport(cluster.url, name, all)]);
          const [inOne, inAll] = bodies.map(({ text }) => withoutPlace(text));
          expect(inAll).toBe(inOne);
        }
      }
    });

    describe('asked what events would do', () => {
      const assessed = (probability: string) => ({
        stream: 'deal/nvda-openai',
        id: 'thought-over',
        type: 'DealProbabilityAssessed',
        effective: '2025-12-01',
        sources: [{ sourceId: 'internal', attribution: 'internal', confidence: 'medium' }],
        data: { probability, method: 'judgement' },
      });
      const versionOf = async (url: string) => (await send(`${url}/v1/deals/nvda-openai`)).headers.get('etag');
      beforeAll(async () => {
        for (const url of [ledger.url, cluster.url]) {
          await postArticle(url);
          await postFurtherSources(url);
        }
      });

      it('shows the reports of every projection in one answer, the same as one process, and records nothing', async () => {
        const shown: object[] = [];
        for (const url of [ledger.url, cluster.url]) {
          const version = await versionOf(url);
          const body = { events: [assessed('0.25')] };
          const { status, json } = await post(`${url}/v1/preview?effectiveOn=2025-12-01`, body);
          expect(status).toBe(200);
          const { reports } = json as { reports: { report: string; rows: { key: object; difference: object }[] }[] };
          const changed = reports.filter(({ rows }) => rows.length > 0);
          shown.push(changed.map(({ report, rows }) => [report, rows.map(({ key, difference }) => [key, difference])]));
          expect(changed.map(({ report }) => report)).toEqual(
            expect.arrayContaining(['funding-position', 'deal-register']),
          );

          const dryRun = await post(`${url}/v1/commits?dryRun=true`, body);
          expect([dryRun.status, Object.keys(dryRun.json)]).toEqual([200, expect.not.arrayContaining(['reports'])]);
          expect(await versionOf(url)).toBe(version);
        }
        expect(shown[1]).toEqual(shown[0]);
        expect(JSON.stringify(shown[1])).toContain('"weightedRemaining":"-10000000000.00"');
      });

      it('refuses as the dry run and the real call do', async () => {
        const body = { events: [assessed('1.25')] };
        const asked = ['/v1/preview', '/v1/commits?dryRun=true', '/v1/commits'];
        const refused = await Promise.all(asked.map((path) => post(`${cluster.url}${path}`, body)));
        expect(refused.map(({ status, json }) => [status, json['code'], json['detail']])).toEqual(
          asked.map(() => [422, 'PROBABILITY_RANGE', refused[0]?.json['detail']]),
        );
      });
    });

    it('lists every route behind the front door in one document', async () => {
      const { json } = await send(`${cluster.url}/openapi.json`);
      expect(Object.keys(json['paths'] as object)).toEqual(
        expect.arrayContaining([
          '/v1/deals/{id}/events',
          '/v1/funding/{id}',
          '/v1/import',
          '/v1/reports/spend-outlook',
          '/v1/reports/capacity-balance',
        ]),
      );
    });
  });
});

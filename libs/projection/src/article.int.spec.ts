import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  capacityBalance,
  circularFlows,
  commitmentLines,
  counterpartyExposure,
  forecastVersions,
  fundingPosition,
  spendForecast,
  spendOutlook,
  supplierCommitments,
  type ReportDefinition,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { projected, type TestProjection } from './testing-projection';

const lines = readFileSync(join(__dirname, '../../../apps/standalone/data/article.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .flatMap((text) => (JSON.parse(text) as { events: PostedLine[] }).events);

// The ledger's own first commit is at position 0, so event n of the article is at position n.
const AT = { asOf: '58', effectiveOn: '2025-10-05' };

describeWithPostgres('what the article alone supports', (url) => {
  let finance: TestProjection;
  let supply: TestProjection;

  beforeAll(async () => {
    finance = (await projected(url, spendForecast, lines)).projection;
    supply = (await projected(url, supplierCommitments, lines)).projection;
  });
  afterAll(async () => {
    await finance.stop();
    await supply.stop();
  });

  const rowsOf = async (projection: TestProjection, report: ReportDefinition, query: Record<string, string> = {}) =>
    (await projection.read(report, { ...AT, ...query })).rows;

  it('has seven legs, nothing firm, and says what is undisclosed', async () => {
    const { rows, meta } = await supply.read(commitmentLines, { ...AT, reportingCurrency: 'USD' });
    const shown = rows.map(
      ({
        dealId,
        legId,
        class: kind,
        providers,
        receivers,
        qtyFirm,
        qtyCeiling,
        unit,
        per,
        firm,
        ceiling,
        ladder,
        undisclosed,
      }) => [
        `${dealId as string}/${legId as string}`,
        kind,
        `${(providers as string[]).join('+')}>${(receivers as string[]).join('+')}`,
        [qtyFirm, qtyCeiling, unit, per],
        [firm, ceiling],
        ladder,
        undisclosed,
      ],
    );
    expect(shown).toEqual([
      ['hitachi/L1', 'supply', 'hitachi>openai', [null, null, null, null], [null, null], 'indicated', true],
      ['nvda-openai/L1', 'lease', 'nvidia>openai', ['0', '5000000', 'EA', null], [null, null], 'indicated', false],
      ['nvda-openai/L3', 'funding', 'nvidia>openai', [null, null, null, null], [null, null], 'indicated', false],
      ['hitachi/L2', 'inKind', 'openai>hitachi', [null, null, null, null], [null, null], 'indicated', true],
      ['kr-memory/L2', 'payment', 'openai>samsung+skhynix', [null, null, null, null], [null, null], 'indicated', true],
      ['nvda-openai/L2', 'payment', 'openai>nvidia', [null, null, null, null], [null, null], 'indicated', true],
      [
        'kr-memory/L1',
        'supply',
        'samsung+skhynix>openai',
        ['0', '900000', 'EA', 'P1M'],
        [null, null],
        'indicated',
        false,
      ],
    ]);
    expect(
      rows.filter(({ flags }) => (flags as string[]).includes('JOINT_UNSPLIT')).map(({ dealId }) => dealId),
    ).toEqual(['kr-memory', 'kr-memory']);
    expect(meta).toMatchObject({
      asOfPosition: 58,
      effectiveOn: '2025-10-05',
      reportingCurrency: 'USD',
      rowCount: 7,
      totals: {
        byCurrency: [
          {
            currency: 'USD',
            committedFirm: '0.00',
            committedCeiling: '0.00',
            indicatedCeiling: '0.00',
            pipelineCeiling: '0.00',
          },
        ],
        undisclosedLegs: 2,
      },
    });
  });

  it('foresees 2025 and, as the most it may be, 2029; nothing is invented between', async () => {
    const rows = await rowsOf(finance, spendOutlook);
    expect(rows.map(({ category, period }) => [category, period])).toEqual([
      ['computeRental', '2025'],
      ['computeRental', '2029'],
      ['computeRental', 'unscheduled'],
      ['memory', 'unscheduled'],
    ]);
    expect(rows[0]).toMatchObject({
      entityId: 'openai',
      currency: 'USD',
      forecastLow: '16000000000.00',
      forecastBase: '16000000000.00',
      forecastHigh: '16000000000.00',
      forecastStatus: 'stated',
      committedFirm: '0.00',
      incurred: '0.00',
      paid: '0.00',
      coverageRatio: '0.0000',
      gapToBase: '16000000000.00',
    });
    expect(rows[1]).toMatchObject({
      forecastLow: null,
      forecastBase: null,
      forecastHigh: '400000000000.00',
      coverageRatio: null,
      gapToBase: null,
    });
    expect(rows[2]).toMatchObject({ undisclosedLegs: 1, weighted: null, forecastStatus: 'notStated' });
    expect(rows[3]).toMatchObject({ undisclosedLegs: 1 });
  });

  it('shows the years without a figure only when asked to, with nothing in them', async () => {
    const rows = await rowsOf(finance, spendOutlook, { fill: 'true', category: 'computeRental' });
    expect(rows.map(({ period }) => period)).toEqual(['2025', '2026', '2027', '2028', '2029', 'unscheduled']);
    for (const row of rows.slice(1, 4)) {
      expect(row).toMatchObject({
        committedFirm: null,
        weighted: null,
        forecastBase: null,
        forecastHigh: null,
        paid: null,
        forecastStatus: 'notStated',
        undisclosedLegs: 0,
      });
    }
  });

  it('lists every forecast line, and keeps the seven trillion out of the outlook', async () => {
    const rows = await rowsOf(finance, forecastVersions);
    expect(
      rows.map(({ forecastId, period, scenario, amount, bound }) => [forecastId, period, scenario, amount, bound]),
    ).toEqual([
      ['openai-compute-rental', '2025', 'base', '16000000000.00', 'about'],
      ['openai-compute-rental', '2029', 'high', '400000000000.00', 'upTo'],
      ['openai-programme', 'unscheduled', 'high', '7000000000000.00', 'upTo'],
    ]);
    const outlook = await rowsOf(finance, spendOutlook);
    expect(outlook.some(({ category }) => category === 'programmeCost')).toBe(false);
  });

  it('weighs the one funding that is disclosed by the stage of its deal', async () => {
    const { rows, meta } = await finance.read(fundingPosition, AT);
    expect(rows).toMatchObject([
      {
        fundingId: 'mgx',
        trancheId: null,
        ladder: 'pipeline',
        ceiling: null,
        undisclosed: true,
        weightedRemaining: null,
        probability: '0.20',
      },
      { fundingId: 'mubadala', ladder: 'pipeline', ceiling: null, undisclosed: true, weightedRemaining: null },
      {
        fundingId: 'nvda-openai',
        ladder: 'indicated',
        ceiling: '100000000000.00',
        committed: '0.00',
        available: '0.00',
        received: '0.00',
        utilisation: null,
        probability: '0.30',
        weightedRemaining: '30000000000.00',
        undisclosed: false,
      },
    ]);
    expect(meta).toMatchObject({
      policyEventId: 'evt-0024',
      totals: { byCurrency: [{ ceiling: '100000000000.00', weightedRemaining: '30000000000.00' }], undisclosed: 2 },
    });
  });

  it('finds the demand for memory at more than twice the capacity of the world', async () => {
    const [hbm, rubin, ...more] = await rowsOf(supply, capacityBalance);
    expect(more).toEqual([]);
    expect(hbm).toMatchObject({
      poolId: 'hbm-global',
      period: '2025-10',
      unit: 'EA',
      capacity: '450000',
      capacityBound: 'lessThan',
      capacityBasis: 'derived',
      requestedCeiling: '900000',
      reservedFirm: '0',
      headroomFirm: '450000',
      ratioAtFirm: '0.0000',
      ratioAtCeiling: '2.0000',
      ratioBound: 'moreThan',
      reservations: ['hbm'],
      flags: ['OVER_COMMITTED', 'DERIVED'],
    });
    expect(rubin).toMatchObject({
      poolId: 'rubin',
      period: '2026-07-01/2026-12-31',
      capacity: null,
      requestedCeiling: null,
      ratioAtCeiling: null,
      flags: ['UNDISCLOSED_REQUESTS', 'FIRST_DELIVERY_WINDOW'],
    });
  });

  it('owes nobody anything for certain, and says what else there is between the parties', async () => {
    const { rows, meta } = await supply.read(counterpartyExposure, {
      ...AT,
      reportingCurrency: 'USD',
      entity: 'openai',
    });
    expect(rows.map(({ partyId }) => partyId)).toEqual([
      'g42',
      'hitachi',
      'mgx',
      'mubadala',
      'nvidia',
      'samsung+skhynix',
    ]);
    const of = (party: string) => rows.find(({ partyId }) => partyId === party);
    expect(of('nvidia')).toMatchObject({
      openDeals: 1,
      owedFirmRemaining: '0.00',
      fundingCommittedUndrawn: '0.00',
      fundingIndicatedCeiling: '100000000000.00',
      undisclosedLegs: 1,
      suppliesToCompetingParties: [],
      flags: [],
    });
    expect(of('samsung+skhynix')).toMatchObject({
      openDeals: 1,
      owedFirmRemaining: '0.00',
      shareOfOwedFirm: null,
      undisclosedLegs: 1,
      suppliesToCompetingParties: ['nvidia'],
      flags: ['JOINT_UNSPLIT'],
    });
    expect(of('mgx')).toMatchObject({ openDeals: 0, fundingIndicatedCeiling: '0.00', flags: ['UNDISCLOSED_FUNDING'] });
    expect(of('g42')).toMatchObject({ openDeals: 1, undisclosedLegs: 0 });
    expect(meta.totals).toMatchObject({
      byCurrency: [{ owedFirmRemaining: '0.00', fundingIndicatedCeiling: '100000000000.00' }],
    });
  });

  it('finds a funder that is paid by whom it funds, and a barter', async () => {
    expect(await rowsOf(supply, circularFlows)).toMatchObject([
      {
        parties: ['nvidia', 'openai'],
        kind: 'financingLoop',
        dealIds: ['nvda-openai'],
        fundingIds: ['nvda-openai'],
        sameDeal: true,
        forwardCeiling: '100000000000.00',
        backCeiling: null,
        overlapCeiling: null,
        recycledShareCeiling: null,
        undisclosedEdges: 1,
        nettingAgreement: false,
      },
      { parties: ['hitachi', 'openai'], kind: 'reciprocalTrade', forwardCeiling: null, backCash: null, sameDeal: true },
    ]);
  });

  it('answers for earlier knowledge what was known then', async () => {
    expect(await rowsOf(supply, commitmentLines, { asOf: '31' })).toEqual([]);
    expect((await rowsOf(supply, commitmentLines, { asOf: '34' })).map(({ ladder }) => ladder)).toEqual([
      'pipeline',
      'pipeline',
      'pipeline',
    ]);
  });

  it('answers for an earlier day what had happened by then', async () => {
    const ladders = async (effectiveOn: string) =>
      Object.fromEntries(
        (await rowsOf(supply, commitmentLines, { effectiveOn })).map(({ dealId, ladder }) => [dealId, ladder]),
      );
    expect(await ladders('2025-09-29')).toEqual({
      hitachi: 'pipeline',
      'kr-memory': 'pipeline',
      'nvda-openai': 'pipeline',
    });
    expect(await ladders('2025-09-30')).toEqual({
      hitachi: 'pipeline',
      'kr-memory': 'pipeline',
      'nvda-openai': 'indicated',
    });
  });
});

import { siteBoard, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { pick, reported } from './testing-reports';

describeWithPostgres('site board', (url) => {
  const site: PostedLine = {
    stream: 'site/uae',
    type: 'SiteAnnounced',
    data: {
      siteId: 'uae',
      name: 'Stargate UAE',
      country: 'AE',
      partnerIds: ['g42'],
      dealIds: [],
      power: { expected: { unit: 'GW', value: '1' } },
    },
  };
  const phase = (power: object, targetOnline?: string): PostedLine => ({
    stream: 'site/uae',
    type: 'SitePhasePlanned',
    data: { phaseId: 'P1', power, targetOnline },
  });
  const megawatts = (value: string) => ({ expected: { unit: 'MW', value } });
  const reaches = (status: string, effective: string, value: string): PostedLine => ({
    stream: 'site/uae',
    type: 'SitePhaseStatusChanged',
    effective,
    data: { phaseId: 'P1', status, power: megawatts(value) },
  });
  const board = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    pick(
      (await reported(url, supplierCommitments, siteBoard, [site, ...lines], query)).rows,
      'phaseId',
      'power',
      'unit',
      'targetOnline',
      'firstTarget',
      'slipDays',
      'status',
    );

  it('has a row for a site without phases, with the power of the whole', async () => {
    expect(await board([])).toEqual([[null, '1', 'GW', null, null, null, null]]);
  });

  it('counts a slip from the end of the first target to the end of the last', async () => {
    expect(
      await board([phase(megawatts('200')), phase(megawatts('200'), '2026'), phase(megawatts('200'), '2027-Q1')]),
    ).toEqual([['P1', '200', 'MW', '2027-33', '2026', 90, 'planned']]);
    expect(await board([phase(megawatts('200'), '2026'), phase(megawatts('200'), '2026-41')])).toEqual([
      ['P1', '200', 'MW', '2026-41', '2026', 0, 'planned'],
    ]);
    expect(await board([phase(megawatts('200'), '2026-12'), phase(megawatts('200'), '2026-11')])).toEqual([
      ['P1', '200', 'MW', '2026-11', '2026-12', -31, 'planned'],
    ]);
  });

  it('tells a power of nothing from one that is kept secret', async () => {
    expect(await board([phase(megawatts('0'))])).toEqual([['P1', '0', 'MW', null, null, null, 'planned']]);
    expect(await board([phase({ undisclosed: true })])).toEqual([['P1', null, null, null, null, null, 'planned']]);
  });

  it('follows a phase by day', async () => {
    const lines = [
      phase(megawatts('200')),
      reaches('energised', '2026-03-01', '50'),
      reaches('operational', '2026-06-01', '210'),
    ];
    const on = (effectiveOn: string) => board(lines, { effectiveOn });
    expect([await on('2026-02-28'), await on('2026-03-01'), await on('2026-06-01')]).toEqual([
      [['P1', '200', 'MW', null, null, null, 'planned']],
      [['P1', '50', 'MW', null, null, null, 'energised']],
      [['P1', '210', 'MW', null, null, null, 'operational']],
    ]);
    expect(await board(lines, { status: 'energised' })).toEqual([]);
  });
});

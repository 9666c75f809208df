import type { z } from 'zod';
import { reportRunEvents, type ReportRunState } from './report-run';
import { given, poster } from './testing';

type Run = z.input<typeof reportRunEvents.ReportPublished.data>;

const post = poster(reportRunEvents, 'report-run/board-2026-06');
const published = (data: Partial<Run> = {}) =>
  post('ReportPublished', {
    runId: 'board-2026-06',
    report: 'spend-outlook',
    asOf: 3,
    effectiveOn: '2026-06-30',
    reportingCurrency: 'USD',
    fxPolicy: 'closing',
    filter: { entity: 'openai', granularity: 'year' },
    format: 'csv',
    rows: 9,
    sha256: 'a'.repeat(64),
    ...data,
  });

describe('a report that was given out', () => {
  it('says what was asked, as of when, and what the bytes were', () => {
    const { run } = given().when(published()).thenState<ReportRunState>('report-run/board-2026-06');
    expect([run.asOf, run.filter['entity'], run.sha256.length]).toEqual([3, 'openai', 64]);
  });

  it('is given out once under a name', () => given(published()).when(published()).thenRefused('STREAM_EXISTS'));

  it('says that the name belongs to what was published first under it, and what to do', () =>
    expect(given(published()).when(published({ report: 'commitment-lines' })).message).toMatch(
      /belongs to what was published first .* under another run id/,
    ));

  it('may rest on the end of the ledger, and on nothing beyond it', () => {
    const scenario = given();
    const { position } = scenario.context();
    scenario
      .when(published({ asOf: position + 1 }))
      .thenRefused('POSITION_UNKNOWN', '/data/asOf', { asOf: position + 1, lastPosition: position });
    scenario.when(published({ asOf: position })).thenRecorded();
  });

  it.each<[string, Partial<Run>]>([
    ['/data/report', { report: 'Spend outlook' }],
    ['/data/asOf', { asOf: -1 }],
    ['/data/rows', { rows: 1.5 }],
    ['/data/sha256', { sha256: 'A'.repeat(64) }],
    ['/data/fxPolicy', { fxPolicy: 'closing rate' }],
    ['/data/filter/entity', { filter: { entity: '' } }],
  ])('is refused at %s', (pointer, data) => given().when(published(data)).thenRefused('VALIDATION_FAILED', pointer));

  it('is in a currency that exists', () =>
    given()
      .when(published({ reportingCurrency: 'DM' }))
      .thenRefused('CURRENCY_UNKNOWN', '/data/reportingCurrency'));

  it('is named as its stream is', () =>
    given()
      .when(published({ runId: 'board' }))
      .thenRefused('VALIDATION_FAILED', '/data/runId'));
});

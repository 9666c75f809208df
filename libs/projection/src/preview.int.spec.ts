import { WHICH_STREAM } from '@deal-ledger/domain';
import { fundingPosition, spendForecast } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { PreviewBody } from './preview.controller';
import { deal, DRAWN, line, usd } from './testing-fundings';
import { projected, type TestProjection } from './testing-projection';

const AT = { effectiveOn: '2026-12-31', fxPolicy: 'standard' } as const;
const SOURCES = [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }];
const call = {
  effective: '2026-12-01',
  sources: SOURCES,
  ...line('FundsCalled', '2026-12-01', {
    callId: 'c2',
    trancheId: 'T1',
    money: usd(1_000_000_000),
    dueOn: '2026-12-20',
  }),
};
const assessed = {
  ...deal,
  type: 'DealProbabilityAssessed',
  effective: '2026-12-01',
  sources: SOURCES,
  data: { probability: '0.50', method: 'seen' },
};

describeWithPostgres('a preview', (url) => {
  let projection: TestProjection;
  let post: Awaited<ReturnType<typeof projected>>['writer'];
  beforeAll(async () => {
    ({ projection, writer: post } = await projected(
      url,
      spendForecast,
      DRAWN.map((each) => (each.type === 'FundsReceived' ? { ...each, id: 'receipt' } : each)),
    ));
  });
  afterAll(() => projection.stop());

  const preview = (...events: Record<string, unknown>[]) =>
    projection.reports.preview(spendForecast, { events: events as never }, AT);
  const changesOf = async (...events: Record<string, unknown>[]) =>
    (await preview(...events)).reports.find(({ report }) => report === fundingPosition.name)?.rows ?? [];

  it('shows which rows a call would change, and by how much', async () => {
    const rows = await changesOf(call);
    expect(rows.map(({ key }) => key)).toEqual([
      { fundingId: 'f', trancheId: null },
      { fundingId: 'f', trancheId: 'T1' },
    ]);
    expect(rows[1]).toMatchObject({
      before: { called: '4000000000.00' },
      after: { called: '5000000000.00' },
      difference: { called: '1000000000.00', available: '-1000000000.00' },
    });
  });

  it('shows what a correction and a cancel would do, also together with others', async () => {
    const corrected = {
      ...call,
      action: 'cancel',
      type: 'FundsReceived',
      data: null,
      corrects: 'receipt',
      reason: 'never came',
      approvedBy: { id: 'second' },
    };
    const rows = await changesOf(corrected, assessed);
    expect(rows[0]).toMatchObject({ difference: { received: '-4000000000.00' }, after: { probability: '0.50' } });
  });

  it('records nothing, and leaves the projection to go on', async () => {
    const before = await projection.read(fundingPosition, AT);
    const counts = () =>
      projection.query('select (select count(*) from events) as events, (select count(*) from postings) as postings');
    const earlier = await counts();
    const running = Array.from({ length: 5 }, () => preview(call, assessed));
    const position = await post.post(
      line('FundsRepaid', '2026-12-02', { repaymentId: 'x', money: usd(1), kind: 'interest' }),
    );
    const [first, ...others] = await Promise.all(running);
    for (const other of others) expect(other.reports).toEqual(first?.reports);
    await projection.caughtUp();
    const { rows } = await projection.read(fundingPosition, { ...AT, asOf: String(position) });
    expect(rows).toEqual(before.rows);
    const [later] = await counts();
    expect(later).toMatchObject({ events: String(Number((earlier[0] as { events: string }).events) + 1) });
  });

  it('does what recording does: the figures after it are those that it showed', async () => {
    const shown = await changesOf(assessed);
    await post.post(assessed);
    await projection.caughtUp();
    const { rows } = await projection.read(fundingPosition, AT);
    for (const { after } of shown) expect(rows).toContainEqual(after);
    expect(shown.length).toBeGreaterThan(0);
    expect(await changesOf({ ...assessed, data: { probability: '0.50', method: 'again' } })).toEqual([]);
  });

  it('refuses what is no event, and what cannot be put on top of the ledger', async () => {
    await expect(preview({ ...call, data: {} })).rejects.toMatchObject({ status: 422 });
    expect(PreviewBody.safeParse({ events: [{ type: call.type }] }).error?.issues).toMatchObject([
      { path: ['events', 0, 'stream'], message: WHICH_STREAM },
    ]);
    await expect(preview({ ...call, stream: 'nothing/x' })).rejects.toMatchObject({ status: 422 });
    await expect(
      preview({
        ...call,
        action: 'cancel',
        data: null,
        corrects: 'unheard-of',
        reason: 'r',
        approvedBy: { id: 'second' },
      }),
    ).rejects.toMatchObject({ status: 409, code: 'PREVIEW_IMPOSSIBLE' });
  });
});

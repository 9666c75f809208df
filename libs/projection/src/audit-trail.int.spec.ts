import { audit, auditTrail, type Row } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { projected, type ReportAnswer, type TestProjection } from './testing-projection';
import { pick } from './testing-reports';
import { story } from './testing-story';

describeWithPostgres('the audit trail', (url) => {
  let trail: TestProjection;

  beforeAll(async () => {
    trail = (await projected(url, audit, story)).projection;
  });
  afterAll(() => trail.stop());

  const read = (query: Record<string, string> = {}): Promise<ReportAnswer> => trail.read(auditTrail, query);
  const ids = async (query: Record<string, string>): Promise<unknown[]> =>
    pick((await read(query)).rows, 'eventId').flat();
  const event = async (eventId: string, query: Record<string, string> = {}): Promise<Row> => {
    const [row] = (await read({ eventId, ...query })).rows;
    if (row === undefined) throw new Error(`no ${eventId}`);
    return row;
  };
  const evt = (...numbers: number[]): string[] => numbers.map((number) => `evt-${String(number).padStart(4, '0')}`);

  it('has a row for every event, in the order recorded', async () => {
    const { rows, meta } = await read();
    const [first, ...posted] = pick(rows, 'eventId').flat();
    expect(posted).toEqual(story.map(({ id }) => id));
    expect(first).not.toEqual(posted[0]);
    expect(meta).toMatchObject({
      rowCount: 116,
      totals: { byAction: { new: 110, correct: 5, cancel: 1 }, current: 109 },
    });
  });

  it('is compared by the events that came, which it rests on', async () => {
    const { rows } = await trail.variance(auditTrail, { measure: 'version', from: '31', to: '33' });
    expect(pick(rows, 'key', 'eventId', 'contribution').sort()).toEqual([
      ['32/0', 'evt-0032', '2'],
      ['33/0', 'evt-0033', expect.stringMatching(/^\d+$/)],
    ]);
  });

  it('says of an event all that there is to say', async () => {
    const { recordedAt, daysBackdated, ...row } = await event('evt-0032');
    expect(recordedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(daysBackdated).toBeGreaterThan(0);
    expect(row).toEqual({
      position: 32,
      ordinal: 0,
      eventId: 'evt-0032',
      stream: 'deal/nvda-openai',
      kind: 'deal',
      version: 2,
      type: 'LegAdded',
      schemaVersion: 1,
      effective: '2025-10-05',
      effectiveFrom: '2025-10-05',
      effectiveTo: '2025-10-05',
      action: 'new',
      correctsEventId: null,
      reason: null,
      actorId: 'local',
      actorRole: null,
      onBehalfOfId: 'finance-1',
      onBehalfOfRole: 'strategicFinance',
      approvedById: null,
      approvedByRole: null,
      commandId: null,
      correlationId: null,
      causationId: null,
      sourceIds: ['src-ar-2025-10'],
      attributions: ['anonymousSources'],
      minConfidence: 'medium',
      summary:
        'legId L1, class lease, providers nvidia, receivers openai, itemId ai-accelerator, ' +
        'quantity (ceiling 5,000,000 EA, bound upTo), staged true, schedule method unscheduled',
      data: JSON.stringify({
        legId: 'L1',
        class: 'lease',
        providers: ['nvidia'],
        receivers: ['openai'],
        itemId: 'ai-accelerator',
        quantity: { ceiling: { unit: 'EA', value: '5000000' }, bound: 'upTo' },
        staged: true,
        schedule: { method: 'unscheduled' },
      }),
      correctedBy: null,
      isCurrent: true,
      known: true,
    });
  });

  it('names what corrected an event, as soon as that is known and not before', async () => {
    expect(await event('evt-0051')).toMatchObject({ correctedBy: 'evt-0066', isCurrent: false });
    expect(await event('evt-0051', { asOf: '65' })).toMatchObject({ correctedBy: null, isCurrent: true });
    expect(await event('evt-0066')).toMatchObject({ correctsEventId: 'evt-0051', action: 'correct', isCurrent: true });
  });

  it('tells of a cancel what it cancels, and why', async () => {
    expect(await event('evt-0100')).toMatchObject({ correctedBy: 'evt-0101', isCurrent: false });
    expect(await event('evt-0101')).toMatchObject({
      action: 'cancel',
      reason: 'duplicate posting of p3',
      approvedById: 'controller-1',
      approvedByRole: 'controller',
      summary: 'cancels evt-0100: paymentId p3-dup, legId L2, kind settlement, money 1,000,000,000 USD',
      data: null,
      isCurrent: false,
    });
  });

  it('is the same for any day', async () => {
    expect((await read({ effectiveOn: '2020-01-01' })).rows).toEqual((await read()).rows);
  });

  it('finds what names a leg, a payment, a tranche or a call; the cancel of it too', async () => {
    const onDeal = { stream: 'deal/nvda-openai' };
    expect(await ids({ ...onDeal, ref: 'L1' })).toEqual(evt(32, 33));
    expect(await ids({ ...onDeal, ref: 'p3-dup' })).toEqual(evt(100, 101));
    expect(await ids({ ref: 'T1' })).toEqual(evt(71, 90, 92, 94));
    expect(await ids({ ref: 'call-1' })).toEqual(evt(92, 94));
    expect(await ids({ ref: 'g42', kind: 'deal' })).toEqual(evt(46));
    expect(await ids({ ref: 'medium' })).toEqual([]);
  });

  it.each([
    [{ type: 'DealProbabilityAssessed,ProbabilityPolicySet' }, evt(24, 80)],
    [{ action: 'correct' }, evt(65, 66, 67, 68, 74)],
    [{ action: 'cancel', type: 'PaymentMade' }, evt(101)],
    [{ source: 'src-kr-loi', attribution: 'named' }, evt(62, 63, 67, 69)],
    [
      { kind: 'funding', recordedFrom: '2000-01-01', effectiveFrom: '2026-10-05', effectiveTo: '2026-10-20' },
      evt(92, 94),
    ],
    [{ text: 'إنفيديا' }, evt(4)],
    [{ text: 'DUPLICATE POSTING' }, evt(101)],
    [{ text: '"paymentId":"P3-dup"' }, evt(100)],
    [{ text: 'EVT-0100' }, evt(100)],
    [{ approvedBy: 'controller-1', type: 'FundingCommitted' }, evt(83)],
    [{ selfApproved: 'true' }, []],
    [{ posted: 'true', stream: 'deal/hitachi', type: 'AgreementSigned' }, evt(45, 74)],
    [{ posted: 'false', ref: 'hitachi' }, evt()],
    [{ recordedTo: '2000-01-01' }, evt()],
    [{ isCurrent: 'false', stream: 'deal/hitachi' }, evt(45)],
    [{ minBackdatedDays: '999999' }, evt()],
    [{ correlation: 'nothing' }, evt()],
  ])('finds by %j', async (query, expected) => {
    expect(await ids(query as Record<string, string>)).toEqual(expected);
  });

  it('refuses a filter that it does not have, and what is no number', async () => {
    await expect(read({ minBackdatedDays: 'many' })).rejects.toMatchObject({ status: 400 });
    await expect(read({ colour: 'red' })).rejects.toMatchObject({ status: 400 });
  });
});

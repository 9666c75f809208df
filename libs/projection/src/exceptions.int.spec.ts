import { audit, exceptions, type Row } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { projected, type ReportAnswer } from './testing-projection';
import { dealClosed, dealt, firstText, foundIn, funding, on } from './testing-exceptions';
import { deal, forecast, leg, line, pick, signed, usd } from './testing-reports';
import { story } from './testing-story';

jest.setTimeout(60_000);

const paid = (effective: string, currency: string, id: string): PostedLine =>
  dealt(
    'PaymentMade',
    effective,
    { paymentId: id, legId: 'L2', kind: 'prepayment', money: { currency, amount: '700' } },
    { id },
  );
const rate = (onDate: string, value = '7'): PostedLine =>
  on('reference/fx', 'FxRateRecorded', onDate, { base: 'USD', quote: 'CNY', rate: value, onDate, rateType: 'spot' });
const CALLED = [
  funding(),
  on('funding/f', 'TrancheScheduled', '2026-01-01', {
    trancheId: 'T1',
    amount: { ceiling: usd('1000') },
    condition: { type: 'none', description: 'none' },
  }),
  on('funding/f', 'FundingCommitted', '2026-01-02', { committed: usd('1000'), signedOn: '2026-01-02' }),
  on(
    'funding/f',
    'FundsCalled',
    '2026-02-01',
    { callId: 'c1', trancheId: 'T1', money: usd('900'), dueOn: '2026-03-01' },
    { id: 'call' },
  ),
];
const received = (effective: string, amount: string): PostedLine =>
  on('funding/f', 'FundsReceived', effective, {
    receiptId: `r-${amount}`,
    callId: 'c1',
    trancheId: 'T1',
    money: usd(amount),
  });

describeWithPostgres('exceptions', (url) => {
  const found = (kind: string, lines: readonly PostedLine[], query?: Record<string, string>) =>
    foundIn(url, kind, lines, query);
  const textOf = (kind: string, lines: readonly PostedLine[], query?: Record<string, string>) =>
    firstText(url, kind, lines, query);

  describe('of the whole story', () => {
    let atArticle: ReportAnswer;
    let atEnd: ReportAnswer;
    let again: Row[];
    let ofParty: ReportAnswer;

    beforeAll(async () => {
      const { projection } = await projected(url, audit, story);
      const article = { asOf: '58', effectiveOn: '2025-10-05', reportingCurrency: 'USD' };
      atArticle = await projection.read(exceptions, article);
      atEnd = await projection.read(exceptions, { effectiveOn: '2027-03-05', reportingCurrency: 'USD' });
      again = [];
      for (const kind of Object.keys((atEnd.meta.totals as { byKind: object }).byKind))
        again.push(
          ...(await projection.read(exceptions, { effectiveOn: '2027-03-05', reportingCurrency: 'USD', kind })).rows,
        );
      ofParty = await projection.read(exceptions, {
        ...article,
        party: 'mubadala',
        kind: 'UNDISCLOSED_MONEY,JOINT_UNSPLIT',
      });
      await projection.stop();
    });

    const refs = ({ rows }: ReportAnswer, kind: string): unknown[] =>
      pick(
        rows.filter((row) => row['kind'] === kind),
        'ref',
      ).flat();

    it('counts after the article two secret payments and two secret fundings, one pool and one joint deal', () => {
      expect(refs(atArticle, 'UNDISCLOSED_MONEY')).toEqual([
        'deal/kr-memory/L2',
        'deal/nvda-openai/L2',
        'funding/mgx',
        'funding/mubadala',
      ]);
      expect(refs(atArticle, 'OVER_COMMITTED')).toEqual(['pool/hbm-global/2025-10']);
      expect(refs(atArticle, 'JOINT_UNSPLIT')).toEqual(['deal/kr-memory']);
      expect(refs(atArticle, 'CALL_OVERDUE')).toEqual([]);
    });

    it('names after the article every event that rests on anonymous sources alone', () => {
      const expected = story.slice(0, 58).flatMap(({ id, stream, sources }) => {
        const [source, ...others] = sources as { attribution: string }[];
        return source?.attribution === 'anonymousSources' && others.length === 0 ? [`${stream}/${id}`] : [];
      });
      expect(expected).toHaveLength(30);
      expect(refs(atArticle, 'SINGLE_ANONYMOUS_SOURCE').sort()).toEqual(expected.sort());
    });

    it('says what is asked of a pool, what it has, and on whose figure', () => {
      expect(atArticle.rows.find(({ kind }) => kind === 'OVER_COMMITTED')).toMatchObject({
        since: '2025-10-01',
        severity: 'high',
        eventId: 'evt-0051',
        text: '900,000 EA are asked of pool hbm-global for 2025-10, it has 450,000 (lessThan, derived): 2 times as much. Ask for less, or declare what was added.',
      });
    });

    it('has at the end what slipped, what is short, and the years that are not covered', () => {
      expect(refs(atEnd, 'SLIP')).toEqual(['reservation/hbm/sl1']);
      expect(refs(atEnd, 'SHORTFALL')).toEqual(['reservation/hbm/s1']);
      expect(refs(atEnd, 'FORECAST_ABOVE_COMMITTED')).toEqual(
        ['2025', '2026', '2027', '2028', '2029'].map((year) => `openai/computeRental/${year}`),
      );
      expect(refs(atEnd, 'OVER_COMMITTED')).toHaveLength(7);
    });

    it('puts the worst first, and of those the oldest', () => {
      const severities = pick(atEnd.rows, 'severity').flat();
      expect(severities).toEqual(
        [...severities].sort((a, b) => 'hml'.indexOf(String(a)[0] ?? '') - 'hml'.indexOf(String(b)[0] ?? '')),
      );
      expect(atEnd.meta.totals).toMatchObject({ bySeverity: { high: 7 } });
    });

    it('has of one kind what it has of all', () => {
      const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort();
      expect(sorted(again)).toEqual(sorted(atEnd.rows));
    });

    it('finds those of a party', () => expect(pick(ofParty.rows, 'ref')).toEqual([['funding/mubadala']]));
  });

  it('calls overdue from the day after the due day until all has come', async () => {
    expect(await found('CALL_OVERDUE', CALLED, { effectiveOn: '2026-03-01' })).toEqual([]);
    expect(await found('CALL_OVERDUE', CALLED, { effectiveOn: '2026-03-02' })).toEqual([
      ['funding/f/T1/c1', '2026-03-02', 'high', 'call'],
    ]);
    const some = [...CALLED, received('2026-03-10', '600')];
    expect(await textOf('CALL_OVERDUE', some)).toBe(
      '300 USD of call c1 on funding f were due on 2026-03-01; 600 of 900 have come, by 2026-12-31 they are 305 days late. Ask for them, or record the receipt.',
    );
    expect(await found('CALL_OVERDUE', [...some, received('2026-03-11', '300')])).toEqual([]);
  });

  it('names papers that do not bind and expire within the days asked for', async () => {
    const letter = dealt(
      'AgreementSigned',
      '2026-01-10',
      { instrument: 'loi', binding: 'no', expiresOn: '2027-03-31' },
      { id: 'letter' },
    );
    const lines = [deal(), letter];
    expect(await found('LOI_LAPSING', lines)).toEqual([['deal/d', '2026-12-31', 'medium', 'letter']]);
    expect(await found('LOI_LAPSING', lines, { lapsingWithinDays: '89' })).toEqual([]);
    expect(await found('LOI_LAPSING', lines, { effectiveOn: '2027-04-01' })).toEqual([]);
    expect(await found('LOI_LAPSING', [...lines, signed('2026-12-01', 'yes')])).toEqual([]);
    expect(await found('LOI_LAPSING', [...lines, dealClosed])).toEqual([]);
  });

  it('names payments for which the rate of the day is missing or more than seven days old', async () => {
    const lines = [
      deal(),
      leg({ money: { undisclosed: true } }),
      rate('2026-03-03'),
      paid('2026-03-02', 'CNY', 'early'),
      paid('2026-03-10', 'CNY', 'fresh'),
      paid('2026-03-11', 'CNY', 'late'),
      paid('2026-03-02', 'USD', 'own'),
    ];
    expect(await found('FX_STALE', lines)).toEqual([]);
    expect(await found('FX_STALE', lines, { reportingCurrency: 'USD' })).toEqual([
      ['deal/d/early', '2026-03-02', 'medium', 'early'],
      ['deal/d/late', '2026-03-11', 'medium', 'late'],
    ]);
    expect(
      await textOf(
        'FX_STALE',
        lines.filter(({ id }) => id !== 'early'),
        { reportingCurrency: 'USD' },
      ),
    ).toBe(
      'PaymentMade of 700 CNY on 2026-03-11 cannot be converted into USD: the last spot rate is of 2026-03-03, 8 days before, and 7 are the most. Record the spot rate of that day.',
    );
  });

  it('names what a published report had and what was corrected or cancelled since', async () => {
    const run = on('report-run/board', 'ReportPublished', '2026-06-30', {
      runId: 'board',
      report: 'commitment-lines',
      asOf: 3,
      effectiveOn: '2026-06-30',
      filter: {},
      format: 'json',
      rows: 1,
      sha256: 'a'.repeat(64),
    });
    const cancel = (id: string): PostedLine => ({
      ...paid('2026-03-02', 'USD', `no-${id}`),
      action: 'cancel',
      corrects: id,
      reason: 'posted twice',
      data: null,
    });
    const lines = [
      deal(),
      leg({ money: { undisclosed: true } }),
      paid('2026-03-02', 'USD', 'p1'),
      paid('2026-03-03', 'USD', 'p2'),
      run,
    ];
    expect(await found('CORRECTED_AFTER_REPORT', lines)).toEqual([]);
    const rows = await found('CORRECTED_AFTER_REPORT', [...lines, cancel('p1'), cancel('p2')]);
    expect(rows).toEqual([['report-run/board/deal/d/p1', expect.any(String), 'high', 'no-p1']]);
    expect(await textOf('CORRECTED_AFTER_REPORT', [...lines, cancel('p1')])).toBe(
      'p1 (PaymentMade of deal/d) was cancelled by no-p1 after report commitment-lines of run board, as of position 3, had it: posted twice. See whether what was reported has to be told anew.',
    );
    expect(await found('CORRECTED_AFTER_REPORT', [...lines, cancel('p1')], { asOf: '5' })).toEqual([]);
  });

  it('names events in force that were recorded more days late than asked for', async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
    const today = daysAgo(0);
    const lines = [
      { ...deal(), effective: today },
      dealt('DealAnnounced', daysAgo(31), {}, { id: 'late' }),
      dealt('DealAnnounced', daysAgo(30), {}),
    ];
    expect(await found('BACKDATED', lines)).toEqual([['deal/d/late', today, 'medium', 'late']]);
    expect(await found('BACKDATED', lines, { backdatedDays: '31' })).toEqual([]);
    const without = {
      ...dealt('DealAnnounced', today, {}),
      action: 'cancel',
      corrects: 'late',
      reason: 'never was',
      data: null,
    };
    expect(await found('BACKDATED', [...lines, without])).toEqual([]);
  });

  it('does not call single what two sources say, or one that names somebody', async () => {
    const source = (sourceId: string, attribution: string) => ({ sourceId, attribution, confidence: 'low' });
    const resting = (...sources: object[]): PostedLine =>
      dealt('DealAnnounced', '2026-01-01', {}, { id: 'a', sources });
    const of = (announcement: PostedLine) => found('SINGLE_ANONYMOUS_SOURCE', [deal(), announcement]);
    expect(await of(resting(source('s', 'anonymousSources')))).toHaveLength(1);
    expect(await of(resting(source('s', 'anonymousSources'), source('s', 'anonymousSources')))).toHaveLength(1);
    expect(await of(resting(source('s', 'anonymousSources'), source('t', 'anonymousSources')))).toEqual([]);
    expect(await of(resting(source('s', 'named')))).toEqual([]);
  });

  it('has no joint side where shares are said, and none of a closed deal', async () => {
    const joint = leg({ money: { undisclosed: true }, receivers: ['nvidia', 'amd'] });
    const shared = leg({
      money: { undisclosed: true },
      receivers: ['nvidia', 'amd'],
      shares: [
        { partyId: 'nvidia', share: '0.5' },
        { partyId: 'amd', share: '0.5' },
      ],
    });
    expect(await found('JOINT_UNSPLIT', [deal(), joint])).toEqual([['deal/d', '2025-10-05', 'low', 'deal/d#2']]);
    expect(await found('JOINT_UNSPLIT', [deal(), shared])).toEqual([]);
    expect(await found('JOINT_UNSPLIT', [deal(), joint, dealClosed])).toEqual([]);
    expect(await found('UNDISCLOSED_MONEY', [deal(), joint, dealClosed])).toEqual([]);
  });

  it('compares with what is certain the base of a year, and nothing else', async () => {
    const lines = [
      deal(),
      leg({ money: { firm: usd('100') }, schedule: { method: 'lump', period: '2027' } }),
      signed('2026-03-31', 'yes'),
    ];
    const foreseen = (...amounts: object[]) =>
      found('FORECAST_ABOVE_COMMITTED', [...lines, forecast(1, 'internalPlan', amounts)]);
    expect(await foreseen(line('2027', 'base', '100'), line('2028', 'high', '900'))).toEqual([]);
    expect(await foreseen(line('2027', 'base', '101'))).toEqual([
      ['openai/computeRental/2027', '2025-10-05', 'medium', 'forecast/rental#1'],
    ]);
  });

  it('names a later window of first deliveries', async () => {
    const announced = (effective: string, firstDeliveryWindow: string): PostedLine =>
      on('pool/p', 'AvailabilityAnnounced', effective, { firstDeliveryWindow });
    const lines = [
      on('pool/p', 'PoolDefined', '2026-01-01', {
        poolId: 'p',
        scope: 'supplier',
        supplierId: 'nvidia',
        itemId: 'rubin',
        unit: 'SYS',
        per: 'P1M',
      }),
      announced('2026-01-01', '2026-41'),
      announced('2026-02-01', '2026-07'),
    ];
    expect(await found('SLIP', lines)).toEqual([]);
    const later = [...lines, announced('2026-06-01', '2027-Q1')];
    expect(await found('SLIP', later)).toEqual([['pool/p/2026-06-01', '2026-06-01', 'medium', 'pool/p#4']]);
    expect(await textOf('SLIP', later)).toBe(
      'First deliveries of pool p were to begin on 2026-07-01 and do on 2027-01-01. See what waits for them.',
    );
    expect(await found('SLIP', later, { effectiveOn: '2026-05-31' })).toEqual([]);
  });
});

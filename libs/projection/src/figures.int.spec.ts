import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, subtract, sum } from '@deal-ledger/domain';
import {
  columnsOf,
  commitmentLines,
  fundingPosition,
  spendForecast,
  spendOutlook,
  supplierCommitments,
  type ReportDefinition,
  type Row,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { projected, type TestProjection } from './testing-projection';

const story = [
  'apps/standalone/data/article.jsonl',
  'apps/standalone/data/further-sources.jsonl',
  'tests/support/continuation.jsonl',
].flatMap((file) =>
  readFileSync(join(__dirname, '../../..', file), 'utf8')
    .trim()
    .split('\n')
    .flatMap((text) => (JSON.parse(text) as { events: PostedLine[] }).events),
);

const NUMBERS = ['money', 'quantity', 'ratio', 'decimal', 'count'];
const numbersOf = (report: ReportDefinition): string[] =>
  columnsOf(report)
    .filter(({ kind, name }) => NUMBERS.includes(kind) && !report.key.includes(name))
    .map(({ name }) => name);
const keyOf = ({ key }: ReportDefinition, row: Row): string =>
  key
    .map((column) => row[column])
    .filter((part) => part !== null)
    .map(String)
    .join('/');
const total = (rows: readonly Row[]): string => sum(rows.map(({ contribution }) => String(contribution)));

jest.setTimeout(120_000);

// Each event of the story has a commit of its own behind the ledger's first: the nth is at position n.
describeWithPostgres('a figure opened and compared', (url) => {
  let finance: TestProjection;
  let supply: TestProjection;

  beforeAll(async () => {
    finance = (await projected(url, spendForecast, story)).projection;
    supply = (await projected(url, supplierCommitments, story)).projection;
  });
  afterAll(async () => {
    await finance.stop();
    await supply.stop();
  });

  const all = (): [TestProjection, ReportDefinition][] => [
    ...spendForecast.reports.map((report): [TestProjection, ReportDefinition] => [finance, report]),
    ...supplierCommitments.reports.map((report): [TestProjection, ReportDefinition] => [supply, report]),
  ];
  const refusal = async (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      ({ status, code, message }: { status: number; code: string; message: string }) => ({ status, code, message }),
    );

  it('names the letter of intent and the assessment that moved a weight', async () => {
    const { rows, meta } = await finance.variance(fundingPosition, {
      measure: 'weightedRemaining',
      key: 'nvda-openai',
      from: '58',
      to: '80',
      effectiveOn: '2025-11-20',
    });
    expect(
      rows.map(({ eventId, contribution, cause, valueFrom, valueTo, delta }) => [
        eventId,
        contribution,
        cause,
        valueFrom,
        valueTo,
        delta,
      ]),
    ).toEqual([
      ['evt-0070', '20000000000.00', 'new', '30000000000.00', '35000000000.00', '5000000000.00'],
      ['evt-0080', '-15000000000.00', 'new', '30000000000.00', '35000000000.00', '5000000000.00'],
    ]);
    expect(meta).toMatchObject({ fromPosition: 58, toPosition: 80, rowCount: 2, nextCursor: null });
  });

  it('names the cancellation of a payment that was posted twice, and why', async () => {
    const { rows } = await supply.variance(commitmentLines, {
      measure: 'paid',
      key: 'nvda-openai/L2',
      from: '100',
      to: '101',
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

  it('opens what was paid into its payments, the duplicate and what took it back', async () => {
    const { rows, meta } = await supply.explain(commitmentLines, {
      key: 'nvda-openai/L2',
      column: 'paid',
      effectiveOn: '2026-12-31',
      asOf: '101',
    });
    const paid = rows.filter(({ measure }) => measure === 'leg.paid');
    expect(compare(sum(paid.map(({ amount }) => String(amount))), String(meta['value']))).toBe(0);
    expect(paid.find(({ eventId }) => eventId === 'evt-0101')).toMatchObject({
      action: 'cancel',
      reason: 'duplicate posting of p3',
      corrects: expect.any(String),
      correctedData: expect.stringContaining('paymentId'),
    });
    expect(new Set(rows.map(({ measure }) => measure))).toEqual(new Set(['leg', 'leg.paid']));
  });

  it('opens a period into what is due in it', async () => {
    const { rows, meta } = await finance.explain(spendOutlook, {
      key: 'openai/computeRental/2027/USD',
      column: 'committedFirm',
      effectiveOn: '2026-12-31',
      asOf: '108',
    });
    const firm = rows.filter(({ measure }) => measure === 'leg.firm');
    expect(firm.length).toBeGreaterThan(0);
    expect(compare(sum(firm.map(({ amount }) => String(amount))), String(meta['value']))).toBe(0);
  });

  it('gives pages that the cursor pins', async () => {
    const asked = { key: 'nvda-openai/L2', column: 'paid', effectiveOn: '2026-12-31' };
    const whole = await supply.explain(commitmentLines, asked);
    const first = await supply.explain(commitmentLines, { ...asked, limit: '2' });
    expect(first.rows).toEqual(whole.rows.slice(0, 2));
    const next = await supply.explain(commitmentLines, { ...asked, limit: '2', cursor: String(first.meta.nextCursor) });
    expect(next.rows).toEqual(whole.rows.slice(2, 4));
    expect(
      await refusal(
        supply.explain(commitmentLines, { ...asked, column: 'firm', cursor: String(first.meta.nextCursor) }),
      ),
    ).toMatchObject({
      code: 'CURSOR_MISMATCH',
    });
  });

  it('says which rows and columns there are instead', async () => {
    const at = { effectiveOn: '2025-11-20', asOf: '80' };
    expect(
      await refusal(finance.explain(fundingPosition, { ...at, key: 'nvda-openia', column: 'committed' })),
    ).toMatchObject({
      status: 404,
      code: 'ROW_NOT_FOUND',
      message: expect.stringContaining('nvda-openai/T1'),
    });
    expect(
      await refusal(finance.explain(fundingPosition, { ...at, key: 'nvda-openai', column: 'comitted' })),
    ).toMatchObject({
      status: 400,
      code: 'COLUMN_UNKNOWN',
      message: expect.stringContaining('committed, '),
    });
    expect(await refusal(finance.variance(fundingPosition, { measure: 'stage', from: '58', to: '80' }))).toMatchObject({
      status: 400,
      code: 'COLUMN_UNKNOWN',
      message: expect.stringContaining('The column "stage" of funding-position has no numbers. Those that have are: '),
    });
    expect(await refusal(finance.variance(fundingPosition, { measure: 'stages', from: '58', to: '80' }))).toMatchObject(
      { message: expect.stringContaining('has no such column "stages". There are: ') },
    );
    expect(
      await refusal(finance.variance(fundingPosition, { measure: 'committed', from: '80', to: '58' })),
    ).toMatchObject({ status: 400, code: 'POSITIONS_REVERSED' });
    expect(
      await refusal(finance.variance(fundingPosition, { measure: 'committed', key: 'nobody', from: '58', to: '80' })),
    ).toMatchObject({ status: 404, code: 'ROW_NOT_FOUND' });
  });

  it('looks at two thousand events one by one, and refuses one more whatever the time', async () => {
    const policies = Array.from({ length: 2_001 }, (_, index) => ({
      id: `policy-${index}`,
      stream: 'reference/policy',
      type: 'ProbabilityPolicySet',
      data: { exploring: '0', announced: '0', preliminary: '0', binding: '1', fundingUnlinkedProposed: '0' },
    }));
    const { projection, writer } = await projected(url, spendForecast, []);
    try {
      let last = 0;
      for (let from = 0; from < policies.length; from += 400)
        last = await writer.post(...policies.slice(from, from + 400));
      const asked = { measure: 'committed', from: '0', to: String(last), minPosition: String(last) };
      expect(await refusal(projection.variance(fundingPosition, asked))).toMatchObject({
        status: 400,
        code: 'TOO_MANY_EVENTS',
        message: expect.stringContaining('at most 2000 are'),
      });
    } finally {
      await projection.stop();
    }
  });

  it('leaves away other causes and what is less than asked for', async () => {
    const asked = { measure: 'paid', from: '58', to: '115', effectiveOn: '2027-03-05' };
    const { rows } = await supply.variance(commitmentLines, { ...asked, cause: 'cancel' });
    expect(rows.map(({ eventId }) => eventId)).toEqual(['evt-0101']);
    const { rows: large } = await supply.variance(commitmentLines, { ...asked, minAbs: '1000000000.01' });
    expect(large.length).toBeGreaterThan(0);
    for (const { contribution } of large) expect(compare(String(contribution).replace('-', ''), '1000000000')).toBe(1);
  });

  it('opens every cell of every report', async () => {
    for (const [projection, report] of all()) {
      const { rows } = await projection.read(report, { effectiveOn: '2027-03-05', limit: '4' });
      for (const [index, row] of rows.entries()) {
        const columns = columnsOf(report).filter((_, place) => index === 0 || place % 4 === index % 4);
        for (const { name } of columns) {
          const { meta } = await projection.explain(report, {
            key: keyOf(report, row),
            column: name,
            effectiveOn: '2027-03-05',
          });
          expect([report.name, name, meta['value']]).toEqual([report.name, name, row[name]]);
        }
      }
    }
  });

  it('adds up for every number of every report, and says the same of one row as of all', async () => {
    for (const [projection, report] of all()) {
      const at = { effectiveOn: '2027-03-05', reportingCurrency: 'USD' };
      const before = (await projection.read(report, { ...at, asOf: '58' })).rows;
      const after = (await projection.read(report, { ...at, asOf: '115' })).rows;
      const cellIn = (rows: readonly Row[], key: string, column: string): string =>
        String(rows.find((row) => keyOf(report, row) === key)?.[column] ?? '0');
      for (const measure of numbersOf(report)) {
        const { rows } = await projection.variance(report, { ...at, measure, from: '58', to: '115', limit: '1000' });
        let looked = 0;
        for (const key of new Set([...before, ...after].map((row) => keyOf(report, row)))) {
          const own = rows.filter((row) => row['key'] === key);
          const difference = subtract(cellIn(after, key, measure), cellIn(before, key, measure));
          expect([report.name, measure, key, compare(total(own), difference)]).toEqual([report.name, measure, key, 0]);
          if (own.length === 0 || (looked += 1) > 2) continue;
          const alone = await projection.variance(report, {
            ...at,
            measure,
            key,
            from: '58',
            to: '115',
            limit: '1000',
          });
          expect([report.name, ...alone.rows]).toEqual([report.name, ...own]);
        }
      }
    }
  });
});

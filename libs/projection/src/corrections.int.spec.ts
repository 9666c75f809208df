import { MemoryLog } from '@deal-ledger/log';
import { fundingPosition, spendForecast, type Row } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { TestWriter, type PostedLine } from './testing';
import { BINDING, called, committed, DRAWN, line, met, proposed, received, T1, T2, usd } from './testing-fundings';
import { TestProjection } from './testing-projection';

jest.setTimeout(60_000);

const named = (id: string, posted: PostedLine): PostedLine => ({ ...posted, id });
const instead = (corrects: string, posted: PostedLine): PostedLine => ({
  ...posted,
  id: `instead-of-${corrects}`,
  action: 'correct',
  corrects,
  reason: 'as the statement has it',
});
const without = (corrects: string, { type }: PostedLine): PostedLine => ({
  ...line(type, '2026-12-01', {}),
  id: `without-${corrects}`,
  action: 'cancel',
  corrects,
  reason: 'posted twice',
  data: null,
});
const BILLION = 1_000_000_000;
const got = (billions: number): PostedLine =>
  line('FundsReceived', '2026-10-20', {
    receiptId: 'r1',
    callId: 'c1',
    trancheId: 'T1',
    money: usd(billions * BILLION),
  });
const asked = (billions: number): PostedLine =>
  line('FundsCalled', '2026-10-05', {
    callId: 'c1',
    trancheId: 'T1',
    money: usd(billions * BILLION),
    dueOn: '2026-10-20',
  });

const BEFORE = [...BINDING, proposed(), T1, T2, committed(), met, named('call', called), named('receipt', received)];

describeWithPostgres('a correction in the reports', (url) => {
  const running: TestProjection[] = [];
  afterEach(async () => {
    for (const projection of running.splice(0)) await projection.stop();
  });

  async function start(log: MemoryLog, options: { schema?: string; records?: number } = {}): Promise<TestProjection> {
    const { schema, records = 2_000 } = options;
    const projection = await TestProjection.start(log, spendForecast, {
      connectionString: url,
      limits: { records, bytes: 4 * 1024 * 1024 },
      ...(schema === undefined ? {} : { schema }),
    });
    running.push(projection);
    await projection.caughtUp();
    return projection;
  }

  /** A ledger of these commits, one event each where no list is given. */
  async function ledgerOf(
    commits: readonly (PostedLine | readonly PostedLine[])[],
  ): Promise<{ log: MemoryLog; writer: TestWriter; position: number }> {
    const log = new MemoryLog();
    const writer = new TestWriter(log);
    await writer.begin();
    let position = 0;
    for (const commit of commits) position = await writer.post(...[commit].flat());
    return { log, writer, position };
  }

  async function rows(projection: TestProjection, asOf?: number, effectiveOn = '2027-01-31'): Promise<readonly Row[]> {
    const query = { effectiveOn, ...(asOf === undefined ? {} : { asOf: String(asOf) }) };
    return (await projection.read(fundingPosition, query)).rows;
  }
  const receivedIn = async (projection: TestProjection, asOf?: number): Promise<unknown> =>
    (await rows(projection, asOf)).find(({ trancheId }) => trancheId === 'T1')?.['received'];

  it('changes nothing before its position, and from there on all is as if it had been posted right', async () => {
    const { log, position } = await ledgerOf(BEFORE);
    const before = await start(log);
    const answer = await rows(before);

    const { log: corrected } = await ledgerOf([...BEFORE, instead('receipt', got(3))]);
    const { log: right } = await ledgerOf([...BEFORE.slice(0, -1), got(3)]);
    const expected = await start(right);
    for (const records of [1, 5, 2_000]) {
      const projection = await start(corrected, { records });
      expect(await rows(projection, position)).toEqual(answer);
      for (const day of ['2026-10-19', '2026-10-20', '2027-01-31'])
        expect(await rows(projection, undefined, day)).toEqual(await rows(expected, undefined, day));
    }
  });

  it('shows at every position what was known there', async () => {
    const { log, writer, position } = await ledgerOf(DRAWN.slice(0, -2));
    const steps: [PostedLine[], string][] = [
      [[named('call', called)], '0.00'],
      [[named('receipt', received)], '4000000000.00'],
      [[instead('receipt', got(3))], '3000000000.00'],
      [[instead('instead-of-receipt', got(2))], '2000000000.00'],
      [[without('instead-of-instead-of-receipt', received)], '0.00'],
      [[instead('call', asked(5)), named('second', got(5))], '5000000000.00'],
      [[instead('instead-of-call', asked(1)), instead('second', got(1))], '1000000000.00'],
    ];
    for (const [lines] of steps) await writer.post(...lines);
    for (const records of [1, 3, 2_000]) {
      const projection = await start(log, { records });
      const shown = [];
      for (const [index] of steps.entries()) shown.push(await receivedIn(projection, position + 1 + index));
      expect(shown).toEqual(steps.map(([, expected]) => expected));
    }
  });

  it('finds what it corrects in the tables after a restart', async () => {
    const { log, writer } = await ledgerOf(BEFORE);
    let projection = await start(log);
    let corrects = 'receipt';
    for (const billions of [3, 2, 1]) {
      running.splice(running.indexOf(projection), 1);
      await projection.stop({ keep: true });
      const fix = instead(corrects, got(billions));
      await writer.post(fix);
      corrects = fix.id ?? '';
      projection = await start(log, { schema: projection.schema });
      expect(await receivedIn(projection)).toBe(`${billions}000000000.00`);
    }
    const fresh = await start(log);
    const postings = 'select * from postings order by position, ordinal, line';
    expect(await projection.query(postings)).toEqual(await fresh.query(postings));
  });

  it('is a line of its own in the tables: what was posted stays as it was', async () => {
    const { log, writer } = await ledgerOf(BEFORE);
    const projection = await start(log);
    const postings = 'select * from postings order by position, ordinal, line';
    const before = await projection.query(postings);
    const position = await writer.post(instead('receipt', got(3)));
    await projection.caughtUp();
    const after = await projection.query<{ position: string; measure: string; amount: string }>(postings);
    expect(after.slice(0, before.length)).toEqual(before);
    const added = after.slice(before.length);
    expect(new Set(added.map((posting) => Number(posting.position)))).toEqual(new Set([position]));
    expect(added.filter(({ measure }) => measure === 'tranche.received').map(({ amount }) => amount)).toEqual([
      '-1000000000',
    ]);
  });
});

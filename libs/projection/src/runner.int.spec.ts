import { LedgerForked } from '@deal-ledger/ledger';
import { MemoryLog } from '@deal-ledger/log';
import { fundingPosition, spendForecast } from '@deal-ledger/reports';
import { Client } from 'pg';
import { describeWithPostgres, eventually } from '../../../tests/harness';
import { UnprojectableEvent } from './fold';
import { Store } from './store';
import { recorded, strangeEvent, TestWriter, type PostedLine } from './testing';
import { freshSchema, TestProjection } from './testing-projection';

const usd = (amount: number) => ({ currency: 'USD', amount: String(amount) });

/** Ten fundings drawn upon in turn, so that every batch goes on with streams of the one before. */
function* fundings(rounds: number): Generator<PostedLine> {
  const ids = Array.from({ length: 10 }, (_, index) => `f${index}`);
  const line = (id: string, type: string, data: object): PostedLine => ({
    stream: `funding/${id}`,
    type,
    effective: '2026-03-31',
    data,
  });
  for (const id of ids)
    yield line(id, 'FundingProposed', {
      fundingId: id,
      funderIds: ['nvidia'],
      recipientId: 'openai',
      instrument: 'equity',
      amount: { ceiling: usd(100_000) },
    });
  for (const id of ids)
    yield line(id, 'TrancheScheduled', {
      trancheId: 'T1',
      amount: { ceiling: usd(100_000) },
      condition: { type: 'none' },
    });
  for (const id of ids) yield { ...line(id, 'FundingCommitted', { committed: usd(100_000) }), id: `committed-${id}` };
  for (let round = 0; round < rounds; round += 1) {
    for (const id of ids)
      yield line(id, 'CommitmentChanged', {
        committed: usd(100_000 + round),
        changeType: 'amendment',
        reason: 'agreed',
      });
    for (const id of ids) yield line(id, 'FundsReceived', { receiptId: `r${round}`, trancheId: 'T1', money: usd(1) });
  }
}

/** The first funding's commitment, corrected. */
const corrected = (amount: number): PostedLine => ({
  stream: 'funding/f0',
  type: 'FundingCommitted',
  effective: '2026-03-31',
  action: 'correct',
  corrects: 'committed-f0',
  reason: 'misread',
  approvedBy: { id: 'ann' },
  data: { committed: usd(amount) },
});

const TABLES = [
  'select * from postings order by position, ordinal, line',
  'select * from events order by position, ordinal',
  'select * from writers order by writer',
  'select * from skipped order by position',
  'select * from progress',
];

describeWithPostgres('projecting exactly once', (url) => {
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
    return projection;
  }

  /** Stops one of several that share a schema. */
  async function stop(projection: TestProjection): Promise<void> {
    running.splice(running.indexOf(projection), 1);
    await projection.stop({ keep: true });
  }

  async function ledger(rounds: number): Promise<{ log: MemoryLog; writer: TestWriter }> {
    const log = new MemoryLog();
    const writer = new TestWriter(log);
    await writer.begin();
    for (const line of fundings(rounds)) await writer.post(line);
    return { log, writer };
  }

  const contents = (projection: TestProjection): Promise<object[][]> =>
    Promise.all(TABLES.map((table) => projection.query(table)));

  it('answers what is latest once it knows how far the tables reach, and not as of the beginning', async () => {
    const log = new MemoryLog();
    const writer = new TestWriter(log);
    await writer.begin();
    for (const line of fundings(0)) await writer.post(line);
    const first = await start(log);
    await first.caughtUp();
    await stop(first);

    const again = await start(log, { schema: first.schema });
    const { rows, meta } = await again.read(fundingPosition);
    expect({ rows: rows.length, asOf: meta.asOfPosition }).toEqual({ rows: 20, asOf: 30 });
  });

  it('writes the same whatever the batches', async () => {
    const { log } = await ledger(4);
    const [one, seven, all] = [await start(log, { records: 1 }), await start(log, { records: 7 }), await start(log)];
    for (const projection of [one, seven, all]) await projection.caughtUp();
    const expected = await contents(all);
    expect(expected[0]?.length).toBeGreaterThan(150);
    expect(await contents(one)).toEqual(expected);
    expect(await contents(seven)).toEqual(expected);
  });

  it('goes on from its tables after a restart', async () => {
    const { log, writer } = await ledger(1);
    const first = await start(log);
    await first.caughtUp();
    await stop(first);
    for (const line of fundings(2)) {
      if (line.type === 'CommitmentChanged') await writer.post(line);
    }
    const again = await start(log, { schema: first.schema });
    await again.caughtUp();
    const fresh = await start(log);
    await fresh.caughtUp();
    expect(await contents(again)).toEqual(await contents(fresh));
  });

  it('leaves nothing of a batch whose transaction is cut off, and goes on', async () => {
    const { log } = await ledger(12);
    const projection = await start(log, { records: 20 });
    const killer = new Client({ connectionString: url });
    await killer.connect();
    let kills = 0;
    try {
      for (let round = 0; round < 40 && projection.runner.progress.nextPosition < (await log.end()); round += 1) {
        const { rows } = await killer.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1`,
          [`deal-ledger ${projection.schema}`],
        );
        kills += rows.length;
        const [{ next, last }] = (await projection.query(
          'select next_position::integer as next, (select coalesce(max(position), -1)::integer from events) as last from progress',
        )) as [{ next: number; last: number }];
        expect(last).toBe(next - 1);
      }
    } finally {
      await killer.end();
    }
    expect(kills).toBeGreaterThan(0);
    await projection.caughtUp();
    const calm = await start(log);
    await calm.caughtUp();
    expect(await contents(projection)).toEqual(await contents(calm));
  });

  it('lets two instances work on one schema', async () => {
    const { log, writer } = await ledger(2);
    const schema = freshSchema();
    const one = await start(log, { schema, records: 3 });
    const two = await start(log, { schema, records: 7 });
    for (const line of fundings(8)) {
      if (line.type === 'CommitmentChanged') await writer.post(line);
    }
    await Promise.all([one.caughtUp(), two.caughtUp()]);
    const alone = await start(log);
    await alone.caughtUp();
    expect(await contents(one)).toEqual(await contents(alone));
    await stop(two);
  });

  it('takes into the history of a stream nothing that another instance has projected further on', async () => {
    const { log, writer } = await ledger(0);
    const [first, second] = [await writer.post(corrected(90_000)), await writer.post(corrected(80_000))];
    const projection = await start(log);
    await projection.caughtUp();
    const versionsBefore = async (position: number): Promise<number[]> =>
      (await projection.store.histories(['funding/f0'], position)).map(({ version }) => version);
    expect(await versionsBefore(first)).toEqual([1, 2, 3]);
    expect(await versionsBefore(second)).toEqual([1, 2, 3, 4]);
    expect(await versionsBefore(second + 1)).toEqual([1, 2, 3, 4, 5]);
  });

  it('finds in the history of a stream what is still being written, without waiting for that', async () => {
    const { log, writer } = await ledger(0);
    const first = await writer.post(corrected(90_000));
    await writer.post(corrected(80_000));
    const { add, histories } = Store.prototype;
    let historyWasRead = (): void => undefined;
    const read = new Promise<void>((resolve) => (historyWasRead = resolve));
    jest.spyOn(Store.prototype, 'histories').mockImplementation(async function (this: Store, streams, before) {
      const found = await histories.call(this, streams, before);
      if (before > first) historyWasRead();
      return found;
    });
    jest.spyOn(Store.prototype, 'add').mockImplementation(async function (this: Store, batch) {
      if (batch.from === first) await read;
      return add.call(this, batch);
    });
    const projection = await start(log, { records: 1 });
    await projection.caughtUp();
    jest.restoreAllMocks();
    const calm = await start(log);
    await calm.caughtUp();
    expect(await contents(projection)).toEqual(await contents(calm));
  });

  it('starts over when its tables are gone', async () => {
    const { log, writer } = await ledger(1);
    const projection = await start(log);
    await projection.caughtUp();
    await projection.query(`
      alter table events disable trigger all; alter table postings disable trigger all;
      delete from events; delete from postings; delete from skipped; delete from writers;
      alter table events enable trigger all; alter table postings enable trigger all;
      update progress set ledger_id = null, next_position = 0, last_hash = '', last_time_ms = 0`);
    await writer.post({
      stream: 'funding/f0',
      type: 'FundsReceived',
      effective: '2026-04-01',
      data: { receiptId: 'late', trancheId: 'T1', money: usd(1) },
    });
    const fresh = await start(log);
    await fresh.caughtUp();
    await eventually(async () => expect(await contents(projection)).toEqual(await contents(fresh)), 10_000);
  });

  it('skips what is no fact, and keeps what it does not know', async () => {
    const { log, writer } = await ledger(0);
    await log.append({ key: 'x', value: Buffer.from('no commit'), headers: {} });
    await writer.postStale({
      stream: 'funding/f0',
      type: 'FundingProposed',
      data: { fundingId: 'f0', funderIds: ['a'], recipientId: 'b', instrument: 'debt', amount: { undisclosed: true } },
    });
    await writer.append([strangeEvent('invention/one', 1)]);
    const projection = await start(log);
    await projection.caughtUp();
    expect(await projection.query('select position::integer, verdict from skipped order by position')).toEqual([
      { position: 31, verdict: 'foreign' },
      { position: 32, verdict: 'void' },
    ]);
    expect(await projection.query(`select stream, type from events where stream like 'invention/%'`)).toEqual([
      { stream: 'invention/one', type: 'Invented' },
    ]);
    expect(await projection.query('select from postings where position >= 31')).toEqual([]);
  });

  it('projects all anew when an earlier version did not keep what was skipped', async () => {
    const { log, writer } = await ledger(3);
    await log.append({ key: 'x', value: Buffer.from('no commit'), headers: {} });
    await writer.append([strangeEvent('invention/one', 1)]);
    const projection = await start(log);
    await projection.caughtUp();
    const before = await contents(projection);
    await projection.query('update skipped set record = null');
    await stop(projection);
    const next = await start(log, { schema: projection.schema });
    await next.caughtUp();
    expect(await next.query(`select record ->> 'preview' as preview from skipped`)).toEqual([{ preview: 'no commit' }]);
    expect(await contents(next)).toEqual(before);
  });

  it('goes on past an event of a type or shape that it does not know, and counts it', async () => {
    const { log, writer } = await ledger(0);
    await writer.append([strangeEvent('funding/f1', 4)]);
    await writer.append([{ ...strangeEvent('funding/f2', 4), type: 'FundsReceived', schemaVersion: 99 }]);
    await writer.append([strangeEvent('invention/one', 1)]);
    const next = {
      type: 'FundsReceived',
      effective: '2026-04-01',
      data: { receiptId: 'x', trancheId: 'T1', money: usd(1) },
    };
    const end = await writer.append([recorded({ stream: 'funding/f1', ...next }, 5)]);
    const projection = await start(log);
    await projection.caughtUp();
    const asked = { fundingId: 'f1', effectiveOn: '2026-12-31' };
    const { rows, meta } = await projection.read(fundingPosition, asked);
    expect(rows[0]).toMatchObject({ received: '1.00' });
    expect([meta.unknownEvents, await projection.store.unknownEvents()]).toEqual([3, 3]);
    const before = await projection.read(fundingPosition, { ...asked, asOf: String(end - 2) });
    expect(before.meta.unknownEvents).toBe(2);
  });

  it('projects all anew once it knows what it did not know before', async () => {
    const { log, writer } = await ledger(0);
    const next = {
      stream: 'funding/f1',
      type: 'FundsReceived',
      effective: '2026-04-01',
      data: { receiptId: 'x', trancheId: 'T1', money: usd(1) },
    };
    const position = await writer.post(next);
    const before = await start(log);
    await before.caughtUp();
    await stop(before);
    // As a version would have left it that did not know the type: kept and marked, and without postings.
    await before.query(`
      alter table events disable trigger all; alter table postings disable trigger all;
      delete from postings where position = ${position};
      update events set known = false where position = ${position};
      alter table events enable trigger all; alter table postings enable trigger all`);
    const again = await start(log, { schema: before.schema });
    await again.caughtUp();
    const fresh = await start(log);
    await fresh.caughtUp();
    await eventually(async () => expect(await contents(again)).toEqual(await contents(fresh)), 10_000);
    expect(await again.store.unknownEvents()).toBe(0);
  });

  it('stops in front of an event that it cannot fold, and says which', async () => {
    const { log, writer } = await ledger(0);
    const next: PostedLine = {
      stream: 'funding/f1',
      type: 'FundsReceived',
      effective: '2026-04-01',
      data: { receiptId: 'x', trancheId: 'T1', money: usd(1) },
    };
    await writer.post(next);
    await writer.append([{ ...recorded(next, 5), data: null }]);
    await writer.post({ ...next, stream: 'funding/f2' });
    const projection = await start(log);
    await eventually(async () => expect(projection.runner.halted).toBeInstanceOf(UnprojectableEvent), 10_000);
    expect(projection.runner.notWorkingBecause).toContain(
      'event funding/f1#5 (FundsReceived on funding/f1, position 32) cannot be projected',
    );
    // What came before it is projected, and can be read.
    expect(projection.runner.progress.nextPosition).toBe(32);
    expect(
      (await projection.read(fundingPosition, { asOf: '31', fundingId: 'f1', effectiveOn: '2026-12-31' })).rows[0],
    ).toMatchObject({ received: '1.00' });
    const halted = {
      code: 'PROJECTION_HALTED',
      status: 503,
      members: { projectedPosition: 31, haltedAt: 32, eventId: 'funding/f1#5' },
      headers: { 'retry-after': '60' },
    };
    for (const query of [{}, { asOf: '32' }, { asOf: '31', minPosition: '32' }])
      await expect(projection.read(fundingPosition, query)).rejects.toMatchObject(halted);
    await expect(projection.read(fundingPosition)).rejects.toThrow('ask with asOf=31');
  });

  it('answers for an instant before the last that it projected when it has stopped, and for no later one', async () => {
    let nowMs = Date.parse('2025-10-05T09:00:00Z');
    const log = new MemoryLog({ now: () => nowMs });
    const writer = new TestWriter(log);
    await writer.begin();
    const [proposal, ...rest] = [...fundings(0)].filter(({ stream }) => stream === 'funding/f1');
    await writer.post(proposal as PostedLine);
    nowMs += 60_000;
    for (const line of rest) await writer.post(line);
    await writer.append([{ ...strangeEvent('funding/f1', 4), type: 'FundsReceived', data: null }]);
    const projection = await start(log);
    await eventually(async () => expect(projection.runner.halted).toBeInstanceOf(UnprojectableEvent), 10_000);
    expect(await projection.read(fundingPosition, { asOf: '2025-10-05T09:00:30Z' })).toMatchObject({
      meta: { asOfPosition: 1 },
    });
    await expect(projection.read(fundingPosition, { asOf: '2025-10-05T09:01:30Z' })).rejects.toMatchObject({
      code: 'PROJECTION_HALTED',
    });
  });

  it('shows nothing of a log that is not the one it projected', async () => {
    const { log } = await ledger(0);
    const first = await start(log);
    await first.caughtUp();
    await stop(first);
    const { log: other } = await ledger(1);
    const projection = await start(other, { schema: first.schema });
    await eventually(async () => expect(projection.runner.halted).toBeInstanceOf(LedgerForked), 10_000);
    await expect(projection.read(fundingPosition)).rejects.toMatchObject({ code: 'LEDGER_FORKED', status: 503 });
  });

  it('waits for a ledger that has not begun', async () => {
    const log = new MemoryLog();
    const projection = await start(log);
    await expect(projection.read(fundingPosition)).rejects.toMatchObject({ code: 'LEDGER_EMPTY', status: 503 });
    await new TestWriter(log).begin();
    await projection.caughtUp();
    expect(await projection.read(fundingPosition)).toMatchObject({ rows: [], meta: { asOfPosition: 0 } });
  });

  it('has a database that refuses to change what is recorded', async () => {
    const { log } = await ledger(0);
    const projection = await start(log);
    await projection.caughtUp();
    for (const statement of [
      'update postings set amount = 0',
      'delete from postings',
      'truncate postings',
      'delete from events',
      'update events set type = type',
    ]) {
      await expect(projection.query(statement)).rejects.toThrow(/never changed/);
    }
  });

  it('folds a stream that is not in memory from its history', async () => {
    const { log, writer } = await ledger(0);
    const projection = await start(log);
    await projection.caughtUp();
    await stop(projection);
    // Nothing is in memory: the commitment is found in the history.
    await writer.post({
      stream: 'funding/f3',
      type: 'CommitmentChanged',
      effective: '2026-05-01',
      data: { committed: usd(70_000), changeType: 'amendment', reason: 'agreed' },
    });
    const again = await start(log, { schema: projection.schema });
    await again.caughtUp();
    const { rows } = await again.read(fundingPosition, { fundingId: 'f3', effectiveOn: '2026-12-31' });
    expect(rows[0]).toMatchObject({ committed: '70000.00' });
  });
});

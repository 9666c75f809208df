import { randomUUID } from 'node:crypto';
import { encodeRefusal, type RefusedPost } from '@deal-ledger/ledger';
import { KafkaLog, MemoryLog, PostgresLog, type Log } from '@deal-ledger/log';
import { Client } from 'pg';
import { describeWithKafka, describeWithPostgres, eventually } from '../../../tests/harness';
import { RefusalsFollower } from './refusals-follower';
import { refusalRows } from './refusals-rows';
import { prepareRefusals } from './refusals-schema';
import { RefusalsStore } from './refusals-store';

jest.setTimeout(60_000);

const freshSchema = (): string => `test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
const refused = (more: Partial<RefusedPost> = {}): RefusedPost => ({
  how: 'one',
  count: 1,
  firstAt: '2026-10-05T09:00:00.000Z',
  lastAt: '2026-10-05T09:00:00.000Z',
  service: '/funding',
  route: '/v1/funding/:id/events',
  actor: 'local',
  status: 409,
  code: 'CALL_EXCEEDS_AVAILABLE',
  faults: [{ code: 'CALL_EXCEEDS_AVAILABLE', pointer: '/events/0/data/money/amount' }],
  details: { asked: '7000000000' },
  streams: ['funding/mgx'],
  correlationIds: [],
  bodySha256: null,
  bodyBytes: null,
  keySha256: null,
  ledgerPosition: -1,
  ...more,
});

async function drop(url: string, ...schemas: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const schema of schemas) await client.query(`drop schema if exists ${schema} cascade`);
  await client.end();
}

/** What of every adapter holds: each record of the log is in the tables once. */
function follows(name: string, url: () => string, open: () => Promise<Log>): void {
  describe(`a log of refusals in ${name}`, () => {
    const schema = freshSchema();
    let log: Log;
    let store: RefusalsStore;
    let followers: RefusalsFollower[];
    const warnings: string[] = [];

    beforeAll(async () => {
      log = await open();
      await prepareRefusals(url(), schema);
      store = new RefusalsStore(url(), schema, () => undefined);
      await store.query(
        `create table ${schema}.events (position bigint, ordinal int, event_id text, stream text, recorded_at timestamptz, event json)`,
        [],
      );
    });
    beforeEach(() => (followers = []));
    afterEach(() => Promise.all(followers.map((follower) => follower.stop())));
    afterAll(async () => {
      await store.close();
      await log.close();
      await drop(url(), schema);
    });

    const follow = (): void => {
      const follower = new RefusalsFollower({ log, store, warn: (message) => warnings.push(message) });
      follower.start();
      followers.push(follower);
    };
    const append = (id: string, more: Partial<RefusedPost> = {}): Promise<number> =>
      log.append(encodeRefusal({ id, ...refused(more) }));
    const rows = () => refusalRows(store, schema, { after: -1 }, 1_000);
    const read = (count: number) =>
      eventually(async () => {
        expect((await store.reached()).nextPosition).toBe(count);
        return rows();
      }, 20_000);

    it('is read exactly once, however many follow it, and a record that was sent twice counts once', async () => {
      follow();
      follow();
      for (let n = 1; n <= 30; n += 1) await append(`w/${n}`, { count: n });
      await append('w/7', { count: 7 });
      await log.append({ key: 'x', value: Buffer.from('no refusal'), headers: {} });
      await read(32);
      expect((await rows()).map(({ position, count }) => [position, count])).toEqual(
        Array.from({ length: 30 }, (_, index) => [index, index + 1]),
      );
      expect((await store.reached()).strange).toBe(1);
    });

    it('is read on from where it was left', async () => {
      await append('v/1', { code: 'REF_NOT_FOUND' });
      follow();
      await read(33);
      expect((await rows()).at(-1)).toMatchObject({
        position: 32,
        code: 'REF_NOT_FOUND',
        recordedAt: expect.any(String),
      });
      expect(warnings).toEqual([]);
    });

    it('is not followed when it is another one', async () => {
      const other = new MemoryLog();
      const follower = new RefusalsFollower({ log: other, store, warn: () => undefined });
      follower.start();
      await eventually(async () => expect(follower.notWorkingBecause).toContain('made anew'), 5_000);
      for (let n = 0; n < 33; n += 1) await other.append(encodeRefusal({ id: `x/${n}`, ...refused() }));
      const again = new RefusalsFollower({ log: other, store, warn: () => undefined });
      again.start();
      await eventually(
        async () => expect(again.notWorkingBecause).toContain('record 32 of the log of refusals is not the one'),
        5_000,
      );
      await Promise.all([follower.stop(), again.stop()]);
    });

    it('and what was read of it is never changed', async () => {
      await expect(store.query('update refusals set count = 2', [])).rejects.toThrow(
        'what was refused stays on record',
      );
      await expect(store.query('delete from refusals', [])).rejects.toThrow('what was refused stays on record');
    });
  });
}

describeWithPostgres('refusals in tables:', (url) => {
  follows(
    'memory',
    () => url,
    async () => new MemoryLog(),
  );
  follows(
    'PostgreSQL',
    () => url,
    () => PostgresLog.open({ connectionString: url, table: `r-${randomUUID().slice(0, 8)}-refusals` }),
  );
});

describeWithKafka('refusals in Kafka:', (brokers) => {
  describeWithPostgres('in tables:', (url) => {
    follows(
      'Kafka',
      () => url,
      () => KafkaLog.open({ brokers, topic: `r-${randomUUID()}-refusals` }),
    );
  });
});

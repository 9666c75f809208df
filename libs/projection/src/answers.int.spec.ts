import {
  commitmentLines,
  dealRegister,
  fundingPosition,
  spendForecast,
  supplierCommitments,
  type ReportDefinition,
  type ReportSet,
  type Row,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { groundworkOf, marketOf } from '../../../tests/bench/market';
import { seeded } from '../../../tests/simulation/world';
import { Answers } from './answers';
import type { Question } from './question';
import { inSchema } from './database';
import type { PostedLine } from './testing';
import { CountingPool, plainly } from './testing-answers';
import { deal, policy, proposed, signed } from './testing-fundings';
import { projected, type TestProjection } from './testing-projection';

jest.setTimeout(120_000);

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
/** Always the same market: what is counted below has to happen in it, and not in any has. */
const MARKET_SEED = 1;
const GROUNDWORK = groundworkOf();
const STORY = [...GROUNDWORK, ...[...marketOf({ seed: MARKET_SEED, events: 900 })].flat()].map((event): PostedLine => ({
  ...event,
  data: event['data'],
}));
const DAY = '2026-06-30';
const ROOM = 64 * 1024 * 1024;

describeWithPostgres(`answers in memory (walked by seed ${seed})`, (url) => {
  const projections = new Map<ReportSet, TestProjection>();
  const pools: CountingPool[] = [];

  beforeAll(async () => {
    for (const set of [supplierCommitments, spendForecast])
      projections.set(set, (await projected(url, set, STORY)).projection);
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    for (const projection of projections.values()) await projection.stop();
  });

  const reader = (set: ReportSet, bytes = ROOM): { answers: Answers; pool: CountingPool } => {
    const { schema } = projections.get(set) as TestProjection;
    const pool = new CountingPool({ connectionString: url, options: inSchema(schema) });
    pools.push(pool);
    return { answers: new Answers(pool, schema, bytes), pool };
  };
  const at = (position: number, definition = commitmentLines): Question => plainly(definition, position, DAY);
  const LAST = STORY.length;

  it('are worked out once for all who ask at the same moment, and for the positions beside it', async () => {
    const { answers, pool } = reader(supplierCommitments);
    const asked = [LAST - 1, LAST - 1, LAST, LAST - 2].map((position) => answers.whole(at(position)));
    const [one, other] = await Promise.all(asked);
    expect(one).toBe(other);
    expect(pool.fromPostings).toBe(1);
  });

  it('follow the ledger without being worked out again', async () => {
    const { answers, pool } = reader(supplierCommitments);
    for (let position = LAST - 60; position <= LAST; position += 1) await answers.whole(at(position));
    expect(pool.fromPostings).toBe(1);
    expect(pool.ofSomeIds).toBeGreaterThan(5);
  });

  it('at one position stay for who pages there, while others follow the ledger', async () => {
    const { answers, pool } = reader(supplierCommitments);
    const pinned = LAST - 80;
    await answers.whole(at(pinned));
    for (let position = pinned + 1; position <= LAST; position += 1) {
      await answers.whole(at(position));
      await answers.whole(at(pinned));
    }
    expect(pool.fromPostings).toBe(1);
    // Once there and back; after that each has its own.
    expect(pool.ofSomeIds).toBeLessThan(85);
  });

  it('are made of one another for changes as well, and in parts', async () => {
    const { answers, pool } = reader(supplierCommitments);
    await answers.whole(at(LAST - 40));
    const changes = await answers.whole({ ...at(LAST), changedSince: LAST - 40 });
    expect(changes.lines.length).toBeGreaterThan(0);
    let rows = 0;
    for await (const part of answers.inParts(at(LAST - 1))) rows += part.length;
    expect(rows).toBe((await answers.whole(at(LAST - 1))).lines.length);
    expect(pool.fromPostings).toBe(1);
  });

  it('are worked out where a posting may bear on every row', async () => {
    const { answers, pool } = reader(supplierCommitments);
    // A relation between parties is recorded there.
    const relation = GROUNDWORK.findIndex(({ type }) => type === 'PartyRelationRecorded') + 1;
    await answers.whole(at(relation - 1, dealRegister));
    await answers.whole(at(relation, dealRegister));
    expect(pool).toMatchObject({ fromPostings: 2, ofSomeIds: 0 });
  });

  it('have the rows of a funding anew when the deal that it names is signed', async () => {
    const { projection } = await projected(url, spendForecast, [policy, deal, proposed(), signed('2026-01-15', 'yes')]);
    const pool = new CountingPool({ connectionString: url, options: inSchema(projection.schema) });
    try {
      const answers = new Answers(pool, projection.schema, ROOM);
      const read = async (position: number): Promise<Row> =>
        JSON.parse((await answers.whole(at(position, fundingPosition))).lines[0] as string) as Row;
      expect(await read(3)).toMatchObject({ fundingId: 'f', ladder: 'pipeline', probability: '0.10' });
      expect(await read(4)).toMatchObject({ fundingId: 'f', ladder: 'indicated', probability: '0.95' });
      expect(await read(3)).toMatchObject({ ladder: 'pipeline' });
      expect(pool).toMatchObject({ fromPostings: 1, ofSomeIds: 2 });
    } finally {
      await pool.end();
      await projection.stop();
    }
  });

  it.each<[ReportDefinition, ReportSet]>([
    [dealRegister, supplierCommitments],
    [commitmentLines, supplierCommitments],
    [fundingPosition, spendForecast],
  ])('are to the byte those that are worked out, all along a market', async (definition, set) => {
    const random = seeded(seed);
    const [carried, workedOut] = [reader(set), reader(set, 1)];
    for (let position = GROUNDWORK.length; position <= LAST; position += 1 + Math.floor(random() * 4)) {
      const { seams: _, ...ours } = await carried.answers.whole(at(position, definition));
      const { seams: __, ...theirs } = await workedOut.answers.whole(at(position, definition));
      expect([definition.name, position, ours]).toEqual([definition.name, position, theirs]);
    }
    expect(carried.pool.fromPostings).toBe(1);
  });
});

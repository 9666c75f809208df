import type { LedgerEvent } from '@deal-ledger/domain';
import { MemoryLog, type Log, type LogRecord } from '@deal-ledger/log';
import { generateSignerKey, rootAt, signCheckpoint, type SignerKey } from '@deal-ledger/proof';
import { PROJECTIONS } from '@deal-ledger/reports';
import { Client } from 'pg';
import { describeWithPostgres } from '../../../tests/harness';
import { seeded } from '../../../tests/simulation/world';
import { anyHistory } from '../../domain/src/any-history.testing';
import { eventsOf, strangeEvent, TestWriter } from '../../projection/src/testing';
import { TestProjection } from '../../projection/src/testing-projection';
import { TestTree, treeOver } from './testing-tree';
import { verifyLedger, type VerifyOptions } from './verify';
import type { Finding, VerifyReport } from './verify-report';

jest.setTimeout(120_000);

/** When all that is told has happened. */
const NOW_MS = Date.parse('2026-12-31T12:00:00Z');
const SEED = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

/** Records that are no commits, so that the tree has tiles of more than one level. */
const STRAYS = 300;

/** A log of which what is read was changed. */
const changed = (log: Log, change: (record: LogRecord) => LogRecord): Log => ({
  append: (record) => log.append(record),
  at: async (positions) => (await log.at(positions)).map(change),
  end: () => log.end(),
  close: () => log.close(),
  async *read(from, signal) {
    for await (const records of log.read(from, signal)) yield records.map(change);
  },
});

describeWithPostgres(`verifying a ledger (seed ${SEED})`, (url) => {
  const log = new MemoryLog({ now: () => NOW_MS });
  let commits: LedgerEvent[][];
  let projections: TestProjection[];
  let sets: VerifyOptions['projections'];
  let tree: TestTree;
  let end: number;

  beforeAll(async () => {
    commits = eventsOf(anyHistory(seeded(SEED)));
    const writer = new TestWriter(log);
    await writer.begin();
    for (const events of commits) await writer.append(events);
    await writer.postStale({
      stream: 'party/late',
      type: 'PartyRegistered',
      data: { partyId: 'late', name: 'Late', aliases: [] },
    });
    for (let stray = 1; stray <= STRAYS; stray += 1)
      await log.append({ key: 'stray', value: Buffer.from(`stray record ${stray}`), headers: {} });
    tree = await TestTree.start(log, { connectionString: url });
    await tree.caughtUp();
    end = await log.end();
    projections = await Promise.all(
      PROJECTIONS.map((set) => TestProjection.start(log, set, { connectionString: url })),
    );
    for (const projection of projections) await projection.caughtUp();
    sets = PROJECTIONS.map((set, index) => ({ ...set, schema: schemaOf(index) }));
  });
  afterAll(async () => {
    for (const projection of projections ?? []) await projection.stop();
    await tree?.stop();
  });

  const schemaOf = (index: number): string => (projections[index] as TestProjection).schema;
  const verify = (options: Partial<VerifyOptions> = {}): Promise<VerifyReport> =>
    verifyLedger({
      ...{ log, databaseUrl: url, projections: sets ?? [], treeSchema: tree.schema, key: tree.key, waitMs: 5_000 },
      ...options,
    });

  /** Does something to the tables as one who owns them might, verifies, and undoes it. */
  async function tampered(schema: string, statement: string, table: string): Promise<VerifyReport> {
    const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
    await client.connect();
    try {
      await client.query(`create table kept as table ${table}`);
      await client.query(`alter table ${table} disable trigger all`);
      expect((await client.query(statement)).rowCount).toBe(1);
      return await verify();
    } finally {
      const { rows } = await client.query<{ columns: string }>(
        `select string_agg(attname, ',') as columns from pg_attribute
         where attrelid = '${table}'::regclass and attnum > 0 and attgenerated = ''`,
      );
      const columns = rows[0]?.columns ?? '';
      await client.query(`delete from ${table}; insert into ${table} (${columns}) select ${columns} from kept`);
      await client.query(`alter table ${table} enable trigger all; drop table kept`);
      await client.end();
    }
  }
  const only = ({ verdict, findings, findingCount }: VerifyReport): Finding => {
    expect([verdict, findingCount, findings]).toEqual(['NOT OK', 1, [expect.anything()]]);
    return findings[0] as Finding;
  };

  it('is OK where nothing was touched, and says how many of what were checked', async () => {
    const report = await verify();
    const events = commits.flat().length;
    expect(report).toMatchObject({
      verdict: 'OK',
      findings: [],
      unchecked: [],
      checked: {
        records: end,
        facts: commits.length + 1,
        'void commits': 1,
        'foreign records': STRAYS,
        events: events + 1,
        'events decided again': events + 1,
        [`${schemaOf(0)}.events rows`]: events + 1,
        [`${schemaOf(1)}.skipped rows`]: STRAYS + 1,
        [`${schemaOf(2)}.writers rows`]: 2,
        [`${tree.schema}.tree_hashes rows`]: end + Math.floor(end / 256),
        checkpoints: expect.any(Number),
      },
      end,
    });
  });

  it('is never OK where something was not checked', async () => {
    for (const [options, why] of [
      [{ databaseUrl: undefined }, /no database was named/],
      [{ sample: 7 }, /one position in 7/],
      [
        { projections: [{ ...PROJECTIONS[0], schema: 'nowhere' }] },
        /start the services first: there are no tables of nowhere yet/,
      ],
    ] as [Partial<VerifyOptions>, RegExp][]) {
      const { verdict, unchecked, findings } = await verify(options);
      expect([verdict, findings]).toEqual(['INCOMPLETE', []]);
      expect(unchecked).toContainEqual({ part: 'tables', why: expect.stringMatching(why) });
    }
  });

  it('is not OK either where a newer version has recorded what this one does not know', async () => {
    const other = new MemoryLog({ now: () => NOW_MS });
    const writer = new TestWriter(other);
    await writer.begin();
    await writer.append([strangeEvent('deal/odd', 1)]);
    const { unchecked } = await verify({ log: other, databaseUrl: undefined });
    expect(unchecked).toContainEqual({ part: 'rules', why: expect.stringMatching(/^1 events are of types/) as string });
  });

  it.each([0, 1, 2])('names the row and column of a posting that was changed (projection %i)', async (index) => {
    const schema = schemaOf(index);
    const [place] = await (projections[index] as TestProjection).query<{ key: string; amount: string; at: string }>(
      `select position || '/' || ordinal || '/' || line as key, amount::text, position as at from postings order by md5(position::text || ${SEED}) limit 1`,
    );
    const report = await tampered(
      schema,
      `update postings set amount = amount + 0.01 where position || '/' || ordinal || '/' || line = '${place?.key}'`,
      'postings',
    );
    expect(only(report)).toMatchObject({
      part: 'tables',
      position: Number(place?.at),
      row: { schema, table: 'postings', key: place?.key, column: 'amount' },
      expected: place?.amount,
    });
  });

  it('names a posting that was deleted, and one that was added', async () => {
    const schema = schemaOf(0);
    const deleted = only(
      await tampered(schema, 'delete from postings where ctid = (select max(ctid) from postings)', 'postings'),
    );
    expect(deleted).toMatchObject({ row: { schema, table: 'postings' }, message: expect.stringMatching(/is missing/) });
    const added = only(
      await tampered(
        schema,
        `insert into postings select position, ordinal, line + 1000, measure, subject, value, period, effective, unit, amount from postings order by position limit 1`,
        'postings',
      ),
    );
    expect(added.row?.key).toMatch(/\/1\d\d\d$/);
    expect(added.message).toMatch(/nothing in the log makes it/);
  });

  it('names what was changed of an event, of a record that is no fact, of a writer and of the progress', async () => {
    const schema = schemaOf(2);
    const last = commits.length;
    expect(
      only(
        await tampered(
          schema,
          `update events set event = replace(event::text, '"actor":{"id":"local"', '"actor":{"id":"elsewho"')::json where position = ${last} and ordinal = 0`,
          'events',
        ),
      ),
    ).toMatchObject({ position: last, row: { schema, table: 'events', key: `${last}/0`, column: 'event' } });
    expect(
      only(await tampered(schema, `update skipped set reason = 'WRITER_NUMBER' where verdict = 'void'`, 'skipped')),
    ).toMatchObject({ row: { table: 'skipped', column: 'reason' }, expected: 'HEAD', found: 'WRITER_NUMBER' });
    expect(only(await tampered(schema, 'update writers set n = n + 1 where n > 1', 'writers'))).toMatchObject({
      row: { table: 'writers', column: 'n' },
      expected: String(last + 1),
    });
    expect(only(await tampered(schema, `update progress set last_hash = 'x'`, 'progress'))).toMatchObject({
      row: { table: 'progress', column: 'last_hash' },
      found: 'x',
    });
  });

  it('finds a byte changed in a record by the rows that were made of it before', async () => {
    const position = commits.findIndex(([event]) => event?.stream === 'party/nvidia') + 1;
    const report = await verify({
      log: changed(log, (record) =>
        record.position === position
          ? { ...record, value: Buffer.from(String(record.value).replace('"name":"nvidia"', '"name":"nvidib"')) }
          : record,
      ),
    });
    expect(report.verdict).toBe('NOT OK');
    expect(report.findings[0]?.position).toBe(position);
    const named = report.findings.filter((found) => found.position === position).map(({ row }) => row);
    expect(named).toContainEqual({ schema: tree.schema, table: 'tree_hashes', key: `0/${position}`, column: 'hash' });
    for (const { schema } of projections)
      expect(named).toContainEqual({ schema, table: 'events', key: `${position}/0`, column: 'event' });
  });

  it('finds a log without its last record by what the tables were made of', async () => {
    const shorter = { ...changed(log, (record) => record), end: () => Promise.resolve(end - 1) };
    const report = await verify({ log: shorter });
    expect(report.verdict).toBe('NOT OK');
    expect(report.findings[0]).toMatchObject({
      part: 'log',
      position: end - 1,
      message: expect.stringMatching(/lost its tail/),
    });
  });

  it('finds two records that changed places', async () => {
    const [a, b] = [commits.length - 1, commits.length];
    const [first, second] = (await log.at([a, b])) as [LogRecord, LogRecord];
    const swapped = (record: LogRecord): LogRecord =>
      record.position === a ? { ...second, position: a } : record.position === b ? { ...first, position: b } : record;
    const report = await verify({ log: changed(log, swapped) });
    expect(report.verdict).toBe('NOT OK');
    expect(report.findings[0]?.position).toBe(a);
  });

  describe('and its tree', () => {
    it.each([
      [
        'leaf that was changed',
        `set hash = set_byte(hash, 7, get_byte(hash, 7) # 1) where level = 0 and index = 5`,
        '0/5',
      ],
      ['hash of a tile that was changed', `set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where level = 1`, '1/0'],
    ])('names a %s', async (_, change, key) => {
      const found = only(await tampered(tree.schema, `update tree_hashes ${change}`, 'tree_hashes'));
      expect(found).toMatchObject({ part: 'tree', row: { table: 'tree_hashes', key, column: 'hash' } });
    });

    it('names a leaf that was removed', async () => {
      const statement = 'delete from tree_hashes where level = 0 and index = 9';
      const found = only(await tampered(tree.schema, statement, 'tree_hashes'));
      expect(found).toMatchObject({ position: 9, row: { table: 'tree_hashes', key: '0/9' } });
      expect(found.message).toMatch(/is missing/);
    });

    it('finds a checkpoint that was rolled back', async () => {
      const statement = 'delete from checkpoints where size = (select max(size) from checkpoints)';
      const { verdict, findings } = await tampered(tree.schema, statement, 'checkpoints');
      expect([verdict, findings]).toMatchObject(['NOT OK', [{ row: { table: 'tree', column: 'signed_size' } }]]);
      expect(findings[0]?.message).toMatch(/rolled back/);
    });

    it('finds the root of a checkpoint that was changed', async () => {
      const statement = `update checkpoints set root = sha256('') where size = ${end}`;
      const { findings } = await tampered(tree.schema, statement, 'checkpoints');
      expect(findings.map(({ message }) => message)).toEqual([
        expect.stringMatching(/are not those that/),
        expect.stringMatching(new RegExp(`^row ${end} of .*checkpoints is signed for ${end} leaves with the root`)),
      ]);
    });
  });

  describe('against checkpoints that an auditor has kept', () => {
    const keeping = (...checkpoints: { note: string; name: string }[]): Partial<VerifyOptions> => ({
      databaseUrl: undefined,
      checkpoints,
    });

    /** A checkpoint of the first records, as somebody signed it. */
    async function signed(size: number, by: SignerKey = tree.key): Promise<{ note: string; name: string }> {
      const root = await rootAt(size, treeOver(log));
      return {
        note: signCheckpoint({ origin: by.name, size, root, extensions: [] }, by),
        name: `checkpoint ${size}`,
      };
    }

    it('finds nothing in a log that they were signed for', async () => {
      const report = await verify(keeping(await signed(1), await signed(commits.length), await signed(end)));
      expect(report).toMatchObject({ findings: [], checked: { checkpoints: 3, signatures: 3 } });
    });

    it('names the first checkpoint that was signed for other records', async () => {
      const size = commits.length - 5;
      const altered = changed(log, (record) =>
        record.position === size - 1 ? { ...record, timeMs: record.timeMs + 1 } : record,
      );
      const checkpoints = keeping(await signed(size - 1), await signed(size), await signed(size + 1));
      const found = only(await verify({ ...checkpoints, log: altered }));
      expect(found).toMatchObject({ part: 'tree', position: size - 1 });
      expect(found.message).toMatch(new RegExp(`checkpoint ${size} was signed for`));
    });

    it('finds a log that ends before what was signed for', async () => {
      const shorter = { ...changed(log, (record) => record), end: () => Promise.resolve(commits.length) };
      const found = only(await verify({ ...keeping(await signed(end)), log: shorter }));
      expect(found).toMatchObject({ position: commits.length, message: expect.stringMatching(/lost its tail/) });
    });

    it('finds a checkpoint that another key has signed', async () => {
      const other = generateSignerKey(tree.key.name, 'ed25519');
      const found = only(await verify(keeping(await signed(3, other))));
      expect(found.message).toMatch(/checkpoint 3 is not signed as/);
    });

    it('does not hold against the log what is not signed, or no checkpoint at all', async () => {
      const altered = async (size: number, change: (note: string) => string) => {
        const { note, name } = await signed(size);
        return { note: change(note), name };
      };
      const otherRoot = (note: string): string => note.replace(/\n[^\n]{44}\n/, `\n${'A'.repeat(43)}=\n`);
      const unsigned = only(await verify(keeping(await altered(3, otherRoot))));
      expect(unsigned.message).toMatch(/checkpoint 3 is not signed as .*SIGNATURE_WRONG/);
      const longer = (note: string): string => note.replace(`\n${end}\n`, `\n${end + 9}\n`);
      const tooLong = only(await verify(keeping(await altered(end, longer))));
      expect(tooLong.message).toMatch(/is not signed as .*SIGNATURE_WRONG/);
      const cut = (note: string): string => note.slice(0, 40);
      for (const key of [tree.key, undefined]) {
        const none = only(await verify({ ...keeping(await altered(3, cut)), key }));
        expect(none.message).toBe('checkpoint 3 is no signed checkpoint: it was damaged, or never was one');
      }
    });
  });

  it('finds a fact that the rules refuse', async () => {
    const other = new MemoryLog({ now: () => NOW_MS });
    const writer = new TestWriter(other);
    await writer.begin();
    for (const events of commits.slice(0, 20)) await writer.append(events);
    const position = await writer.post({
      stream: 'party/second',
      type: 'PartyRegistered',
      data: { partyId: 'second', name: 'Second', aliases: ['nvidia'] },
      sources: [{ sourceId: 'unheard-of', attribution: 'official', confidence: 'high' }],
    });
    const report = await verify({ log: other, databaseUrl: undefined });
    expect(report.verdict).toBe('NOT OK');
    expect(report.findings).toMatchObject([
      { part: 'rules', position, expected: expect.stringMatching(/^refused as /) },
      { part: 'rules', position, expected: expect.stringMatching(/^refused as /) },
    ]);
  });
});

import { gunzipSync } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { MemoryLog } from '@deal-ledger/log';
import { commitmentLines, supplierCommitments, type Row } from '@deal-ledger/reports';
import { createService, settingsOf, type OpenApiDocument } from '@deal-ledger/service';
import { Client } from 'pg';
import { assertDocumented } from '../../../tests/fences/openapi';
import { describeWithPostgres } from '../../../tests/harness';
import { ProjectionModule } from './projection.module';
import { reportsSchemaOf } from './report-functions';
import { keptSchemaOf } from './report-runs';
import type { ReportMeta } from './reports';
import { TestWriter, type PostedLine } from './testing';
import { freshSchema } from './testing-projection';
import { deal, leg, policy, signed, usd } from './testing-reports';

const LEGS = 1_050;
const legId = (n: number): string => `L${String(n).padStart(4, '0')}`;
/** A leg of so many dollars, firm. */
const legOf = (n: number, dollars = String(n % 7)): PostedLine =>
  leg({ legId: legId(n), money: { firm: usd(dollars), ceiling: usd(dollars) } });
const removed = (n: number): PostedLine => ({
  stream: 'deal/d',
  type: 'LegRemoved',
  data: { legId: legId(n), reason: 'no longer needed' },
});

describeWithPostgres('reports for jobs', (url) => {
  const log = new MemoryLog();
  const writer = new TestWriter(log);
  const schema = freshSchema();
  let app: NestFastifyApplication;
  let first: number;

  beforeAll(async () => {
    await writer.begin();
    await writer.post(policy, deal(), signed('2025-10-05', 'yes'));
    for (let from = 1; from <= LEGS; from += 100)
      await writer.post(...Array.from({ length: Math.min(100, LEGS - from + 1) }, (_, index) => legOf(from + index)));
    first = (await log.end()) - 1;
    app = await createService({
      name: 'test',
      module: ProjectionModule.register({ ...supplierCommitments, schema, connectionString: url, log }),
      settings: settingsOf({ LOG_LEVEL: 'silent', LEDGER_CLOCK: '2026-06-30T12:00:00Z' }),
      openApi: { title: 'test', description: 'test' },
    });
    await get(`minPosition=${first}&limit=1`);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`drop schema ${schema}, ${reportsSchemaOf(schema)}, ${keptSchemaOf(schema)} cascade`);
    await client.end();
  });

  const get = (query: string, headers: Record<string, string> = {}, report = commitmentLines.name) =>
    app.inject({ url: `/v1/reports/${report}?${query}`, headers });
  const read = async (query: string) => {
    const answer = await get(query);
    expect(answer.statusCode).toBe(200);
    return answer.json() as { rows: Row[]; meta: ReportMeta };
  };
  const refused = async (query: string, report?: string) => {
    const { statusCode, ...answer } = await get(query, {}, report);
    return { status: statusCode, ...(answer as unknown as { json(): { code: string; detail: string } }).json() };
  };
  /** All pages of a query, one after the other; something is recorded between any two of them. */
  const pagesOf = async (query: string) => {
    const pages = [await read(query)];
    for (let last = pages[0]; last?.meta.nextCursor; last = pages.at(-1)) {
      const position = await writer.post(legOf(LEGS + (await log.end()), '1000000'));
      await read(`minPosition=${position}&limit=1`);
      pages.push(await read(`limit=400&cursor=${last.meta.nextCursor}`));
    }
    return pages;
  };

  it.each(['', '&sort=-firm', '&sort=firm,-legId', '&class=payment&ladder=committed'])(
    'pages never shift while the ledger moves, and add up to the totals (limit=400%s)',
    async (more) => {
      const whole = (await get(`asOf=${first}&format=ndjson${more}`)).body.trim().split('\n');
      expect(whole).toHaveLength(LEGS);
      await read(`minPosition=${first}`);
      const pages = await pagesOf(`asOf=${first}&limit=400${more}`);
      expect(pages.map(({ rows }) => rows.length)).toEqual([400, 400, 250]);
      expect(pages.flatMap(({ rows }) => rows).map((row) => JSON.stringify(row))).toEqual(whole);
      const cents = pages.flatMap(({ rows }) => rows).map((row) => BigInt(String(row['firm']).replace('.', '')));
      const sum = cents.reduce((total, each) => total + each, 0n);
      for (const { meta } of pages) {
        expect(meta).toMatchObject({
          asOfPosition: first,
          effectiveOn: '2026-06-30',
          rowCount: LEGS,
          totals: { byCurrency: [{ currency: 'USD', committedFirm: `${sum / 100n}.00` }] },
        });
      }
      expect(pages.at(-1)?.meta.nextCursor).toBeNull();
    },
  );

  it('pins what is latest when the first page is asked for', async () => {
    const [one, two] = await pagesOf('limit=700');
    expect(two?.meta.asOfPosition).toBe(one?.meta.asOfPosition);
    expect(two?.meta.rowCount).toBe(one?.meta.rowCount);
  });

  it('gives a hundred rows where no number is asked for, and all of them as CSV or NDJSON', async () => {
    expect((await read(`asOf=${first}`)).rows).toHaveLength(100);
    const csv = (await get(`asOf=${first}&format=csv`)).body.split('\r\n');
    expect(csv).toHaveLength(1 + LEGS + 1);
    const page = await get(`asOf=${first}&format=csv&limit=10`);
    expect(page.body.split('\r\n')).toHaveLength(1 + 10 + 1);
    const next = await get(`format=csv&cursor=${String(page.headers['report-next-cursor'])}&limit=10`);
    expect(next.body.split('\r\n').slice(1, -1)).toEqual(csv.slice(11, 21));
  });

  it('sorts by what is asked for, and by the key among equals', async () => {
    const { rows } = await read(`asOf=${first}&sort=-firm&limit=3`);
    expect(rows.map((row) => [row['firm'], row['legId']])).toEqual([
      ['6.00', 'L0006'],
      ['6.00', 'L0013'],
      ['6.00', 'L0020'],
    ]);
    expect(await refused('sort=flags')).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(await refused('sort=firm,-firm')).toMatchObject({ status: 400 });
    expect(await refused('limit=1001')).toMatchObject({ status: 400 });
    expect(await refused('limit=0')).toMatchObject({ status: 400 });
  });

  it('goes on with a cursor and nothing else than what it holds', async () => {
    const { meta } = await read(`asOf=${first}&class=payment&limit=2`);
    const cursor = `cursor=${meta.nextCursor}&limit=2`;
    const second = await read(`asOf=${first}&class=payment&${cursor}`);
    expect((await read(cursor)).rows).toEqual(second.rows);
    for (const other of ['class=supply', 'asOf=latest', 'effectiveOn=2026-07-01', 'sort=firm', 'provider=openai']) {
      expect(await refused(`${other}&${cursor}`)).toMatchObject({
        status: 400,
        code: 'CURSOR_MISMATCH',
        detail: expect.stringContaining(other.split('=')[0] ?? '') as string,
      });
    }
  });

  it('refuses a cursor that is not its own', async () => {
    const { meta } = await read(`asOf=${first}&limit=2`);
    const cursor = meta.nextCursor ?? '';
    for (const nonsense of ['x', 'AAAAAAAAAAAAAAAAAAAA', cursor.slice(0, -4), `${cursor}AAAA`, `${cursor}A`]) {
      expect(await refused(`cursor=${nonsense}`)).toMatchObject({ status: 400, code: 'CURSOR_INVALID' });
    }
    expect(await refused(`cursor=${cursor}`, 'capacity-balance')).toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('says nothing to a reader who has the answer', async () => {
    const question = `asOf=${first}&effectiveOn=2026-06-30&limit=5`;
    const answer = await get(question);
    const { etag } = answer.headers as { etag: string };
    expect(etag).toMatch(/^"[\w-]+"$/);
    await writer.post(legOf(5_000));
    const again = await get(question, { 'if-none-match': `"other", W/${etag}` });
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
    for (const other of [
      `${question}&format=csv`,
      `${question}&sort=firm`,
      `${question}&fxPolicy=closing`,
      `asOf=${first}&effectiveOn=2026-06-29&limit=5`,
      `asOf=${first - 1}&effectiveOn=2026-06-30&limit=5`,
      `asOf=${first}&effectiveOn=2026-06-30&limit=6`,
    ])
      expect((await get(other, { 'if-none-match': etag })).statusCode).toBe(200);
  });

  it('compresses for whoever takes it, the answer in pages and the whole one', async () => {
    for (const question of [`asOf=${first}`, `asOf=${first}&format=csv`, `asOf=${first}&format=ndjson`]) {
      const plain = await get(question);
      const zipped = await get(question, { 'accept-encoding': 'br, gzip;q=0.5' });
      expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept, accept-encoding' });
      expect(gunzipSync(zipped.rawPayload).toString()).toBe(plain.body);
      expect(zipped.headers.etag).not.toBe(plain.headers.etag);
      expect((await get(question, { 'accept-encoding': 'gzip;q=0, *' })).headers['content-encoding']).toBeUndefined();
    }
  });

  it('tells only what has changed since a position, and what is gone', async () => {
    const before = (await log.end()) - 1;
    await writer.post(removed(3), legOf(9_001, '12.5'));
    const now = await writer.post(
      { ...deal('e') },
      leg({ legId: 'L1', money: { firm: usd('1'), ceiling: usd('1') } }, 'e'),
    );
    const { rows, meta } = await read(`asOf=${now}&changedSince=${before}`);
    expect(rows).toEqual([
      expect.objectContaining({ dealId: 'd', legId: 'L9001', firm: '12.50' }),
      expect.objectContaining({ dealId: 'e', legId: 'L1', firm: '1.00' }),
      { dealId: 'd', legId: 'L0003', deleted: true },
    ]);
    expect(meta).toMatchObject({ asOfPosition: now, changedSince: before, rowCount: 3 });
    const pages = [await read(`asOf=${now}&changedSince=${before}&limit=2`)];
    pages.push(await read(`cursor=${pages[0]?.meta.nextCursor}`));
    expect(pages.flatMap((page) => page.rows)).toEqual(rows);
    const csv = (await get(`asOf=${now}&changedSince=${before}&format=csv`)).body.split('\r\n');
    expect(csv[0]).toMatch(/,flags,deleted$/);
    expect(csv[3]).toMatch(/^d,L0003,,.*,true$/);
    expect((await read(`asOf=${now}&changedSince=${now}`)).rows).toEqual([]);
    expect(await refused(`asOf=${before}&changedSince=${now}`)).toMatchObject({
      status: 400,
      code: 'CHANGED_SINCE_LATER',
    });
  });

  it('answers pages, changes and refusals as they are documented', async () => {
    const document = (await app.inject({ url: '/openapi.json' })).json() as OpenApiDocument;
    const path = `/v1/reports/${commitmentLines.name}`;
    const before = (await log.end()) - 1;
    const now = await writer.post(removed(4), legOf(9_050));
    for (const query of ['limit=2', `asOf=${now}&changedSince=${before}`, 'cursor=nonsense', 'sort=flags', 'limit=0']) {
      const answer = await get(query);
      assertDocumented(document, 'GET', path, answer.statusCode, answer.json());
    }
    const { etag } = (await get(`asOf=${now}`)).headers as { etag: string };
    assertDocumented(document, 'GET', path, (await get(`asOf=${now}`, { 'if-none-match': etag })).statusCode, '');
  });

  it('writes CSV that a spreadsheet reads as it is: no exponent, no float tail, empty for null', async () => {
    const position = await writer.post(
      leg({
        legId: 'L9100',
        money: { firm: usd('9999999999999999999999999999.99'), ceiling: usd('9999999999999999999999999999.99') },
      }),
      leg({ legId: 'L9101', money: { firm: usd('0.1'), ceiling: usd('0.3') } }),
      leg({ legId: 'L9102', money: { undisclosed: true } }),
    );
    const { body } = await get(`asOf=${position}&format=csv`);
    const [header = '', ...lines] = body.split('\r\n');
    const columns = header.split(',');
    const cells = (id: string): string[] => {
      const line = lines.find((each) => each.startsWith(`d,${id},`))?.split(',') ?? [];
      return ['qtyFirm', 'firm', 'expected', 'ceiling', 'incurred'].map(
        (column) => line[columns.indexOf(column)] ?? '?',
      );
    };
    const huge = '9999999999999999999999999999.99';
    expect(cells('L9100')).toEqual(['', huge, '', huge, '0.00']);
    expect(cells('L9101')).toEqual(['', '0.10', '', '0.30', '0.00']);
    expect(cells('L9102')).toEqual(['', '', '', '', '0']);
    expect(body).not.toMatch(/\d[eE][+-]?\d/);
  });
});

import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { MemoryLog } from '@deal-ledger/log';
import { commitmentLines, supplierCommitments, type ReportSet } from '@deal-ledger/reports';
import { createService, settingsOf, type OpenApiDocument } from '@deal-ledger/service';
import { Client } from 'pg';
import { assertDocumented } from '../../../tests/fences/openapi';
import { describeWithPostgres } from '../../../tests/harness';
import { ProjectionModule } from './projection.module';
import { reportsSchemaOf } from './report-functions';
import { keptSchemaOf } from './report-runs';
import { TestWriter } from './testing';
import { freshSchema } from './testing-projection';
import { deal, leg, policy, signed, usd } from './testing-reports';

const DAY = '2026-06-30';
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

describeWithPostgres('a board pack', (url) => {
  const log = new MemoryLog();
  const writer = new TestWriter(log);
  const schema = freshSchema();
  let app: NestFastifyApplication;
  let document: OpenApiDocument;

  const start = async (set: ReportSet = supplierCommitments): Promise<void> => {
    app = await createService({
      name: 'test',
      module: ProjectionModule.register({ ...set, schema, connectionString: url, log }),
      settings: settingsOf({ LOG_LEVEL: 'silent', LEDGER_CLOCK: '2026-06-30T12:00:00Z' }),
      openApi: { title: 'test', description: 'test' },
    });
    document = (await app.inject({ url: '/openapi.json' })).json();
    const last = (await log.end()) - 1;
    expect((await get(`deal-register?minPosition=${last}`)).statusCode).toBe(200);
  };
  const query = async <Row extends object>(text: string): Promise<Row[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  };

  const get = (path: string, headers: Record<string, string> = {}) =>
    app.inject({ url: `/v1/reports/${path}`, headers });
  const ask = async (report: string, payload: object) => {
    const path = `/v1/reports/${report}/runs`;
    const answer = await app.inject({ method: 'POST', url: path, payload });
    const body = answer.json<Record<string, unknown>>();
    assertDocumented(document, 'POST', path, answer.statusCode, body);
    return { status: answer.statusCode, body };
  };
  const published = (runId: string, data: unknown) =>
    writer.post({
      id: `${runId}-published`,
      stream: `report-run/${runId}`,
      type: 'ReportPublished',
      effective: DAY,
      data,
    });
  /** What the ledger says of a run, once it is projected up to a position. */
  const standing = async (path: string, position: number): Promise<unknown> => {
    await get(`deal-register?minPosition=${position}`);
    return (await get(path)).headers['report-published'];
  };

  const PACK = [
    {
      report: 'commitment-lines',
      runId: 'pack-lines',
      format: 'csv',
      reportingCurrency: 'USD',
      filter: { sort: '-legId' },
    },
    { report: 'deal-register', runId: 'pack-deals', format: 'json' },
    { report: 'capacity-balance', runId: 'pack-capacity', format: 'ndjson' },
  ] as const;
  const given = new Map<string, Buffer>();

  beforeAll(async () => {
    await writer.begin();
    await writer.post(policy, deal(), signed('2025-10-05', 'yes'));
    await writer.post(
      { id: 'wrong', ...leg({ legId: 'L1', money: { firm: usd('84000000000'), ceiling: usd('84000000000') } }) },
      leg({ legId: 'L2', money: { firm: usd('1'), ceiling: usd('1') } }),
    );
    await start();
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await query(`drop schema ${schema}, ${reportsSchemaOf(schema)}, ${keptSchemaOf(schema)} cascade`);
  });

  it('is given out: the bytes are those that the report has, and the event says which', async () => {
    for (const { report, ...wanted } of PACK) {
      const { status, body } = await ask(report, { effectiveOn: DAY, ...wanted });
      expect([report, status]).toEqual([report, 201]);
      const asOf = Number(body['asOf']);
      const path = `${report}/runs/${wanted.runId}`;
      expect(await standing(path, asOf)).toBe('no');
      const answer = await get(path);
      expect(answer.headers).toMatchObject({
        etag: `"${String(body['sha256'])}"`,
        'content-digest': `sha-256=:${sha256(answer.rawPayload).toString('base64')}:`,
        'report-as-of-position': String(asOf),
      });
      expect(sha256(answer.rawPayload).toString('hex')).toBe(body['sha256']);
      const { sort } = 'filter' in wanted ? wanted.filter : { sort: undefined };
      const currency = 'reportingCurrency' in wanted ? `&reportingCurrency=${wanted.reportingCurrency}` : '';
      const same = await get(
        `${report}?asOf=${asOf}&effectiveOn=${DAY}&format=${wanted.format}${currency}${sort === undefined ? '' : `&sort=${sort}`}`,
      );
      expect(answer.body).toBe(same.body);
      expect(answer.headers['content-type']).toBe(same.headers['content-type']);
      given.set(path, answer.rawPayload);
      expect(await standing(path, await published(wanted.runId, body))).toBe('yes');
    }
    const lines = (await get('commitment-lines/runs/pack-lines')).body.split('\r\n');
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['deal', 'd,L2', 'd,L1', '']);
  });

  it('says how many rows it has, and all that was asked', async () => {
    const { status, body } = await ask('commitment-lines', { effectiveOn: DAY, ...withoutReport(PACK[0]) });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      runId: 'pack-lines',
      report: 'commitment-lines',
      reportingCurrency: 'USD',
      fxPolicy: 'standard',
      format: 'csv',
      rows: 2,
      filter: { sort: '-legId' },
    });
  });

  it('is the same to the byte after a correction, which the report as it is now shows', async () => {
    const position = await writer.post({
      ...leg({ legId: 'L1', money: { firm: usd('42000000000'), ceiling: usd('42000000000') } }),
      action: 'correct',
      corrects: 'wrong',
      reason: 'half of it was an option',
      approvedBy: { id: 'controller-1' },
    });
    const now = (await get(`commitment-lines?minPosition=${position}&format=csv&sort=-legId&effectiveOn=${DAY}`)).body;
    expect(now).toContain('42000000000.00');
    expect(now).not.toContain('84000000000.00');
    for (const [path, bytes] of given) expect((await get(path)).rawPayload.equals(bytes)).toBe(true);
    expect((await get('commitment-lines/runs/pack-lines')).body).toContain('84000000000.00');
  });

  it('is asked for again with the same words, or with the position they meant, and by nothing else', async () => {
    const again = { effectiveOn: DAY, ...withoutReport(PACK[0]) };
    const { status, body } = await ask('commitment-lines', again);
    expect(status).toBe(200);
    expect(await ask('commitment-lines', { ...again, asOf: body['asOf'] })).toEqual({ status: 200, body });
    const asOf = Number(body['asOf']);
    const differing: [object, string, string][] = [
      [{ asOf: asOf + 1 }, `as of position ${asOf}`, `as of position ${asOf + 1}`],
      [{ effectiveOn: '2026-07-01' }, `for the day ${DAY}`, 'for the day 2026-07-01'],
      [{ format: 'json' }, 'in the format csv', 'in the format json'],
      [{ filter: {} }, `with the filter ${JSON.stringify(body['filter'])}`, 'with the filter '],
    ];
    for (const [change, kept, asked] of differing)
      expect(await ask('commitment-lines', { ...again, asOf, ...change })).toMatchObject({
        status: 409,
        body: {
          code: 'REPORT_RUN_DIFFERS',
          detail: expect.stringContaining(
            `was made ${kept} and stays so; this request asks for one ${asked}`,
          ) as string,
          kept: { asOf },
        },
      });
    expect((await ask('deal-register', { runId: 'pack-lines', effectiveOn: DAY })).body['code']).toBe(
      'REPORT_RUN_DIFFERS',
    );
  });

  it('is made once, however many ask for it at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ask('commitment-lines', { runId: 'rush', effectiveOn: DAY })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  it('is known by its tag, and compressed for whoever takes it', async () => {
    const path = 'commitment-lines/runs/pack-lines';
    const plain = await get(path);
    const zipped = await get(path, { 'accept-encoding': 'gzip' });
    expect(gunzipSync(zipped.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(zipped.headers['content-digest']).toBe(`sha-256=:${sha256(zipped.rawPayload).toString('base64')}:`);
    const again = await get(path, { 'if-none-match': String(plain.headers.etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    for (const [kept, bytes] of given) {
      const report = kept.split('/')[0] ?? '';
      const mediaType = String((await get(kept)).headers['content-type']).split(';')[0];
      const body: unknown = mediaType === 'application/json' ? JSON.parse(bytes.toString()) : bytes.toString();
      if (mediaType !== 'application/x-ndjson')
        assertDocumented(document, 'GET', `/v1/reports/${report}/runs/x`, 200, body, mediaType);
    }
  });

  it('is flagged where the ledger says another thing of it than what is kept', async () => {
    const { body } = await ask('deal-register', { runId: 'false', effectiveOn: DAY, format: 'csv' });
    const path = 'deal-register/runs/false';
    expect(await standing(path, await published('false', { ...body, sha256: 'f'.repeat(64) }))).toBe('differs');
    const corrected = { stream: 'report-run/false', type: 'ReportPublished', effective: DAY, data: body };
    const position = await writer.post({
      ...corrected,
      action: 'correct',
      corrects: 'false-published',
      reason: 'the wrong fingerprint',
      approvedBy: { id: 'controller-1' },
    });
    expect(await standing(path, position)).toBe('yes');
  });

  it('is not made with other bytes than the ledger says were given out', async () => {
    const { body } = await ask('deal-register', { runId: 'model', effectiveOn: DAY });
    const position = await published('elsewhere', { ...body, runId: 'elsewhere', sha256: '0'.repeat(64) });
    const again = { runId: 'elsewhere', asOf: body['asOf'], effectiveOn: DAY };
    await get(`deal-register?minPosition=${position}`);
    expect(await ask('deal-register', again)).toMatchObject({ status: 409, body: { code: 'REPORT_RUN_DIFFERS' } });
    expect((await get('deal-register/runs/elsewhere')).statusCode).toBe(404);
  });

  it('is not made, nor given again, under an id that was published first of another report', async () => {
    const wanted = { runId: 'taken', effectiveOn: DAY, format: 'csv' };
    const { status, body } = await ask('deal-register', wanted);
    expect(status).toBe(201);
    // As another projection keeps it, which does not see what is kept here.
    const position = await published('taken', { ...body, report: 'spend-outlook' });
    await get(`deal-register?minPosition=${position}`);
    for (const report of ['deal-register', 'commitment-lines'])
      expect(await ask(report, wanted)).toMatchObject({
        status: 409,
        body: {
          code: 'REPORT_RUN_DIFFERS',
          published: 'spend-outlook',
          detail: expect.stringContaining(`Give ${report} out under another run id`) as string,
        },
      });
  });

  it.each([
    ['no id', 422, '/runId', { runId: '../x' }],
    ['no day', 422, '/effectiveOn', { effectiveOn: 'soon' }],
    ['no such filter', 422, '/filter/colour', { filter: { colour: 'red' } }],
    ['a page', 422, '/filter/limit', { filter: { limit: '10' } }],
    ['no such format', 422, '/format', { format: 'pdf' }],
    ['no currency', 422, '/reportingCurrency', { reportingCurrency: 'DM' }],
    ['no time', 422, '/asOf', { asOf: 'yesterday' }],
  ])('is refused for %s', async (_, status, pointer, wrong) => {
    const { status: answered, body } = await ask('deal-register', { runId: 'r', effectiveOn: DAY, ...wrong });
    expect([answered, (body['errors'] as { pointer: string }[])[0]?.pointer]).toEqual([status, pointer]);
  });

  it('is refused beyond the end of the ledger, and not found under another id or report', async () => {
    expect((await ask('deal-register', { runId: 'r', effectiveOn: DAY, asOf: 999_999 })).body['code']).toBe(
      'POSITION_UNKNOWN',
    );
    for (const path of ['deal-register/runs/r', 'deal-register/runs/pack-lines']) {
      const answer = await get(path);
      assertDocumented(document, 'GET', `/v1/reports/${path}`, answer.statusCode, answer.json());
      expect(answer.json()).toMatchObject({ status: 404, code: 'REPORT_RUN_NOT_FOUND' });
    }
    expect((await get('deal-register/runs/%20')).statusCode).toBe(400);
  });

  it('can neither be changed nor taken away', async () => {
    for (const statement of ['update $ set bytes = bytes', 'delete from $', 'truncate $'])
      await expect(query(statement.replace('$', `${keptSchemaOf(schema)}.report_runs`))).rejects.toThrow(
        'what was given out is never changed',
      );
  });

  it('outlives the tables of the projection and the rules that it was made by', async () => {
    await app.close();
    await query(`drop schema ${schema}, ${reportsSchemaOf(schema)} cascade`);
    const changed = { ...commitmentLines, sql: `with made as (${commitmentLines.sql}) select * from made limit 1` };
    const reports = supplierCommitments.reports.map((each) => (each === commitmentLines ? changed : each));
    await start({ ...supplierCommitments, reports });
    const path = 'commitment-lines/runs/pack-lines';
    const asOf = String((await get(path)).headers['report-as-of-position']);
    const fresh = await get(
      `commitment-lines?asOf=${asOf}&effectiveOn=${DAY}&format=csv&sort=-legId&reportingCurrency=USD`,
    );
    expect(fresh.statusCode).toBe(200);
    expect(fresh.body).not.toBe(given.get(path)?.toString());
    for (const [kept, bytes] of given) {
      const answer = await get(kept);
      expect(answer.rawPayload.equals(bytes)).toBe(true);
      expect(answer.headers['report-published']).toBe('yes');
    }
    expect((await ask('commitment-lines', { effectiveOn: DAY, ...withoutReport(PACK[0]) })).status).toBe(200);
  }, 30_000);
});

const withoutReport = ({
  report: _,
  ...wanted
}: {
  readonly report: string;
  readonly [name: string]: unknown;
}): object => wanted;

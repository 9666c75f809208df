import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { MemoryLog } from '@deal-ledger/log';
import { commitmentLines, fundingPosition, spendForecast, supplierCommitments, type Row } from '@deal-ledger/reports';
import { createService, settingsOf } from '@deal-ledger/service';
import { Client } from 'pg';
import { describeWithPostgres, eventually } from '../../../tests/harness';
import { ProjectionModule } from './projection.module';
import { reportsSchemaOf } from './report-functions';
import { keptSchemaOf } from './report-runs';
import { TestWriter, type PostedLine } from './testing';
import { freshSchema } from './testing-projection';

const usd = (amount: string) => ({ currency: 'USD', amount });

const LINES: PostedLine[] = [
  {
    stream: 'deal/d',
    type: 'DealOpened',
    data: {
      dealId: 'd',
      title: 'd',
      kinds: ['lease'],
      parties: [
        { partyId: 'nvidia', role: 'lessor' },
        { partyId: 'openai', role: 'lessee' },
      ],
    },
  },
  {
    stream: 'deal/d',
    type: 'LegAdded',
    data: {
      legId: 'L1',
      class: 'payment',
      category: 'rental',
      providers: ['openai'],
      receivers: ['nvidia', 'samsung'],
      money: { ceiling: usd('1234.5') },
    },
  },
  {
    stream: 'funding/f',
    type: 'FundingProposed',
    data: {
      fundingId: 'f',
      funderIds: ['nvidia'],
      recipientId: 'openai',
      instrument: 'debt',
      amount: { undisclosed: true },
    },
  },
  {
    stream: 'funding/f',
    type: 'TrancheScheduled',
    data: {
      trancheId: 'T1',
      amount: { undisclosed: true },
      condition: { type: 'milestone', description: '=HYPERLINK("x"), once' },
    },
  },
];

describeWithPostgres('reports over HTTP', (url) => {
  const log = new MemoryLog();
  const writer = new TestWriter(log);
  const schemas = [freshSchema(), freshSchema()] as const;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    await writer.begin();
    for (const line of LINES) await writer.post(line);

    // Both projections in one application, as standalone has them.
    @Module({
      imports: [
        ProjectionModule.register({ ...spendForecast, schema: schemas[0], connectionString: url, log }),
        ProjectionModule.register({
          ...supplierCommitments,
          schema: schemas[1],
          connectionString: url,
          log,
          previewPath: 'v1/preview/supplier-commitments',
        }),
      ],
    })
    class Both {}
    app = await createService({
      name: 'test',
      module: Both,
      settings: settingsOf({ LOG_LEVEL: 'silent', LEDGER_CLOCK: '2100-06-30T12:00:00Z' }),
      openApi: { title: 'test', description: 'test' },
    });
    await eventually(async () => expect((await get('commitment-lines')).headers['ledger-position']).toBe('4'), 10_000);
  });
  afterAll(async () => {
    await app.close();
    const client = new Client({ connectionString: url });
    await client.connect();
    for (const schema of schemas)
      await client.query(`drop schema ${schema}, ${reportsSchemaOf(schema)}, ${keptSchemaOf(schema)} cascade`);
    await client.end();
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    app.inject({ url: `/v1/reports/${path}`, headers });
  const problem = async (path: string) => {
    const answer = await get(path);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    return {
      status: answer.statusCode,
      ...(answer.json() as { code: string; detail: string }),
      headers: answer.headers,
    };
  };

  it('answers rows in exactly the columns of their schema, and what they rest on', async () => {
    const answer = await get('commitment-lines?asOf=3');
    const { rows, meta } = answer.json() as { rows: Row[]; meta: object };
    expect(rows.map((row) => commitmentLines.row.strict().parse(row))).toEqual(rows);
    expect(Object.keys(rows[0] ?? {})).toEqual(Object.keys(commitmentLines.row.shape));
    expect(rows[0]).toMatchObject({ ceiling: '1234.50', providers: ['openai'], receivers: ['nvidia', 'samsung'] });
    expect(meta).toEqual({
      asOfPosition: 3,
      asOfRecordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      effectiveOn: '2100-06-30',
      changedSince: null,
      reportingCurrency: null,
      fxPolicy: 'standard',
      fxRates: [],
      policyEventId: null,
      unknownEvents: 0,
      rowCount: 1,
      totals: {
        byCurrency: [
          {
            currency: 'USD',
            committedFirm: '0.00',
            committedCeiling: '0.00',
            indicatedCeiling: '0.00',
            pipelineCeiling: '1234.50',
            incurred: '0.00',
            paid: '0.00',
          },
        ],
        undisclosedLegs: 0,
      },
      nextCursor: null,
    });
    expect(answer.headers).toMatchObject({
      'report-as-of-position': '3',
      'report-effective-on': '2100-06-30',
      'ledger-position': '4',
    });
  });

  it('has every report of both projections on one port', async () => {
    for (const { name, row } of [...spendForecast.reports, ...supplierCommitments.reports]) {
      const answer = await get(name);
      expect(answer.statusCode).toBe(200);
      for (const each of (answer.json() as { rows: Row[] }).rows) expect(row.strict().parse(each)).toEqual(each);
    }
  });

  it('writes CSV with a header, empty for null, and nothing that a spreadsheet would run', async () => {
    const answer = await get('commitment-lines?format=csv');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    const [header, first, rest] = answer.body.split('\r\n');
    expect(header).toBe(Object.keys(commitmentLines.row.shape).join(','));
    expect(first).toContain('d,L1,payment,rental,openai,nvidia|samsung,,,,,,,USD,0.00,,1234.50,pipeline,,,,0.00');
    expect(rest).toBe('');
    const fundings = (await get('funding-position', { accept: 'text/csv' })).body;
    expect(fundings).toContain(',true,\r\n');
    expect(fundings).toContain(`"'=HYPERLINK(""x""), once",open`);
  });

  it('writes a row a line', async () => {
    const answer = await get('funding-position', { accept: 'application/x-ndjson' });
    expect(answer.headers['content-type']).toContain('application/x-ndjson');
    expect(
      answer.body
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Row)['fundingId']),
    ).toEqual(['f', 'f']);
    expect((await get('funding-position?format=json', { accept: 'text/csv' })).headers['content-type']).toContain(
      'application/json',
    );
  });

  it('waits for a position that is in the ledger, and says when there is none', async () => {
    const position = await writer.post({ stream: 'deal/d', type: 'DealAnnounced', data: {} });
    const answer = await get(`commitment-lines?minPosition=${position}`);
    expect((answer.json() as { rows: Row[] }).rows[0]).toMatchObject({ ladder: 'indicated' });
    expect(await problem('commitment-lines?minPosition=99')).toMatchObject({ status: 400, code: 'POSITION_UNKNOWN' });
    expect(await problem('commitment-lines?asOf=99')).toMatchObject({
      status: 400,
      code: 'POSITION_UNKNOWN',
      detail: expect.stringContaining('99') as string,
    });
  });

  it('gives the same bytes for the same position and day, whatever was recorded since', async () => {
    const before = await get('commitment-lines?asOf=3&effectiveOn=2026-06-30');
    const position = await writer.post({
      ...(LINES[1] as PostedLine),
      data: { ...(LINES[1]?.data as object), legId: 'L2' },
    });
    await get(`commitment-lines?minPosition=${position}`);
    expect((await get('commitment-lines?asOf=3&effectiveOn=2026-06-30')).body).toBe(before.body);
  });

  it('finds the position that was known at an instant', async () => {
    const last = (await log.end()) - 1;
    const { meta } = (await get('commitment-lines?asOf=2099-12-31T23:59:00%2B09:00')).json() as { meta: object };
    expect(meta).toMatchObject({ asOfPosition: last });
    expect(await problem('commitment-lines?asOf=2020-01-01T00:00:00Z')).toMatchObject({
      status: 400,
      code: 'INSTANT_BEFORE_LEDGER',
    });
    expect(await problem('commitment-lines?asOf=2100-07-01T00:00:00Z')).toMatchObject({
      status: 400,
      code: 'INSTANT_IN_FUTURE',
    });
  });

  it.each([
    'asOf=tomorrow',
    'effectiveOn=2026-02-30',
    'reportingCurrency=ABC',
    'format=xml',
    'granularity=week',
    'dealid=d',
    'dealId=d&dealId=e',
  ])('refuses %s', async (query) => {
    expect(await problem(`commitment-lines?${query}`)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  });

  it('is ready once it works, and documented', async () => {
    const ready = await app.inject({ url: '/health/ready' });
    expect(ready.json()).toMatchObject({ status: 'ready' });
    const { paths } = (await app.inject({ url: '/openapi.json' })).json() as {
      paths: Record<string, { get: { parameters: { name: string }[] } }>;
    };
    expect(paths['/v1/reports/spend-outlook']?.get.parameters.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'asOf',
        'effectiveOn',
        'minPosition',
        'reportingCurrency',
        'format',
        'granularity',
        'forecast',
        'fill',
        'entity',
        'category',
      ]),
    );
    expect(paths[`/v1/reports/${fundingPosition.name}`]).toBeDefined();
  });
});

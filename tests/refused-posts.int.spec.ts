import { createHash, randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RefusalsModule } from '@deal-ledger/auditing';
import { funding, party, source } from '@deal-ledger/domain';
import { decodeRefusal, type RecordedRefusal } from '@deal-ledger/ledger';
import { MemoryLog } from '@deal-ledger/log';
import { ProjectionModule } from '@deal-ledger/projection';
import { RecorderModule } from '@deal-ledger/recorder';
import { audit } from '@deal-ledger/reports';
import { createService, settingsOf, type OpenApiDocument } from '@deal-ledger/service';
import { Client } from 'pg';
import { assertDocumented } from './fences/openapi';
import { describeWithPostgres, eventually } from './harness';

jest.setTimeout(120_000);

const SECRET = 'a sentence that nobody but the poster may read';
const SOURCES = [{ sourceId: 's1', attribution: 'official', confidence: 'high' }];
const SOURCE = {
  id: 'src-1',
  type: 'SourceRegistered',
  effective: '2025-10-05',
  sources: [],
  data: { sourceId: 's1', kind: 'press', language: 'en', title: 'A source', publishedOn: null },
};
const registered = (partyId: string, more: object = {}): object => ({
  id: `reg-${partyId}`,
  type: 'PartyRegistered',
  effective: '2025-10-05',
  sources: SOURCES,
  data: { partyId, name: partyId, aliases: [partyId] },
  ...more,
});
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

@Module({})
class Together {}

interface Page {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly meta: { readonly nextCursor: string | null };
}

describeWithPostgres('posts that are refused', (url) => {
  const projected = `test_${randomUUID().slice(0, 8)}`;
  const auditing = `${projected}_auditing`;
  let refusals: MemoryLog;
  let app: NestFastifyApplication;
  let document: OpenApiDocument;

  beforeAll(async () => {
    const log = new MemoryLog();
    refusals = new MemoryLog();
    app = await createService({
      name: 'test',
      module: {
        module: Together,
        imports: [
          RecorderModule.of({ source: '/test', kinds: [source, party, funding], log, refusals }),
          ProjectionModule.register({ ...audit, schema: projected, connectionString: url, log }),
          RefusalsModule.of({ connectionString: url, schema: auditing, events: projected, refusals }),
        ],
      },
      settings: settingsOf({ LOG_LEVEL: 'silent', LEDGER_CLOCK: '2026-10-05T09:00:00Z' }),
      openApi: { title: 'test', description: 'test' },
    });
    document = (await app.inject({ url: '/openapi.json' })).json();
    await eventually(async () => expect((await app.inject('/health/ready')).statusCode).toBe(200), 20_000);
    expect((await post('/v1/sources/s1/events', { events: [SOURCE] })).statusCode).toBe(201);
    expect((await post('/v1/parties/nvidia/events', { events: [registered('nvidia')] })).statusCode).toBe(201);
  });
  afterAll(async () => {
    await app.close();
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select nspname as name from pg_namespace where nspname like $1`,
      [`%${projected}%`],
    );
    for (const { name } of rows) await client.query(`drop schema ${name} cascade`);
    await client.end();
  });

  const post = (path: string, payload: object | string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: path, payload, headers: { 'content-type': 'application/json', ...headers } });
  const kept = (): RecordedRefusal[] => refusals.records.flatMap((record) => decodeRefusal(record) ?? []);
  /** What the log of refusals has got by the work. */
  async function noted(work: () => Promise<unknown>): Promise<RecordedRefusal[]> {
    const before = kept().length;
    await work();
    await new Promise((resume) => setTimeout(resume, 20));
    return kept().slice(before);
  }
  async function read(query: string): Promise<Page> {
    const answer = await app.inject(`/v1/audit/refusals?${query}`);
    assertDocumented(document, 'GET', '/v1/audit/refusals', answer.statusCode, answer.json());
    if (answer.statusCode !== 200) throw new Error(answer.body);
    return answer.json();
  }
  const caughtUp = (): Promise<void> =>
    eventually(async () => {
      const { headers } = await app.inject('/v1/audit/refusals?limit=1');
      expect(Number(headers['refusals-position'])).toBe(refusals.records.length - 1);
    }, 10_000);

  it('are kept with who, when, why and a hash of the body, and nothing that stood in it', async () => {
    const body = JSON.stringify({
      events: [
        registered('nvidia', { id: 'again', correlationId: 'nvidia-again', reason: SECRET }),
        registered('amd', { data: { partyId: 'amd', name: SECRET, aliases: [SECRET] } }),
      ].map((event) => ({ stream: 'party/nvidia', ...event })),
    });
    const [record] = await noted(() => post('/v1/commits', body, { 'idempotency-key': SECRET.replaceAll(' ', '-') }));
    expect(record).toMatchObject({
      how: 'one',
      count: 1,
      firstAt: '2026-10-05T09:00:00.000Z',
      service: '/test',
      route: '/v1/commits',
      actor: 'local',
      status: expect.any(Number),
      streams: ['party/nvidia'],
      correlationIds: ['nvidia-again'],
      bodySha256: sha256(body),
      bodyBytes: Buffer.byteLength(body),
      keySha256: sha256(SECRET.replaceAll(' ', '-')),
      ledgerPosition: 2,
    });
    for (const each of refusals.records) {
      const text = `${each.key?.toString() ?? ''}${each.value?.toString() ?? ''}${each.headers.map(([, value]) => value.toString()).join()}`;
      for (const part of SECRET.split(' ').filter((word) => word.length > 5)) expect(text).not.toContain(part);
    }
  });

  it.each<[string, string, object | string, Record<string, string>, object]>([
    [
      'by a rule',
      '/v1/parties/nvidia/events',
      { events: [registered('nvidia', { id: 'x1' })] },
      {},
      { status: 409, code: 'STREAM_EXISTS' },
    ],
    [
      'for its shape',
      '/v1/parties/amd/events',
      { events: [{ ...registered('amd'), colour: 'red' }] },
      {},
      { status: 422, code: 'UNKNOWN_FIELD', faults: [{ code: 'UNKNOWN_FIELD', pointer: '/events/0' }] },
    ],
    [
      'as no JSON',
      '/v1/parties/amd/events',
      '{"events": [',
      {},
      { status: 400, code: 'MALFORMED_JSON', bodySha256: sha256('{"events": ['), streams: ['party/amd'] },
    ],
    [
      'for a stale version',
      '/v1/parties/nvidia/events',
      { events: [registered('nvidia', { id: 'x2' })] },
      { 'if-match': '"7"' },
      { status: 412, code: 'VERSION_CONFLICT', details: { expected: 7, actual: 1 } },
    ],
    [
      'for want of an id',
      '/v1/parties/amd/events',
      { events: [registered('amd', { id: undefined })] },
      {},
      { status: 400, code: 'IDEMPOTENCY_REQUIRED' },
    ],
    [
      'for its media type',
      '/v1/commits',
      'events',
      { 'content-type': 'text/plain' },
      { status: 415, bodySha256: null },
    ],
  ])('are kept when they are refused %s', async (_, path, payload, headers, expected) => {
    const records = await noted(() => post(path, payload, headers));
    expect(records).toMatchObject([expected]);
  });

  it('are kept line by line of an import, with the hash of the line', async () => {
    const lines = [registered('intel'), registered('nvidia', { id: 'x3' }), { type: 'Nothing' }].map((event) =>
      JSON.stringify({ events: [{ stream: 'party/nvidia', ...event }] }),
    );
    const first = JSON.stringify({ events: [{ stream: 'party/intel', ...registered('intel') }] });
    const records = await noted(() =>
      post('/v1/import', [first, lines[1], lines[2]].join('\n'), { 'content-type': 'application/x-ndjson' }),
    );
    expect(records).toMatchObject([
      { route: '/v1/import', code: 'STREAM_EXISTS', bodySha256: sha256(lines[1] ?? ''), streams: ['party/nvidia'] },
      { route: '/v1/import', status: 422, bodySha256: sha256(lines[2] ?? '') },
    ]);
  });

  it('are not kept of a dry run, nor is what was only asked, or sent to no route', async () => {
    const again = { events: [registered('nvidia', { id: 'x4' })] };
    const records = await noted(async () => {
      expect((await post('/v1/parties/nvidia/events?dryRun=true', again)).statusCode).toBe(409);
      expect((await post('/v1/preview', { events: 'none' })).statusCode).toBe(422);
      expect((await post('/v1/nothing', again)).statusCode).toBe(404);
      expect((await app.inject('/v1/parties/nobody')).statusCode).toBe(404);
    });
    expect(records).toEqual([]);
  });

  describe('and read by an auditor,', () => {
    it('stand with what was accepted after them, by what both belong to', async () => {
      await noted(() =>
        post('/v1/parties/nvidia/events', { events: [registered('nvidia', { id: 'x5', correlationId: 'chips' })] }),
      );
      const other = { events: [registered('tsmc', { correlationId: 'chips' })] };
      const { position } = (await post('/v1/parties/tsmc/events', other)).json<{ position: number }>();
      await caughtUp();
      await eventually(async () => {
        const { rows } = await read('correlation=chips');
        expect(rows).toMatchObject([
          {
            code: 'STREAM_EXISTS',
            laterBy: 'correlation',
            laterEventIds: ['reg-tsmc'],
            laterStreams: ['party/tsmc'],
            laterPositions: [String(position)],
            laterActors: ['local'],
          },
        ]);
      }, 10_000);
    });

    it('stand with what the same actor recorded in the same stream later, where they belong to nothing', async () => {
      await noted(() => post('/v1/parties/arm/events', { events: [{ ...registered('arm'), colour: 'red' }] }));
      await post('/v1/parties/arm/events', { events: [registered('arm')] });
      await caughtUp();
      await eventually(
        async () =>
          expect((await read('stream=party/arm')).rows).toMatchObject([
            { code: 'UNKNOWN_FIELD', laterBy: 'actorAndStream', laterEventIds: ['reg-arm'] },
          ]),
        10_000,
      );
      await noted(() => post('/v1/parties/arm/events', { events: [registered('arm', { id: 'x6' })] }));
      await caughtUp();
      expect((await read('stream=party/arm&code=STREAM_EXISTS')).rows).toMatchObject([
        { laterBy: null, laterEventIds: [], laterRecordedAt: null },
      ]);
    });

    it.each([
      ['code=MALFORMED_JSON', 1],
      ['code=IDEMPOTENCY_REQUIRED&actor=local', 1],
      ['actor=jane', 0],
      ['code=MALFORMED_JSON&from=2026-10-05&to=2026-10-05', 1],
      ['code=MALFORMED_JSON&from=2026-10-05T09:00:01Z', 0],
      ['code=MALFORMED_JSON&to=2026-10-05T09:00:00Z', 0],
      ['correlation=nvidia-again&stream=party/nvidia', 1],
    ])('are found by %s', async (query, count) => {
      await caughtUp();
      expect((await read(query)).rows).toHaveLength(count);
    });

    it('come page by page, and all at once as CSV or NDJSON', async () => {
      await caughtUp();
      const all = (await read('limit=1000')).rows;
      const paged: unknown[] = [];
      for (let after = ''; ;) {
        const { rows, meta } = await read(`limit=2${after}`);
        paged.push(...rows);
        if (meta.nextCursor === null) break;
        after = `&after=${meta.nextCursor}`;
      }
      expect(paged).toEqual(all);
      const ndjson = await app.inject('/v1/audit/refusals?format=ndjson');
      expect(
        ndjson.body
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(all);
      const csv = await app.inject({ url: '/v1/audit/refusals', headers: { accept: 'text/csv' } });
      expect(csv.headers['content-type']).toContain('text/csv');
      expect(csv.body.split('\r\n')).toHaveLength(all.length + 2);
      const page = await app.inject('/v1/audit/refusals?format=csv&limit=1');
      expect([page.body.split('\r\n').length, page.headers['report-next-cursor']]).toEqual([3, '0']);
    });

    it.each(['limit=0', 'limit=1001', 'after=x', 'from=yesterday', 'colour=red'])(
      'are not answered to %s',
      async (query) => {
        const answer = await app.inject(`/v1/audit/refusals?${query}`);
        expect(answer.json()).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
      },
    );
  });
});

describe('a flood of refusals', () => {
  const FLOOD = 10_000;
  let app: NestFastifyApplication;
  let refusals: MemoryLog;

  beforeEach(async () => {
    refusals = new MemoryLog();
    app = await createService({
      name: 'test',
      module: RecorderModule.of({ source: '/test', kinds: [party], log: new MemoryLog(), refusals }),
      settings: settingsOf({ LOG_LEVEL: 'silent' }),
      openApi: { title: 'test', description: 'test' },
    });
    while ((await app.inject('/health/ready')).statusCode !== 200) await new Promise(setImmediate);
  });

  /** What the log has at the end of a flood that took `ms`. */
  async function flooded(flood: () => Promise<void>): Promise<{ records: number; refusals: number; ms: number }> {
    const begun = performance.now();
    await flood();
    const ms = performance.now() - begun;
    await app.close();
    const all = refusals.records.flatMap((record) => decodeRefusal(record) ?? []);
    return { records: all.length, refusals: all.reduce((sum, { count }) => sum + count, 0), ms };
  }
  const nothing = (n: number): object => ({ events: [{ stream: 'party/amd', id: `e${n}`, type: 'Nothing' }] });

  it('of one body becomes one record, and counts of the rest', async () => {
    const after = await flooded(async () => {
      for (let n = 0; n < FLOOD; n += 1) {
        const answer = await app.inject({ method: 'POST', url: '/v1/commits', payload: nothing(1) });
        if (answer.statusCode !== 422) throw new Error(answer.body);
      }
    });
    expect(after.refusals).toBe(FLOOD);
    expect(after.records).toBeLessThanOrEqual(2 + Math.floor(after.ms / 10_000));
  });

  it('of ever other bodies becomes as many records as a second allows, and counts of the rest', async () => {
    const lines = Array.from({ length: FLOOD }, (_, n) => JSON.stringify(nothing(n)));
    const after = await flooded(async () => {
      const headers = { 'content-type': 'application/x-ndjson' };
      const answer = await app.inject({ method: 'POST', url: '/v1/import', headers, payload: lines.join('\n') });
      expect(answer.body.trim().split('\n')).toHaveLength(FLOOD);
    });
    expect(after.refusals).toBe(FLOOD);
    expect(after.records).toBeLessThanOrEqual(50 * Math.ceil(after.ms / 1_000 + 1) + 1);
  });
});

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { idOf, kindOf, shown, type LedgerEvent } from '@deal-ledger/domain';
import { MemoryLog } from '@deal-ledger/log';
import { audit, auditEvents, type Row } from '@deal-ledger/reports';
import { createService, settingsOf, type OpenApiDocument } from '@deal-ledger/service';
import { Client } from 'pg';
import { assertDocumented } from '../../../tests/fences/openapi';
import { describeWithPostgres, eventually } from '../../../tests/harness';
import { ProjectionModule } from './projection.module';
import { reportsSchemaOf } from './report-functions';
import { keptSchemaOf } from './report-runs';
import type { StreamShown } from './streams';
import { recorded, strangeEvent, TestWriter, type PostedLine } from './testing';
import { freshSchema } from './testing-projection';
import { story } from './testing-story';

jest.setTimeout(60_000);

type Shown = StreamShown & { readonly asOfPosition: number; readonly asOfRecordedAt: string };

describeWithPostgres('what an auditor is answered over HTTP:', (url) => {
  const log = new MemoryLog();
  const writer = new TestWriter(log);
  const schema = freshSchema();
  let app: NestFastifyApplication;
  let document: OpenApiDocument;

  beforeAll(async () => {
    await writer.begin();
    for (const line of story) await writer.post(line);
    app = await createService({
      name: 'test',
      module: ProjectionModule.register({ ...audit, schema, connectionString: url, log }),
      settings: settingsOf({ LOG_LEVEL: 'silent', LEDGER_CLOCK: '2100-06-30T12:00:00Z' }),
      openApi: { title: 'test', description: 'test' },
    });
    document = (await app.inject({ url: '/openapi.json' })).json();
    await eventually(async () => expect((await ask('deal/hitachi')).headers['ledger-position']).toBe('115'), 10_000);
  });
  afterAll(async () => {
    await app.close();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`drop schema ${schema}, ${reportsSchemaOf(schema)}, ${keptSchemaOf(schema)} cascade`);
    await client.end();
  });

  const ask = (path: string, headers: Record<string, string> = {}) =>
    app.inject({ url: `/v1/audit/streams/${path}`, headers });
  async function read(path: string): Promise<Shown> {
    const answer = await ask(path);
    const body: unknown = answer.json();
    assertDocumented(document, 'GET', `/v1/audit/streams/${path.split('?')[0] ?? ''}`, answer.statusCode, body);
    if (answer.statusCode !== 200) throw new Error(answer.body);
    return body as Shown;
  }
  async function problem(path: string): Promise<{ status: number; code: string; detail: string }> {
    const answer = await ask(path);
    const body: unknown = answer.json();
    assertDocumented(document, 'GET', `/v1/audit/streams/${path.split('?')[0] ?? ''}`, answer.statusCode, body);
    return body as { status: number; code: string; detail: string };
  }
  const fieldOf = ({ fields, events }: Shown, pointer: string) => {
    const field = fields.find((each) => each.pointer === pointer);
    if (field === undefined) throw new Error(`no ${pointer} in ${fields.map((each) => each.pointer).join(' ')}`);
    return { ...events.find(({ eventId }) => eventId === field.eventId), value: field.value };
  };

  describe('a stream with the origin of each field', () => {
    it('has the state that the events in force add up to', async () => {
      for (const stream of new Set(story.map((line) => line.stream))) {
        const kind = kindOf(stream);
        const lines = story.filter((line) => line.stream === stream);
        if (kind === undefined || lines.some(({ action }) => action !== undefined)) continue;
        const state = lines.reduce(
          (before: unknown, line, index) => kind.evolve(before, recorded(line, index + 1) as LedgerEvent),
          undefined,
        );
        const answer = await read(`${kind.name}/${idOf(stream)}`);
        expect(answer).toMatchObject({ stream, version: lines.length, asOfPosition: 115, unknownEvents: 0 });
        expect(answer.state).toEqual(JSON.parse(JSON.stringify(shown(state))));
      }
    });

    it('says of a field which event set it: who, when, where, on what source', async () => {
      const deal = await read('deal/nvda-openai');
      const { value, ...event } = fieldOf(deal, '/deal/title');
      expect(value).toBe((deal.state as { deal: { title: string } }).deal.title);
      expect(event).toEqual({
        ...{ eventId: 'evt-0030', version: 1, position: 30, ordinal: 0, type: 'DealOpened', effective: '2025-10-05' },
        ...{ recordedAt: expect.stringMatching(/Z$/) as string, action: 'new', inPlaceOf: null, reason: null },
        ...{ actor: { id: 'local' }, onBehalfOf: { id: 'finance-1', role: 'strategicFinance' }, approvedBy: null },
        sources: [expect.objectContaining({ sourceId: 'src-ar-2025-10' })],
      });
    });

    it('names of a corrected fact the correction, and in whose place it stands', async () => {
      const unitOf = async (asOf: number) => {
        const pool = await read(`pool/hbm-global?asOf=${asOf}`);
        const [field] = pool.fields.filter(
          ({ value, eventId }) => ['EA', 'WFR'].includes(String(value)) && ['evt-0051', 'evt-0066'].includes(eventId),
        );
        return fieldOf(pool, field?.pointer ?? '');
      };
      expect(await unitOf(65)).toMatchObject({ value: 'EA', eventId: 'evt-0051', action: 'new', inPlaceOf: null });
      expect(await unitOf(66)).toMatchObject({
        ...{ value: 'WFR', eventId: 'evt-0066', position: 66, action: 'correct', inPlaceOf: 'evt-0051' },
        reason: expect.any(String) as string,
      });
    });

    it('has nothing of what was cancelled, and had it before', async () => {
      const idsAt = async (asOf: number): Promise<string[]> =>
        (await read(`deal/nvda-openai?asOf=${asOf}`)).events.map(({ eventId }) => eventId);
      expect(await idsAt(100)).toContain('evt-0100');
      expect(await idsAt(101)).not.toContain('evt-0100');
      expect(JSON.stringify((await read('deal/nvda-openai')).state)).not.toContain('p3-dup');
    });

    it('has a field for every part of the state, and an event for every field', async () => {
      const { state, fields, events } = await read('reservation/hbm');
      const leaves = (value: unknown): number =>
        typeof value === 'object' && value !== null && Object.keys(value).length > 0
          ? Object.values(value).reduce((sum: number, part) => sum + leaves(part), 0)
          : 1;
      expect(fields).toHaveLength(leaves(state));
      expect(new Set(fields.map(({ eventId }) => eventId))).toEqual(new Set(events.map(({ eventId }) => eventId)));
      const positions = events.map(({ position }) => position);
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
    });

    it('shows a part of the state', async () => {
      const whole = await read('deal/nvda-openai');
      const part = await read('deal/nvda-openai?pointer=/legs/L2');
      expect(part.state).toEqual((whole.state as { legs: Record<string, unknown> }).legs['L2']);
      expect(part.fields).toEqual(whole.fields.filter(({ pointer }) => pointer.startsWith('/legs/L2/')));
      const leaf = await read('deal/nvda-openai?pointer=/deal/title');
      expect(leaf.fields).toEqual([{ pointer: '/deal/title', value: leaf.state, eventId: 'evt-0030' }]);
      expect(await problem('deal/nvda-openai?pointer=/legs/L')).toMatchObject({
        status: 404,
        code: 'POINTER_NOT_FOUND',
      });
    });

    it('is the same bytes for ever, and not sent to who has them', async () => {
      const first = await ask('deal/nvda-openai?asOf=80');
      const position = await writer.append([
        strangeEvent('deal/nvda-openai', (await read('deal/nvda-openai')).version + 1),
      ]);
      expect((await read(`deal/nvda-openai?minPosition=${position}`)).unknownEvents).toBe(1);
      const again = await ask('deal/nvda-openai?asOf=80', { 'if-none-match': String(first.headers.etag) });
      expect([again.statusCode, again.body]).toEqual([304, '']);
      expect((await ask('deal/nvda-openai?asOf=80')).body).toBe(first.body);
    });

    it('can be asked for as of an instant', async () => {
      expect((await read('deal/nvda-openai?asOf=2099-12-31T23:59:00Z')).asOfPosition).toBe((await log.end()) - 1);
      expect(await problem('deal/nvda-openai?asOf=2020-01-01T00:00:00Z')).toMatchObject({
        status: 400,
        code: 'INSTANT_BEFORE_LEDGER',
      });
    });

    it('is not found before it began, nor under another name', async () => {
      expect(await problem('deal/nvda-openai?asOf=29')).toMatchObject({
        status: 404,
        code: 'STREAM_NOT_FOUND',
        detail: 'There is no deal/nvda-openai up to position 29. GET /v1/deals lists what there is now.',
      });
      expect(await problem('deal/nobody')).toMatchObject({ status: 404, code: 'STREAM_NOT_FOUND' });
    });

    it.each(['alias/nvidia', 'deal/%20', 'deal/d?asOf=soon', 'deal/d?pointer=legs', 'deal/d?colour=red'])(
      'refuses %s',
      async (path) => {
        expect(await ask(path).then((answer) => answer.json() as object)).toMatchObject({ status: 400 });
      },
    );

    it('says where a position lies that the ledger does not have', async () => {
      expect(await problem('deal/nvda-openai?asOf=9999')).toMatchObject({ status: 400, code: 'POSITION_UNKNOWN' });
    });
  });

  describe('the events', () => {
    const events = (query: string) => app.inject({ url: `/v1/audit/events?${query}` });

    it('are as documented, facts and what is none, with and without being counted', async () => {
      await writer.postStale(story.find(({ type }) => type === 'DealOpened') ?? (story[0] as PostedLine));
      const position = await log.append({ key: 'x', value: Buffer.from('no commit'), headers: {} });
      const asked = `include=void,foreign&limit=1000&minPosition=${position}`;
      for (const query of [asked, `${asked}&changedSince=${position - 2}`]) {
        const answer = await events(query);
        const { rows }: { rows: Row[] } = answer.json();
        assertDocumented(document, 'GET', '/v1/audit/events', answer.statusCode, { ...answer.json<object>(), rows });
        expect(rows.slice(-2).map(({ verdict }) => verdict)).toEqual(['void', 'foreign']);
      }
    });

    it('are had as CSV and NDJSON, in pages too', async () => {
      const csv = await events('format=csv&positionTo=40');
      expect(csv.headers['content-type']).toContain('text/csv');
      expect(csv.body.split('\r\n')).toHaveLength(43);
      expect(csv.body.split('\r\n')[0]).toBe(Object.keys(auditEvents.row.shape).join(','));
      const first = await events('format=ndjson&limit=2');
      expect(first.body.trim().split('\n')).toHaveLength(2);
      const next = await events(`format=ndjson&limit=2&cursor=${String(first.headers['report-next-cursor'])}`);
      const at = next.body
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Row)['position']);
      expect(at).toEqual([2, 3]);
    });

    it('are no report: they have no runs and no figures to open', async () => {
      for (const path of ['/v1/reports/audit-events', '/v1/audit/events/explain', '/v1/audit/events/runs/x'])
        expect((await app.inject({ url: path })).statusCode).toBe(404);
    });

    it.each(['include=all', 'colour=red', 'positionFrom=-1', 'positionTo=soon', 'sort=data'])(
      'refuse %s',
      async (query) => {
        const answer = await events(query);
        assertDocumented(document, 'GET', '/v1/audit/events', answer.statusCode, answer.json());
        expect(answer.json()).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
      },
    );
  });
});

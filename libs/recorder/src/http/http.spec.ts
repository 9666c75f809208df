import { catalogue, deal, funding, party, source } from '@deal-ledger/domain';
import { MemoryLog } from '@deal-ledger/log';
import { createService, settingsOf } from '@deal-ledger/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RecorderModule } from '../recorder.module';

const SOURCES = [{ sourceId: 's1', attribution: 'official', confidence: 'high' }];
const registered = (id: string, extra: object = {}): object => ({
  id: `reg-${id}`,
  type: 'PartyRegistered',
  effective: '2025-10-05',
  sources: SOURCES,
  data: { partyId: id, name: id, aliases: [id] },
  ...extra,
});
const SOURCE = {
  id: 'src-1',
  type: 'SourceRegistered',
  effective: '2025-10-05',
  sources: [],
  data: { sourceId: 's1', kind: 'press', language: 'en', title: 'A source', publishedOn: null },
};
const opened = (id: string, parties: readonly string[]): object => ({
  id: `open-${id}`,
  type: 'DealOpened',
  effective: '2025-10-05',
  sources: SOURCES,
  data: {
    dealId: id,
    title: id,
    kinds: ['supply'],
    parties: parties.map((partyId) => ({ partyId, role: 'supplier' })),
  },
});

describe('the HTTP face of a recorder', () => {
  let app: NestFastifyApplication;
  let log: MemoryLog;

  const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url, payload, headers });

  beforeEach(async () => {
    log = new MemoryLog();
    app = await createService({
      name: 'deals',
      module: RecorderModule.of({
        source: '/deals',
        kinds: [source, party, deal, funding],
        log,
        refusals: new MemoryLog(),
      }),
      settings: settingsOf({ LOG_LEVEL: 'silent' }),
      openApi: { title: 'Deals', description: '' },
    });
    while ((await app.inject('/health/ready')).statusCode !== 200) await new Promise(setImmediate);
    expect((await post('/v1/sources/s1/events', { events: [SOURCE] })).statusCode).toBe(201);
  });
  afterEach(() => app.close());

  it('records what is posted and says where', async () => {
    const answer = await post('/v1/parties/nvidia/events', { events: [registered('nvidia')] });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers['etag']).toBe('"1"');
    expect(answer.json()).toEqual({
      stream: 'party/nvidia',
      version: 1,
      position: 2,
      events: [{ id: 'reg-nvidia', version: 1, type: 'PartyRegistered' }],
    });
    expect((await app.inject('/v1/parties/nvidia')).json()).toMatchObject({
      stream: 'party/nvidia',
      version: 1,
      position: 2,
      state: { party: { name: 'nvidia' } },
    });
    expect((await app.inject('/v1/parties')).json()).toMatchObject({
      streams: [{ stream: 'party/nvidia', id: 'nvidia' }],
    });
  });

  describe('lists the streams of a kind', () => {
    const page = async (query: string) => (await app.inject(`/v1/parties${query}`)).json() as Record<string, unknown>;
    const idsIn = ({ streams }: Record<string, unknown>) => (streams as { id: string }[]).map(({ id }) => id);

    beforeEach(async () => {
      for (const id of ['c', 'a', 'd', 'b'])
        expect((await post(`/v1/parties/${id}/events`, { events: [registered(id)] })).statusCode).toBe(201);
    });

    it('page by page in the order of their ids, past what comes in between', async () => {
      const first = await page('?limit=2');
      expect([idsIn(first), first['nextCursor']]).toEqual([['a', 'b'], 'b']);
      await post('/v1/parties/aa/events', { events: [registered('aa')] });
      const second = await page('?limit=2&cursor=b');
      expect([idsIn(second), second['nextCursor']]).toEqual([['c', 'd'], null]);
      expect(idsIn(await page('?cursor=d'))).toEqual([]);
      expect(idsIn(await page(''))).toEqual(['a', 'aa', 'b', 'c', 'd']);
    });

    it('a hundred at a time, unless it is asked for more or fewer', async () => {
      const ids = Array.from({ length: 120 }, (_, index) => `p${1_000 + index}`);
      const events = ids.map((id) => ({ stream: `party/${id}`, ...registered(id) }));
      for (const part of [events.slice(0, 60), events.slice(60)])
        expect((await post('/v1/commits', { events: part })).statusCode).toBe(201);
      expect(idsIn(await page(''))).toHaveLength(100);
      expect(idsIn(await page('?limit=1000'))).toHaveLength(124);
    });

    it.each([['?limit=0'], ['?limit=1001'], ['?limit=ten'], ['?cursor='], ['?cursor=a/b'], ['?page=2']])(
      'and refuses %s',
      async (query) => expect(await page(query)).toMatchObject({ status: 400 }),
    );
  });

  it('shows the maps of a state as plain objects, sorted by id', async () => {
    const DAY = '2025-10-05';
    const usd = (amount: number) => ({ currency: 'USD', amount: String(amount) });
    const event = (id: string, type: string, data: object) => ({
      id,
      type,
      effective: DAY,
      sources: SOURCES,
      approvedBy: { id: 'controller-1' },
      data,
    });
    await post('/v1/commits', {
      events: ['lender', 'borrower'].map((id) => ({ stream: `party/${id}`, ...registered(id) })),
    });
    const calls = Array.from({ length: 20 }, (_, index) => `call-${index + 10}`);
    const recorded = await post('/v1/commits', {
      events: [
        event('f', 'FundingProposed', {
          fundingId: 'f',
          funderIds: ['lender'],
          recipientId: 'borrower',
          instrument: 'debt',
          amount: { ceiling: usd(100) },
        }),
        event('t', 'TrancheScheduled', {
          trancheId: 'T1',
          amount: { ceiling: usd(100) },
          condition: { type: 'none', description: 'none' },
        }),
        event('c', 'FundingCommitted', { committed: usd(100), signedOn: DAY }),
        ...[...calls]
          .reverse()
          .map((callId) => event(callId, 'FundsCalled', { callId, trancheId: 'T1', money: usd(1), dueOn: DAY })),
      ].map((each) => ({ stream: 'funding/f', ...each })),
    });
    expect(recorded.statusCode).toBe(201);
    const { state } = (await app.inject('/v1/funding/f')).json() as { state: Record<string, object> };
    expect(Object.keys(state['calls'] as object)).toEqual(calls);
    expect(state['calls']).toMatchObject({ 'call-10': { trancheId: 'T1', open: '1' } });
    expect(state['receipts']).toEqual({});
    expect(state['tranches']).toMatchObject({ T1: { calledOpen: '20' } });
  });

  describe('bounds the amounts that a commit sets', () => {
    const legs = (from: number, count: number, more: object = {}) =>
      Array.from({ length: count }, (_, index) => ({
        stream: 'deal/wide',
        id: `leg-${from + index}`,
        type: 'LegAdded',
        effective: '2025-10-05',
        sources: SOURCES,
        data: {
          legId: `L${from + index}`,
          class: 'payment',
          category: 'rental',
          providers: ['buyer'],
          receivers: ['seller'],
          money: { ceiling: { currency: 'USD', amount: '600' }, firm: { currency: 'USD', amount: '600' } },
          schedule: { method: 'evenMonths', from: '2026-01', to: '2075-12' },
        },
        ...more,
      }));
    beforeEach(async () => {
      const parties = ['buyer', 'seller'].map((id) => ({ stream: `party/${id}`, ...registered(id) }));
      const deals = [{ stream: 'deal/wide', ...opened('wide', ['buyer', 'seller']) }];
      expect((await post('/v1/commits', { events: [...parties, ...deals] })).statusCode).toBe(201);
    });

    it('of legs that it adds', async () => {
      const refused = await post('/v1/commits', { events: legs(0, 100) });
      expect([refused.statusCode, refused.json()]).toMatchObject([
        422,
        { code: 'COMMIT_TOO_BROAD', amounts: 100_800, maximum: 100_000, errors: [{ pointer: '/events/83' }] },
      ]);
      for (const from of [0, 50]) expect((await post('/v1/commits', { events: legs(from, 50) })).statusCode).toBe(201);
    });

    it('of legs that it corrects or cancels, before and after', async () => {
      expect((await post('/v1/commits', { events: legs(0, 60) })).statusCode).toBe(201);
      const corrections = legs(0, 60).map((leg) => ({
        ...leg,
        id: `correct-${leg.id}`,
        action: 'correct',
        corrects: leg.id,
        reason: 'mistyped',
        approvedBy: { id: 'controller-1' },
      }));
      const refused = await post('/v1/commits', { events: corrections });
      expect([refused.statusCode, refused.json()]).toMatchObject([
        422,
        { code: 'COMMIT_TOO_BROAD', amounts: 100_800, errors: [{ pointer: '/events/41' }] },
      ]);
      const half = await post('/v1/commits', { events: corrections.slice(0, 30) });
      expect(half.statusCode).toBe(201);
    });

    it('of all terms of a leg that a change bears on', async () => {
      const terms = (id: string, effectiveFrom?: string) => ({
        stream: 'deal/wide',
        id,
        type: 'LegTermsChanged',
        effective: '2025-10-05',
        sources: SOURCES,
        data: {
          legId: 'L0',
          changeType: 'disclosure',
          terms: { money: { ceiling: { currency: 'USD', amount: '700' }, firm: { currency: 'USD', amount: '600' } } },
          ...(effectiveFrom === undefined ? {} : { effectiveFrom }),
        },
      });
      const [added] = legs(0, 1);
      const yearly = Array.from({ length: 81 }, (_, index) => terms(`year-${index}`, `${2030 + index}-01-01`));
      expect((await post('/v1/commits', { events: [added, ...yearly.slice(0, 40)] })).statusCode).toBe(201);
      expect((await post('/v1/commits', { events: yearly.slice(40) })).statusCode).toBe(201);

      const last = await post('/v1/commits', { events: [terms('from-the-beginning')] });
      expect(last.statusCode).toBe(201);
      const refused = await post('/v1/commits', { events: [terms('once-more')] });
      expect([refused.statusCode, refused.json()]).toMatchObject([
        422,
        { code: 'COMMIT_TOO_BROAD', amounts: 100_800, maximum: 100_000, errors: [{ pointer: '/events/0' }] },
      ]);
      expect((refused.json() as { detail: string }).detail).toContain('LegTermsChanged alone sets 100800 amounts');
      expect((await post('/v1/commits', { events: [terms('later', '2031-06-01')] })).statusCode).toBe(201);
    });
  });

  it('answers a repeated request with the first answer, and refuses its id with other content', async () => {
    const first = await post('/v1/parties/nvidia/events', { events: [registered('nvidia')] });
    const again = await post('/v1/parties/nvidia/events', { events: [registered('nvidia')] }, { 'if-match': '"0"' });
    expect(again.statusCode).toBe(200);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toBe(first.body);
    const other = await post('/v1/parties/nvidia/events', {
      events: [registered('nvidia', { effective: '2025-10-04' })],
    });
    expect(other.statusCode).toBe(422);
    expect(other.json()).toMatchObject({ code: 'COMMAND_ID_REUSED', recordedAtPosition: 2 });
  });

  it('takes an Idempotency-Key where events have no ids, and refuses neither', async () => {
    const { id: _, ...event } = registered('nvidia') as { id: string };
    expect((await post('/v1/parties/nvidia/events', { events: [event] })).json()).toMatchObject({
      status: 400,
      code: 'IDEMPOTENCY_REQUIRED',
    });
    const [first, second] = await Promise.all(
      [1, 2].map(() => post('/v1/parties/nvidia/events', { events: [event] }, { 'idempotency-key': 'k1' })),
    );
    expect([first?.statusCode, second?.statusCode].sort()).toEqual([200, 201]);
    expect(second?.body).toBe(first?.body);
  });

  it('answers 412 to a version that is not the present one', async () => {
    await post('/v1/parties/nvidia/events', { events: [registered('nvidia')] });
    const stale = await post('/v1/parties/amd/events', { events: [registered('amd')] }, { 'if-match': '"1"' });
    expect(stale.json()).toMatchObject({ status: 412, code: 'VERSION_CONFLICT', expected: 1, actual: 0 });
    expect(
      (await post('/v1/parties/amd/events', { events: [registered('amd')] }, { 'if-match': '"0"' })).statusCode,
    ).toBe(201);
    expect(
      (await post('/v1/parties/amd/events', { events: [registered('amd')] }, { 'if-match': '1' })).json(),
    ).toMatchObject({ status: 400 });
  });

  it('refuses what contradicts the ledger, with the position it rests on, and leaves nothing behind', async () => {
    const before = await log.end();
    const answer = await post('/v1/deals/d/events', { events: [opened('d', ['ghost', 'phantom'])] });
    expect(answer.statusCode).toBe(409);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'REF_NOT_FOUND',
      position: before - 1,
      errors: [{ pointer: '/events/0/data/parties/0/partyId' }],
    });
    expect(await log.end()).toBe(before);
  });

  it('gives one alias to one party only', async () => {
    await post('/v1/parties/nvidia/events', {
      events: [registered('nvidia', { data: { partyId: 'nvidia', name: 'NVIDIA', aliases: ['إنفيديا', 'Nvidia'] } })],
    });
    const taken = await post('/v1/parties/other/events', {
      events: [registered('other', { data: { partyId: 'other', name: 'Other', aliases: ['ＮＶＩＤＩＡ'] } })],
    });
    expect(taken.json()).toMatchObject({ status: 409, code: 'PARTY_ALIAS_TAKEN' });
  });

  it('records several streams at once, or none of them', async () => {
    const at = (stream: string, event: object): object => ({ stream, ...event });
    const all = [
      at('party/a', registered('a')),
      at('party/b', registered('b')),
      at('deal/ab', opened('ab', ['a', 'b'])),
    ];
    const before = await log.end();
    const bad = await post('/v1/commits', { events: [...all, at('deal/cd', opened('cd', ['a', 'ghost']))] });
    expect(bad.json()).toMatchObject({
      code: 'REF_NOT_FOUND',
      errors: [{ pointer: '/events/3/data/parties/1/partyId' }],
    });
    expect(await log.end()).toBe(before);
    const good = await post('/v1/commits', { events: all });
    expect(good.statusCode).toBe(201);
    expect(good.json()).toMatchObject({
      position: before,
      events: [{ stream: 'party/a', version: 1 }, { stream: 'party/b' }, { stream: 'deal/ab' }],
    });
    expect((await post('/v1/commits', { events: all })).headers['idempotent-replayed']).toBe('true');
  });

  it('answers a dry run like the real call, and records nothing', async () => {
    const before = await log.end();
    expect((await post('/v1/parties/nvidia/events?dryRun=true', { events: [registered('nvidia')] })).json()).toEqual({
      stream: 'party/nvidia',
      version: 1,
      events: [{ id: 'reg-nvidia', version: 1, type: 'PartyRegistered' }],
    });
    expect((await post('/v1/deals/d/events?dryRun=true', { events: [opened('d', ['x', 'y'])] })).json()).toMatchObject({
      code: 'REF_NOT_FOUND',
    });
    expect(await log.end()).toBe(before);
  });

  it('imports lines that rest on one another, and answers each in order', async () => {
    const lines = [
      ...['a', 'b'].map((id) => JSON.stringify({ events: [{ stream: `party/${id}`, ...registered(id) }] })),
      JSON.stringify({ events: [{ stream: 'deal/ab', ...opened('ab', ['a', 'b']) }] }),
      'not json',
      JSON.stringify({ events: [{ stream: 'deal/gg', ...opened('gg', ['a', 'ghost']) }] }),
    ];
    const send = () =>
      app.inject({
        method: 'POST',
        url: '/v1/import',
        headers: { 'content-type': 'application/x-ndjson' },
        payload: lines.join('\n'),
      });
    const results = (body: string): object[] =>
      body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
    const first = results((await send()).body);
    expect(first).toMatchObject([
      { line: 1, status: 201, position: 2 },
      { line: 2, status: 201 },
      { line: 3, status: 201, position: 4 },
      { line: 4, status: 400, code: 'MALFORMED_JSON' },
      { line: 5, status: 409, code: 'REF_NOT_FOUND' },
    ]);
    expect(results((await send()).body)).toMatchObject([
      { line: 1, status: 200, position: 2 },
      { status: 200 },
      { status: 200 },
      { status: 400 },
      { status: 409 },
    ]);
  });

  it('checks the lines of an import as strictly as a body', async () => {
    const lines = [
      '{"events":[],"__proto__":{"a":1}}',
      `{"events":${'['.repeat(99)}${']'.repeat(99)}}`,
      '{"events":"\\u0000"}',
      '  ',
      '[]',
      '{"events":[{"id":"1","data":{"amount":"1","amount":"2"}}]}',
    ];
    const { body } = await app.inject({
      method: 'POST',
      url: '/v1/import',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: lines.join('\r\n'),
    });
    const codes = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; code: string })
      .map(({ line, code }) => `${line} ${code}`);
    expect(codes).toEqual([
      '1 FORBIDDEN_KEY',
      '2 JSON_TOO_DEEP',
      '3 UNSTORABLE_TEXT',
      '5 VALIDATION_FAILED',
      '6 DUPLICATE_KEY',
    ]);
    expect(body).toContain('"pointer":"/events/0/data/amount"');
  });

  it('tells a repeated request whatever the order of its fields', async () => {
    const first = await post('/v1/parties/nvidia/events', { events: [registered('nvidia')] });
    const { data, ...rest } = registered('nvidia') as { data: object };
    const turned = { data: Object.fromEntries(Object.entries(data).reverse()), ...rest };
    const again = await post('/v1/parties/nvidia/events', { events: [turned] });
    expect([again.statusCode, again.body]).toEqual([200, first.body]);
  });

  it('takes every kind in commits, whatever its own routes', async () => {
    expect(Object.keys(catalogue)).toContain('funding');
    expect((await app.inject('/v1/funding/x')).statusCode).toBe(404);
    const answer = await post('/v1/commits', {
      events: [
        {
          stream: 'reference/items',
          id: 'i1',
          type: 'ItemDefined',
          effective: '2025-10-05',
          sources: SOURCES,
          data: { itemId: 'hbm', name: 'HBM', defaultUnit: 'EA' },
        },
      ],
    });
    expect(answer.statusCode).toBe(201);
  });
});

import { party, pool, reference, source } from '@deal-ledger/domain';
import { decodeRecord } from '@deal-ledger/ledger';
import { MemoryLog, type Log } from '@deal-ledger/log';
import { createService, settingsOf } from '@deal-ledger/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RecorderModule } from '../recorder.module';

type Event = Readonly<Record<string, unknown>>;

const event = (stream: string, id: string, type: string, data: object | null, more: object = {}): Event => ({
  stream,
  id,
  type,
  effective: '2025-10-05',
  sources: type === 'SourceRegistered' ? [] : [{ sourceId: 's1', attribution: 'official', confidence: 'high' }],
  data,
  ...more,
});
const instead = (corrects: string): object => ({
  action: 'correct',
  corrects,
  reason: 'the source says wafers',
  approvedBy: { id: 'controller-1' },
});
const without = (corrects: string): object => ({ ...instead(corrects), action: 'cancel', reason: 'posted twice' });

const registered = (id: string, aliases: string[], more: object = {}): Event =>
  event(`party/${id}`, `reg-${id}`, 'PartyRegistered', { partyId: id, name: id, aliases }, more);

const POOL = 'pool/hbm';
const defined = (id: string, unit: string, more: object = {}): Event =>
  event(
    POOL,
    id,
    'PoolDefined',
    { poolId: 'hbm', scope: 'global', supplierId: null, itemId: 'hbm', unit, per: 'P1M' },
    more,
  );
const declared = (id: string, value: number, unit = 'EA', more: object = {}): Event =>
  event(
    POOL,
    id,
    'CapacityDeclared',
    { from: '2025-10', rate: { unit, value: String(value) }, bound: 'lessThan', basis: 'declared' },
    more,
  );

describe('correcting over HTTP', () => {
  const log = { store: new MemoryLog() };
  const apps: NestFastifyApplication[] = [];

  async function begin(on: Log): Promise<NestFastifyApplication> {
    const app = await createService({
      name: 'capacity',
      module: RecorderModule.of({
        source: '/capacity',
        kinds: [source, party, reference, pool],
        log: on,
        refusals: new MemoryLog(),
      }),
      settings: settingsOf({ LOG_LEVEL: 'silent' }),
      openApi: { title: 'Capacity', description: '' },
    });
    apps.push(app);
    while ((await app.inject('/health/ready')).statusCode !== 200) await new Promise(setImmediate);
    return app;
  }

  let one: NestFastifyApplication;
  let other: NestFastifyApplication;

  const post = (events: readonly Event[], app = one, query = '', headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: `/v1/commits${query}`, payload: { events }, headers });
  const stateIn = async (app: NestFastifyApplication, url = '/v1/pools/hbm'): Promise<unknown> =>
    (await app.inject(url)).json();
  const values = async (app = one): Promise<string[]> =>
    ((await stateIn(app)) as { state: { declarations: { rate: { value: string } }[] } }).state.declarations.map(
      ({ rate }) => rate.value,
    );

  beforeEach(async () => {
    log.store = new MemoryLog();
    one = await begin(log.store);
    other = await begin(log.store.client());
    const beginning = [
      event('source/s1', 'src-1', 'SourceRegistered', {
        sourceId: 's1',
        kind: 'press',
        language: 'en',
        title: 'A source',
      }),
      event('reference/items', 'item', 'ItemDefined', { itemId: 'hbm', name: 'HBM', defaultUnit: 'EA' }),
      defined('e1', 'EA'),
      declared('e2', 100),
      declared('e3', 200),
    ];
    expect((await post(beginning)).json()).toMatchObject({ position: 1 });
  });
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

  it('answers with the next version, and every process has the state as corrected, also one that starts later', async () => {
    const answer = await post([declared('fix', 150, 'EA', instead('e2'))]);
    expect([answer.statusCode, answer.json()]).toMatchObject([
      201,
      { events: [{ stream: POOL, id: 'fix', version: 4, type: 'CapacityDeclared' }] },
    ]);
    expect((await post([declared('gone', 0, 'EA', { ...without('e3'), data: null })], other)).statusCode).toBe(201);
    expect((await post([declared('e4', 300)])).statusCode).toBe(201);
    expect((await post([declared('again', 160, 'EA', instead('fix'))], other)).statusCode).toBe(201);
    const late = await begin(log.store.client());
    for (const app of [one, other, late]) expect(await values(app)).toEqual(['160', '300']);
    expect(await stateIn(late)).toEqual(expect.objectContaining({ version: 7 }));
  });

  it('refuses what would break history with the first event that would be broken', async () => {
    const end = await log.store.end();
    const answer = await post([defined('unit', 'WFR', instead('e1'))]);
    expect(answer.json()).toMatchObject({
      status: 409,
      code: 'CORRECTION_BREAKS_HISTORY',
      firstOffendingEventId: 'e2',
      offendingCode: 'UNIT_MISMATCH',
      errors: [{ pointer: '/events/0/corrects' }],
    });
    expect(await log.store.end()).toBe(end);
    const together = [
      declared('c3', 200, 'WFR', instead('e3')),
      defined('unit', 'WFR', instead('e1')),
      declared('c2', 100, 'WFR', instead('e2')),
    ];
    expect((await post(together)).statusCode).toBe(201);
    expect(await stateIn(other)).toMatchObject({ state: { pool: { unit: 'WFR' } } });
  });

  it('points to the event of the request that is wrong', async () => {
    const answer = await post([
      declared('ok', 1),
      declared('fix', 1, 'EA', instead('e2')),
      declared('bad', 1, 'WFR', instead('e3')),
    ]);
    expect(answer.json()).toMatchObject({ code: 'UNIT_MISMATCH', errors: [{ pointer: '/events/2/data/rate/unit' }] });
    const superseded = await post([declared('fix', 1, 'EA', instead('e2')), declared('late', 1, 'EA', instead('e2'))]);
    expect(superseded.json()).toMatchObject({
      status: 409,
      code: 'CORRECTION_SUPERSEDED',
      latest: 'fix',
      errors: [{ pointer: '/events/1/corrects' }],
    });
  });

  it('answers a repeated correction with the first answer, and refuses its id with another reason', async () => {
    const fix = declared('fix', 150, 'EA', instead('e2'));
    const first = await post([fix]);
    for (const app of [one, other]) {
      const again = await post([fix], app);
      expect([again.statusCode, again.body]).toEqual([200, first.body]);
    }
    expect((await post([{ ...fix, reason: 'another' }])).json()).toMatchObject({ code: 'COMMAND_ID_REUSED' });
    expect((await post([{ ...fix, corrects: 'e3' }])).json()).toMatchObject({ code: 'COMMAND_ID_REUSED' });
  });

  it('keeps to If-Match, and tells in a dry run what it would do', async () => {
    const fix = [declared('fix', 150, 'EA', instead('e2'))];
    const end = await log.store.end();
    expect((await post(fix, one, '', { 'if-match': '"2"' })).statusCode).toBe(412);
    expect((await post(fix, one, '?dryRun=true')).json()).toEqual({
      events: [{ stream: POOL, id: 'fix', version: 4, type: 'CapacityDeclared' }],
    });
    expect((await post([declared('fix', 1, 'WFR', instead('e2'))], one, '?dryRun=true')).statusCode).toBe(409);
    expect(await log.store.end()).toBe(end);
    expect((await post(fix, one, '', { 'if-match': '"3"' })).statusCode).toBe(201);
  });

  it('frees a name that a correction leaves out, and takes one that it adds', async () => {
    expect((await post([registered('alpha', ['A', 'Shared']), registered('beta', ['B'])])).statusCode).toBe(201);
    const fix = { id: 'fix', ...instead('reg-alpha') };
    expect((await post([registered('gamma', ['shared'])], other)).json()).toMatchObject({ code: 'PARTY_ALIAS_TAKEN' });
    expect((await post([registered('alpha', ['A', 'B'], fix)])).json()).toMatchObject({
      code: 'PARTY_ALIAS_TAKEN',
      owner: 'party/beta',
      errors: [{ pointer: '/events/0/data/aliases' }],
    });
    expect((await post([registered('alpha', ['A', 'New'], fix)])).statusCode).toBe(201);
    expect((await post([registered('delta', ['new'])], other)).json()).toMatchObject({ code: 'PARTY_ALIAS_TAKEN' });
    expect((await post([registered('gamma', ['shared'])], other)).statusCode).toBe(201);
    const back = { id: 'back', ...instead('fix') };
    expect((await post([registered('alpha', ['A', 'Shared'], back)])).json()).toMatchObject({ owner: 'party/gamma' });
  });

  it('passes a name from one party to another in one commit', async () => {
    await post([registered('alpha', ['Shared']), registered('beta', [])]);
    const passed = [
      registered('alpha', [], { id: 'a', ...instead('reg-alpha') }),
      registered('beta', ['Shared'], { id: 'b', ...instead('reg-beta') }),
    ];
    expect((await post(passed, other)).statusCode).toBe(201);
    const [last] = log.store.records.slice(-1).map(decodeRecord);
    expect(typeof last === 'object' && last.events.map(({ type, version }) => `${type} ${version}`)).toEqual([
      'PartyRegistered 2',
      'PartyRegistered 2',
      'KeyFreed 2',
      'KeyTaken 3',
    ]);
    expect((await post([registered('gamma', ['Shared'])])).json()).toMatchObject({ owner: 'party/beta' });
  });

  it('imports corrections behind what they correct', async () => {
    const lines = [
      [declared('e4', 400)],
      [declared('fix', 450, 'EA', instead('e4'))],
      [declared('gone', 0, 'EA', { ...without('fix'), data: null })],
      [declared('e5', 500), declared('fix2', 250, 'EA', instead('e3'))],
    ];
    const answer = await one.inject({
      method: 'POST',
      url: '/v1/import',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: lines.map((events) => `${JSON.stringify({ events })}\n`).join(''),
    });
    expect(
      answer.body
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { status: number }).status),
    ).toEqual([201, 201, 201, 201]);
    expect(await values(other)).toEqual(['100', '250', '500']);
  });

  it('gets its turn on a stream that others write to without a pause', async () => {
    let writing = true;
    const statuses: number[] = [];
    const busy = Array.from({ length: 8 }, async (_, writer) => {
      for (let count = 0; writing; count += 1)
        statuses.push((await post([declared(`w${writer}-${count}`, 1)], writer % 2 ? one : other)).statusCode);
    });
    const fixes: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const corrects = count === 0 ? 'e2' : `fix-${count - 1}`;
      fixes.push((await post([declared(`fix-${count}`, 101 + count, 'EA', instead(corrects))])).statusCode);
    }
    writing = false;
    await Promise.all(busy);
    expect(fixes).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(statuses)).toEqual(new Set([201]));
    expect(await values(one)).toEqual(await values(other));
    expect((await values())[0]).toBe('105');
  });
});

import { randomUUID } from 'node:crypto';
import { encodeCommit, ensureGenesis, type RecordedEvent } from '@deal-ledger/ledger';
import { LogHalted, MemoryLog, type Log, type NewRecord } from '@deal-ledger/log';
import { createService, settingsOf, type OpenApiDocument } from '@deal-ledger/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { assertDocumented } from '../../../tests/fences/openapi';
import { AuditingModule } from './auditing.module';
import { Replays, type Replayed } from './replays';

interface Line {
  readonly position: number;
  readonly verdict: string;
  readonly reason?: string;
  readonly events?: readonly Record<string, unknown>[];
}

const WRITER = '0b7a4f0e-0000-4000-8000-000000000001';

function eventOf(stream: string, version: number, data: unknown = {}): RecordedEvent {
  return {
    ...{ id: `${stream}#${version}`, stream, version, type: 'Tested', schemaVersion: 1, action: 'new' as const },
    effective: { edtf: '2025-10-05', from: '2025-10-05', to: '2025-10-05' },
    ...{ actor: { id: 'local' }, sources: [], data },
  };
}

function commit(n: number, head: string | null, ...events: RecordedEvent[]): NewRecord {
  const heads = new Map(events.map(({ stream }) => [stream, head]));
  return encodeCommit({ writer: WRITER, n, heads, events, source: '/test', time: '2025-10-05T09:00:00.000Z' });
}

/** Two facts, a commit that lost, bytes of somebody else, and a fact that came with spaces and lines between. */
async function history(log: Log): Promise<void> {
  await ensureGenesis(log, { ledgerId: randomUUID(), writer: randomUUID(), source: '/test', nowMs: 0 });
  await log.append(commit(1, null, eventOf('deal/a', 1, { amount: '1.10', note: 'π "],[{' })));
  await log.append(commit(2, null, eventOf('deal/b', 1), eventOf('deal/b', 2)));
  await log.append(commit(3, null, eventOf('deal/a', 2)));
  await log.append({ key: 'x', value: Buffer.from([0xff, 0x00]), headers: { who: 'a stranger' } });
  const last = commit(4, `${WRITER}/1`, eventOf('deal/a', 2));
  await log.append({ ...last, value: Buffer.from(JSON.stringify(JSON.parse(String(last.value)), undefined, 2)) });
}

const STRETCH = { from: 0, to: 5 };
const { signal } = new AbortController();

async function* counted(parts: AsyncIterable<Iterable<Replayed>>): AsyncGenerator<number, void, undefined> {
  for await (const part of parts) yield [...part].length;
}

async function serviceOn(log: Log): Promise<NestFastifyApplication> {
  return createService({
    name: 'test',
    module: AuditingModule.of({ log }),
    settings: settingsOf({ LOG_LEVEL: 'silent' }),
    openApi: { title: 'test', description: 'test' },
  });
}

describe('a replay', () => {
  let log: MemoryLog;
  let app: NestFastifyApplication;
  let document: OpenApiDocument;

  beforeEach(async () => {
    log = new MemoryLog({ now: () => Date.parse('2025-10-05T09:00:00Z') });
    await history(log);
    app = await serviceOn(log);
    document = (await app.inject({ url: '/openapi.json' })).json();
  });
  afterEach(() => app.close());

  const ask = (query = '') => app.inject({ url: `/v1/audit/replay${query}` });
  async function lines(query = ''): Promise<Line[]> {
    const { statusCode, body } = await ask(query);
    expect(statusCode).toBe(200);
    return body
      .split('\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text) as Line);
  }
  async function refusal(query: string): Promise<object> {
    const answer = await ask(query);
    const body: object = answer.json();
    assertDocumented(document, 'GET', '/v1/audit/replay', answer.statusCode, body);
    return body;
  }

  it('has every fact in the order of the log, with the events as they were recorded', async () => {
    const { headers, body } = await ask();
    expect(headers).toMatchObject({
      'replay-from': '0',
      'replay-to': '5',
      'content-type': 'application/x-ndjson; charset=utf-8',
    });
    const [first, second] = await lines('?from=1&to=2');
    expect(body.split('\n')[1]).toContain(`"events":${String(log.records[1]?.value)}}`);
    expect(first).toMatchObject({
      position: 1,
      verdict: 'fact',
      recordedAt: '2025-10-05T09:00:00.000Z',
      commit: `${WRITER}/1`,
      heads: { 'deal/a': null },
    });
    expect(second?.events).toMatchObject([
      { subject: 'deal/b', sequence: '1' },
      { subject: 'deal/b', sequence: '2' },
    ]);
    expect((await lines()).map(({ position }) => position)).toEqual([0, 1, 2, 5]);
  });

  it('keeps a record on one line that has line ends between its values', async () => {
    const [last] = await lines('?from=5');
    expect(last?.events).toEqual(JSON.parse(String(log.records[5]?.value)));
  });

  it('has on request what is no fact, and why', async () => {
    const all = await lines('?include=void,foreign');
    expect(all.map(({ verdict }) => verdict)).toEqual(['fact', 'fact', 'fact', 'void', 'foreign', 'fact']);
    expect(all[3]).toMatchObject({
      reason: 'HEAD',
      met: { number: 2, heads: [{ stream: 'deal/a', expected: null, found: `${WRITER}/1`, version: 1 }] },
      events: [{ subject: 'deal/a' }],
    });
    expect(all[4]).toMatchObject({
      reason: 'content-type is not that of a commit',
      record: { key: 'eA==', value: '/wA=', headers: [['who', Buffer.from('a stranger').toString('base64')]] },
    });
    expect((await lines('?include=void')).map(({ verdict }) => verdict)).toEqual([
      'fact',
      'fact',
      'fact',
      'void',
      'fact',
    ]);
    for (const line of all) assertDocumented(document, 'GET', '/v1/audit/replay', 200, line, 'application/x-ndjson');
  });

  it('is the same bytes in one piece and in any number of pieces', async () => {
    for (const query of ['include=void,foreign', 'include=facts']) {
      const whole = (await ask(`?${query}`)).body;
      for (let cut = 0; cut <= whole.length; cut += 7) {
        const kept = whole.slice(0, whole.lastIndexOf('\n', cut - 1) + 1);
        const last = kept.trim().split('\n').at(-1);
        const from = last ? (JSON.parse(last) as Line).position + 1 : 0;
        expect(kept + (await ask(`?${query}&from=${from}`)).body).toBe(whole);
      }
    }
  });

  it('gives a stretch the verdicts that it has in the whole', async () =>
    expect((await lines('?from=3&include=void')).map(({ position, verdict }) => [position, verdict])).toEqual([
      [3, 'void'],
      [5, 'fact'],
    ]));

  it('ends where the log ended when the request came, and has nothing beyond', async () => {
    expect(await lines('?from=6')).toEqual([]);
    expect((await ask('?from=6')).headers).toMatchObject({ 'replay-from': '6', 'replay-to': '5' });
  });

  it('is a batch of CloudEvents on request, with the place of each event in the ledger', async () => {
    const { headers, body } = await ask('?format=cloudevents&include=void');
    expect(headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
    const events = JSON.parse(body) as Record<string, unknown>[];
    expect(events.map(({ position, verdict }) => [position, verdict])).toEqual([
      ['0', 'fact'],
      ['1', 'fact'],
      ['2', 'fact'],
      ['2', 'fact'],
      ['3', 'void'],
      ['5', 'fact'],
    ]);
    expect(events[1]).toMatchObject({
      ...{ specversion: '1.0', id: 'deal/a#1', source: '/test', type: 'Tested', subject: 'deal/a', sequence: '1' },
      ...{ recordedat: '2025-10-05T09:00:00.000Z', commit: `${WRITER}/1`, data: { amount: '1.10', note: 'π "],[{' } },
    });
    expect(events[4]).toMatchObject({ voidreason: 'HEAD' });
    // Names of attributes are lower-case letters and digits, at most twenty.
    for (const name of events.flatMap((event) => Object.keys(event))) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
    expect(body.split('\n')).toHaveLength(events.length + 3);
    expect(JSON.parse((await ask('?format=cloudevents&from=6')).body)).toEqual([]);
  });

  it.each<[string, object]>([
    ['?from=7', { status: 400, code: 'POSITION_UNKNOWN', position: 7, lastPosition: 5 }],
    ['?to=6', { status: 400, code: 'POSITION_UNKNOWN', position: 6, lastPosition: 5 }],
    ['?from=3&to=2', { status: 400, code: 'STRETCH_BACKWARDS', from: 3, to: 2 }],
    ['?from=-1', { status: 400, code: 'VALIDATION_FAILED' }],
    ['?format=xml', { status: 400, code: 'VALIDATION_FAILED' }],
    ['?include=all', { status: 400, code: 'VALIDATION_FAILED' }],
    ['?colour=red', { status: 400, code: 'VALIDATION_FAILED' }],
  ])('refuses %s', async (query, problem) => expect(await refusal(query)).toMatchObject(problem));

  it('refuses a log that is not a ledger, or is not what it was', async () => {
    const strange = new MemoryLog();
    await strange.append({ key: 'x', value: Buffer.from('x'), headers: {} });
    const gone: Log = {
      append: () => Promise.reject(new Error()),
      at: () => Promise.reject(new Error()),
      close: () => Promise.resolve(),
      end: () => Promise.resolve(7),
      read: () => ({
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new LogHalted('LOG_GAP', 'nothing at 3')) }),
      }),
    };
    for (const [odd, code] of [
      [strange, 'LEDGER_FORKED'],
      [gone, 'LOG_GAP'],
    ] as const) {
      const other = await serviceOn(odd);
      const answer = await other.inject({ url: '/v1/audit/replay' });
      expect(answer.json()).toMatchObject({ status: 503, code });
      await other.close();
    }
  });

  it('does not end as if it were whole when its log is closed on the way', async () => {
    const closed: Log = {
      ...{ append: (record) => log.append(record), at: (positions) => log.at(positions) },
      ...{ end: () => log.end(), close: () => log.close() },
      async *read() {
        yield log.records.slice(0, 3);
      },
    };
    const parts: number[] = [];
    const reading = (async () => {
      for await (const count of await new Replays(closed).made(STRETCH, signal, counted)) parts.push(count);
    })();
    await expect(reading).rejects.toThrow('the log was closed before position 5 was replayed');
    expect(parts).toEqual([3]);
  });

  it('is refused while as many are under way as may be, and is not once one of them is left', async () => {
    const replays = new Replays(log);
    const begin = (): Promise<AsyncIterable<number>> => replays.made(STRETCH, signal, counted);
    const begun = await Promise.all([1, 2, 3, 4].map(begin));
    await expect(begin()).rejects.toMatchObject({ code: 'TOO_MANY_REPLAYS' });
    for await (const _ of begun[0]!) break;
    await expect(begin()).resolves.toBeDefined();
  });
});

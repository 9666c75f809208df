import { reference, source } from '@deal-ledger/domain';
import { Judge } from '@deal-ledger/ledger';
import { MemoryLog, type Log } from '@deal-ledger/log';
import { createService, settingsOf } from '@deal-ledger/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RecorderModule } from '../recorder.module';

const LINES = 120;
const ITEMS = 'reference/items';
const SOURCE = {
  stream: 'source/s1',
  id: 'src-1',
  type: 'SourceRegistered',
  effective: '2025-10-05',
  sources: [],
  data: { sourceId: 's1', kind: 'press', language: 'en', title: 'A source', publishedOn: null },
};
const defined = (itemId: string): object => ({
  stream: ITEMS,
  id: itemId,
  type: 'ItemDefined',
  effective: '2025-10-05',
  sources: [{ sourceId: 's1', attribution: 'official', confidence: 'high' }],
  data: { itemId, name: itemId, defaultUnit: 'EA' },
});

async function serviceOn(log: Log): Promise<NestFastifyApplication> {
  const app = await createService({
    name: 'deals',
    module: RecorderModule.of({ source: '/deals', kinds: [source, reference], log, refusals: new MemoryLog() }),
    settings: settingsOf({ LOG_LEVEL: 'silent' }),
    openApi: { title: 'Deals', description: '' },
  });
  while ((await app.inject('/health/ready')).statusCode !== 200) await new Promise(setImmediate);
  return app;
}

function itemsIn(log: MemoryLog): string[] {
  const judge = new Judge();
  return log.records.flatMap((record) => {
    const judged = judge.judge(record);
    return judged.verdict === 'fact' ? judged.facts.filter(({ stream }) => stream === ITEMS).map(({ id }) => id) : [];
  });
}

describe('an import beside a rival, where appends get lost', () => {
  let log: MemoryLog;
  let ours: NestFastifyApplication;
  let rival: NestFastifyApplication;

  beforeEach(async () => {
    log = new MemoryLog({ faults: { failBefore: 0.05, loseAck: 0.05, delay: 0.5, maxDelayMs: 3 } });
    [ours, rival] = await Promise.all([serviceOn(log.client()), serviceOn(log.client())]);
    await record(ours, SOURCE);
  });
  afterEach(() => Promise.all([ours.close(), rival.close()]));

  async function record(app: NestFastifyApplication, ...events: object[]): Promise<void> {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/v1/commits', payload: { events } });
    if (statusCode !== 201) throw new Error(body);
  }

  it('records the lines of a stream in their order', async () => {
    const numbers = Array.from({ length: LINES }, (_, index) => index + 1);
    const importing = ours.inject({
      method: 'POST',
      url: '/v1/import',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: numbers.map((number) => JSON.stringify({ events: [defined(`line-${number}`)] })).join('\n'),
    });
    const contending = (async () => {
      for (let number = 1; number <= 20; number += 1) await record(rival, defined(`rival-${number}`));
    })();
    const [{ body }] = await Promise.all([importing, contending]);

    const statuses = body
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { status: number }).status);
    expect(statuses).toEqual(numbers.map(() => 201));
    expect(itemsIn(log).filter((id) => id.startsWith('line-'))).toEqual(numbers.map((number) => `line-${number}`));
  });

  it('refuses a line for good only when what it may rest on is recorded', async () => {
    const lines = ['line-1', 'line-2', 'line-1', 'line-3'].map((itemId, index) =>
      JSON.stringify({ events: [{ ...defined(itemId), id: `event-${index}` }] }),
    );
    const { body } = await ours.inject({
      method: 'POST',
      url: '/v1/import',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: lines.join('\n'),
    });
    expect(
      body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([{ status: 201 }, { status: 201 }, { status: 409, code: 'ITEM_EXISTS' }, { status: 201 }]);
    expect(itemsIn(log)).toEqual(['event-0', 'event-1', 'event-3']);
  });
});

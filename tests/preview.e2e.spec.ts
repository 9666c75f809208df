import type { OpenApiDocument } from '@deal-ledger/service';
import { assertDocumented } from './fences/openapi';
import { startService, type RunningService } from './harness/services';
import { post, record, send } from './support/client';
import { dataDir } from './support/data-dir';
import { fundingReady, fundsCalled, groundwork } from './support/events';

jest.setTimeout(120_000);

interface Shown {
  readonly position: number;
  readonly reports: readonly {
    readonly report: string;
    readonly rows: readonly { readonly key: object; readonly difference: Readonly<Record<string, string>> }[];
  }[];
}

describe('a preview of the whole ledger', () => {
  const data = dataDir();
  let service: RunningService;
  let document: OpenApiDocument;
  let position: number;

  beforeAll(async () => {
    service = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '' },
    });
    const recorded = await record(`${service.url}/v1/commits`, {
      events: [...groundwork(), ...fundingReady('f', 100)],
    });
    position = recorded.json['position'] as number;
    document = (await send(`${service.url}/openapi.json`)).json as unknown as OpenApiDocument;
  });
  afterAll(async () => {
    await service?.stop();
    data.remove();
  });

  it('shows what a call would do to every report, and records nothing', async () => {
    const { status, json } = await post(`${service.url}/v1/preview?effectiveOn=2026-01-01`, {
      events: [fundsCalled('f', 'c1', 40)],
    });
    expect(status).toBe(200);
    assertDocumented(document, 'POST', '/v1/preview', status, json);
    const shown = json as unknown as Shown;
    expect(shown.position).toBe(position);
    expect(
      shown.reports.find(({ report }) => report === 'funding-position')?.rows.map(({ difference }) => difference),
    ).toEqual([
      expect.objectContaining({ called: '40.00', available: '-40.00' }),
      expect.objectContaining({ called: '40.00', available: '-40.00' }),
    ]);
    const { json: funding } = await send(`${service.url}/v1/funding/f`);
    expect(funding).toMatchObject({ version: 3 });
  });

  it('answers a refusal as recording would', async () => {
    const refused: [number, object][] = [
      [409, { events: [fundsCalled('f', 'c1', 101)] }],
      [422, { events: [{ ...fundsCalled('f', 'c1', 1), stream: undefined }] }],
      [422, {}],
    ];
    for (const [status, body] of refused) {
      const preview = await post(`${service.url}/v1/preview`, body);
      const recording = await post(`${service.url}/v1/commits`, body);
      expect([preview.status, recording.status]).toEqual([status, status]);
      expect(preview.json).toEqual({ ...recording.json, instance: '/v1/preview' });
    }
  });

  it('opens and compares a figure as its document says', async () => {
    const base = `${service.url}/v1/reports/funding-position`;
    const explained = await send(`${base}/explain?key=f/T1&column=available&effectiveOn=2026-01-01`);
    expect(explained.json).toMatchObject({ meta: { value: '100.00' } });
    assertDocumented(document, 'GET', '/v1/reports/funding-position/explain', explained.status, explained.json);
    const compared = await send(`${base}/variance?measure=committed&from=0&effectiveOn=2026-01-01`);
    expect(compared.json).toMatchObject({ rows: [{ contribution: '100.00' }, { contribution: '100.00' }] });
    assertDocumented(document, 'GET', '/v1/reports/funding-position/variance', compared.status, compared.json);
    const csv = await send(`${base}/variance?measure=committed&from=0&effectiveOn=2026-01-01&format=csv`);
    expect(csv.text.split('\r\n')[0]).toContain('measure,key,fromPosition,toPosition');
  });
});

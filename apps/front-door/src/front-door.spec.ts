import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { settingsOf, startService, type OpenApiDocument } from '@deal-ledger/service';
import { frontDoor } from './front-door';
import { ROUTES, SERVICE_NAMES, serviceOf, type ServiceName } from './routes';
import { UPSTREAM_SETTINGS, upstreamsOf } from './settings';

type Handler = Parameters<typeof createServer>[1];

interface Upstream {
  readonly url: string;
  readonly server: Server;
}

const listening: Server[] = [];

async function upstream(handler: Handler): Promise<Upstream> {
  const server = createServer({}, handler);
  listening.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const documentOf = (name: ServiceName, paths: string[]): OpenApiDocument => ({
  openapi: '3.1.0',
  info: { title: name, description: '', version: '1' },
  paths: Object.fromEntries(
    paths.map((path) => [path, { get: { summary: name, schema: { $ref: '#/components/schemas/Answer' } } }]),
  ),
  components: { schemas: { Answer: { const: name === 'funding' ? 'money' : 'thing' }, Shared: { const: 1 } } },
});

/** Says who it is and what it was asked; streams an import back line by line. */
const service =
  (name: ServiceName): Handler =>
  (incoming, answer) => {
    const url = incoming.url ?? '';
    if (url === '/openapi.json') {
      answer.end(JSON.stringify(documentOf(name, ['/health/ready', '/v1/commits', ...pathsOf(name)])));
    } else if (url === '/v1/import') {
      answer.writeHead(200, { 'content-type': 'application/x-ndjson' });
      incoming.on('data', (chunk: Buffer) => answer.write(`seen ${String(chunk)}`));
      incoming.on('end', () => answer.end());
    } else if (url === '/v1/deals/contended') {
      answer
        .writeHead(503, { 'retry-after': '1', 'content-type': 'application/problem+json' })
        .end('{"code":"CONTENDED"}');
    } else if (incoming.method === 'OPTIONS') {
      answer.writeHead(405, { allow: 'GET, HEAD', 'content-type': 'application/problem+json' }).end('{}');
    } else if (url === '/v1/commits?dryRun=true') {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += String(chunk)));
      incoming.on('end', () => {
        const isTaken = body.includes('"wanted":200') && incoming.headers['idempotency-key'] !== undefined;
        answer.writeHead(isTaken ? 200 : 409).end(isTaken ? '{}' : '{"code":"REFUSED_AS_IT_IS"}');
      });
    } else if (url.startsWith('/v1/preview?')) {
      incoming.resume().on('end', () => answer.end(JSON.stringify({ position: 7, reports: [{ report: name }] })));
    } else if (url === '/v1/deals/expecting') {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += String(chunk)));
      incoming.on('end', () => answer.end(JSON.stringify({ expect: incoming.headers.expect ?? null, body })));
    } else if (url === '/v1/deals/broken') {
      incoming.socket.destroy();
    } else {
      incoming.resume().on('end', () => {
        answer.writeHead(200, { etag: '"7"', 'content-type': 'application/json' });
        answer.end(JSON.stringify({ name, method: incoming.method, url }));
      });
    }
  };

const pathsOf = (name: ServiceName): string[] => Object.keys(ROUTES).filter((path) => ROUTES[path] === name);

describe('the front door', () => {
  const upstreams = new Map<ServiceName, Upstream>();
  let base = '';
  let close = (): Promise<void> => Promise.resolve();

  beforeAll(async () => {
    for (const name of SERVICE_NAMES) upstreams.set(name, await upstream(service(name)));
    const env = Object.fromEntries(
      SERVICE_NAMES.map((name) => [`${name.toUpperCase().replace('-', '_')}_URL`, upstreams.get(name)?.url]),
    );
    const settings = settingsOf({ ...env, PORT: '0', LOG_LEVEL: 'silent' }, UPSTREAM_SETTINGS);
    const app = await startService(frontDoor(settings, upstreamsOf(settings)));
    base = await app.getUrl();
    close = () => app.close();
  });

  afterAll(async () => {
    await close();
    for (const server of listening) server.close();
  });

  it.each(Object.entries(ROUTES).filter(([path]) => path !== '/v1/import'))(
    'passes %s on to %s',
    async (path, name) => {
      const answer = await fetch(`${base}${path}/x%2Fy?asOf=5`);
      expect([answer.headers.get('etag'), await answer.json()]).toEqual([
        '"7"',
        { name, method: 'GET', url: `${path}/x%2Fy?asOf=5` },
      ]);
    },
  );

  it('passes a post on with its body', async () => {
    const answer = await fetch(`${base}/v1/funding/mgx/events?dryRun=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"events":[]}',
    });
    expect(await answer.json()).toEqual({ name: 'funding', method: 'POST', url: '/v1/funding/mgx/events?dryRun=true' });
  });

  const preview = (status: number) =>
    fetch(`${base}/v1/preview?effectiveOn=2026-01-01`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ events: [{ stream: 'deal/d', type: 'DealOpened', wanted: status }] }),
    });

  it('puts the previews of all projections together, once recording would take the events', async () => {
    const answer = await preview(200);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      position: 7,
      reports: ['spend-forecast', 'supplier-commitments', 'audit'].map((report) => ({ report })),
    });
  });

  it('answers the refusal of the dry run as its own', async () => {
    const answer = await preview(409);
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
      409,
      'application/problem+json; charset=utf-8',
      { code: 'REFUSED_AS_IT_IS', instance: '/v1/preview' },
    ]);
  });

  it('passes an import on line by line, both ways', async () => {
    const outgoing = request(`${base}/v1/import`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    outgoing.write('{"n":1}\n');
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    incoming.setEncoding('utf8');
    expect((await once(incoming, 'data'))[0]).toBe('seen {"n":1}\n');
    outgoing.write('{"n":2}\n');
    expect((await once(incoming, 'data'))[0]).toBe('seen {"n":2}\n');
    outgoing.end();
    await once(incoming, 'end');
  });

  it('takes the body of a caller who asks first whether it is wanted', async () => {
    const outgoing = request(`${base}/v1/deals/expecting`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', expect: '100-continue' },
    });
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    outgoing.end('{"events":[]}');
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks = (await incoming.toArray()) as Buffer[];
    expect([incoming.statusCode, JSON.parse(Buffer.concat(chunks).toString())]).toEqual([
      200,
      { expect: null, body: '{"events":[]}' },
    ]);
  });

  it('answers HEAD as GET, without the body', async () => {
    const answer = await fetch(`${base}/v1/deals/x`, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([200, '"7"', '']);
  });

  it('lets the service say which methods a path takes', async () => {
    const answer = await fetch(`${base}/v1/deals/x`, { method: 'OPTIONS' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it.each(['HEAD', 'OPTIONS'])('answers %s itself where the path is its own', async (method) => {
    const answer = await fetch(`${base}/health/live`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual(method === 'HEAD' ? [200, null] : [405, 'GET, HEAD']);
    expect((await fetch(`${base}/v1/unheard-of`, { method })).status).toBe(404);
  });

  it('passes a refusal on as it is, without trying again', async () => {
    const answer = await fetch(`${base}/v1/deals/contended`);
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
      503,
      '1',
      { code: 'CONTENDED' },
    ]);
  });

  it('says that the outcome is unknown when a service breaks off', async () => {
    const answer = await fetch(`${base}/v1/deals/broken`, { method: 'POST' });
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect([answer.status, await answer.json()]).toMatchObject([502, { code: 'SERVICE_BROKE_OFF', service: 'deals' }]);
  });

  it.each(['/v1', '/v1/dealsx', '/v1/reports/unheard-of', '/v1/deals/../../health/live/x'])(
    'answers 404 to %s itself',
    async (path) => {
      const answer = await fetch(`${base}${path}`);
      expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'ROUTE_NOT_FOUND' }]);
    },
  );

  it('shows one document of all services, each path from the service that answers it', async () => {
    const document = (await (await fetch(`${base}/openapi.json`)).json()) as OpenApiDocument;
    expect(Object.keys(document.paths)).toEqual(
      ['/health/live', '/health/ready', '/v1/preview', '/v1/reports', ...Object.keys(ROUTES)].sort(),
    );
    for (const [path, { get }] of Object.entries(document.paths)) {
      const answerer = serviceOf(path);
      if (answerer !== undefined) expect([path, get?.['summary']]).toEqual([path, answerer]);
    }
    expect(document.paths['/v1/funding']?.['get']?.['schema']).toEqual({ $ref: '#/components/schemas/Answer_funding' });
    expect(document.components.schemas).toMatchObject({
      Answer: { const: 'thing' },
      Answer_funding: { const: 'money' },
      Shared: { const: 1 },
    });
  });

  it('lists the reports, each at an address that a service answers', async () => {
    const answer = await fetch(`${base}/v1/reports`);
    const { reports } = (await answer.json()) as { reports: { name: string; summary: string; address: string }[] };
    expect(reports).toContainEqual({
      name: 'deal-register',
      summary: expect.any(String) as string,
      address: '/v1/reports/deal-register',
    });
    const routed = Object.keys(ROUTES).filter((path) => path.startsWith('/v1/reports/'));
    expect(reports.map(({ address }) => address)).toEqual(expect.arrayContaining(routed));
    for (const { address } of reports) expect([address, serviceOf(address)]).toEqual([address, expect.any(String)]);
  });

  it('is ready while all services are, and says which one is away', async () => {
    expect((await fetch(`${base}/health/ready`)).status).toBe(200);
    const capacity = upstreams.get('capacity')?.server;
    capacity?.closeAllConnections();
    await new Promise((resolve) => capacity?.close(resolve));

    const ready = await fetch(`${base}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { code: 'NOT_READY', detail: 'Not ready: capacity (cannot be reached).' },
    ]);
    const pools = await fetch(`${base}/v1/pools/hbm-global`);
    expect([pools.status, pools.headers.get('retry-after'), await pools.json()]).toMatchObject([
      503,
      '1',
      { code: 'SERVICE_AWAY', service: 'capacity' },
    ]);
    expect((await fetch(`${base}/v1/deals/nvda-openai`)).status).toBe(200);
    expect((await fetch(`${base}/openapi.json`)).status).toBe(503);
  });
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startCluster } from './cluster';
import { startService } from './services';

describe('on a port where another ledger answers', () => {
  let other: Server;
  let port: number;

  beforeAll(async () => {
    other = createServer((_, answer) => answer.end('{"status":"ready"}')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    ({ port } = other.address() as AddressInfo);
  });
  afterAll(() => {
    other.closeAllConnections();
    other.close();
  });

  it('a service is not started, and not held to be ready', async () => {
    const started = startService({ service: 'front-door', environment: {}, port });
    await expect(started).rejects.toThrow(`front-door was not started: port ${port} of 127.0.0.1 is taken`);
  });

  it('a cluster is refused before anything of it is started, with the way to another port', async () => {
    const begun: string[] = [];
    const started = startCluster({ port, progress: (line) => begun.push(line) });
    await expect(started).rejects.toThrow(
      `port ${port} of 127.0.0.1 is taken, perhaps by a ledger that runs already. Stop it, or choose another: npm run cluster -- --port ${port + 1}`,
    );
    expect(begun).toEqual([]);
  });
});

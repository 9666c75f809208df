import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './harness/processes';
import { startService, type RunningService } from './harness/services';
import { post, record, send, type Answered } from './support/client';
import { dataDir } from './support/data-dir';
import { dealOpened, groundwork } from './support/events';

jest.setTimeout(60_000);

describe('the ledger that keeps a database of its own', () => {
  const data = dataDir();
  let ledger: RunningService;

  const pidFile = join(data.path, 'postgres', 'postmaster.pid');
  const databasePid = (): number => Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const open = (deal: string): Promise<Answered> =>
    post(`${ledger.url}/v1/commits`, { events: [dealOpened(deal, 'lender', 'borrower')] });
  const report = (query = ''): Promise<Answered> => send(`${ledger.url}/v1/reports/commitment-lines${query}`);

  beforeAll(async () => {
    ledger = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '' },
    });
    await record(`${ledger.url}/v1/commits`, { events: groundwork() });
    await record(`${ledger.url}/v1/commits`, { events: [dealOpened('before', 'lender', 'borrower')] });
  });
  afterAll(async () => {
    await ledger?.stop();
    data.remove();
  });

  it('goes on by itself, and answers 503 in between, when that alone is killed', async () => {
    const killed = databasePid();
    process.kill(killed, 'SIGKILL');
    const meanwhile: Answered[] = [];
    await eventually(async () => {
      const answers = await Promise.all([open('meanwhile'), report(), send(`${ledger.url}/v1/deals/before`)]);
      meanwhile.push(...answers);
      expect(answers.map(({ status }) => status < 300)).toEqual([true, true, true]);
    }, 40_000);

    const refused = meanwhile.filter(({ status }) => status >= 300);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, headers } of refused) {
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(databasePid()).not.toBe(killed);
    const { position } = (await open('after')).json;
    expect((await report(`?minPosition=${String(position)}`)).status).toBe(200);
    expect((await send(`${ledger.url}/v1/deals/before`)).json).toMatchObject({ version: 1 });
    expect((await send(`${ledger.url}/v1/deals/meanwhile`)).json).toMatchObject({ version: 1 });
    expect(ledger.output()).toContain('PostgreSQL, runs again');
  });

  it('takes it along when it is stopped', async () => {
    await ledger.stop();
    expect(existsSync(pidFile)).toBe(false);
    await ledger.start();
    expect((await send(`${ledger.url}/v1/deals/after`)).status).toBe(200);
  });
});

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describeWithEmbeddedPostgres, eventually } from '../../../tests/harness';
import { canConnect } from './can-connect';
import {
  EmbeddedPostgresFailed,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
import { Client } from 'pg';
import { superviseEmbeddedPostgres } from './supervised-postgres';

const ENDED = 'the database, PostgreSQL, has ended by itself; it is started again on the same data';
const RUNS_AGAIN = 'the database, PostgreSQL, runs again';

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describeWithEmbeddedPostgres('the embedded Postgres', () => {
  jest.setTimeout(120_000);
  const dataDir = join(tmpdir(), `deal-ledger-embedded-${randomBytes(6).toString('hex')}`);
  let running: EmbeddedPostgres | undefined;

  const start = async (options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> => {
    running = await startEmbeddedPostgres({ dataDir, durable: false, ...options });
    return running;
  };

  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  afterAll(() => {
    for (const file of readdirSync(tmpdir())) {
      if (file.startsWith(basename(dataDir))) rmSync(join(dirname(dataDir), file), { recursive: true, force: true });
    }
  });

  it('starts from nothing, and keeps its password to itself', async () => {
    const { url } = await start();
    expect(await canConnect(url)).toBe(true);
    expect(statSync(`${dataDir}.password`).mode & 0o077).toBe(0);
    const stranger = new URL(url);
    stranger.password = '';
    expect(await canConnect(stranger.href)).toBe(false);
  });

  it('starts again on the same data', async () => {
    const { url } = await start();
    expect(await canConnect(url)).toBe(true);
  });

  it('takes over a server that was left running', async () => {
    const first = await start();
    const second = await start();
    expect(second).toMatchObject({ url: first.url, pid: first.pid });
  });

  it('starts again after it was killed', async () => {
    const { pid } = await start();
    process.kill(pid, 'SIGKILL');
    const again = await start();
    expect(again.pid).not.toBe(pid);
    expect(await canConnect(again.url)).toBe(true);
  });

  it('is not misled by the pid file of a process that is something else', async () => {
    writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n`);
    expect(await canConnect((await start()).url)).toBe(true);
  });

  it('does not share its data with another process', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(other, 'spawn');
    writeFileSync(`${dataDir}.owner`, String(other.pid));
    await expect(start()).rejects.toThrow(`process ${other.pid} uses this data folder already`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(await canConnect((await start()).url)).toBe(true);
  });

  it('says what to do when its password is missing', async () => {
    renameSync(`${dataDir}.password`, `${dataDir}.elsewhere`);
    await expect(start()).rejects.toThrow(EmbeddedPostgresFailed);
    renameSync(`${dataDir}.elsewhere`, `${dataDir}.password`);
  });

  it('is started again, on its port and with its data, however often it is killed under supervision', async () => {
    const said: string[] = [];
    const supervised = await superviseEmbeddedPostgres(
      { dataDir },
      { debug: () => undefined, warn: (_, message) => said.push(message) },
    );
    const pid = (): number => Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    try {
      await ask(supervised.url, 'create table if not exists kept as select 1 as n');
      for (const _ of [1, 2]) {
        const killed = pid();
        process.kill(killed, 'SIGKILL');
        await eventually(
          async () => expect(await ask(supervised.url, 'select n from kept')).toEqual([{ n: 1 }]),
          30_000,
        );
        expect(pid()).not.toBe(killed);
      }
    } finally {
      await supervised.stop();
    }
    expect(said).toEqual([ENDED, RUNS_AGAIN, ENDED, RUNS_AGAIN]);
    expect(await canConnect(supervised.url)).toBe(false);
    expect(existsSync(join(dataDir, 'postmaster.pid'))).toBe(false);
  });

  it('is stopped for good while it is being started again', async () => {
    const supervised = await superviseEmbeddedPostgres(
      { dataDir, durable: false },
      { debug: () => undefined, warn: () => undefined },
    );
    process.kill(Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    await eventually(async () => expect(await canConnect(supervised.url)).toBe(false), 10_000);
    await supervised.stop();
    expect(await canConnect(supervised.url)).toBe(false);
  });

  it('says why it does not start', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(startEmbeddedPostgres({ dataDir: `${dataDir}-other`, port, durable: false })).rejects.toThrow(
      'Address already in use',
    );
  });
});

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { canConnect } from './can-connect';
import {
  EmbeddedPostgresFailed,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
import { nativeFolder } from './postgres-package';

const installed = (): boolean => {
  try {
    return existsSync(nativeFolder());
  } catch {
    return false;
  }
};

(installed() ? describe : describe.skip)('the embedded Postgres', () => {
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

  it('says why it does not start', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(startEmbeddedPostgres({ dataDir: `${dataDir}-other`, port, durable: false })).rejects.toThrow(
      'Address already in use',
    );
  });
});

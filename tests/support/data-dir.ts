import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DataDir {
  readonly path: string;
  remove(): void;
}

/** A fresh folder for a database, that its own user can reach when the test runs as root. */
export function dataDir(): DataDir {
  const folder = join(tmpdir(), `deal-ledger-${randomUUID()}`);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  return { path: join(folder, 'data'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

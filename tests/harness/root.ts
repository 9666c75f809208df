import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout's folder, from wherever this file runs, compiled or not. */
export const ROOT = rootFrom(__dirname);

function rootFrom(folder: string): string {
  if (existsSync(join(folder, 'nx.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no nx.json in any folder above ${__dirname}`);
  return rootFrom(parent);
}

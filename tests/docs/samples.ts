import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Draft } from '@deal-ledger/domain';
import { ROOT } from '../harness/root';

/** An event as it stands in a record, without what is alike in all of them. */
export interface Sample extends Pick<Draft, 'stream' | 'data' | 'approvedBy'> {
  readonly effective: string;
  readonly schemaVersion: number;
}

/** The samples of a type in one version of its schema, by what each of them shows. */
export interface SampleFile {
  /** Within the folder, with slashes: `deal/DealOpened.v1.json`. */
  readonly path: string;
  readonly kind: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly samples: Readonly<Record<string, Sample>>;
}

/** Where samples of every shape ever recorded are kept, each for ever as it is. */
export const SAMPLES = join(ROOT, 'libs/domain/samples');

/** A line a file, as `sha256sum` writes and checks them. */
export const SUMS = join(SAMPLES, 'SHA256SUMS');

const NAME = /^(?<kind>[a-z-]+)\/(?<type>[A-Za-z]+)\.v(?<version>[1-9]\d*)(?:-[a-z0-9-]+)?\.json$/;

/** Every sample there is, in the order of their paths. */
export function readSamples(folder = SAMPLES): SampleFile[] {
  return samplePaths(folder).map((path) => {
    const { kind = '', type = '', version } = NAME.exec(path)?.groups ?? {};
    if (version === undefined) throw new Error(`${path} is not named like a sample: kind/Type.v1.json`);
    const samples = JSON.parse(readFileSync(join(folder, path), 'utf8')) as SampleFile['samples'];
    return { path, kind, type, schemaVersion: Number(version), samples };
  });
}

/** How the sums differ from the files: what was changed or removed, and what has no line yet. */
export function compareWithSums(folder = SAMPLES): { readonly tampered: string[]; readonly missing: string[] } {
  const sums = new Map(linesOf(join(folder, 'SHA256SUMS')).map((line) => [line.slice(66), line.slice(0, 64)] as const));
  const files = new Map(samplePaths(folder).map((path) => [path, sumOf(join(folder, path))] as const));
  return {
    tampered: [...sums].flatMap(([path, sum]) => (files.get(path) === sum ? [] : [path])).sort(),
    missing: [...files.keys()].filter((path) => !sums.has(path)),
  };
}

/** The line of the sums that a file has. */
export function lineOf(folder: string, path: string): string {
  return `${sumOf(join(folder, path))}  ${path}\n`;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

function samplePaths(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.json'))
    .sort();
}

function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

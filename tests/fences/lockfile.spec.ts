import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Entry>>;
};
const entries = Object.entries(lock.packages).filter(([path]) => path.includes('node_modules/'));
const foreign = entries.filter(([, { link }]) => link !== true);

describe('package-lock.json', () => {
  it('says version and content of every package, so that the same is installed everywhere', () => {
    const incomplete = foreign.filter(([, { version, integrity }]) => version === undefined || integrity === undefined);
    expect(incomplete.map(([path]) => path)).toEqual([]);
    expect(foreign.length).toBeGreaterThan(100);
  });

  it('says of no package where it is to be fetched', () => {
    expect(foreign.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it('links every project of the workspace', () => {
    const links = entries.filter(([, { link }]) => link === true).map(([, { resolved }]) => resolved);
    const projects = ['apps', 'libs'].flatMap((folder) =>
      readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`),
    );
    const withManifest = [...projects, 'tests'].filter((path) => existsSync(join(ROOT, path, 'package.json')));
    expect(links.sort()).toEqual(withManifest.sort());
  });
});

describe('package.json', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Readonly<Record<string, string>>
  >;

  it('pins every version', () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });
});

it('names no package registry', () => {
  const files = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = [...files.map(({ name }) => name), '.ci/run'];
  const naming = paths.filter((path) =>
    /\b(registry|npm|repo1?)\.[a-z.-]+\.(org|com|io|net)\b/.test(readFileSync(join(ROOT, path), 'utf8')),
  );
  expect(naming).toEqual([]);
});

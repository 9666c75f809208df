import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@deal-ledger/domain';
import { PROJECTIONS } from '@deal-ledger/reports';
import { ROOT } from '../harness/root';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const readme = read('README.md');
const changelog = read('CHANGELOG.md').replaceAll(/\s+/g, ' ').toLowerCase();
const reports = PROJECTIONS.flatMap((set) => set.reports.map(({ name }) => name)).sort();

/** What stands in backticks in the first column of the table under this head. */
const firstColumn = (head: string): string[] =>
  (new RegExp(`^\\| ${head} \\|.*\\n(?:\\|.*\\n)*`, 'm').exec(readme)?.[0] ?? '')
    .split('\n')
    .slice(2)
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
    .sort();

describe('what the README and the changelog list', () => {
  it('are the reports that there are', () => {
    expect(firstColumn('report')).toEqual(reports);
    expect(reports.filter((name) => !changelog.includes(name.replaceAll('-', ' ')))).toEqual([]);
  });

  it('are the services that there are', () =>
    expect(firstColumn('service')).toEqual(
      readdirSync(join(ROOT, 'apps'))
        .filter((name) => !['standalone', 'cli'].includes(name))
        .sort(),
    ));

  it('are the kinds of streams that there are, each with its route', () => {
    const routes = Object.values(catalogue).map(({ route }) => route);
    const [, listed = ''] = /^POST \/v1\/\{([a-z|-]+)\}\/\{id\}\/events$/m.exec(readme) ?? [];
    expect(listed.split('|').sort()).toEqual(routes.toSorted());
    const types = Object.values(catalogue).flatMap(({ events }) => Object.keys(events));
    expect([routes.length, types.length]).toEqual([11, 50]);
    expect(changelog).toContain('eleven kinds of streams with 50 event types');
  });

  it('are commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const file of ['README.md', 'CHANGELOG.md', 'docs/ARCHITECTURE.md', 'docs/FIGURES.md', 'docs/EVENTS.md']) {
      const named = [...read(file).matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = '']) => name);
      expect([file, named.filter((name) => name !== 'ci' && !(name in scripts))]).toEqual([file, []]);
    }
  });
});

import { BY_GROUP, BY_ROOT, PROJECTIONS, type ReportDefinition } from './index';

const CARRIED = PROJECTIONS.flatMap(({ reports }) => reports).filter(({ carried }) => carried !== undefined);
const named = (report: ReportDefinition): [string, ReportDefinition] => [report.name, report];

/** What a statement reads of postings, by the conditions that choose them; of other sums it can have no more. */
function measuresRead(statement: string): string[] {
  const sql = [...statement.matchAll(/from postings\s+where ([^]*?) effective <= effective_on/g)]
    .map(([all]) => all)
    .join();
  const chosen = [...sql.matchAll(/measure in \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
  const single = [...sql.matchAll(/measure = ('[^']*')/g)].map(([, measure = '']) => measure);
  return [...new Set([...chosen, ...single].map((measure) => measure.slice(1, -1)))];
}

const withBearings = CARRIED.filter(({ carried }) => carried?.bearings !== undefined);

describe('a report whose answer follows from that at another position', () => {
  it.each(CARRIED.map(named))('reads the postings of its basis and no others (%s)', (_, { sql, basis }) => {
    const known = new Set(basis.flatMap(({ measures }) => measures));
    expect(measuresRead(sql).filter((measure) => !known.has(measure))).toEqual([]);
    expect(measuresRead(sql).length).toBeGreaterThan(0);
  });

  it.each(CARRIED.map(named))('reads nothing else that changes as the ledger grows (%s)', (_, { sql, carried }) => {
    const sources = ['events', 'skipped', 'progress'].filter((table) =>
      new RegExp(`(from|join) ${table}\\b`).test(sql),
    );
    expect(sources).toEqual(carried?.kinds === undefined ? [] : ['events']);
  });

  it.each(CARRIED.map(named))('has no filter of its own by what sums are narrowed by (%s)', (_, { filters }) => {
    expect(Object.keys(filters).filter((name) => name === BY_ROOT || name === BY_GROUP)).toEqual([]);
  });

  it.each(withBearings.map(named))('can be asked for rows of several ids (%s)', (_, { key, filters }) => {
    const [column = ''] = key;
    expect(filters[column]?.condition('$1')).toBe(`r."${column}" = any (string_to_array($1, ','))`);
  });
});

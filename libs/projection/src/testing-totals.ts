import { subtract, sum } from '@deal-ledger/domain';
import type { Row } from '@deal-ledger/reports';

type Cell = Row[string];

/** What a report's totals must be, worked out from its rows by nothing but adding and counting. */
type Footing = (rows: readonly Row[], totals: Readonly<Record<string, unknown>>) => object;

const plain = (amount: Cell | undefined): Cell =>
  typeof amount === 'string' ? subtract(amount, '0') : (amount ?? null);
const flagsOf = ({ flags }: Row): readonly unknown[] => (Array.isArray(flags) ? flags : []);
const isUnconverted = (row: Row): boolean => flagsOf(row).some((flag) => String(flag).startsWith('FX_RATE_'));
const count = (rows: readonly Row[], holds: (row: Row) => unknown): number => rows.filter(holds).length;
const added = (rows: readonly Row[], column: string): number =>
  rows.reduce((total, row) => total + Number(row[column]), 0);

/** Of each of the names that the totals list, in how many rows it stands in the column. */
function counted(rows: readonly Row[], column: string, listed: unknown): object {
  const names = new Set([...Object.keys(listed as object), ...rows.map((row) => String(row[column]))]);
  return Object.fromEntries([...names].map((name) => [name, count(rows, (row) => row[column] === name)]));
}

/** By currency or unit the sum of every column that the totals have; of what has no cells, what the totals say. */
function summed(rows: readonly Row[], by: string, listed: unknown, cellOf = (row: Row, column: string) => row[column]) {
  const entries = listed as readonly Record<string, string | null>[];
  const [{ [by]: _, ...first } = {} as Record<string, string | null>] = entries;
  const measures = [...new Set(rows.map((row) => row[by]).filter((each) => typeof each === 'string'))].sort();
  return measures.map((measure, index) => {
    const own = rows.filter((row) => row[by] === measure);
    const sums = Object.keys(first).map((column) => {
      const cells = own.map((row) => cellOf(row, column));
      if (cells.every((cell) => cell === undefined)) return [column, plain(entries[index]?.[column])];
      const lost = own.some((row) => cellOf(row, column) === null && isUnconverted(row));
      return [column, lost ? null : plain(sum(cells.filter((cell) => typeof cell === 'string')))];
    });
    return { [by]: measure, ...(Object.fromEntries(sums) as Record<string, Cell>) };
  });
}

const LADDERS: Readonly<Record<string, readonly [ladder: string, column: string]>> = {
  committedFirm: ['committed', 'firm'],
  committedCeiling: ['committed', 'ceiling'],
  indicatedCeiling: ['indicated', 'ceiling'],
  pipelineCeiling: ['pipeline', 'ceiling'],
};

function cellOfLadder(row: Row, column: string): Cell | undefined {
  const [ladder, cell] = LADDERS[column] ?? [];
  if (ladder === undefined || cell === undefined) return row[column];
  return row['ladder'] === ladder ? row[cell] : '0';
}

const FOOTINGS: Readonly<Record<string, Footing>> = {
  'deal-register': (rows, { byStage }) => ({
    byStage: counted(rows, 'stage', byStage),
    legs: added(rows, 'legs'),
    undisclosedLegs: added(rows, 'undisclosedLegs'),
  }),
  'commitment-lines': (rows, { byCurrency }) => {
    const payments = rows.filter((row) => row['class'] === 'payment');
    return {
      byCurrency: summed(payments, 'currency', byCurrency, cellOfLadder),
      undisclosedLegs: count(payments, ({ undisclosed }) => undisclosed),
    };
  },
  'spend-outlook': (rows, { byCurrency }) => ({
    byCurrency: summed(rows, 'currency', byCurrency),
    undisclosedLegs: added(rows, 'undisclosedLegs'),
  }),
  'obligations-maturity': (rows, { byCurrency }) => ({
    byCurrency: summed(rows, 'currency', byCurrency),
    excludedPreliminaryLegs: added(rows, 'excludedPreliminaryLegs'),
    excludedUndisclosedLegs: added(rows, 'excludedUndisclosedLegs'),
  }),
  'funding-position': (rows, { byCurrency }) => {
    const wholes = rows.filter(({ trancheId }) => trancheId === null);
    return {
      byCurrency: summed(wholes, 'currency', byCurrency),
      undisclosed: count(wholes, ({ undisclosed }) => undisclosed),
    };
  },
  'counterparty-exposure': (rows, { byCurrency }) => ({
    byCurrency: summed(rows, 'currency', byCurrency),
  }),
  'capacity-balance': (rows) => ({ overCommitted: count(rows, (row) => flagsOf(row).includes('OVER_COMMITTED')) }),
  'delivery-schedule': (rows, { byUnit }) => ({
    byUnit: summed(
      rows.filter(({ period }) => period !== null),
      'unit',
      byUnit,
    ),
  }),
  'circular-flows': (rows, { undisclosed: _, truncated, statement, ...kinds }) => ({
    ...counted(rows, 'kind', kinds),
    undisclosed: count(rows, ({ undisclosedEdges }) => Number(undisclosedEdges) > 0),
    truncated,
    statement,
  }),
  'site-board': (rows) => ({ sites: new Set(rows.map(({ siteId }) => siteId)).size }),
  'engagement-log': (rows, { byStatus }) => ({ byStatus: counted(rows, 'status', byStatus) }),
  'forecast-versions': () => ({}),
  'audit-trail': (rows, { byAction }) => ({
    byAction: counted(rows, 'action', byAction),
    current: count(rows, ({ isCurrent }) => isCurrent),
  }),
  'audit-events': (rows, { byVerdict, byAction }) => ({
    byVerdict: counted(rows, 'verdict', byVerdict),
    byAction: counted(rows, 'action', byAction),
    current: count(rows, ({ isCurrent }) => isCurrent),
  }),
  exceptions: (rows, { bySeverity, byKind }) => ({
    bySeverity: counted(rows, 'severity', bySeverity),
    byKind: counted(rows, 'kind', byKind),
  }),
};

/** The totals that belong under these rows, all of an answer, in plain decimals. */
export function footed(report: string, rows: readonly Row[], totals: object): object {
  const footing = FOOTINGS[report];
  if (footing === undefined) throw new Error(`nothing says how ${report} adds up`);
  return footing(rows, totals as Readonly<Record<string, unknown>>);
}

/** The totals with their decimals plain. */
export function plainly(totals: unknown): unknown {
  if (Array.isArray(totals)) return totals.map(plainly);
  if (typeof totals === 'string') return /^-?\d+(?:\.\d+)?$/.test(totals) ? plain(totals) : totals;
  if (typeof totals !== 'object' || totals === null) return totals;
  return Object.fromEntries(Object.entries(totals).map(([name, member]) => [name, plainly(member)]));
}

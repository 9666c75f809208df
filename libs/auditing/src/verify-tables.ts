import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint } from '@deal-ledger/ledger';
import type { ReportSet } from '@deal-ledger/reports';
import { EVENTS, POSTINGS, SKIPPED, type DerivedRows } from './verify-derived';
import { RowComparison, Snapshot } from './verify-rows';
import type { Findings } from './verify-report';

const POLL_MS = 100;
const NO_SUCH = new Set(['42P01', '3F000']);
const NO_SUCH_COLUMN = '42703';

/** The tables of one projection, as they were at one moment, held against what the log makes. */
export class ProjectionTables {
  private postingsKnown = true;

  private constructor(
    private readonly snapshot: Snapshot,
    private readonly kinds: ReadonlySet<string>,
    private readonly comparisons: Readonly<Record<'events' | 'postings' | 'skipped', RowComparison>>,
    private readonly findings: Findings,
    private readonly progress: readonly (string | null)[],
  ) {}

  /**
   * Opens the tables once they reach to `end`, or as far as they have come when `waitMs` are over.
   * Nothing, and said so, where there are none.
   */
  static async open(
    connectionString: string,
    { schema, rules }: ReportSet,
    end: number,
    { waitMs, where, findings }: { readonly waitMs: number; readonly where: string; readonly findings: Findings },
  ): Promise<ProjectionTables | undefined> {
    const deadlineMs = Date.now() + waitMs;
    for (;;) {
      const snapshot = await Snapshot.open(connectionString, schema);
      try {
        const [progress] = await snapshot.rows(
          'select next_position, ledger_id, last_hash, last_time_ms from progress limit 1',
        );
        const reached = Number(progress?.[0] ?? 0);
        if (progress === undefined)
          findings.add({
            part: 'tables',
            row: { schema, table: 'progress', key: 'only_one' },
            message: `${schema}.progress has no row`,
          });
        else if (reached < end && Date.now() < deadlineMs) {
          await snapshot.close();
          await sleep(POLL_MS);
          continue;
        }
        if (reached < end)
          findings.leaveOut('tables', `${schema} reaches to position ${reached}, and the log to ${end}`);
        const compared = (table: typeof EVENTS): Promise<RowComparison> =>
          RowComparison.open(snapshot, table, where, findings);
        const comparisons = {
          events: await compared(EVENTS),
          postings: await compared(POSTINGS),
          skipped: await compared(SKIPPED),
        };
        const kinds = new Set(rules.map(({ kind }) => kind));
        return new ProjectionTables(snapshot, kinds, comparisons, findings, progress ?? ['0', null, '', '0']);
      } catch (error) {
        await snapshot.close();
        const { code = '', message } = error as Error & { readonly code?: string };
        if (!NO_SUCH.has(code) && code !== NO_SUCH_COLUMN) throw error;
        findings.leaveOut(
          'tables',
          code === NO_SUCH_COLUMN
            ? `the tables of ${schema} are of another version: ${message}`
            : `start the services first: there are no tables of ${schema} yet`,
        );
        return undefined;
      }
    }
  }

  get name(): string {
    return `schema ${this.snapshot.schema}`;
  }

  /** The first position that is not in the tables. */
  get end(): number {
    return Number(this.progress[0]);
  }

  /** Compares what the records before `end` that were not compared yet have become. */
  async compare(due: DerivedRows, end: number): Promise<void> {
    const { events, postings, skipped } = this.comparisons;
    await events.compare(due.events, end);
    await skipped.compare(due.skipped, end);
    this.postingsKnown &&= due.postings !== undefined;
    if (!this.postingsKnown) return;
    const own = due.postings?.filter(({ kind }) => this.kinds.has(kind)).map(({ row }) => row) ?? [];
    await postings.compare(own, end);
  }

  /** Compares what stands once in the tables: how far they are, and each writer's number. */
  async finish(after: Checkpoint, writers: ReadonlyMap<string, number>): Promise<void> {
    const { events, postings, skipped } = this.comparisons;
    for (const table of this.postingsKnown ? [events, postings, skipped] : [events, skipped])
      await table.compare([], Infinity);
    const due = [after.nextPosition, after.ledgerId, after.lastHash, after.lastTimeMs].map(String);
    ['next_position', 'ledger_id', 'last_hash', 'last_time_ms'].forEach((column, index) =>
      this.differs('progress', 'only_one', column, this.progress[index] ?? null, due[index] ?? null),
    );
    const kept = new Map((await this.snapshot.rows('select writer, n from writers')).map(([writer, n]) => [writer, n]));
    for (const [writer, n] of writers) this.differs('writers', writer, 'n', kept.get(writer) ?? null, String(n));
    for (const [writer, n] of kept)
      if (!writers.has(String(writer))) this.differs('writers', String(writer), 'n', n ?? null, null);
    this.findings.tally(`${this.snapshot.schema}.writers rows`, writers.size);
  }

  close(): Promise<void> {
    return this.snapshot.close();
  }

  private differs(table: string, key: string, column: string, found: string | null, expected: string | null): void {
    if (found === expected) return;
    this.findings.add({
      part: 'tables',
      row: { schema: this.snapshot.schema, table, key, column },
      expected: String(expected),
      found: String(found),
      message: `row ${key} of ${this.snapshot.schema}.${table} has another ${column} than the log makes`,
    });
  }
}

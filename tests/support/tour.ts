import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { record, send } from './client';
import type { StreamEvent } from './events';

/** A commit, and the moment at which it was recorded. */
interface TourCommit {
  readonly clock: string;
  readonly events: readonly StreamEvent[];
}

const commitsOf = (file: string): TourCommit[] =>
  readFileSync(join(__dirname, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TourCommit);

/**
 * The whole story, in order: what one article said, what further sources corrected and completed,
 * and an invented continuation that reaches into the future.
 */
const tourCommits = (): TourCommit[] => [
  ...commitsOf('../../apps/standalone/data/article.jsonl'),
  ...commitsOf('../../apps/standalone/data/further-sources.jsonl'),
  ...commitsOf('continuation.jsonl'),
];

/** A ledger's clock that stands still until it is set. */
export class SetClock {
  constructor(readonly file: string) {
    this.set('2025-10-05T08:00:00Z');
  }

  set(instant: string): void {
    writeFileSync(this.file, instant);
  }
}

export type Row = Readonly<Record<string, unknown>>;

export interface Report {
  readonly rows: readonly Row[];
  readonly meta: Readonly<Record<string, unknown>> & { readonly totals: Readonly<Record<string, unknown>> };
}

/** The story as it was told to a ledger: events are known by their number, from 1. */
export class Tour {
  private constructor(
    readonly url: string,
    private readonly positions: ReadonlyMap<number, number>,
  ) {}

  /** Posts every commit at its own time; `before` is done ahead of the event with that number. */
  static async tell(
    url: string,
    clock: SetClock,
    before: Readonly<Record<number, () => Promise<void>>> = {},
  ): Promise<Tour> {
    const positions = new Map<number, number>();
    for (const { clock: at, events } of tourCommits()) {
      clock.set(at);
      for (const { id } of events) await before[numberOf(id)]?.();
      const { json } = await record(`${url}/v1/commits`, { events });
      for (const { id } of events) positions.set(numberOf(id), json['position'] as number);
    }
    return new Tour(url, positions);
  }

  get eventCount(): number {
    return this.positions.size;
  }

  /** Where in the ledger the event with this number stands. */
  at(event: number): number {
    const position = this.positions.get(event);
    if (position === undefined) throw new RangeError(`the story has no event ${event}`);
    return position;
  }

  /** A report as known once the event with this number was recorded. */
  async read(
    report: string,
    known: number,
    effectiveOn: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Report> {
    const all = new URLSearchParams({ asOf: String(this.at(known)), effectiveOn, limit: '1000', ...query });
    const { status, text, json } = await send(`${this.url}/v1/reports/${report}?${all.toString()}`);
    if (status !== 200) throw new Error(`${report}?${all.toString()} was answered ${status}: ${text}`);
    return json as unknown as Report;
  }

  /** The one row of a report that has these values. */
  async row(
    report: string,
    known: number,
    effectiveOn: string,
    wanted: Row,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Row> {
    return only((await this.read(report, known, effectiveOn, query)).rows, wanted);
  }
}

/** The one of the rows that has these values. */
export function only(rows: readonly Row[], wanted: Row): Row {
  const found = rows.filter((row) =>
    Object.entries(wanted).every(([column, value]) => JSON.stringify(row[column]) === JSON.stringify(value)),
  );
  if (found.length !== 1) throw new Error(`${found.length} rows of ${rows.length} are ${JSON.stringify(wanted)}`);
  return found[0] as Row;
}

/** `evt-0045` is the 45th event. */
function numberOf(id: string | undefined): number {
  return Number(/\d+$/.exec(id ?? '')?.[0]);
}

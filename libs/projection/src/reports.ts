import type { Log } from '@deal-ledger/log';
import { LedgerForked } from '@deal-ledger/ledger';
import { LogHalted } from '@deal-ledger/log';
import { rowOf, snake, type RawRow, type ReportDefinition, type Row } from '@deal-ledger/reports';
import { instantMs, Problem, type Clock } from '@deal-ledger/service';
import { Pool } from 'pg';
import { filterOf, type ReportQuery } from './reading';
import { UnprojectableEvent } from './fold';
import { isTransient, type Runner } from './runner';
import { reportsSchemaOf } from './report-functions';
import { inSchema } from './schema';

/** A report in full; more rows than this have to be asked for in parts, by a filter. */
export const MAX_ROWS = 10_000;

const WAIT_MS = 5_000;
const READ_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 8;

export interface ReportAnswer {
  readonly rows: readonly Row[];
  readonly meta: {
    readonly asOfPosition: number;
    readonly asOfRecordedAt: string;
    readonly effectiveOn: string;
    readonly reportingCurrency: string | null;
    readonly fxRates: readonly never[];
    readonly policyEventId: string | null;
    readonly rowCount: number;
    readonly totals: object;
    readonly nextCursor: null;
  };
}

export interface ReportsOptions {
  readonly connectionString: string;
  readonly schema: string;
  readonly runner: Runner;
  readonly log: Log;
  readonly clock: Clock;
  readonly onIdleError: (error: Error) => void;
}

/** A record gets its time a moment before it can be read; after this long no other can come with an earlier one. */
const SETTLED_AFTER_MS = 10_000;

/** Reads reports: as known at a position, for a day. The same question has the same answer for ever. */
export class Reports {
  private readonly pool: Pool;

  constructor(private readonly options: ReportsOptions) {
    this.pool = new Pool({
      connectionString: options.connectionString,
      options: inSchema(options.schema),
      application_name: `deal-ledger ${options.schema} reports`,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: WAIT_MS,
      statement_timeout: READ_TIMEOUT_MS,
      keepAlive: true,
    });
    this.pool.on('error', options.onIdleError);
    // A connection that is in use tells its query what happened; without a listener it would end the process as well.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** The position that everything up to is projected; -1 while nothing is. */
  get projectedPosition(): number {
    return this.options.runner.progress.nextPosition - 1;
  }

  async read(definition: ReportDefinition, query: ReportQuery): Promise<ReportAnswer> {
    try {
      return await this.answer(definition, query);
    } catch (error) {
      if (error instanceof Problem || !isTransient(error)) throw error;
      throw new Problem({
        status: 503,
        code: 'UNAVAILABLE',
        detail: 'The database or the log did not answer in time. Ask again; a filter makes the answer smaller.',
        cause: error,
      });
    }
  }

  private async answer(definition: ReportDefinition, query: ReportQuery): Promise<ReportAnswer> {
    const position = await this.positionOf(query);
    const effectiveOn = query.effectiveOn ?? new Date(this.options.clock.nowMs()).toISOString().slice(0, 10);
    const reportingCurrency = query.reportingCurrency ?? null;
    // What is projected up to a position never changes, so the two need no common snapshot.
    const [asOfRecordedAt, raw] = await Promise.all([
      this.recordedAt(position),
      this.pool.query<RawRow>({
        name: definition.name,
        text: this.statementOf(definition),
        values: [
          position,
          effectiveOn,
          reportingCurrency,
          query.fxPolicy,
          JSON.stringify(filterOf(definition, query)),
          ...Object.keys(definition.options).map((name) => query[name] ?? null),
        ],
      }),
    ]);
    if (raw.rows.length > MAX_ROWS) throw tooManyRows();
    const rows = raw.rows.map((row) => rowOf(definition.row, row));
    const policyEventId = raw.rows.find((row) => typeof row['policyEventId'] === 'string')?.['policyEventId'];
    return {
      rows,
      meta: {
        asOfPosition: position,
        asOfRecordedAt,
        effectiveOn,
        reportingCurrency,
        fxRates: [],
        policyEventId: (policyEventId as string | undefined) ?? null,
        rowCount: rows.length,
        totals: definition.totals(withSummedOnly(definition, rows, raw.rows)),
        nextCursor: null,
      },
    };
  }

  private statementOf({ name, options }: ReportDefinition): string {
    const args = [
      'as_of',
      'effective_on',
      'reporting_currency',
      'fx_policy',
      'filter',
      ...Object.keys(options).map(snake),
    ];
    const given = args.map((argument, index) => `${argument} => $${index + 1}`).join(', ');
    return `select * from ${reportsSchemaOf(this.options.schema)}.${snake(name)}(${given}) limit ${MAX_ROWS + 1}`;
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  /** The position that is asked for, once it is projected. */
  private async positionOf({ asOf, minPosition }: ReportQuery): Promise<number> {
    this.refuseWhenForked();
    if (minPosition !== undefined) await this.await(minPosition);
    if (asOf === 'latest') {
      this.refuseWhenHalted();
      const position = this.projectedPosition;
      if (position < 0) await this.await(0);
      return Math.max(position, 0);
    }
    const atMs = instantMs(asOf);
    if (atMs === undefined) {
      await this.await(Number(asOf));
      return Number(asOf);
    }
    return this.positionAt(asOf, atMs);
  }

  /** The last position recorded at or before an instant, when no other can still come. */
  private async positionAt(asOf: string, atMs: number): Promise<number> {
    if (atMs > this.options.clock.nowMs()) {
      throw new Problem({
        status: 400,
        code: 'INSTANT_IN_FUTURE',
        detail: `Nobody knows yet what will be known at ${asOf}. Ask for a past instant.`,
      });
    }
    const sureInMs = atMs + SETTLED_AFTER_MS - this.options.clock.nowMs();
    if (sureInMs > 0) {
      throw new Problem({
        status: 400,
        code: 'INSTANT_TOO_RECENT',
        detail: `What was known at ${asOf} may not all be here yet. Ask again in ${Math.ceil(sureInMs / 1_000)} s, or for a position, which is sure at once.`,
        retryAfterS: Math.ceil(sureInMs / 1_000),
      });
    }
    await this.awaitAllUpTo(atMs);
    const { rows } = await this.pool.query<{ position: string | null }>({
      name: 'position-at',
      text: POSITION_AT,
      values: [new Date(atMs).toISOString()],
    });
    const position = rows[0]?.position;
    if (position == null) {
      throw new Problem({
        status: 400,
        code: 'INSTANT_BEFORE_LEDGER',
        detail: `The ledger begins after ${asOf}; nothing was known then. Ask for a later instant.`,
      });
    }
    return Number(position);
  }

  /** Waits until everything recorded up to an instant is projected; where nothing more will be, it may be already. */
  private async awaitAllUpTo(atMs: number): Promise<void> {
    const { log, runner } = this.options;
    // Times never run backwards along positions.
    const isPast = async (position: number): Promise<boolean> => Date.parse(await this.recordedAt(position)) > atMs;
    if (runner.halted !== undefined && this.projectedPosition >= 0 && (await isPast(this.projectedPosition))) return;
    const end = await log.end();
    if (end > 0) await this.await(end - 1);
  }

  /** Waits, for a bounded time, until a position is projected. */
  private async await(position: number): Promise<void> {
    const { log, runner } = this.options;
    const { progress } = runner;
    if (position < progress.nextPosition) return;
    const end = await log.end().catch(() => undefined);
    if (end === 0)
      throw new Problem({
        status: 503,
        code: 'LEDGER_EMPTY',
        detail: 'The ledger has no records yet. Start a recording service, then ask again.',
      });
    if (end !== undefined && position >= end && position >= progress.nextPosition) {
      throw new Problem({
        status: 400,
        code: 'POSITION_UNKNOWN',
        detail: `Position ${position} lies beyond the end of the ledger, whose last position is ${end - 1}. Ask for that or an earlier one.`,
        members: { position, lastPosition: end - 1 },
      });
    }
    if (runner.halted === undefined && (await progress.includes(position, WAIT_MS))) return;
    this.refuseWhenForked();
    this.refuseWhenHalted();
    const projected = this.projectedPosition;
    throw new Problem({
      status: 503,
      code: 'PROJECTION_BEHIND',
      detail: `Position ${position} was asked for, the ledger is projected up to ${projected}. Ask again.`,
      members: { position, projectedPosition: projected },
      retryAfterS: 1,
    });
  }

  /** What was projected before a halt is right for ever; what is latest is no longer known here. */
  private refuseWhenHalted(): void {
    const { halted } = this.options.runner;
    if (halted === undefined) return;
    const projected = this.projectedPosition;
    const event = halted instanceof UnprojectableEvent ? { haltedAt: halted.position, eventId: halted.eventId } : {};
    throw new Problem({
      status: 503,
      code: 'PROJECTION_HALTED',
      detail:
        `The projection has halted after position ${projected}: ${halted.message}. ` +
        (projected < 0 ? 'It shows nothing yet.' : `What is up to there is still shown: ask with asOf=${projected}.`),
      members: { projectedPosition: projected, ...event },
      retryAfterS: 60,
    });
  }

  /** Of a log that is not the ledger it was, nothing is shown. */
  private refuseWhenForked(): void {
    const { halted } = this.options.runner;
    if (halted instanceof LedgerForked || halted instanceof LogHalted) {
      throw new Problem({
        status: 503,
        code: halted.code,
        detail: `The log is not what it was, so no figure of it can be vouched for: ${halted.message}`,
        retryAfterS: 60,
      });
    }
  }

  private async recordedAt(position: number): Promise<string> {
    const { rows } = await this.pool.query<{ at: string }>({
      name: 'recorded-at',
      text: RECORDED_AT,
      values: [position],
    });
    if (rows[0] === undefined) throw new Error(`position ${position} is projected and has no time`);
    return rows[0].at;
  }
}

const RECORDED_AT = `
select to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
from (select recorded_at from events where position = $1 and ordinal = 0 union all select recorded_at from skipped where position = $1) as record`;

// Times never run backwards along positions, so the first hit from the end is the one.
const POSITION_AT = `
select greatest(
  (select position from events where recorded_at <= $1 order by position desc limit 1),
  (select position from skipped where recorded_at <= $1 order by position desc limit 1)
) as position`;

/** The rows with the columns that only their totals show. */
function withSummedOnly(
  { row, summedOnly }: ReportDefinition,
  rows: readonly Row[],
  raw: readonly RawRow[],
): readonly Row[] {
  if (summedOnly === undefined) return rows;
  const schema = row.extend(summedOnly.shape);
  return raw.map((each) => rowOf(schema, each));
}

function tooManyRows(): Problem {
  return new Problem({
    status: 400,
    code: 'TOO_MANY_ROWS',
    detail: `The report has more than ${MAX_ROWS} rows. Ask for a part of it with a filter.`,
    members: { maximum: MAX_ROWS },
  });
}

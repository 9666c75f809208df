import type { Log } from '@deal-ledger/log';
import { filingOf, type ColumnMeta, type ReportDefinition, type ReportSet, type Row } from '@deal-ledger/reports';
import { Problem, validQuery, type Clock } from '@deal-ledger/service';
import { type Pool } from 'pg';
import { Answers } from './answers';
import { decodeCursor, encodeCursor, notOurs, refuseOtherThan } from './cursor';
import { STANDARD_KEPT_BYTES } from './kept';
import { Figures, type Listed } from './figures';
import { Previews, type PreviewQuestion, type ProposedCommit } from './preview';
import { Positions } from './positions';
import { questionOf, textsOf, type Question } from './question';
import { DEFAULT_LIMIT, HOW_TO_ANSWER, querySchema, type FxPolicy, type ReportQuery } from './reading';
import { isTransient, type Runner } from './runner';
import { givenOut, publish, type GivenOut, type Published, type Wanted } from './publish';
import { ReportRuns } from './report-runs';
import { poolIn } from './database';
import { Streams, type StreamShown } from './streams';
import { placeOf, Walk } from './walk';
import type { FxRate, Whole } from './whole';

const READ_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 8;

export interface ReportMeta {
  readonly asOfPosition: number;
  readonly asOfRecordedAt: string;
  readonly effectiveOn: string;
  readonly changedSince: number | null;
  readonly reportingCurrency: string | null;
  readonly fxPolicy: FxPolicy;
  readonly fxRates: readonly FxRate[];
  readonly policyEventId: string | null;
  readonly unknownEvents: number;
  /** What columns are filed as, in a report that is filed. */
  readonly columns?: Readonly<Record<string, ColumnMeta>>;
  /** Not counted, nor summed, where the answer is read a stretch at a time. */
  readonly rowCount: number | null;
  readonly totals: object | null;
  readonly nextCursor: string | null;
}

/** What is asked, settled: of the ledger up to a position, one page or all. */
export interface Asked {
  readonly question: Question;
  readonly recordedAt: string;
  /** How the reader put the position. */
  readonly asOf: string;
  /** The key of the row that the page comes after, as JSON. */
  readonly after: string | undefined;
  readonly limit: number | undefined;
  readonly refusesUnconverted: boolean;
}

/** A page: each row as JSON, and what is said of all rows of the answer. */
export interface Page {
  readonly lines: readonly string[];
  readonly meta: ReportMeta;
}

export interface ReportsOptions {
  readonly connectionString: string;
  readonly schema: string;
  readonly runner: Runner;
  readonly log: Log;
  readonly clock: Clock;
  readonly onIdleError: (error: Error) => void;
  /** How much text of answers is kept in memory. */
  readonly maxKeptBytes?: number;
}

/** Reads reports: as known at a position, for a day. The same question has the same answer for ever. */
export class Reports {
  private readonly pool: Pool;
  private readonly positions: Positions;
  private readonly answers: Answers;
  private readonly figures: Figures;
  private readonly runs: ReportRuns;
  private readonly previews: Previews;
  private readonly streams: Streams;
  private readonly walk: Walk;

  constructor(private readonly options: ReportsOptions) {
    this.pool = poolIn({
      connectionString: options.connectionString,
      schema: options.schema,
      name: `${options.schema} reports`,
      max: MAX_CONNECTIONS,
      onIdleError: options.onIdleError,
      statementTimeoutMs: READ_TIMEOUT_MS,
    });
    this.positions = new Positions({ ...options, pool: this.pool });
    this.answers = new Answers(this.pool, options.schema, options.maxKeptBytes ?? STANDARD_KEPT_BYTES);
    this.runs = new ReportRuns(this.pool, options.schema);
    this.figures = new Figures(this.pool, options.schema, this.answers, this.positions, options.clock);
    this.previews = new Previews(this.pool, options.schema);
    this.streams = new Streams(this.pool);
    this.walk = new Walk(this.pool, options.schema);
  }

  /** The position that everything up to is projected; -1 while nothing is. */
  get projectedPosition(): number {
    return this.positions.projected;
  }

  /**
   * What a request asks, once that much of the ledger is projected. `given` are its parameters as
   * they came: a cursor goes on with what it holds, and with nothing else.
   */
  ask(definition: ReportDefinition, query: ReportQuery, given: Readonly<Record<string, unknown>>): Promise<Asked> {
    return orUnavailable(async () => {
      const cursor = query.cursor === undefined ? undefined : decodeCursor(definition.name, query.cursor);
      if (cursor === undefined) return this.settled(definition, query, query.asOf, undefined);
      const asked = Object.entries(given).filter(([name]) => !HOW_TO_ANSWER.includes(name));
      refuseOtherThan(cursor, Object.fromEntries(asked));
      const pinned = validQuery(querySchema(definition), cursor.query) as unknown as ReportQuery;
      const { minPosition, limit, onMissingFx } = query;
      return this.settled(definition, { ...pinned, minPosition, limit, onMissingFx }, cursor.asOf, cursor.after);
    });
  }

  /** The rows of one page. */
  page(asked: Asked): Promise<Page> {
    return orUnavailable(async () => {
      const { question, after, limit = DEFAULT_LIMIT } = asked;
      if (this.walk.suits(question)) return this.pageOfWalk(asked, limit);
      const whole = await this.answers.whole(question);
      refuseUnconverted(asked, whole);
      const { lines, keys, fxRates, policyEventId, unknownEvents, totals } = whole;
      const from = after === undefined ? 0 : keys.indexOf(after) + 1;
      // What it comes after is there for ever, unless the rules of the report are others now.
      if (after !== undefined && from === 0) throw notOurs(question.definition.name);
      const to = from + limit;
      const nextCursor = to < lines.length ? cursorOf(asked, keys[to - 1] as string) : null;
      const rest = { fxRates, policyEventId, unknownEvents, rowCount: lines.length, totals, nextCursor };
      return { lines: lines.slice(from, to), meta: metaOf(asked, rest) };
    });
  }

  /** The same of an answer that is never there as a whole. */
  private async pageOfWalk(asked: Asked, limit: number): Promise<Page> {
    const { question, after } = asked;
    const rows: Row[] = [];
    for await (const more of this.walk.rows(question, after === undefined ? undefined : placeOf(after))) {
      rows.push(...more);
      if (rows.length > limit) break;
    }
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const nextCursor =
      rows.length > limit && last !== undefined
        ? cursorOf(asked, JSON.stringify([last['position'], last['ordinal']]))
        : null;
    const unknownEvents = await this.answers.unknownEvents(question.position);
    const rest = { fxRates: [], policyEventId: null, unknownEvents, rowCount: null, totals: null, nextCursor };
    return { lines: page.map((row) => JSON.stringify(row)), meta: metaOf(asked, rest) };
  }

  /** All rows, some at a time. What goes wrong before the first of them is thrown here. */
  async all(asked: Asked): Promise<AsyncIterable<readonly Row[]>> {
    return orUnavailable(async () => {
      const { question, refusesUnconverted } = asked;
      if (refusesUnconverted) refuseUnconverted(asked, await this.answers.whole(question));
      const parts = this.walk.suits(question) ? this.walk.rows(question) : this.answers.inParts(question);
      const first = await parts.next();
      return (async function* () {
        try {
          if (first.done === true) return;
          yield first.value;
          yield* parts;
        } finally {
          await parts.return(undefined);
        }
      })();
    });
  }

  /** The postings and events that a cell rests on; a page of them, or `all`. */
  explain(...asked: Parameters<Figures['explain']>): Promise<Listed> {
    return orUnavailable(() => this.figures.explain(...asked));
  }

  /** What events moved a column between two positions; a page of it, or `all`. */
  variance(...asked: Parameters<Figures['variance']>): Promise<Listed> {
    return orUnavailable(() => this.figures.variance(...asked));
  }

  /** Makes a whole report and keeps it under the id of a run, or finds that this was done. */
  publish(definition: ReportDefinition, wanted: Wanted): Promise<Published> {
    return orUnavailable(() => publish({ reports: this, runs: this.runs }, definition, wanted));
  }

  /** What was given out under the id of a run, if it was of this report. */
  run(definition: ReportDefinition, runId: string): Promise<GivenOut> {
    return orUnavailable(() => givenOut(this.runs, definition, runId));
  }

  /** A stream as known at a position, and what each field of it comes from; of its state the part at `pointer`. */
  stream(
    name: string,
    { pointer, ...query }: Pick<ReportQuery, 'asOf' | 'minPosition'> & { readonly pointer: string },
  ): Promise<StreamShown & { readonly asOfPosition: number; readonly asOfRecordedAt: string }> {
    return orUnavailable(async () => {
      const position = await this.positions.asked(query);
      const { stream, ...more } = await this.streams.of(name, position, pointer);
      const asOf = { asOfPosition: position, asOfRecordedAt: await this.positions.recordedAt(position) };
      return { stream, ...asOf, ...more };
    });
  }

  /** What events would do to the reports of the set, on top of all that the log holds now. */
  preview(
    set: Pick<ReportSet, 'rules' | 'reports'>,
    commit: ProposedCommit,
    query: Pick<ReportQuery, 'effectiveOn' | 'reportingCurrency' | 'fxPolicy'>,
  ): Promise<PreviewQuestion & Awaited<ReturnType<Previews['of']>>> {
    return orUnavailable(async () => {
      await this.positions.asked({ asOf: 'latest', minPosition: (await this.options.log.end()) - 1 });
      const asked: PreviewQuestion = {
        effectiveOn: query.effectiveOn ?? new Date(this.options.clock.nowMs()).toISOString().slice(0, 10),
        reportingCurrency: query.reportingCurrency ?? null,
        fxPolicy: query.fxPolicy,
      };
      return { ...asked, ...(await this.previews.of(set, commit, asked)) };
    });
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async settled(
    definition: ReportDefinition,
    query: ReportQuery,
    asOf: string,
    after: string | undefined,
  ): Promise<Asked> {
    const position = await this.positions.asked(query);
    const { changedSince, limit, onMissingFx } = query;
    if (changedSince !== undefined && changedSince > position) {
      throw new Problem({
        status: 400,
        code: 'CHANGED_SINCE_LATER',
        detail: `Changes since position ${changedSince} were asked for as of position ${position}, which is before it. Ask for an earlier one.`,
        members: { changedSince, asOfPosition: position },
      });
    }
    const effectiveOn = query.effectiveOn ?? new Date(this.options.clock.nowMs()).toISOString().slice(0, 10);
    return {
      question: questionOf(definition, query, { position, effectiveOn }),
      recordedAt: await this.positions.recordedAt(position),
      asOf,
      after,
      limit,
      refusesUnconverted: onMissingFx === 'fail',
    };
  }
}

/** What is said of all rows of an answer, and of the question. */
function metaOf(
  { question, recordedAt }: Asked,
  {
    fxRates,
    policyEventId,
    unknownEvents,
    rowCount,
    totals,
    nextCursor,
  }: Pick<ReportMeta, 'fxRates' | 'policyEventId' | 'unknownEvents' | 'rowCount' | 'totals' | 'nextCursor'>,
): ReportMeta {
  const { definition, position, effectiveOn, changedSince, reportingCurrency, fxPolicy } = question;
  const columns = filingOf(definition);
  return {
    ...{ asOfPosition: position, asOfRecordedAt: recordedAt, effectiveOn, changedSince, reportingCurrency, fxPolicy },
    ...{ fxRates, policyEventId, unknownEvents, ...(columns === undefined ? {} : { columns }) },
    ...{ rowCount, totals, nextCursor },
  };
}

function cursorOf({ question, asOf }: Asked, after: string): string {
  return encodeCursor({ report: question.definition.name, query: textsOf(question), asOf, after });
}

function refuseUnconverted({ question, refusesUnconverted }: Asked, { unconverted }: Whole): void {
  const [first] = unconverted;
  if (!refusesUnconverted || first === undefined) return;
  const named = Object.values(first.key)
    .filter((part) => part !== null)
    .map(String)
    .join('/');
  throw new Problem({
    status: 409,
    code: unconverted.some(({ flags }) => flags.includes('FX_RATE_MISSING')) ? 'FX_RATE_MISSING' : 'FX_RATE_STALE',
    detail:
      `${unconverted.length} rows have cells that cannot be converted into ${question.reportingCurrency ?? 'one currency'}, ` +
      `the first is ${named} (${first.columns.join(', ')}). Record the rates, or ask with onMissingFx=null to have these cells empty and flagged.`,
    members: { cells: unconverted },
  });
}

/** What passes by itself is said to be so, and may be asked again. */
async function orUnavailable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
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

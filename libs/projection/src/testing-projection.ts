import { randomBytes } from 'node:crypto';
import { MemoryLog, type Log } from '@deal-ledger/log';
import type { ReportDefinition, ReportSet, Row } from '@deal-ledger/reports';
import { systemClock, validQuery, type Clock } from '@deal-ledger/service';
import { Client } from 'pg';
import { explainSchema, varianceSchema, type ExplainQuery, type VarianceQuery } from './figure-query';
import type { Listed } from './figures';
import { MAX_LIMIT, querySchema, type ReportQuery } from './reading';
import { Reports, type ReportMeta } from './reports';
import { reportsSchemaOf } from './report-functions';
import { keptSchemaOf } from './report-runs';
import { Runner } from './runner';
import { prepareSchema } from './schema';
import type { SliceLimits } from './slices';
import { Store } from './store';
import { TestWriter, type PostedLine } from './testing';

/** The rows of a page, and what is said of all rows. */
export interface ReportAnswer {
  readonly rows: readonly Row[];
  readonly meta: ReportMeta;
}

export interface TestProjectionOptions {
  /** A schema that exists already; by default one of its own. */
  readonly schema?: string;
  readonly limits?: SliceLimits;
  readonly clock?: Clock;
  readonly connectionString: string;
}

/** A projection on a real Postgres, without HTTP. */
export class TestProjection {
  private constructor(
    readonly runner: Runner,
    readonly store: Store,
    readonly reports: Reports,
    readonly connectionString: string,
    private readonly log: Log,
  ) {}

  static async start(
    log: Log,
    { rules, reports: definitions }: ReportSet,
    options: TestProjectionOptions,
  ): Promise<TestProjection> {
    const { connectionString } = options;
    const schema = options.schema ?? freshSchema();
    const ignore = (): void => {};
    await prepareSchema(connectionString, schema, definitions, ignore);
    const store = new Store(connectionString, schema, ignore);
    const runner = new Runner({
      log,
      store,
      rules,
      warn: ignore,
      ...(options.limits ? { limits: options.limits } : {}),
    });
    const reports = new Reports({
      connectionString,
      schema,
      runner,
      log,
      clock: options.clock ?? systemClock,
      onIdleError: ignore,
    });
    runner.start();
    return new TestProjection(runner, store, reports, connectionString, log);
  }

  get schema(): string {
    return this.store.schema;
  }

  /** A page as the route answers it, from the text of the query on; by default of as many rows as there may be. */
  async read(definition: ReportDefinition, query: Readonly<Record<string, string>> = {}): Promise<ReportAnswer> {
    const parsed = validQuery(querySchema(definition), {
      limit: String(MAX_LIMIT),
      ...query,
    }) as unknown as ReportQuery;
    const { lines, meta } = await this.reports.page(await this.reports.ask(definition, parsed, query));
    return { rows: lines.map((line) => JSON.parse(line) as Row), meta };
  }

  /** A cell opened, as the route does it. */
  explain(definition: ReportDefinition, query: Readonly<Record<string, string>>): Promise<Listed> {
    const parsed = validQuery(explainSchema(definition), query) as unknown as ExplainQuery;
    return this.reports.explain(definition, parsed, query, false);
  }

  /** A column compared, as the route does it. */
  variance(definition: ReportDefinition, query: Readonly<Record<string, string>>): Promise<Listed> {
    const parsed = validQuery(varianceSchema(definition), query) as unknown as VarianceQuery;
    return this.reports.variance(definition, parsed, query, false);
  }

  /** Resolves when all that the log holds now is projected. */
  async caughtUp(): Promise<void> {
    const end = await this.log.end();
    if (!(await this.runner.progress.includes(end - 1, 30_000))) {
      throw this.runner.halted ?? new Error(`projected ${this.runner.progress.nextPosition} of ${end}`);
    }
  }

  /** Rows of a statement in the projection's schema. */
  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.connectionString, options: `-c search_path=${this.schema}` });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async stop({ keep = false } = {}): Promise<void> {
    if (!keep)
      await this.query(
        `drop schema ${this.schema}, ${reportsSchemaOf(this.schema)}, ${keptSchemaOf(this.schema)} cascade`,
      );
    await this.runner.stop();
    await Promise.all([this.store.close(), this.reports.close()]);
  }
}

/** A ledger in memory with these commits of one event each, from position 1 on, and a projection of it. */
export async function projected(
  connectionString: string,
  set: ReportSet,
  lines: readonly PostedLine[],
): Promise<{ projection: TestProjection; writer: TestWriter; log: MemoryLog }> {
  const log = new MemoryLog();
  const writer = new TestWriter(log);
  await writer.begin();
  for (const line of lines) await writer.post(line);
  const projection = await TestProjection.start(log, set, { connectionString });
  await projection.caughtUp();
  return { projection, writer, log };
}

export const freshSchema = (): string => `test_${randomBytes(6).toString('hex')}`;

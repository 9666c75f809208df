import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Type,
} from '@nestjs/common';
import type { Log } from '@deal-ledger/log';
import type { ReportSet } from '@deal-ledger/reports';
import { CLOCK, Readiness, type Clock } from '@deal-ledger/service';
import { figureController } from './figure.controller';
import { STANDARD_KEPT_BYTES } from './kept';
import { previewController } from './preview.controller';
import { reportController } from './report.controller';
import { reportRunController } from './report-run.controller';
import { Reports } from './reports';
import { isTransient, Runner } from './runner';
import { prepareSchema } from './schema';
import { streamController } from './stream.controller';
import { Store } from './store';

export interface ProjectionOptions extends ReportSet {
  readonly connectionString: string;
  readonly log: Log;
  /** Where it shows what events would do to its figures; by default /v1/preview. */
  readonly previewPath?: string;
  /** How much text of answers is kept in memory; by default 256 MiB. */
  readonly maxKeptBytes?: number;
  /** Called when nothing uses the log here any more. */
  readonly released?: () => Promise<void>;
}

const RETRY_MS = 1_000;

interface Parts {
  readonly store: Store;
  readonly runner: Runner;
  readonly reports: Reports;
}

/** A projection service: the ledger projected into tables of its own, and the reports on them. */
@Module({})
export class ProjectionModule {
  static register(options: ProjectionOptions): DynamicModule {
    const { schema } = options;
    // Tokens of its own: two projections may live in one application.
    const parts = Symbol(`${schema} parts`);
    const reports = Symbol(`${schema} reports`);
    const lifecycle = lifecycleOf(options, parts);
    return {
      module: ProjectionModule,
      controllers: [
        ...options.reports.flatMap((definition) => [
          reportController(reports, definition),
          ...(definition.path === undefined ? [reportRunController(reports, definition)] : []),
          ...(definition.basis.length === 0 ? [] : [figureController(reports, definition)]),
        ]),
        ...(options.showsStreams === true ? [streamController(reports)] : []),
        previewController(reports, options, options.previewPath ?? 'v1/preview'),
      ],
      providers: [
        { provide: parts, inject: [CLOCK], useFactory: (clock: Clock) => assemble(options, clock) },
        { provide: reports, inject: [parts], useFactory: (made: Parts) => made.reports },
        lifecycle,
      ],
    };
  }
}

async function assemble(options: ProjectionOptions, clock: Clock): Promise<Parts> {
  const { schema, connectionString, log, rules, maxKeptBytes = STANDARD_KEPT_BYTES } = options;
  const logger = new Logger(`projection ${schema}`);
  const onIdleError = (error: Error): void => logger.debug(`an idle connection to Postgres was lost: ${error.message}`);
  await whenDatabaseIsUp(
    () => prepareSchema(connectionString, schema, options.reports, (message) => logger.warn(message)),
    logger,
  );
  const store = new Store(connectionString, schema, onIdleError);
  const runner = new Runner({ log, store, rules, warn: (message, error) => logger.warn(message, error) });
  const reports = new Reports({ connectionString, schema, runner, log, clock, onIdleError, maxKeptBytes });
  return { store, runner, reports };
}

/** Waits as long as it takes: services and stores may be started in any order. */
async function whenDatabaseIsUp(work: () => Promise<void>, logger: Logger): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      logger.warn('the tables cannot be prepared yet, trying again', error);
      await sleep(RETRY_MS);
    }
  }
}

/** Starts and stops the projection with the application, and says whether it is ready. */
function lifecycleOf({ schema, released }: ProjectionOptions, parts: symbol): Type {
  class ProjectionLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
    constructor(
      @Inject(parts) private readonly made: Parts,
      @Inject(Readiness) private readonly readiness: Readiness,
    ) {}

    onApplicationBootstrap(): void {
      const { runner, store } = this.made;
      runner.start();
      this.readiness.register(`projection ${schema}`, async () => {
        const reason = runner.notWorkingBecause;
        if (reason !== undefined) throw new Error(reason);
        const unknown = await store.unknownEvents();
        const apart = unknown === 0 ? '' : `; ${unknown} events in them are of types that this version does not know`;
        return `has projected ${runner.progress.nextPosition} records${apart}`;
      });
    }

    async onApplicationShutdown(): Promise<void> {
      const { runner, store, reports } = this.made;
      await runner.stop();
      await Promise.all([store.close(), reports.close()]);
      await released?.();
    }
  }
  return ProjectionLifecycle;
}

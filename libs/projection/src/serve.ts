import { openLog, type Log } from '@deal-ledger/log';
import type { ReportSet } from '@deal-ledger/reports';
import {
  logPlaceOf,
  requireStores,
  runMain,
  settingsOrExit,
  startService,
  type OwnMeanings,
  type Settings,
} from '@deal-ledger/service';
import { Module, type DynamicModule } from '@nestjs/common';
import type { z } from 'zod';
import { ProjectionModule } from './projection.module';
import { keptBytesOf, PROJECTION_SETTINGS } from './settings';

/** A projection by itself starts no database. */
const MEANINGS: OwnMeanings = {
  DATA_DIR: null,
  KAFKA_BROKERS: 'host:port of Kafka brokers, separated by commas. Without it the log is read from DATABASE_URL.',
  DATABASE_URL: 'postgres://… of the database for the tables. Required.',
};

/** What a process reads from. */
export interface Sources {
  readonly log: Log;
  readonly connectionString: string;
  /** To be called when nothing uses the log any more. */
  readonly released: () => Promise<void>;
}

@Module({})
class ProjectionService {}

type ProjectionSettings = Settings & z.output<z.ZodObject<typeof PROJECTION_SETTINGS>>;

/** What else a projection service serves, and the settings that this takes. */
export interface Beside<Extra extends z.ZodRawShape> {
  readonly settings: Extra;
  readonly meanings?: OwnMeanings;
  readonly modules: readonly ((
    sources: Sources,
    settings: Settings & z.output<z.ZodObject<Extra>>,
  ) => DynamicModule | Promise<DynamicModule>)[];
}

/** Runs a projection service as a process of its own, until it is told to stop. */
export function serveProjection<Extra extends z.ZodRawShape = Record<never, never>>(
  projection: ReportSet,
  beside?: Beside<Extra>,
): void {
  runMain(projection.name, () => serve(projection, beside));
}

async function serve<Extra extends z.ZodRawShape>(projection: ReportSet, beside?: Beside<Extra>): Promise<void> {
  const { name, reports } = projection;
  const modules = beside?.modules ?? [];
  const settings = settingsOrExit(
    name,
    { ...PROJECTION_SETTINGS, ...beside?.settings },
    { ...MEANINGS, ...beside?.meanings },
  ) as ProjectionSettings & z.output<z.ZodObject<Extra>>;
  requireStores(name, settings, ['log', 'database']);
  const log = await openLog(logPlaceOf(name, settings));
  let users = 1 + modules.length;
  const released = async (): Promise<void> => {
    users -= 1;
    if (users === 0) await log.close();
  };
  // Without a database the service has ended above.
  const sources = { log, connectionString: settings.DATABASE_URL ?? '', released };
  await startService({
    name,
    settings,
    module: {
      module: ProjectionService,
      imports: [
        ProjectionModule.register({ ...projection, ...sources, maxKeptBytes: keptBytesOf(settings) }),
        ...(await Promise.all(modules.map(async (module) => module(sources, settings)))),
      ],
    },
    openApi: {
      title: `Deal Ledger: ${name}`,
      description: `Reports ${reports.map((report) => report.name).join(', ')}, each as known at any position of the ledger, for any day.`,
    },
  });
}

import { openLog, type Log } from '@deal-ledger/log';
import type { ReportSet } from '@deal-ledger/reports';
import {
  logPlaceOf,
  requireStores,
  runMain,
  settingsOrExit,
  startService,
  type OwnMeanings,
} from '@deal-ledger/service';
import { Module, type DynamicModule } from '@nestjs/common';
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

/** Runs a projection service as a process of its own, until it is told to stop; `beside` is what it serves besides. */
export function serveProjection(
  projection: ReportSet,
  beside: readonly ((sources: Sources) => DynamicModule)[] = [],
): void {
  runMain(projection.name, () => serve(projection, beside));
}

async function serve(projection: ReportSet, beside: readonly ((sources: Sources) => DynamicModule)[]): Promise<void> {
  const { name, reports } = projection;
  const settings = settingsOrExit(name, PROJECTION_SETTINGS, MEANINGS);
  requireStores(name, settings, ['log', 'database']);
  const log = await openLog(logPlaceOf(name, settings));
  let users = 1 + beside.length;
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
        ...beside.map((module) => module(sources)),
      ],
    },
    openApi: {
      title: `Deal Ledger: ${name}`,
      description: `Reports ${reports.map((report) => report.name).join(', ')}, each as known at any position of the ledger, for any day.`,
    },
  });
}

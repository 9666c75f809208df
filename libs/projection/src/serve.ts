import { openLog } from '@deal-ledger/log';
import type { ReportSet } from '@deal-ledger/reports';
import {
  logPlaceOf,
  requireStores,
  runMain,
  settingsOrExit,
  startService,
  type OwnMeanings,
} from '@deal-ledger/service';
import { ProjectionModule } from './projection.module';
import { keptBytesOf, PROJECTION_SETTINGS } from './settings';

/** A projection by itself starts no database. */
const MEANINGS: OwnMeanings = {
  DATA_DIR: null,
  KAFKA_BROKERS: 'host:port of Kafka brokers, separated by commas. Without it the log is read from DATABASE_URL.',
  DATABASE_URL: 'postgres://… of the database for the tables. Required.',
};

/** Runs a projection service as a process of its own, until it is told to stop. */
export function serveProjection(projection: ReportSet): void {
  runMain(projection.name, () => serve(projection));
}

async function serve(projection: ReportSet): Promise<void> {
  const { name, reports } = projection;
  const settings = settingsOrExit(name, PROJECTION_SETTINGS, MEANINGS);
  requireStores(name, settings, ['log', 'database']);
  const log = await openLog(logPlaceOf(name, settings));
  await startService({
    name,
    settings,
    module: ProjectionModule.register({
      ...projection,
      // Without it the service has ended above.
      connectionString: settings.DATABASE_URL ?? '',
      log,
      maxKeptBytes: keptBytesOf(settings),
      released: () => log.close(),
    }),
    openApi: {
      title: `Deal Ledger: ${name}`,
      description: `Reports ${reports.map((report) => report.name).join(', ')}, each as known at any position of the ledger, for any day.`,
    },
  });
}

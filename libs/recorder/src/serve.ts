import type { StreamKind } from '@deal-ledger/domain';
import { openLog, refusalsTopicOf } from '@deal-ledger/log';
import {
  logPlaceOf,
  requireStores,
  runMain,
  settingsOrExit,
  startService,
  type OwnMeanings,
} from '@deal-ledger/service';
import { RecorderModule } from './recorder.module';

export interface RecordingService {
  readonly name: string;
  /** The kinds of streams that have their routes here. */
  readonly kinds: readonly StreamKind[];
}

/** A recorder by itself has no tables, and starts no database. */
const MEANINGS: OwnMeanings = {
  DATA_DIR: null,
  KAFKA_BROKERS: 'host:port of Kafka brokers, separated by commas. Without it the log is kept in DATABASE_URL.',
  DATABASE_URL: 'postgres://… of the database that keeps the log. Required without KAFKA_BROKERS, else not used.',
};

/** Runs a recording service as a process of its own, until it is told to stop. */
export function serveRecorder(service: RecordingService): void {
  runMain(service.name, () => serve(service));
}

async function serve({ name, kinds }: RecordingService): Promise<void> {
  const settings = settingsOrExit(name, undefined, MEANINGS);
  requireStores(name, settings, ['log']);
  const place = logPlaceOf(name, settings);
  const log = await openLog(place);
  const refusals = await openLog({ ...place, topic: refusalsTopicOf(place.topic) });
  await startService({
    name,
    settings,
    module: RecorderModule.of({
      source: `/${name}`,
      kinds,
      log,
      refusals,
      released: async () => void (await Promise.all([log.close(), refusals.close()])),
    }),
    openApi: {
      title: `Deal Ledger: ${name}`,
      description: `Records events of ${kinds.map((kind) => kind.route).join(', ')}. Every answer about the ledger names the position it rests on.`,
    },
  });
}

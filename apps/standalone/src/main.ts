import { join, resolve } from 'node:path';
import { AuditingModule, AUDITING_SETTINGS, RefusalsModule, signingOf, TreeModule } from '@deal-ledger/auditing';
import { catalogue } from '@deal-ledger/domain';
import {
  EmbeddedPostgresFailed,
  openLog,
  psqlCommand,
  refusalsTopicOf,
  superviseEmbeddedPostgres,
  type SupervisedPostgres,
} from '@deal-ledger/log';
import {
  combinedPreviewController,
  keptBytesOf,
  ProjectionModule,
  PROJECTION_SETTINGS,
  ReportListController,
  withinProcess,
} from '@deal-ledger/projection';
import { RecorderModule } from '@deal-ledger/recorder';
import { audit, pathOf, PROJECTIONS } from '@deal-ledger/reports';
import {
  CannotStart,
  logOf,
  logPlaceOf,
  Readiness,
  runMain,
  settingsOrExit,
  startService,
  type Settings,
} from '@deal-ledger/service';
import { Module, type DynamicModule } from '@nestjs/common';

const NAME = 'deal-ledger';
const READY_POLL_MS = 20;

/** Each projection has the preview of its own figures here; all of them together are at /v1/preview. */
const previewPathOf = ({ name }: { readonly name: string }): string => `v1/preview/${name}`;

/** Every service in one process on one port, with a database of its own unless it is given one. */
@Module({})
class StandaloneModule {
  static of(imports: readonly DynamicModule[]): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [...imports],
      controllers: [
        ReportListController,
        combinedPreviewController(
          { commits: '/v1/commits', previews: PROJECTIONS.map((each) => `/${previewPathOf(each)}`) },
          withinProcess,
        ),
      ],
    };
  }
}

runMain(NAME, async () => {
  // What a person at a terminal wants to see is printed below; the log is for what goes wrong.
  const settings = settingsOrExit(
    NAME,
    { ...PROJECTION_SETTINGS, ...AUDITING_SETTINGS },
    { DATA_DIR: 'Folder of the embedded database, and of the key that checkpoints are signed with.' },
    {
      ...commandLine(),
      env: { LOG_LEVEL: 'warn', ...process.env },
    },
  );
  const database =
    settings.DATABASE_URL === undefined
      ? await ownDatabase(settings)
      : { url: settings.DATABASE_URL, passwordFile: undefined, stop: async () => undefined };
  const place = { ...logPlaceOf(NAME, settings), databaseUrl: database.url };
  const log = await openLog(place);
  const refusals = await openLog({ ...place, topic: refusalsTopicOf(place.topic) });

  const close = async (): Promise<void> => {
    await Promise.all([log.close(), refusals.close()]);
    await database.stop();
  };
  let users = 4 + PROJECTIONS.length;
  const released = async (): Promise<void> => {
    users -= 1;
    if (users === 0) await close();
  };
  const app = await startService({
    name: NAME,
    settings,
    module: StandaloneModule.of([
      RecorderModule.of({ source: '/standalone', kinds: Object.values(catalogue), log, refusals, released }),
      ...PROJECTIONS.map((projection) =>
        ProjectionModule.register({
          ...projection,
          connectionString: database.url,
          log,
          maxKeptBytes: keptBytesOf(settings),
          previewPath: previewPathOf(projection),
          released,
        }),
      ),
      AuditingModule.of({ log, released }),
      TreeModule.of({ connectionString: database.url, log, ...signingOf(settings), released }),
      RefusalsModule.of({ connectionString: database.url, events: audit.schema, refusals, released }),
    ]),
    openApi: {
      title: 'Deal Ledger',
      description:
        'Records deal, funding and capacity events, and reports from them as known at any position of the ledger, for any day.',
    },
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });

  await untilReady(app.get(Readiness));
  welcome(await app.getUrl(), settings, database);
});

async function ownDatabase(settings: Settings): Promise<SupervisedPostgres> {
  const { DATA_DIR } = settings;
  process.stdout.write(`… starting the database in ${resolve(DATA_DIR)}\n`);
  try {
    return await superviseEmbeddedPostgres({ dataDir: join(DATA_DIR, 'postgres') }, logOf(NAME, settings));
  } catch (error) {
    throw error instanceof EmbeddedPostgresFailed ? new CannotStart(error.message, { cause: error }) : error;
  }
}

async function untilReady(readiness: Readiness): Promise<void> {
  for (let shown = ''; ;) {
    const down = (await readiness.results()).filter(({ status }) => status === 'down');
    if (down.length === 0) return;
    const waiting = down.map(({ name, detail }) => `${name}: ${detail ?? 'down'}`).join('; ');
    if (shown !== '' && waiting !== shown) process.stdout.write(`… ${waiting}\n`);
    shown = waiting;
    await new Promise((resume) => setTimeout(resume, READY_POLL_MS));
  }
}

interface Database {
  readonly url: string;
  /** Of a database of our own. */
  readonly passwordFile: string | undefined;
}

function welcome(
  url: string,
  { DATA_DIR, KAFKA_BROKERS, DATABASE_URL }: Settings,
  { url: databaseUrl, passwordFile }: Database,
): void {
  const reports = PROJECTIONS.flatMap(({ reports: all }) => all.map((report) => `${url}${pathOf(report)}`));
  const demo = new URL(url).port === '3000' ? 'npm run demo' : `npm run demo -- --url ${url}`;
  const lines = [
    `Deal Ledger is ready at ${url}`,
    '',
    `  documentation  ${url}/docs`,
    ...reports.map((report, index) => `  ${index === 0 ? 'reports' : '       '}        ${report}`),
    `  log            ${KAFKA_BROKERS ? `Kafka, ${KAFKA_BROKERS.join(',')}` : 'PostgreSQL'}`,
    `  data           ${DATABASE_URL === undefined ? resolve(DATA_DIR) : 'in the database that DATABASE_URL names'}`,
    `  SQL            ${passwordFile === undefined ? 'psql "$DATABASE_URL"' : psqlCommand(databaseUrl, passwordFile)}`,
    '',
    '  It is open to everyone who can reach this address: there is no authentication.',
    `  In a second shell, ${demo} fills it with an example. Ctrl-C stops it.`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The process, as the reading of settings sees it. */
function commandLine() {
  const { argv, stdout, stderr } = process;
  return { argv, stdout, stderr, exit: (code: number): never => process.exit(code) };
}

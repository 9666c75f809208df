import 'reflect-metadata';
import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { clockOf, type Clock } from './clock';
import { serveDocs } from './docs';
import { HealthController } from './health';
import { NestLog } from './nest-log';
import { openApiOf, type OpenApiDocument, type OpenApiInfo } from './openapi';
import { ProblemFilter } from './problem-filter';
import { Problems } from './problems';
import { CannotStart, logOf } from './process';
import { Readiness } from './readiness';
import { Routes } from './routes';
import { serverAdapter } from './server';
import type { Settings } from './settings';
import { stopOnSignals } from './shutdown';

/** Injects the {@link Settings}. */
export const SETTINGS = Symbol('settings');
/** Injects the {@link Clock}. */
export const CLOCK = Symbol('clock');
/** Injects pino's root logger. */
export const LOG = Symbol('log');

const BODY_LIMIT_BYTES = 1024 * 1024;

export interface ServiceOptions {
  /** Shown in every log line. */
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly settings: Settings;
  readonly openApi: OpenApiInfo;
  /** By default the one that the settings give. */
  readonly clock?: Clock;
  /** JSON bodies larger than this are refused with 413; by default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Makes the document to serve of that of the process's own routes; by default it is that. */
  readonly document?: (own: OpenApiDocument) => Promise<OpenApiDocument>;
  /** Called before Nest registers its routes, for plugins of the HTTP server. */
  readonly configure?: (fastify: FastifyInstance) => void | Promise<void>;
}

/** What every service has besides its own module; global, so that libraries can inject it. */
@Global()
@Module({})
class ServiceModule {
  static of(options: ServiceOptions, readiness: Readiness, problems: Problems, log: Logger): DynamicModule {
    const shared = [
      { provide: SETTINGS, useValue: options.settings },
      { provide: CLOCK, useValue: options.clock ?? clockOf(options.settings) },
      { provide: LOG, useValue: log },
      { provide: Readiness, useValue: readiness },
      { provide: Problems, useValue: problems },
    ];
    return {
      module: ServiceModule,
      imports: [options.module],
      controllers: [HealthController],
      providers: shared,
      exports: shared.map(({ provide }) => provide),
    };
  }
}

/** A service that is wired and initialised and does not listen; tests send it requests with `app.inject`. */
export async function createService(options: ServiceOptions): Promise<NestFastifyApplication> {
  return (await create(options)).app;
}

/** Starts a service: it listens, and stops by itself on SIGTERM and SIGINT. */
export async function startService(options: ServiceOptions): Promise<NestFastifyApplication> {
  const { app, readiness, log } = await create(options);
  try {
    await app.listen(options.settings.PORT, options.settings.HOST);
  } catch (error) {
    await app.close();
    throw portTaken(error, options.settings) ?? error;
  }
  stopOnSignals(app, readiness, log);
  log.info({ url: await app.getUrl() }, 'listening');
  return app;
}

function portTaken(error: unknown, { HOST, PORT }: Settings): CannotStart | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return undefined;
  return new CannotStart(
    `port ${PORT} of ${HOST} is taken, perhaps by a ledger that runs already. Stop it, or set another, such as PORT=${PORT + 1}`,
  );
}

async function create(
  options: ServiceOptions,
): Promise<{ app: NestFastifyApplication; readiness: Readiness; log: Logger }> {
  const log = logOf(options.name, options.settings);
  const readiness = new Readiness();
  const problems = new Problems();
  const routes = new Routes();
  const adapter = serverAdapter(options.bodyLimitBytes ?? BODY_LIMIT_BYTES, routes, log);
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.of(options, readiness, problems, log),
    adapter,
    {
      logger: new NestLog(log),
      abortOnError: false,
      bodyParser: false,
    },
  );
  app.useGlobalFilters(new ProblemFilter(log, routes, problems));
  const fastify = adapter.getInstance<FastifyInstance>();
  try {
    await options.configure?.(fastify);
    const own = documentOnce(options.openApi, routes);
    await serveDocs(fastify, options.openApi.title, () => options.document?.(own()) ?? own());
    await app.init();
    await fastify.ready();
    refuseUndocumented(routes);
  } catch (error) {
    await app.close();
    throw error;
  }
  return { app, readiness, log };
}

function documentOnce(info: OpenApiInfo, routes: Routes): () => OpenApiDocument {
  let document: OpenApiDocument | undefined;
  return () => (document ??= openApiOf(info, routes.all()));
}

function refuseUndocumented(routes: Routes): void {
  const without = routes
    .all()
    .filter(({ operation, url }) => operation === undefined && !url.startsWith('/docs/'))
    .map(({ method, url }) => `${method} ${url}`);
  if (without.length > 0) throw new Error(`routes without @Operation: ${without.join(', ')}`);
}

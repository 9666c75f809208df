import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Log } from '@deal-ledger/log';
import { isTransient } from '@deal-ledger/projection';
import { Readiness } from '@deal-ledger/service';
import { RefusalsFollower } from './refusals-follower';
import { RefusalsReader } from './refusals-reader';
import { RefusalsController } from './refusals.controller';
import { prepareRefusals } from './refusals-schema';
import { AUDITING_SCHEMA } from './schema';
import { RefusalsStore } from './refusals-store';

export interface RefusalsModuleOptions {
  readonly connectionString: string;
  /** Where the tables are; by default `auditing`. */
  readonly schema?: string;
  /** Schema of the projection that has the accepted events, in the same database. */
  readonly events: string;
  /** The log of refusals. */
  readonly refusals: Log;
  /** Called when nothing uses that log here any more. */
  readonly released?: () => Promise<void>;
}

const RETRY_MS = 1_000;

interface Parts {
  readonly store: RefusalsStore;
  readonly follower: RefusalsFollower;
  readonly released: (() => Promise<void>) | undefined;
}
const PARTS = Symbol('refusals parts');

/** The refused posts, read from their log into tables, and the route that shows them. */
@Module({})
export class RefusalsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(PARTS) private readonly parts: Parts,
    @Inject(Readiness) private readonly readiness: Readiness,
  ) {}

  static of(options: RefusalsModuleOptions): DynamicModule {
    return {
      module: RefusalsModule,
      controllers: [RefusalsController],
      providers: [
        { provide: PARTS, useFactory: () => assemble(options) },
        {
          provide: RefusalsReader,
          inject: [PARTS],
          useFactory: ({ store, follower }: Parts) => new RefusalsReader(store, follower, options.events),
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    const { follower } = this.parts;
    follower.start();
    this.readiness.register('refusals', () => {
      const reason = follower.notWorkingBecause;
      if (reason !== undefined) throw new Error(reason);
      return `has read ${follower.progress.nextPosition} records of refusals`;
    });
  }

  async onApplicationShutdown(): Promise<void> {
    const { store, follower, released } = this.parts;
    await follower.stop();
    await store.close();
    await released?.();
  }
}

async function assemble({
  connectionString,
  schema = AUDITING_SCHEMA,
  refusals: log,
  released,
}: RefusalsModuleOptions): Promise<Parts> {
  const logger = new Logger('refusals');
  for (;;) {
    try {
      await prepareRefusals(connectionString, schema);
      break;
    } catch (error) {
      // Services and stores may be started in any order.
      if (!isTransient(error)) throw error;
      logger.warn('the tables of refusals cannot be prepared yet, trying again', error);
      await sleep(RETRY_MS);
    }
  }
  const store = new RefusalsStore(connectionString, schema, (error) =>
    logger.debug(`an idle connection to Postgres was lost: ${error.message}`),
  );
  const follower = new RefusalsFollower({ log, store, warn: (message, error) => logger.warn(message, error) });
  return { store, follower, released };
}

import type { Log } from '@deal-ledger/log';
import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ReplayController } from './replay.controller';
import { Replays } from './replays';

export interface AuditingOptions {
  readonly log: Log;
  /** Called when nothing uses the log here any more. */
  readonly released?: () => Promise<void>;
}

/** What an auditor is given to check the ledger by, beside the projection of its history. */
@Module({})
export class AuditingModule {
  static of({ log, released }: AuditingOptions): DynamicModule {
    class AuditingLifecycle implements OnApplicationShutdown {
      async onApplicationShutdown(): Promise<void> {
        await released?.();
      }
    }
    return {
      module: AuditingModule,
      controllers: [ReplayController],
      providers: [{ provide: Replays, useFactory: () => new Replays(log) }, AuditingLifecycle],
    };
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@deal-ledger/log';
import { Evidence, isTransient } from '@deal-ledger/projection';
import { audit } from '@deal-ledger/reports';
import { CLOCK, Readiness, type Clock } from '@deal-ledger/service';
import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { keyInFile } from './checkpoint-key';
import { CheckpointSigner } from './checkpoint-signer';
import { PackController } from './pack.controller';
import { Packs } from './packs';
import { ProofController } from './proof.controller';
import { AUDITING_SCHEMA, prepareAuditing } from './schema';
import { tileControllers } from './tile.controller';
import { TreeAnswers } from './tree-answers';
import { TreeController } from './tree.controller';
import { TreeGrower } from './tree-grower';
import { TreeStore } from './tree-store';
import { Witnesses, type WitnessAddress } from './witnesses';

export interface TreeOptions {
  readonly connectionString: string;
  readonly log: Log;
  /** Of the private key that checkpoints of this ledger are signed with. */
  readonly keyFile: (ledgerId: string) => string;
  /** The log's name in its checkpoints; by default made of the ledger's id. */
  readonly origin?: string | undefined;
  /** Who is asked to cosign. */
  readonly witnesses?: readonly WitnessAddress[];
  readonly schema?: string;
  /** The schema of the audit's projection, by which events are found. */
  readonly projection?: string;
  /** Called when nothing uses the log here any more. */
  readonly released?: () => Promise<void>;
}

const RETRY_MS = 1_000;
const logger = new Logger('tree');

/** The tree over the log: it grows, it is signed, and what an auditor needs to check that is served. */
@Module({})
export class TreeModule {
  static of(options: TreeOptions): DynamicModule {
    const { log, keyFile, origin, released, projection = audit.schema, witnesses: addresses = [] } = options;
    class TreeLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
      constructor(
        @Inject(TreeStore) private readonly store: TreeStore,
        @Inject(TreeGrower) private readonly grower: TreeGrower,
        @Inject(Witnesses) private readonly witnesses: Witnesses,
        @Inject(Readiness) private readonly readiness: Readiness,
      ) {}

      onApplicationBootstrap(): void {
        const { grower, store, witnesses } = this;
        grower.start();
        witnesses.start();
        this.readiness.register('tree', async () => {
          const reason = grower.notWorkingBecause;
          if (reason !== undefined) throw new Error(reason);
          const { size, signedSize } = await store.state();
          return [`has ${size} leaves, signed for ${signedSize}`, ...witnesses.states].join('; ');
        });
      }

      async onApplicationShutdown(): Promise<void> {
        await Promise.all([this.grower.stop(), this.witnesses.stop()]);
        await this.store.close();
        await released?.();
      }
    }
    return {
      module: TreeModule,
      controllers: [TreeController, ...tileControllers, ProofController, PackController],
      providers: [
        { provide: TreeStore, useFactory: () => openStore(options) },
        {
          provide: CheckpointSigner,
          useFactory: () =>
            new CheckpointSigner(keyInFile({ file: keyFile, origin, info: (message) => logger.log(message) })),
        },
        {
          provide: Witnesses,
          inject: [TreeStore],
          useFactory: (store: TreeStore) =>
            new Witnesses({ addresses, store, warn: (message) => logger.error(message) }),
        },
        {
          provide: TreeGrower,
          inject: [TreeStore, CheckpointSigner, Witnesses],
          useFactory: (store: TreeStore, signer: CheckpointSigner, witnesses: Witnesses) =>
            new TreeGrower({ log, store, signer, warn, signed: () => witnesses.wake() }),
        },
        {
          provide: TreeAnswers,
          inject: [TreeStore, TreeGrower],
          useFactory: (store: TreeStore, grower: TreeGrower) => new TreeAnswers(store, grower, log, projection),
        },
        {
          provide: Packs,
          inject: [TreeAnswers, CheckpointSigner, CLOCK],
          useFactory: (answers: TreeAnswers, signer: CheckpointSigner, clock: Clock) => {
            const evidence = new Evidence({ connectionString: options.connectionString, log, clock, onIdleError });
            return new Packs({ evidence, answers, signer, log, history: audit });
          },
        },
        TreeLifecycle,
      ],
    };
  }
}

const onIdleError = (error: Error): void => logger.debug(`an idle connection to Postgres was lost: ${error.message}`);
const warn = (message: string, error: unknown): void => logger.warn(message, error);

/** Waits as long as it takes: services and stores may be started in any order. */
async function openStore({ connectionString, schema = AUDITING_SCHEMA }: TreeOptions): Promise<TreeStore> {
  for (;;) {
    try {
      await prepareAuditing(connectionString, schema);
      return new TreeStore(connectionString, schema, onIdleError);
    } catch (error) {
      if (!isTransient(error)) throw error;
      warn('the tables of the tree cannot be prepared yet, trying again', error);
      await sleep(RETRY_MS);
    }
  }
}

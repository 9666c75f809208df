import { join } from 'node:path';
import { CLOCK, logOf, Readiness, type Clock, type ServiceOptions, type Settings } from '@deal-ledger/service';
import { Module, type DynamicModule } from '@nestjs/common';
import type { z } from 'zod';
import type { WITNESS_SETTINGS } from './settings';
import { Witness } from './witness';
import { WitnessController } from './witness.controller';

export const NAME = 'witness';

export type WitnessSettings = Settings & z.output<z.ZodObject<typeof WITNESS_SETTINGS>>;

@Module({})
class WitnessModule {
  static of(settings: WitnessSettings): DynamicModule {
    const { DATA_DIR, WITNESS_NAME, WITNESS_KEY_FILE = join(DATA_DIR, 'witness.key'), WITNESS_LOGS } = settings;
    const log = logOf(NAME, settings);
    return {
      module: WitnessModule,
      controllers: [WitnessController],
      providers: [
        {
          provide: Witness,
          inject: [CLOCK, Readiness],
          useFactory: async (clock: Clock, readiness: Readiness) => {
            const witness = await Witness.open({
              folder: DATA_DIR,
              name: WITNESS_NAME,
              keyFile: WITNESS_KEY_FILE,
              logs: WITNESS_LOGS,
              nowMs: () => clock.nowMs(),
              warn: (message) => log.warn(message),
            });
            readiness.register('logs', () => {
              const { withoutKey } = witness.logs;
              return withoutKey.length === 0
                ? 'knows the key of every log'
                : `has seen no key yet at ${withoutKey.join(', ')}`;
            });
            return witness;
          },
        },
      ],
    };
  }
}

/** A witness as a process of its own. Whatever is posted to it comes to it as bytes. */
export function witnessService(settings: WitnessSettings): ServiceOptions {
  return {
    name: NAME,
    settings,
    module: WitnessModule.of(settings),
    bodyLimitBytes: 64 * 1024,
    openApi: {
      title: 'Deal Ledger: witness',
      description: 'Remembers the last checkpoint of a log, and cosigns only what extends it.',
    },
    configure: (fastify) => {
      fastify.removeAllContentTypeParsers();
      fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    },
  };
}

import { join } from 'node:path';
import { clockOf, logOf, Readiness, type ServiceOptions, type Settings } from '@deal-ledger/service';
import { Module, type DynamicModule } from '@nestjs/common';
import type { z } from 'zod';
import type { WITNESS_SETTINGS } from './settings';
import { Witness } from './witness';
import { WitnessController } from './witness.controller';

export const NAME = 'witness';

export type WitnessSettings = Settings & z.output<z.ZodObject<typeof WITNESS_SETTINGS>>;

@Module({})
class WitnessModule {
  static of(witness: Witness): DynamicModule {
    const { logs } = witness;
    const checks = {
      provide: 'readiness of the logs',
      inject: [Readiness],
      useFactory: (readiness: Readiness) =>
        readiness.register('logs', () =>
          logs.withoutKey.length === 0
            ? 'knows the key of every log'
            : `has seen no key yet at ${logs.withoutKey.join(', ')}`,
        ),
    };
    return {
      module: WitnessModule,
      controllers: [WitnessController],
      providers: [{ provide: Witness, useValue: witness }, checks],
    };
  }
}

/**
 * A witness as a process of its own. Whatever is posted to it comes to it as bytes.
 * @throws CannotStart when its key cannot be had
 */
export async function witnessService(settings: WitnessSettings): Promise<ServiceOptions> {
  const { DATA_DIR, WITNESS_NAME, WITNESS_KEY_FILE = join(DATA_DIR, 'witness.key'), WITNESS_LOGS } = settings;
  const [log, clock] = [logOf(NAME, settings), clockOf(settings)];
  const witness = await Witness.open({
    folder: DATA_DIR,
    name: WITNESS_NAME,
    keyFile: WITNESS_KEY_FILE,
    logs: WITNESS_LOGS,
    nowMs: () => clock.nowMs(),
    warn: (message) => log.warn(message),
  });
  return {
    name: NAME,
    settings,
    module: WitnessModule.of(witness),
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

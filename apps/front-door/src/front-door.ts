import { Module, type DynamicModule } from '@nestjs/common';
import { ReportListController } from '@deal-ledger/projection';
import { Readiness, type ServiceOptions, type Settings } from '@deal-ledger/service';
import { previewOf } from './preview';
import { mergedOpenApi } from './merged-openapi';
import { addProxies } from './proxy';
import { SERVICE_NAMES } from './routes';
import type { Upstreams } from './settings';

const READY_TIMEOUT_MS = 1_500;

/** Ready when every service behind it is. */
@Module({})
class FrontDoorModule {
  static of(upstreams: Upstreams): DynamicModule {
    const checks = {
      provide: 'readiness of the services',
      inject: [Readiness],
      useFactory: (readiness: Readiness) => {
        for (const name of SERVICE_NAMES) readiness.register(name, () => checkReady(upstreams[name]));
        return SERVICE_NAMES;
      },
    };
    return { module: FrontDoorModule, providers: [checks], controllers: [previewOf(upstreams), ReportListController] };
  }
}

async function checkReady(base: string): Promise<void> {
  const answer = await fetch(new URL('/health/ready', base), { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }).catch(
    (error: unknown) => {
      throw new Error('cannot be reached', { cause: error });
    },
  );
  const { detail } = (await answer.json()) as { readonly detail?: string };
  if (!answer.ok) throw new Error(detail ?? `answered ${answer.status}`);
}

/** The whole ledger behind one port. */
export function frontDoor(settings: Settings, upstreams: Upstreams): ServiceOptions {
  return {
    name: 'front-door',
    module: FrontDoorModule.of(upstreams),
    settings,
    openApi: {
      title: 'Deal Ledger',
      description:
        'Records AI-infrastructure deal, funding and capacity events, and reports from them as known at any point.',
    },
    document: (own) => mergedOpenApi(own, upstreams),
    configure: (fastify) => addProxies(fastify, upstreams),
  };
}

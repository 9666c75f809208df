import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { Readiness } from './readiness';

const DRAIN_MS = 7_000;
const STOP_MS = 10_000;

/** What of the process it needs; a test gives its own. */
export interface SignalHost {
  once(signal: 'SIGTERM' | 'SIGINT', listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

/**
 * On SIGTERM or SIGINT: readiness off, requests in flight finished, then everything closed and exit
 * 0. Connections still open after seven seconds are cut; after ten the process ends with exit 1.
 * Libraries close what requests need in `onApplicationShutdown`: `onModuleDestroy` is too early for
 * apps that are closed otherwise.
 */
export function stopOnSignals(
  app: NestFastifyApplication,
  readiness: Readiness,
  log: Logger,
  host: SignalHost = process,
): void {
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    readiness.stop();
    setTimeout(() => {
      log.error(`not stopped within ${STOP_MS} ms`);
      host.exit(1);
    }, STOP_MS).unref();
    drain(app)
      .then(() => app.close())
      .then(() => {
        log.info('stopped');
        host.exit(0);
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'failed to stop cleanly');
        host.exit(1);
      });
  };
  host.once('SIGTERM', stop);
  host.once('SIGINT', stop);
  app.getHttpServer().once('close', () => {
    host.off('SIGTERM', stop);
    host.off('SIGINT', stop);
  });
}

/** Takes no new connections and resolves once every request in flight is answered, or cut off. */
async function drain(app: NestFastifyApplication): Promise<void> {
  const cut = setTimeout(() => app.getHttpServer().closeAllConnections(), DRAIN_MS);
  try {
    await app.getHttpAdapter().getInstance().close();
  } finally {
    clearTimeout(cut);
  }
}

import { Client, type ClientConfig } from 'pg';
import { backoffMs, pause, type LogLogger } from './waiting';

/** Hears of every commit. After a lost connection it listens again, and says that it may have missed one. */
export async function listen(
  config: ClientConfig,
  channel: string,
  heard: (end: number | undefined) => void,
  logger: LogLogger,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const client = new Client(config);
    try {
      const ended = new Promise<Error | undefined>((resolve) => {
        client.on('error', resolve);
        client.on('end', () => resolve(undefined));
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
      });
      client.on('notification', ({ payload }) => heard(Number(payload)));
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      failures = 0;
      heard(undefined);
      const error = await ended;
      if (error) throw error;
    } catch (error) {
      failures += 1;
      logger.warn({ err: error, failures }, 'listening for commits was interrupted and goes on');
    } finally {
      // It may never have been connected, or not be any more.
      await client.end().catch(() => {});
    }
    if (!signal.aborted) await pause(backoffMs(Math.max(1, failures)), signal);
  }
}

import { Client, type ClientConfig } from 'pg';
import { backoffMs, pause, reportFailure, within, type LogLogger } from './waiting';

const END_TIMEOUT_MS = 1_000;

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
    let end = (_error?: Error): void => undefined;
    const ended = new Promise<Error | undefined>((resolve) => (end = resolve));
    const abort = (): void => end();
    client.on('error', end);
    client.on('end', abort);
    signal.addEventListener('abort', abort);
    try {
      client.on('notification', ({ payload }) => heard(Number(payload)));
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      failures = 0;
      heard(undefined);
      const error = await ended;
      if (error) throw error;
    } catch (error) {
      failures += 1;
      reportFailure(logger, failures, { err: error }, 'listening for commits was interrupted and goes on');
    } finally {
      signal.removeEventListener('abort', abort);
      // It may never have been connected, or not be any more.
      await within(END_TIMEOUT_MS, 'ending the connection', client.end(), () => undefined).catch(() => undefined);
    }
    if (!signal.aborted) await pause(backoffMs(Math.max(1, failures)), signal);
  }
}

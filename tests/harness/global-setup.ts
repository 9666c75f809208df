import { resolve } from 'node:path';
import type { Config } from 'jest';
import { NotAvailable } from './containers';
import { missingToRunLocally, startKafka } from './kafka';
import { startPostgres } from './postgres';
import { KAFKA_VARIABLE, LOCAL_KAFKA_VARIABLE, POSTGRES_VARIABLE, suitesThatNeed, type Need } from './suites';

/** What this run started, and what it had to leave out, for the teardown. */
export interface Shared {
  readonly running: { stop(): Promise<void> }[];
  readonly leftOut: string[];
}

declare global {
  var sharedByAllSuites: Shared | undefined;
}

type GlobalConfig = Pick<Config, 'rootDir'> & { readonly testPathPatterns?: { readonly patterns?: readonly string[] } };

const ROOT = resolve(__dirname, '../..');

/**
 * Starts once, for all suites, what the selected ones need. Without it they are left out, except
 * with `CI=true`, when it is a failure. `TEST_SUITES=unit` starts nothing.
 */
export default async function setup({ testPathPatterns }: GlobalConfig): Promise<void> {
  const shared: Shared = { running: [], leftOut: [] };
  globalThis.sharedByAllSuites = shared;
  if (process.env['TEST_SUITES'] === 'unit') return;
  const patterns = testPathPatterns?.patterns ?? [];

  /** Starts what some suite needs. */
  const provide = async (need: Need, start: () => Promise<void>): Promise<void> => {
    const suites = suitesThatNeed(need, ROOT, patterns);
    if (suites.length === 0) return;
    try {
      await start();
    } catch (error) {
      if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
      shared.leftOut.push(
        `${error.message}. Left out: ${suites.map((file) => file.slice(ROOT.length + 1)).join(', ')}`,
      );
    }
  };

  try {
    await Promise.all([
      provide('Kafka', async () => {
        const kafka = await startKafka();
        shared.running.push(kafka);
        process.env[KAFKA_VARIABLE] = kafka.brokers.join(',');
      }),
      provide('a Kafka of its own', async () => {
        const missing = missingToRunLocally();
        if (missing) throw new NotAvailable(`no Kafka that can be stopped and started: ${missing}`);
        process.env[LOCAL_KAFKA_VARIABLE] = 'yes';
      }),
      provide('PostgreSQL', async () => {
        const postgres = await startPostgres({ durable: false });
        shared.running.push(postgres);
        process.env[POSTGRES_VARIABLE] = postgres.url;
      }),
    ]);
  } catch (error) {
    await Promise.all(shared.running.map((server) => server.stop()));
    throw error;
  }
}

import { resolve } from 'node:path';
import { embeddedPostgresMissing } from '@deal-ledger/log';
import type { Config } from 'jest';
import { NotAvailable } from './containers';
import { missingToRunLocally, startKafka } from './kafka';
import { startPostgres } from './postgres';
import { LEFT_OUT_VARIABLE, suitesThatNeed, VARIABLES, type Need } from './suites';

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

  const missing: Need[] = [];
  /** Starts what some suite needs; `start` gives its address. */
  const provide = async (need: Need, start: () => Promise<string>): Promise<void> => {
    const suites = suitesThatNeed(need, ROOT, patterns);
    if (suites.length === 0) return;
    try {
      process.env[VARIABLES[need]] = await start();
    } catch (error) {
      if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
      missing.push(need);
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
        return kafka.brokers.join(',');
      }),
      provide('a Kafka of its own', async () => {
        const reason = missingToRunLocally();
        if (reason) throw new NotAvailable(`no Kafka that can be stopped and started: ${reason}`);
        return 'yes';
      }),
      provide('PostgreSQL', async () => {
        const postgres = await startPostgres({ durable: false });
        shared.running.push(postgres);
        return postgres.url;
      }),
      provide('the embedded PostgreSQL', async () => {
        const reason = embeddedPostgresMissing();
        if (reason) throw new NotAvailable(`no embedded PostgreSQL: ${reason}`);
        return 'yes';
      }),
    ]);
    process.env[LEFT_OUT_VARIABLE] = missing.join('\n');
  } catch (error) {
    await Promise.all(shared.running.map((server) => server.stop()));
    throw error;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Bench } from './bench';
import { inChild } from './child';
import type { Where } from './stores';

/** The two projections, by their names as services and in the code of the reports. */
export const PROJECTIONS = [
  { service: 'spend-forecast', schema: 'spend_forecast' },
  { service: 'supplier-commitments', schema: 'supplier_commitments' },
] as const;

export const AUDIT = { service: 'audit', schema: 'audit' } as const;

export type Projection = (typeof PROJECTIONS)[number] | typeof AUDIT;

/** A log with many events in it, about to be projected. */
export interface Ledger {
  readonly where: Where;
  /** Position of its last commit. */
  readonly last: number;
}

/** Any will do; figures are comparable as long as it stays. */
export const MARKET_SEED = 1;
const POLL_MS = 5;
const REACHED_WITHIN_MS = 1_200_000;

/** Fills a fresh log with a market. */
export async function fill({ store, events, signal, progress }: Bench): Promise<Ledger> {
  progress(`filling a ledger with ${events} events`);
  const where = await store.newLog();
  return { where, last: (await inChild('fillMarket', { where, seed: MARKET_SEED, events }, signal)).last };
}

/** How a projection came to the end of the ledger. */
export interface Arrival {
  /** Position up to which it was done when first seen to have done anything, and when that was. */
  readonly from: number;
  readonly seconds: number;
}

/** Waits until a projection that is being started has reached the end of the ledger. */
export async function arrival({ where, last }: Ledger, { schema }: Projection, signal: AbortSignal): Promise<Arrival> {
  const client = new Client({ connectionString: where.databaseUrl });
  await client.connect();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(REACHED_WITHIN_MS)]);
  try {
    let first: { readonly position: number; readonly atMs: number } | undefined;
    for (;;) {
      limit.throwIfAborted();
      const position = await reached(client, schema);
      const atMs = performance.now();
      if (position > 0) first ??= { position, atMs };
      if (first !== undefined && position > last) return { from: first.position, seconds: (atMs - first.atMs) / 1_000 };
      await sleep(POLL_MS, undefined, { signal: limit });
    }
  } finally {
    await client.end();
  }
}

const UNDEFINED_TABLE = '42P01';

/** The position that the tables reach to; 0 as long as there are none. */
async function reached(client: Client, schema: string): Promise<number> {
  try {
    const { rows } = await client.query<{ next_position: string }>(`select next_position from ${schema}.progress`);
    return Number(rows[0]?.next_position);
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return 0;
    throw error;
  }
}

import { lay, rounds, serve, using, type Bench } from './bench';
import { inChild, startChild } from './child';
import type { LoadResult } from './load';
import type { Where } from './stores';

const CONNECTIONS = [1, 16, 64] as const;
const MOST = 64;
const WARM_UP_S = 2;

/** A POST that begins a stream, over and over: ours and a bare server that keeps nothing; alone, the bare store too. */
export async function postRow(bench: Bench): Promise<void> {
  const { store, seconds, signal } = bench;
  await using(async (use) => {
    const where = await store.newLog();
    const ours = await use(serve('deals', where));
    const bare = await use(startChild('barePosts', undefined, signal));
    await lay(ours.url);
    let batch = 0;
    const load = (url: string, connections: number, forS: number): Promise<LoadResult> =>
      inChild('load', { url, connections, seconds: forS, expectedStatus: 201, post: `e${(batch += 1)}` }, signal);
    bench.progress('POST, warming up');
    for (const url of [ours.url, bare.result.url]) await load(url, MOST, Math.min(seconds, WARM_UP_S));

    for (const connections of CONNECTIONS) {
      const alone = connections === 1;
      const row = `POST, ${alone ? 'one at a time' : `${connections} at once`}`;
      await bench.attempt(row, async () => {
        const measured = await rounds(bench, row, async () => ({
          ours: await load(ours.url, connections, seconds),
          bare: await load(bare.result.url, connections, seconds),
          store: alone ? await bareStore(bench, where) : undefined,
        }));
        const isKafka = where.brokers !== undefined;
        const p50Ms = measured.map((round) => round.ours.p50Ms);
        bench.line({
          row,
          unit: '/s',
          ours: measured.map((round) => round.ours.perSecond),
          p50Ms,
          p99Ms: measured.map((round) => round.ours.p99Ms),
          floor: 'bare Fastify + zod',
          floors: measured.map((round) => round.bare.perSecond),
          ...(isKafka && connections === MOST ? { wanted: { ratio: 0.25 } } : {}),
        });
        if (!alone) return;
        bench.line({
          row: `${row}, p50`,
          unit: 'ms',
          ours: p50Ms,
          floor: isKafka ? 'kafkajs, send + read back' : 'pg, one insert',
          floors: measured.map((round) => round.store?.p50Ms ?? NaN),
          ...(isKafka ? { wanted: { ratio: 4 } } : {}),
        });
      });
    }
  });
}

/** The record behind the foundations is an engagement like all others. */
const AN_ENGAGEMENT = { first: 2, last: 2 };

async function bareStore({ store, seconds, signal }: Bench, from: Where): Promise<{ p50Ms: number }> {
  if (from.brokers === undefined) return inChild('insertOneByOne', { from, ...AN_ENGAGEMENT, seconds }, signal);
  const { topic: to } = await store.newLog();
  return inChild('produceAndReadBack', { from, ...AN_ENGAGEMENT, to, seconds }, signal);
}

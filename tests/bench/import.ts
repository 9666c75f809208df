import { lay, rounds, serve, using, type Bench } from './bench';
import { inChild } from './child';
import type { ImportResult } from './load';

const SHAPES = [
  { eventsPerCommit: 20, eventsPerSecond: 10_000, wanted: { ratio: 0.3, atLeast: 20_000 } },
  { eventsPerCommit: 1, eventsPerSecond: 3_000, wanted: undefined },
] as const;

const MOST_PER_ROUND = 100_000;

/** One import of many commits: ours, and the bare client that sends the very records which ours wrote. */
export async function importRow(bench: Bench): Promise<void> {
  const { store, seconds, signal } = bench;
  await using(async (use) => {
    const from = await store.newLog();
    const { url } = await use(serve('deals', from));
    await lay(url);
    const isKafka = from.brokers !== undefined;
    for (const { eventsPerCommit, eventsPerSecond, wanted } of SHAPES) {
      const events = Math.min(MOST_PER_ROUND, seconds * eventsPerSecond);
      const row = `import, ${eventsPerCommit === 1 ? '1 event' : `${eventsPerCommit} events`} a commit`;
      const send = (name: string, count: number): Promise<ImportResult> => {
        const prefix = `${name}-${eventsPerCommit}`;
        return inChild('importCommits', { url, prefix, events: count, eventsPerCommit }, signal);
      };
      await bench.attempt(row, async () => {
        bench.progress(`${row}, warming up`);
        await send('warm', Math.min(events, eventsPerSecond));
        const measured = await rounds(bench, row, async (round) => {
          const { eventsPerSecond: ours, first, last } = await send(`r${round}`, events);
          const bare = isKafka
            ? await inChild('produceBatches', { from, first, last, to: (await store.newLog()).topic }, signal)
            : await inChild('insertBatches', { from, first, last }, signal);
          return { ours, bare: bare.eventsPerSecond };
        });
        bench.line({
          row,
          unit: '/s',
          ours: measured.map((round) => round.ours),
          floor: isKafka ? 'kafkajs, 512 KiB a send' : 'pg, 512 KiB an insert',
          floors: measured.map((round) => round.bare),
          ...(store.name === 'kafka' && wanted ? { wanted } : {}),
        });
      });
    }
  });
}

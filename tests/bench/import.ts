import { lay, rounds, serve, using, type Bench } from './bench';
import { inChild } from './child';

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
    for (const { eventsPerCommit, eventsPerSecond, wanted } of SHAPES) {
      const events = Math.min(MOST_PER_ROUND, seconds * eventsPerSecond);
      const row = `import, ${eventsPerCommit === 1 ? '1 event' : `${eventsPerCommit} events`} a commit`;
      bench.progress(`${row}, warming up`);
      const send = (prefix: string, count: number) =>
        inChild(
          'importCommits',
          { url, prefix: `${prefix}-${eventsPerCommit}`, events: count, eventsPerCommit },
          signal,
        );
      await send('warm', Math.min(events, eventsPerSecond));
      const measured = await rounds(bench, row, async (round) => {
        const ours = await send(`r${round}`, events);
        const { topic: to } = await store.newLog();
        const { first, last } = ours;
        const bare =
          from.brokers === undefined
            ? await inChild('insertBatches', { from, first, last }, signal)
            : await inChild('produceBatches', { from, first, last, to }, signal);
        return { ours: ours.eventsPerSecond, bare: bare.eventsPerSecond };
      });
      const isKafka = from.brokers !== undefined;
      bench.line({
        row,
        unit: '/s',
        ours: measured.map((round) => round.ours),
        floor: isKafka ? 'kafkajs, 512 KiB a send' : 'pg, 512 KiB an insert',
        floors: measured.map((round) => round.bare),
        ...(store.name === 'kafka' && wanted ? { wanted } : {}),
      });
    }
  });
}

import { rounds, serve, using, type Bench } from './bench';
import { inChild } from './child';
import { arrival, PROJECTIONS, type Ledger, type Projection } from './ledger';

/** Each projection built from nothing: ours, and a bare consumer that inserts as many rows. */
export async function projectionRow(bench: Bench, ledger: Ledger): Promise<void> {
  const { store, signal } = bench;
  const { where: from, last } = ledger;
  const isKafka = from.brokers !== undefined;
  for (const projection of PROJECTIONS) {
    const row = `projection, ${projection.service}`;
    await bench.attempt(row, async () => {
      const measured = await rounds(bench, row, async () => {
        const { eventsPerSecond, postingsPerEvent } = await rebuild(bench, ledger, projection);
        const plan = { from, first: 0, last, postingsPerEvent };
        const bare = isKafka
          ? await inChild('consumeAndInsert', { ...plan, databaseUrl: store.databaseUrl }, signal)
          : await inChild('pageAndInsert', plan, signal);
        return { ours: eventsPerSecond, bare: bare.eventsPerSecond };
      });
      bench.line({
        row,
        unit: '/s',
        ours: measured.map((round) => round.ours),
        floor: isKafka ? 'kafkajs, parse, insert' : 'pg, page, parse, insert',
        floors: measured.map((round) => round.bare),
        ...(isKafka ? { wanted: { ratio: 0.4 } } : {}),
      });
    });
  }
}

/** Counts what is projected after the first batch, so that how long a process takes to start is no part of it. */
async function rebuild(
  { store, signal }: Bench,
  ledger: Ledger,
  projection: Projection,
): Promise<{ eventsPerSecond: number; postingsPerEvent: number }> {
  const { schema, service } = projection;
  await store.query(`drop schema if exists ${schema} cascade`);
  const arrived = arrival(ledger, projection, signal);
  const { from, seconds } = await using(async (use) => {
    const started = use(serve(service, ledger.where));
    // Both are awaited, so that neither is left behind when the other fails.
    const [outcome] = await Promise.allSettled([arrived, started]);
    await started;
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const [counted] = await store.query<{ events: string; all_events: string; all_postings: string }>(`
    select count(*) filter (where position >= ${from}) as events, count(*) as all_events,
      (select count(*) from ${schema}.postings) as all_postings
    from ${schema}.events`);
  return {
    eventsPerSecond: Number(counted?.events) / seconds,
    postingsPerEvent: Number(counted?.all_postings) / Number(counted?.all_events),
  };
}

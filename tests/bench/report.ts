import { rounds, serve, using, type Bench } from './bench';
import { inChild, startChild } from './child';
import { firstDealOf } from './events';
import type { LoadResult } from './load';
import { arrival, LEDGER_PREFIX, PROJECTIONS, type Ledger, type Projection } from './ledger';

const EFFECTIVE_ON = '2025-12-31';

interface Question {
  readonly report: string;
  readonly title: string;
  readonly projection: Projection;
  readonly filter: Readonly<Record<string, string>>;
}

const [spendForecast, supplierCommitments] = PROJECTIONS;

const QUESTIONS: readonly Question[] = [
  { report: 'funding-position', title: 'funding-position', projection: spendForecast, filter: {} },
  { report: 'commitment-lines', title: 'commitment-lines', projection: supplierCommitments, filter: {} },
  {
    report: 'commitment-lines',
    title: 'commitment-lines of a deal',
    projection: supplierCommitments,
    filter: { dealId: firstDealOf(LEDGER_PREFIX) },
  },
];

/** Reports read by one client: ours, a bare server that has the answer in memory, and the bare statement. */
export async function reportRow(bench: Bench, ledger: Ledger): Promise<void> {
  await using(async (use) => {
    const urls = new Map<Projection, string>();
    for (const projection of PROJECTIONS) {
      bench.progress(`report, projecting ${projection.service}`);
      urls.set(projection, (await use(serve(projection.service, ledger.where))).url);
      await arrival(ledger, projection, bench.signal);
    }
    for (const question of QUESTIONS) {
      const url = urls.get(question.projection) as string;
      await bench.attempt(`report, ${question.title}`, () => ask(bench, ledger, question, url));
    }
  });
}

function ask(bench: Bench, { last: position }: Ledger, question: Question, url: string): Promise<void> {
  const { seconds, signal, store } = bench;
  const { report, title, filter } = question;
  const get = `/v1/reports/${report}?${new URLSearchParams({ effectiveOn: EFFECTIVE_ON, ...filter }).toString()}`;
  const load = (from: string, path: string): Promise<LoadResult> =>
    inChild('load', { url: from, connections: 1, seconds, expectedStatus: 200, get: path }, signal);
  const sql = {
    databaseUrl: store.databaseUrl,
    report,
    position,
    effectiveOn: EFFECTIVE_ON,
    filter,
    seconds,
  };
  return using(async (use) => {
    const { result: bare } = await use(startChild('bareAnswers', { url: `${url}${get}` }, signal));
    const measured = await rounds(bench, `report, ${title}`, async () => ({
      ours: await load(url, get),
      bare: await load(bare.url, '/'),
      sql: await inChild('statement', sql, signal),
    }));
    const ours = {
      row: `report, ${title}, ${sizeOf(bare.bytes)}, p50`,
      unit: 'ms' as const,
      ours: measured.map((round) => round.ours.p50Ms),
      p99Ms: measured.map((round) => round.ours.p99Ms),
    };
    bench.line({ ...ours, floor: 'bare Fastify, from memory', floors: measured.map((round) => round.bare.p50Ms) });
    bench.line({ ...ours, floor: 'pg, the statement alone', floors: measured.map((round) => round.sql.p50Ms) });
  });
}

const sizeOf = (bytes: number): string =>
  bytes < 100_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

import { rounds, serve, using, type Bench } from './bench';
import { inChild } from './child';
import { arrival, MARKET_SEED, PROJECTIONS, type Ledger, type Projection } from './ledger';
import type { ReadPlan, ReadResult } from './reads';

interface Question {
  readonly report: string;
  readonly projection: Projection;
  /** The stream that its filter by an id asks for, and the filter. */
  readonly one?: { readonly kind: string; readonly filter: string };
}

const [spendForecast, supplierCommitments] = PROJECTIONS;

/** Every report but circular flows, which is asked for rarely and looks at everything. */
const QUESTIONS: readonly Question[] = [
  { report: 'spend-outlook', projection: spendForecast },
  { report: 'forecast-versions', projection: spendForecast, one: { kind: 'forecast', filter: 'forecastId' } },
  { report: 'obligations-maturity', projection: spendForecast },
  { report: 'funding-position', projection: spendForecast, one: { kind: 'funding', filter: 'fundingId' } },
  { report: 'deal-register', projection: supplierCommitments, one: { kind: 'deal', filter: 'dealId' } },
  { report: 'commitment-lines', projection: supplierCommitments, one: { kind: 'deal', filter: 'dealId' } },
  { report: 'capacity-balance', projection: supplierCommitments, one: { kind: 'pool', filter: 'poolId' } },
  {
    report: 'delivery-schedule',
    projection: supplierCommitments,
    one: { kind: 'reservation', filter: 'reservationId' },
  },
  { report: 'counterparty-exposure', projection: supplierCommitments },
  { report: 'site-board', projection: supplierCommitments, one: { kind: 'site', filter: 'siteId' } },
];

const LATEST_MS = 50;
const AS_OF_MS = 300;

/**
 * Reports read by one client: the first page of each, and one root of it; as known last, while the
 * ledger moves before each read and while it stands still, and as known at the middle of the ledger.
 */
export async function reportRow(bench: Bench, ledger: Ledger): Promise<void> {
  await using(async (use) => {
    let since = 0;
    for (const projection of PROJECTIONS) {
      bench.progress(`report, projecting ${projection.service}`);
      const { url } = await use(serve(projection.service, ledger.where));
      await arrival(ledger, projection, bench.signal);
      const read = async (plan: Omit<ReadPlan, 'url' | 'seconds' | 'moving'>, moves: boolean): Promise<ReadResult> => {
        const { where } = ledger;
        const moving = { where, schema: projection.schema, since, seed: MARKET_SEED, events: bench.events };
        const asked = { url, seconds: bench.seconds, ...plan, ...(moves ? { moving } : {}) };
        const result = await inChild('reads', asked, bench.signal);
        if (moves) since += result.reads;
        return result;
      };
      for (const question of QUESTIONS.filter((each) => each.projection === projection))
        await bench.attempt(`report, ${question.report}`, () => ask(bench, ledger, question, read));
    }
  });
}

type Read = (plan: Omit<ReadPlan, 'url' | 'seconds' | 'moving'>, moves: boolean) => Promise<ReadResult>;

async function ask(bench: Bench, { last }: Ledger, { report, projection, one }: Question, read: Read): Promise<void> {
  const asOf = Math.floor(last / 2);
  const measure = async (title: string, path: string): Promise<void> => {
    const measured = await rounds(bench, `report, ${title}`, async () => ({
      moving: await read({ path }, true),
      still: await read({ path }, false),
      past: await read({ path, asOf }, false),
    }));
    const line = (how: string, results: readonly ReadResult[], under: number): void =>
      bench.line({
        row: `report, ${title}, ${how}`,
        unit: 'ms',
        ours: results.map(({ p50Ms }) => p50Ms),
        p99Ms: results.map(({ p99Ms }) => p99Ms),
        wanted: { p99Ms: under },
      });
    line(
      'latest, moving',
      measured.map(({ moving }) => moving),
      LATEST_MS,
    );
    line(
      'latest, still',
      measured.map(({ still }) => still),
      LATEST_MS,
    );
    line(
      'asOf the middle',
      measured.map(({ past }) => past),
      AS_OF_MS,
    );
  };
  await measure(`${report}, first page`, `/v1/reports/${report}?limit=100`);
  if (one === undefined) return;
  const id = await anyOf(bench, projection, one.kind, asOf);
  await measure(`${report}, one ${one.kind}`, `/v1/reports/${report}?${one.filter}=${id}`);
}

/** The stream of a kind that had most events by then. */
async function anyOf({ store }: Bench, { schema }: Projection, kind: string, position: number): Promise<string> {
  const [found] = await store.query<{ stream: string }>(
    `select stream from ${schema}.events where stream like '${kind}/%' and position <= ${position}
     group by stream order by count(*) desc, stream limit 1`,
  );
  if (found === undefined) throw new Error(`no ${kind} by position ${position}: fill in more events`);
  return found.stream.slice(kind.length + 1);
}

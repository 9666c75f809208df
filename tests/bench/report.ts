import { PROJECTIONS as SETS } from '@deal-ledger/reports';
import { send } from '../support/client';
import { rounds, serve, using, type Bench } from './bench';
import { inChild } from './child';
import { arrival, MARKET_SEED, PROJECTIONS, type Ledger, type Projection } from './ledger';
import type { ReadPlan, ReadResult } from './reads';

interface Question {
  readonly report: string;
  readonly projection: Projection;
  /** The column of it that is explained. */
  readonly figure: string;
  /** The stream that its filter by an id asks for, and the filter. */
  readonly one?: { readonly kind: string; readonly filter: string };
}

const [spendForecast, supplierCommitments] = PROJECTIONS;

/** Every report but circular flows, which is asked for rarely and looks at everything. */
const QUESTIONS: readonly Question[] = [
  { report: 'spend-outlook', figure: 'committedFirm', projection: spendForecast },
  {
    report: 'forecast-versions',
    figure: 'amount',
    projection: spendForecast,
    one: { kind: 'forecast', filter: 'forecastId' },
  },
  { report: 'obligations-maturity', figure: 'total', projection: spendForecast },
  {
    report: 'funding-position',
    figure: 'received',
    projection: spendForecast,
    one: { kind: 'funding', filter: 'fundingId' },
  },
  { report: 'deal-register', figure: 'legs', projection: supplierCommitments, one: { kind: 'deal', filter: 'dealId' } },
  {
    report: 'commitment-lines',
    figure: 'incurred',
    projection: supplierCommitments,
    one: { kind: 'deal', filter: 'dealId' },
  },
  {
    report: 'capacity-balance',
    figure: 'reservedFirm',
    projection: supplierCommitments,
    one: { kind: 'pool', filter: 'poolId' },
  },
  {
    report: 'delivery-schedule',
    figure: 'delivered',
    projection: supplierCommitments,
    one: { kind: 'reservation', filter: 'reservationId' },
  },
  { report: 'counterparty-exposure', figure: 'owedFirmRemaining', projection: supplierCommitments },
  { report: 'site-board', figure: 'power', projection: supplierCommitments, one: { kind: 'site', filter: 'siteId' } },
];

const DEFINITIONS = SETS.flatMap(({ reports }) => reports);

const LATEST_MS = 50;
const AS_OF_MS = 300;
const EXPLAIN_MS = 100;
/** Each explanation is asked for as known at another of the last positions, so that none is kept from the one before. */
const LAST_POSITIONS = 1_000;

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
        await bench.attempt(`report, ${question.report}`, () => ask(bench, ledger, question, url, read));
    }
  });
}

type Read = (plan: Omit<ReadPlan, 'url' | 'seconds' | 'moving'>, moves: boolean) => Promise<ReadResult>;

async function ask(bench: Bench, { last }: Ledger, question: Question, url: string, read: Read): Promise<void> {
  const { report, projection, one, figure } = question;
  const asOf = Math.floor(last / 2);
  const line = (row: string, results: readonly ReadResult[], under: number): void =>
    bench.line({
      row: `report, ${row}`,
      unit: 'ms',
      ours: results.map(({ p50Ms }) => p50Ms),
      p99Ms: results.map(({ p99Ms }) => p99Ms),
      wanted: { p99Ms: under },
    });
  const measure = async (title: string, query: string): Promise<void> => {
    const path = `/v1/reports/${report}?${query}`;
    const explained = `/v1/reports/${report}/explain?column=${figure}&key=${await keyOfFirst(question, url + path)}`;
    const measured = await rounds(bench, `report, ${title}`, async () => ({
      moving: await read({ path }, true),
      still: await read({ path }, false),
      past: await read({ path, asOf }, false),
      explained: await read({ path: explained, asOf: Math.max(0, last - LAST_POSITIONS) }, false),
    }));
    const of = (which: keyof (typeof measured)[number]): ReadResult[] => measured.map((each) => each[which]);
    line(`${title}, latest, moving`, of('moving'), LATEST_MS);
    line(`${title}, latest, still`, of('still'), LATEST_MS);
    line(`${title}, asOf the middle`, of('past'), AS_OF_MS);
    line(`${title}, explain ${figure}`, of('explained'), EXPLAIN_MS);
  };
  await bench.attempt(`report, ${report}, first page`, () => measure(`${report}, first page`, 'limit=100'));
  if (one === undefined) return;
  const id = await anyOf(bench, projection, one.kind, asOf);
  const title = `${report}, one ${one.kind}`;
  await bench.attempt(`report, ${title}`, () => measure(title, `${one.filter}=${id}`));
}

/** The key of the first row that has the figure. */
async function keyOfFirst({ report, figure }: Question, url: string): Promise<string> {
  const definition = DEFINITIONS.find(({ name }) => name === report);
  if (definition === undefined) throw new Error(`there is no report ${report}`);
  const { json, status, text } = await send(url);
  if (status !== 200) throw new Error(`${url} was answered ${status}: ${text}`);
  const rows = json['rows'] as Readonly<Record<string, unknown>>[];
  const row = rows.find((each) => each[figure] !== null && Number(each[figure]) !== 0) ?? rows[0];
  if (row === undefined) throw new Error(`${report} has no rows`);
  const key = definition.key.map((column) => row[column]).filter((part) => part !== null);
  return encodeURIComponent(key.join('/'));
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

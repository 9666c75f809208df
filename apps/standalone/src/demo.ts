import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { Command } from 'commander';

/** `npm run demo`: tells the ledger a story over HTTP, then prints the reports that come of it. */
interface Chapter {
  readonly title: string;
  /** In `data`, a commit a line. */
  readonly file: string;
  /** The day by which it was known. */
  readonly effectiveOn: string;
  /** Names of the reports that are worth a look then. */
  readonly reports: readonly string[];
}

const CHAPTERS: readonly Chapter[] = [
  {
    title: 'What one article supports',
    file: 'article.jsonl',
    effectiveOn: '2025-10-05',
    reports: ['commitment-lines', 'capacity-balance', 'spend-outlook', 'forecast-versions', 'funding-position'],
  },
  {
    title: 'After further sources: chips that were wafers, letters of intent, tranches',
    file: 'further-sources.jsonl',
    effectiveOn: '2025-11-20',
    reports: ['deal-register', 'capacity-balance', 'funding-position'],
  },
];

const TIMEOUT_MS = 30_000;

interface ReportView {
  readonly name: string;
  readonly title: string;
  /** Columns that fit a terminal: heading → column. */
  readonly columns: Readonly<Record<string, string>>;
}

const VIEWS: readonly ReportView[] = [
  {
    name: 'deal-register',
    title: 'Deals: how far each has come',
    columns: {
      deal: 'dealId',
      kinds: 'kinds',
      parties: 'parties',
      stage: 'stage',
      instrument: 'instrument',
      signed: 'signedOn',
      probability: 'probability',
      'which is': 'probabilitySource',
      legs: 'legs',
      undisclosed: 'undisclosedLegs',
    },
  },
  {
    name: 'commitment-lines',
    title: 'Supplier commitments: who owes what to whom, leg by leg',
    columns: {
      deal: 'dealId',
      leg: 'legId',
      class: 'class',
      from: 'providers',
      to: 'receivers',
      item: 'itemId',
      'quantity, at most': 'qtyCeiling',
      unit: 'unit',
      per: 'per',
      'money, at most': 'ceiling',
      firm: 'firm',
      ladder: 'ladder',
      undisclosed: 'undisclosed',
    },
  },
  {
    name: 'capacity-balance',
    title: 'Capacity: what is asked for beside what there is',
    columns: {
      pool: 'poolId',
      period: 'period',
      capacity: 'capacity',
      bound: 'capacityBound',
      unit: 'unit',
      requested: 'requestedCeiling',
      'reserved firm': 'reservedFirm',
      'at ceiling': 'ratioAtCeiling',
      '': 'ratioBound',
      flags: 'flags',
    },
  },
  {
    name: 'spend-outlook',
    title: 'Spend forecast: what is committed beside what was forecast',
    columns: {
      entity: 'entityId',
      category: 'category',
      period: 'period',
      currency: 'currency',
      'committed firm': 'committedFirm',
      low: 'forecastLow',
      base: 'forecastBase',
      high: 'forecastHigh',
      status: 'forecastStatus',
      undisclosed: 'undisclosedLegs',
    },
  },
  {
    name: 'forecast-versions',
    title: 'Forecasts, version by version',
    columns: {
      forecast: 'forecastId',
      version: 'version',
      measure: 'measure',
      basis: 'basis',
      period: 'period',
      scenario: 'scenario',
      amount: 'amount',
      currency: 'currency',
      bound: 'bound',
    },
  },
  {
    name: 'funding-position',
    title: 'Funding: promised, committed, drawn, and what it weighs',
    columns: {
      funding: 'fundingId',
      tranche: 'trancheId',
      ladder: 'ladder',
      ceiling: 'ceiling',
      committed: 'committed',
      available: 'available',
      received: 'received',
      probability: 'probability',
      weighted: 'weightedRemaining',
      currency: 'currency',
      undisclosed: 'undisclosed',
    },
  },
];

const command = new Command('demo')
  .description(
    'Posts over HTTP the events of one news article of October 2025, then what further sources corrected and completed, and prints the reports. May be run again: what is recorded is not doubled.',
  )
  .option('--url <url>', 'where the ledger listens', process.env['LEDGER_URL'] ?? 'http://127.0.0.1:3000')
  .option('--json', 'print the reports as JSON instead of tables')
  .action(run);

async function run({ url, json }: { url: string; json?: boolean }): Promise<void> {
  const ledger = url.replace(/\/$/, '');
  const ends = await postAll(ledger);
  for (const [index, { title, effectiveOn, reports }] of CHAPTERS.entries()) {
    if (!json) console.log(`\n${title.toUpperCase()}`);
    for (const view of VIEWS.filter(({ name }) => reports.includes(name))) {
      const address = `${ledger}/v1/reports/${view.name}?asOf=${ends[index]}&effectiveOn=${effectiveOn}&limit=1000`;
      const report = (await request(address)) as { rows: Record<string, unknown>[]; meta: Record<string, unknown> };
      if (json) console.log(JSON.stringify({ report: view.name, ...report }));
      else printReport(view, report.rows, report.meta, address);
    }
  }
}

/** Posts every commit in order and answers for each chapter the position of its last one. */
async function postAll(url: string): Promise<number[]> {
  const chapters = CHAPTERS.map(({ file }) => commitsIn(file));
  const total = chapters.flat(2).length;
  const bar = new SingleBar(
    {
      format: 'posting events [{bar}] {value}/{total}',
      noTTYOutput: true,
      notTTYSchedule: 1_000,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  const ends: number[] = [];
  try {
    for (const commits of chapters) {
      let position = 0;
      for (const events of commits) {
        position = ((await request(`${url}/v1/commits`, { events })) as { position: number }).position;
        bar.increment(events.length);
      }
      ends.push(position);
    }
  } finally {
    bar.stop();
  }
  return ends;
}

const commitsIn = (file: string): object[][] =>
  readFileSync(join(__dirname, '../data', file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { events: object[] }).events);

async function request(url: string, body?: object): Promise<unknown> {
  const init: RequestInit = body
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    : {};
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new Error(
      `nothing answers at ${new URL(url).origin} (${String((error as Error).cause ?? error)}). Start the ledger with npm start, or name another with --url.`,
    );
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${init.method ?? 'GET'} ${url} was answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

function printReport(
  { title, columns }: ReportView,
  rows: readonly Record<string, unknown>[],
  meta: Record<string, unknown>,
  address: string,
): void {
  const table = new Table({ head: Object.keys(columns), style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(Object.values(columns).map((column) => shown(row[column])));
  console.log(`\n${title}\n${table.toString()}`);
  console.log(
    `${rows.length} rows, as known at position ${String(meta['asOfPosition'])}, effective on ${String(meta['effectiveOn'])}; “–” is not stated or not disclosed`,
  );
  console.log(`totals ${JSON.stringify(meta['totals'])}\n${address}`);
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value)) return value.map(String).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = String(value);
  return /^-?\d{5,}(\.\d+)?$/.test(text) ? grouped(text) : text;
}

/** Thousands apart, digit for digit: no number type comes near. */
const grouped = (decimal: string): string =>
  decimal.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));

command.parseAsync().catch((error: unknown) => {
  console.error(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});

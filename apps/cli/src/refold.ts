import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { EmbeddedPostgresFailed, startEmbeddedPostgres } from '@deal-ledger/log';
import { ProjectionModule } from '@deal-ledger/projection';
import { pathOf, PROJECTIONS, type ReportDefinition, type ReportSet } from '@deal-ledger/reports';
import { createService, settingsOf } from '@deal-ledger/service';
import { EXIT, Failure } from './failure';
import { linesOf } from './lines';
import { grouped, printLine, type Global } from './output';
import { progressOf } from './progress';
import { ReplayedLog, type Verdicts } from './replayed-log';
import { addressOf, ask, askJson, bytesOf, type Query } from './service';

type Row = Readonly<Record<string, unknown>>;

interface Meta extends Row {
  readonly asOfPosition: number;
  readonly effectiveOn: string;
}

/** Where the two say something else: the row, and per column what is here and what is there. */
interface Difference {
  readonly where: string;
  readonly columns: Readonly<Record<string, { readonly here: unknown; readonly there: unknown }>>;
}

const POLL_MS = 200;

/**
 * Folds the events of a ledger into a report anew, in a database that is thrown away, and compares
 * every row and total with what the service answers. Nothing of the service is believed but its
 * records, which are judged here: the postings are made again by the same rules, and read by the same
 * report.
 */
export async function refold(name: string, query: Query, { url, json }: Global): Promise<void> {
  const { set, definition } = found(name);
  const there = addressOf(url, pathOf(definition), { ...query, limit: '1', format: 'json' });
  const { meta } = await askJson<{ meta: Meta }>(there);
  const asked = { ...query, asOf: String(meta.asOfPosition), effectiveOn: meta.effectiveOn };
  await folded(set, url, meta.asOfPosition, async (local, log) => {
    const here = addressOf(local, pathOf(definition), { ...asked, limit: '1', format: 'json' });
    const mine = (await Promise.race([whenProjected(here), log.failed])).meta;
    const { rows, difference = inMeta(mine, meta) } = await compared(definition, asked, { local, url });
    const result = { report: name, asOfPosition: meta.asOfPosition, effectiveOn: meta.effectiveOn, rows };
    if (json === true)
      await printLine(
        JSON.stringify({
          same: difference === undefined,
          ...result,
          records: log.verdicts,
          difference: difference ?? null,
        }),
      );
    else await printLine(wording(result, log.verdicts, difference));
    if (difference !== undefined) process.exitCode = EXIT.refused;
  });
}

function found(name: string): { readonly set: ReportSet; readonly definition: ReportDefinition } {
  for (const set of PROJECTIONS) {
    const definition = set.reports.find((report) => report.name === name);
    if (definition !== undefined) return { set, definition };
  }
  throw new Failure(EXIT.usage, `there is no report "${name}". ledger report lists those that there are.`);
}

/** Projects the replay of a ledger into a database of its own, which goes when `work` is done. */
async function folded(
  set: ReportSet,
  url: string,
  last: number,
  work: (local: string, log: ReplayedLog) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-fold-'));
  // Its own user comes to it, where this one may do anything.
  await chmod(folder, 0o755);
  const stopped = new Promise<never>((_, reject) =>
    process.once('SIGINT', () => reject(new Failure(EXIT.interrupted, 'stopped.'))),
  );
  const progress = progressOf('folding', last, 'positions');
  const undo: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const database = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), durable: false }).catch(
      (error: unknown) => {
        if (error instanceof EmbeddedPostgresFailed) throw new Failure(EXIT.unavailable, error.message);
        throw error;
      },
    );
    undo.push(() => database.stop());
    const log = new ReplayedLog(url, last, (position) => progress.reached(position));
    const app = await createService({
      name: 'fold',
      module: ProjectionModule.register({ ...set, connectionString: database.url, log }),
      settings: settingsOf({ LOG_LEVEL: 'silent' }),
      openApi: { title: set.name, description: '' },
    });
    undo.push(() => app.close());
    await app.listen(0, '127.0.0.1');
    await Promise.race([work(await app.getUrl(), log), stopped]);
  } finally {
    progress.stop();
    for (const step of undo.reverse()) await step();
  }
}

async function whenProjected(address: URL): Promise<{ meta: Meta }> {
  for (;;) {
    try {
      return await askJson<{ meta: Meta }>(address);
    } catch (error) {
      const code = error instanceof Failure ? error.members['code'] : undefined;
      if (code !== 'PROJECTION_BEHIND' && code !== 'TOO_SLOW') throw error;
      await sleep(POLL_MS);
    }
  }
}

/** Row by row in the order of the report, to the first that differs. */
async function compared(
  definition: ReportDefinition,
  query: Query,
  { local, url }: { readonly local: string; readonly url: string },
): Promise<{ readonly rows: number; readonly difference: Difference | undefined }> {
  const [here, there] = [local, url].map((each) => rowsOf(each, definition, query)) as [Rows, Rows];
  try {
    for (let rows = 0; ; rows += 1) {
      const [mine, theirs] = await Promise.all([here.next(), there.next()]);
      if (mine.done === true && theirs.done === true) return { rows, difference: undefined };
      const [row, other] = [mine.value ?? undefined, theirs.value ?? undefined];
      if (row !== other) return { rows, difference: between(definition, row, other) };
    }
  } finally {
    await Promise.all([here.return(), there.return()]);
  }
}

type Rows = AsyncGenerator<string, void, undefined>;

async function* rowsOf(url: string, definition: ReportDefinition, query: Query): Rows {
  const address = addressOf(url, pathOf(definition), { ...query, format: 'ndjson' });
  for await (const lines of linesOf(bytesOf(await ask(address), address))) yield* lines;
}

function between({ key }: ReportDefinition, mine: string | undefined, theirs: string | undefined): Difference {
  const [here, there] = [mine, theirs].map((text) => (text === undefined ? {} : (JSON.parse(text) as Row))) as [
    Row,
    Row,
  ];
  const nameOf = (row: Row): string => key.map((column) => `${column} ${String(row[column])}`).join(', ');
  const isSame = mine !== undefined && theirs !== undefined && nameOf(here) === nameOf(there);
  const where = isSame
    ? nameOf(here)
    : `${mine === undefined ? 'no row' : nameOf(here)} here where ${theirs === undefined ? 'no row' : nameOf(there)} is there`;
  return { where, columns: differing(here, there) };
}

/** What is said of all rows; a cursor is but an address. */
function inMeta({ nextCursor: _, ...here }: Row, { nextCursor: __, ...there }: Row): Difference | undefined {
  const columns = differing(here, there);
  return Object.keys(columns).length === 0 ? undefined : { where: 'what is said of all rows', columns };
}

function differing(here: Row, there: Row): Difference['columns'] {
  const columns = [...new Set([...Object.keys(here), ...Object.keys(there)])];
  return Object.fromEntries(
    columns
      .filter((column) => !isDeepStrictEqual(here[column], there[column]))
      .map((column) => [column, { here: here[column] ?? null, there: there[column] ?? null }]),
  );
}

function wording(
  {
    report,
    asOfPosition,
    effectiveOn,
    rows,
  }: { report: string; asOfPosition: number; effectiveOn: string; rows: number },
  { fact, void: lost, foreign }: Verdicts,
  difference: Difference | undefined,
): string {
  const about = `${report} as known at position ${asOfPosition}, effective on ${effectiveOn}`;
  const of = `folded anew from ${grouped(String(fact))} commits (${lost} void and ${foreign} foreign records passed over)`;
  if (difference === undefined) return `same: ${about}: all ${grouped(String(rows))} rows and their totals, ${of}`;
  const columns = Object.entries(difference.columns).map(
    ([column, { here, there }]) => `  ${column}: ${JSON.stringify(here)} here, ${JSON.stringify(there)} there`,
  );
  return [`differs: ${about}, ${of}`, `${difference.where}:`, ...columns].join('\n');
}

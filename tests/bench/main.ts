import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { startKafka, type RunningKafka } from '../harness/kafka';
import { KAFKA_VERSION } from '../harness/kafka-jars';
import { startPostgres } from '../harness/postgres';
import { using, type Bench } from './bench';
import { importRow } from './import';
import { fill, type Ledger } from './ledger';
import { postRow } from './post';
import { projectionRow } from './projection';
import { replayRow } from './replay';
import { reportRow } from './report';
import { Store, STORES, type StoreName } from './stores';
import { ratioOf, tableOf, type Line } from './table';

const ROWS = ['post', 'import', 'projection', 'report', 'replay'] as const;
type RowName = (typeof ROWS)[number];

interface Options {
  readonly store: readonly StoreName[];
  readonly rows: readonly RowName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly events: number;
  readonly json?: string;
}

/** `npm run bench`: how fast it is, always beside the least that the same work costs on the same machine. */
const command = new Command('bench')
  .description(
    'Measures the services, each row in turns with its floor: the bare server, client or database under it. Starts a local Kafka (needs Java, and Maven the first time) and PostgreSQL unless KAFKA_BROKERS and DATABASE_URL name others; leaves nothing behind. The table goes to stdout.',
  )
  .addOption(listOption('--store <names>', STORES))
  .addOption(listOption('--rows <names>', ROWS))
  .option('--rounds <count>', 'how often each row is measured', wholeFrom(1, 100), 3)
  .option('--seconds <count>', 'how long a row and its floor run in a round', wholeFrom(1, 60), 5)
  .option('--events <count>', 'events in the ledger that is projected and read', wholeFrom(5_000, 1_000_000), 100_000)
  .option('--json <file>', 'writes every single value there, too')
  .action(run);

const progress = (text: string): boolean => process.stderr.write(`… ${text}\n`);

async function run(options: Options): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => {
    progress('stopping');
    stopping.abort(new Error('stopped'));
  };
  // Not once: a library that is loaded on the way ends the process when it finds nobody else listening.
  process.on('SIGINT', stop).on('SIGTERM', stop);

  const lines: Line[] = [];
  const failures: string[] = [];
  const machine = await using(async (use) => {
    progress('starting PostgreSQL');
    const postgres = await use(startPostgres());
    let kafka: RunningKafka | undefined;
    if (options.store.some((name) => name !== 'postgres')) {
      progress('starting Kafka');
      kafka = await use(startKafka());
    }
    let described = '';
    for (const name of options.store) {
      const store = await Store.create(name, postgres, name === 'postgres' ? undefined : kafka);
      await use(Promise.resolve({ stop: () => store.remove() }));
      described ||= await machineOf(store, kafka);
      failures.push(...(await measure(store, options, stopping.signal, lines)));
    }
    return described;
  });

  if (lines.length > 0) {
    process.stdout.write(
      `\n${machine}\nmedian (min–max) of ${options.rounds} rounds of ${options.seconds} s\n\n${tableOf(lines)}\n`,
    );
  }
  if (options.json !== undefined) {
    const measured = lines.map((line) => ({ ...line, ratio: ratioOf(line) }));
    writeFileSync(options.json, `${JSON.stringify({ machine, options, lines: measured, failures }, undefined, 2)}\n`);
  }
  for (const failure of failures) process.stderr.write(`FAILED ${failure}\n`);
  process.exitCode = stopping.signal.aborted ? 130 : failures.length > 0 ? 1 : 0;
}

/** Measures the rows on one store; answers those that failed, and why. */
async function measure(store: Store, options: Options, signal: AbortSignal, lines: Line[]): Promise<string[]> {
  const { rounds, seconds, events } = options;
  const failures: string[] = [];
  const bench: Bench = {
    store,
    rounds,
    seconds,
    events,
    signal,
    progress: (what) => progress(`${store.name}: ${what}`),
    attempt: async (row, work) => {
      if (signal.aborted) return;
      await work().catch((error: unknown) => {
        if (signal.aborted) return;
        failures.push(`${row} on ${store.name}: ${detailsOf(error)}`);
        progress(`${store.name}: ${row} failed`);
      });
    },
    line: (line) => lines.push({ store: store.name, ...line }),
  };
  let ledger: Promise<Ledger> | undefined;
  const filled = (): Promise<Ledger> => (ledger ??= fill(bench));
  const measures: Readonly<Record<RowName, () => Promise<void>>> = {
    post: () => postRow(bench),
    import: () => importRow(bench),
    projection: async () => projectionRow(bench, await filled()),
    report: async () => reportRow(bench, await filled()),
    replay: async () => replayRow(bench, await filled()),
  };
  for (const row of options.rows)
    if (!isSettled(row, store.name, options.store)) await bench.attempt(row, measures[row]);
  return failures;
}

/** Reading is the same whether or not the broker flushes: once is enough. */
const isSettled = (row: RowName, store: StoreName, all: readonly StoreName[]): boolean =>
  ['projection', 'report', 'replay'].includes(row) && store === 'kafka-flush' && all.includes('kafka');

async function machineOf(store: Store, kafka: RunningKafka | undefined): Promise<string> {
  const [postgres] = await store.query<{ server_version: string }>('show server_version');
  const [cpu] = cpus();
  return [
    `${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores`,
    `Node ${process.versions.node}`,
    ...(kafka === undefined ? [] : [kafka.origin === 'environment' ? 'a given Kafka' : `Kafka ${KAFKA_VERSION}`]),
    `PostgreSQL ${postgres?.server_version ?? ''}`,
  ].join(' · ');
}

function listOption(flags: string, names: readonly string[]): Option {
  return new Option(flags, `which of ${names.join(', ')}, separated by commas`)
    .default([...names], 'all')
    .argParser((text) => {
      const given = text.split(',').map((name) => name.trim());
      const unknown = given.find((name) => !names.includes(name));
      if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of them`);
      return names.filter((name) => given.includes(name));
    });
}

function wholeFrom(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high)
      throw new InvalidArgumentError(`it is a whole number from ${low} to ${high}`);
    return value;
  };
}

const detailsOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

command.parseAsync().catch((error: unknown) => {
  process.stderr.write(`The benchmark could not run: ${detailsOf(error)}\n`);
  process.exitCode = 1;
});

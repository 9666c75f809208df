import { startService, type RunningService, type ServiceName } from '../harness/services';
import { post } from '../support/client';
import { foundations } from './events';
import { settingsFor, type Store, type Where } from './stores';
import type { Line } from './table';

/** What a row of the benchmark is given. */
export interface Bench {
  readonly store: Store;
  readonly rounds: number;
  readonly seconds: number;
  /** Events of the ledger that is projected and read. */
  readonly events: number;
  readonly signal: AbortSignal;
  /** Says what is being measured. */
  progress(what: string): void;
  /** Does what belongs to one row; when it fails that is kept, and the others go on. */
  attempt(row: string, work: () => Promise<void>): Promise<void>;
  /** Keeps a line of the table. */
  line(line: Omit<Line, 'store'>): void;
}

/** Stops what was started, last first, whatever becomes of the work. */
export async function using<Result>(
  work: (use: <One extends { stop(): Promise<void> }>(starting: Promise<One>) => Promise<One>) => Promise<Result>,
): Promise<Result> {
  const running: { stop(): Promise<void> }[] = [];
  try {
    return await work(async (starting) => {
      const one = await starting;
      running.push(one);
      return one;
    });
  } finally {
    for (const one of running.reverse()) {
      await one
        .stop()
        .catch((error: unknown) => process.stderr.write(`not everything could be stopped: ${String(error)}\n`));
    }
  }
}

/** A service on a log, as a process of its own. */
export const serve = (service: ServiceName, where: Where): Promise<RunningService> =>
  startService({ service, environment: settingsFor(where) });

/** Records what all events of the benchmark rest on. */
export async function lay(url: string): Promise<void> {
  const answer = await post(`${url}/v1/commits`, { events: foundations() });
  if (answer.status !== 201) throw new Error(`the foundations were answered ${answer.status}: ${answer.text}`);
}

/** Goes round by round; what `measure` does one after the other lies close together in time. */
export async function rounds<Values>(
  { rounds: count, signal, progress }: Bench,
  what: string,
  measure: (round: number) => Promise<Values>,
): Promise<Values[]> {
  const measured: Values[] = [];
  for (let round = 1; round <= count; round += 1) {
    signal.throwIfAborted();
    progress(`${what}, round ${round} of ${count}`);
    measured.push(await measure(round));
  }
  return measured;
}

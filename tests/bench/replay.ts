import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningService } from '../harness/services';
import { rounds, serve, using, type Bench } from './bench';
import { inChild } from './child';
import { arrival, AUDIT, type Ledger } from './ledger';

const POLL_MS = 200;

/**
 * The whole ledger replayed over HTTP, judged on the way: ours, and a bare client of the log that
 * parses it. What else the service makes of the ledger is made before, by a process that has ended.
 */
export async function replayRow(bench: Bench, ledger: Ledger): Promise<void> {
  const { signal } = bench;
  bench.progress('replay, letting the auditors’ service reach the end first');
  const plan = { from: ledger.where, first: 0, last: ledger.last };
  const isKafka = ledger.where.brokers !== undefined;
  const measured = await using(async (use) => {
    const service = await use(servingAll(bench, ledger));
    return rounds(bench, 'replay', async () => {
      await service.start();
      const { lines, seconds } = await inChild('takeReplay', { url: service.url }, signal);
      const peakMb = peakOf(service.pid);
      await service.kill9();
      if (lines !== ledger.last + 1) throw new Error(`${lines} lines came of ${ledger.last + 1} records`);
      const bare = await inChild(isKafka ? 'consumeAndParse' : 'pageAndParse', plan, signal);
      return { ours: bare.events / seconds, bare: bare.eventsPerSecond, peakMb };
    });
  });
  bench.line({
    row: 'replay',
    unit: '/s',
    ours: measured.map(({ ours }) => ours),
    floor: isKafka ? 'kafkajs, parse' : 'pg, page, parse',
    floors: measured.map(({ bare }) => bare),
    wanted: { ratio: 0.5 },
  });
  if (measured.every(({ peakMb }) => peakMb !== undefined))
    bench.line({
      row: 'replay, peak memory of the service',
      unit: 'MB',
      ours: measured.map(({ peakMb = NaN }) => peakMb),
      wanted: { under: 400 },
    });
}

/** The auditors' service, stopped when it has projected every record and has it in its tree. */
async function servingAll({ store, signal }: Bench, ledger: Ledger): Promise<RunningService> {
  const arrived = arrival(ledger, AUDIT, signal);
  const [outcome, started] = await Promise.allSettled([arrived, serve(AUDIT.service, ledger.where)]);
  if (started.status === 'rejected') throw started.reason;
  const service = started.value;
  try {
    if (outcome.status === 'rejected') throw outcome.reason;
    for (let size = 0; size <= ledger.last;) {
      await sleep(POLL_MS, undefined, { signal });
      size = Number((await store.query<{ size: string }>('select size from auditing.tree'))[0]?.size);
    }
  } finally {
    await service.kill9();
  }
  return service;
}

/** The most memory that a process had so far, where the system tells. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kib === undefined ? undefined : (Number(kib) * 1_024) / 1_000_000;
  } catch {
    return undefined;
  }
}

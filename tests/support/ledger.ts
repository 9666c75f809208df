import { Judge, type JudgedFact } from '@deal-ledger/ledger';
import type { Log } from '@deal-ledger/log';

export interface WholeLedger {
  readonly facts: readonly JudgedFact[];
  readonly voids: number;
  readonly foreign: number;
  readonly judge: Judge;
}

/** Reads a log from its beginning to its end as of now and judges every record. */
export async function readLedger(log: Log): Promise<WholeLedger> {
  const end = await log.end();
  const judge = new Judge();
  const facts: JudgedFact[] = [];
  let voids = 0;
  let foreign = 0;
  const reading = new AbortController();
  for await (const batch of log.read(0, reading.signal)) {
    for (const record of batch) {
      if (record.position >= end) break;
      const judged = judge.judge(record);
      if (judged.verdict === 'fact') facts.push(judged);
      else if (judged.verdict === 'void') voids += 1;
      else foreign += 1;
    }
    if (judge.nextPosition >= end) break;
  }
  reading.abort();
  return { facts, voids, foreign, judge };
}

/** Where each event stands: `stream id` → positions. More than one is a doubled event. */
export function positionsOf(facts: readonly JudgedFact[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  for (const { facts: events } of facts) {
    for (const { stream, id, position } of events)
      positions.set(`${stream} ${id}`, [...(positions.get(`${stream} ${id}`) ?? []), position]);
  }
  return positions;
}

import type { Log, LogRecord } from '@deal-ledger/log';
import { LedgerForked, type Judge, type JudgedRecord } from './judge';

/** How much is handed out together, by whatever measure the reader has. */
export interface Portions {
  /** A portion ends with the record that makes it weigh so much. */
  readonly weight: number;
  weightOf(record: JudgedRecord): number;
}

/**
 * Reads the ledger from where `judge` stands, and goes on with the live end until `signal` aborts.
 * Before anything new is judged, the record judged last must still be there, byte for byte. What is
 * handed out is what `judge` has judged, and no more, when the reader gets it.
 * @throws LedgerForked, and what {@link Log.read} throws
 */
export async function* follow(
  log: Log,
  judge: Judge,
  signal: AbortSignal,
  portions?: Portions,
): AsyncGenerator<readonly JudgedRecord[], void, undefined> {
  const due = judge.nextPosition;
  if (due > 0) {
    const end = await log.end();
    if (end < due)
      throw new LedgerForked(
        `the log ends at ${end}, but ${due} records of it were judged before: it has lost its tail or was made anew`,
      );
  }
  let known = due > 0;
  for await (const batch of log.read(Math.max(0, due - 1), signal)) {
    let records = batch;
    if (known) {
      const [first, ...rest] = batch;
      if (!first) continue;
      if (!judge.judgedLast(first))
        throw new LedgerForked(`record ${due - 1} is not the one judged before: the log was made anew`);
      known = false;
      records = rest;
    }
    if (portions !== undefined) yield* inPortions(records, judge, portions);
    else if (records.length > 0) yield records.map((record) => judge.judge(record));
  }
}

function* inPortions(
  records: readonly LogRecord[],
  judge: Judge,
  portions: Portions,
): Generator<readonly JudgedRecord[], void, undefined> {
  let portion: JudgedRecord[] = [];
  let weight = 0;
  for (const record of records) {
    const judged = judge.judge(record);
    portion.push(judged);
    weight += portions.weightOf(judged);
    if (weight < portions.weight) continue;
    yield portion;
    portion = [];
    weight = 0;
  }
  if (portion.length > 0) yield portion;
}

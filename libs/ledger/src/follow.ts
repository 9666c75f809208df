import type { Log } from '@deal-ledger/log';
import { LedgerForked, type Judge, type JudgedRecord } from './judge';

/**
 * Reads the ledger from where `judge` stands, and goes on with the live end until `signal` aborts.
 * Before anything new is judged, the record judged last must still be there, byte for byte.
 * @throws LedgerForked, and what {@link Log.read} throws
 */
export async function* follow(
  log: Log,
  judge: Judge,
  signal: AbortSignal,
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
    if (records.length > 0) yield records.map((record) => judge.judge(record));
  }
}

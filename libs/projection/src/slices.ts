import type { Log, LogRecord } from '@deal-ledger/log';

export interface SliceLimits {
  readonly records: number;
  readonly bytes: number;
}

/** The log, handed out in slices that keep to the limits; a record larger than that is a slice of its own. */
export function inSlices(log: Log, limits: SliceLimits): Log {
  return {
    append: (record) => log.append(record),
    at: (positions) => log.at(positions),
    end: () => log.end(),
    close: () => log.close(),
    async *read(from, signal) {
      for await (const records of log.read(from, signal)) yield* slicesOf(records, limits);
    },
  };
}

function* slicesOf(records: readonly LogRecord[], limits: SliceLimits): Generator<readonly LogRecord[]> {
  let start = 0;
  let bytes = 0;
  for (let index = 0; index < records.length; index += 1) {
    const size = records[index]?.value?.length ?? 0;
    if (index > start && (index - start >= limits.records || bytes + size > limits.bytes)) {
      yield records.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < records.length) yield records.slice(start);
}

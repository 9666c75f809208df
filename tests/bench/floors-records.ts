import { openLog, type LogRecord } from '@deal-ledger/log';
import type { Where } from './stores';

const BATCH_BYTES = 512 * 1024;
const SILENT = { debug: () => undefined, warn: () => undefined };

/** Records of a log, for their bytes. */
export async function recordsOf(where: Where, from: number, to: number): Promise<LogRecord[]> {
  const log = await openLog({ ...where, logger: SILENT });
  const reading = new AbortController();
  const records: LogRecord[] = [];
  for await (const batch of log.read(from, reading.signal)) {
    records.push(...batch.slice(0, to - from - records.length));
    if (records.length >= to - from) break;
  }
  reading.abort();
  await log.close();
  return records;
}

/** Records in order, in batches of at most 512 KiB. */
export function batchesOf(records: readonly LogRecord[]): LogRecord[][] {
  const batches: LogRecord[][] = [];
  let batch: LogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.value?.length ?? 0;
    if (batch.length > 0 && bytes + size > BATCH_BYTES) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}

/** How many events the records hold. */
export const eventsIn = (records: readonly LogRecord[]): number =>
  records.reduce((sum, { value }) => sum + (JSON.parse(String(value)) as unknown[]).length, 0);

import type { LogRecord, NewRecord } from '@deal-ledger/log';
import type { RecordedEvent } from './commit';
import { encodeCommit } from './record';

export interface DraftCommit {
  readonly writer: string;
  readonly n: number;
  /** Heads relied on; the written streams' are taken from here too. */
  readonly heads: Readonly<Record<string, string | null>>;
  /** `stream@version` of each event. */
  readonly writes: readonly string[];
}

/** The record of a commit with events of no meaning: the rule looks at the envelope alone. */
export function draftRecord({ writer, n, heads, writes }: DraftCommit): NewRecord {
  return encodeCommit({
    writer,
    n,
    heads: new Map(Object.entries(heads)),
    source: '/test',
    time: '2025-10-05T09:00:00.000Z',
    events: writes.map((write) => {
      const [stream = '', version = ''] = write.split('@');
      return anyEvent(stream, Number(version));
    }),
  });
}

const anyEvent = (stream: string, version: number): RecordedEvent => ({
  id: `${stream}#${version}`,
  stream,
  version,
  type: 'Tested',
  schemaVersion: 1,
  effective: { edtf: '2025-10-05', from: '2025-10-05', to: '2025-10-05' },
  action: 'new',
  actor: { id: 'local' },
  sources: [],
  data: {},
});

/** The record as a log would hand it out. */
export const stored = (record: NewRecord, position: number, timeMs = 0): LogRecord => ({
  position,
  timeMs,
  key: Buffer.from(record.key),
  value: record.value,
  headers: Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)] as const),
});

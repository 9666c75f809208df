import type { Person, SourceReference } from '@deal-ledger/domain';
import { encodeCommit, type RecordedEvent } from '@deal-ledger/ledger';
import { openLog } from '@deal-ledger/log';
import type { Row } from './tour';

const nothing = (): void => undefined;
const QUIET = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * Writes a log of nothing but what an auditor is told of every event, at the times at which they were
 * recorded: a ledger of the same facts, if they are all told, and told right.
 */
export async function rebuildLog(events: readonly Row[], databaseUrl: string): Promise<void> {
  let nowMs = 0;
  const log = await openLog({
    brokers: undefined,
    databaseUrl,
    topic: 'deal-ledger',
    flushEveryMessage: false,
    nowMs: () => nowMs,
    logger: QUIET,
  });
  try {
    const heads = new Map<string, string>();
    const last = Number(events.at(-1)?.['position'] ?? -1);
    for (let position = 0; position <= last; position += 1) {
      const rows = events.filter((row) => row['position'] === position);
      const [first] = rows;
      if (first === undefined) throw new Error(`nothing is told of position ${position}`);
      nowMs = Date.parse(String(first['recordedAt']));
      const commit = String(first['commit']);
      const [writer = '', n = ''] = commit.split('/');
      const streams = new Set(rows.map(({ stream }) => String(stream)));
      await log.append(
        encodeCommit({
          ...{ writer, n: Number(n), source: '/rebuilt', time: new Date(nowMs).toISOString() },
          heads: new Map([...streams].map((stream) => [stream, heads.get(stream) ?? null])),
          events: rows.map(eventOf),
        }),
      );
      for (const stream of streams) heads.set(stream, commit);
    }
  } finally {
    await log.close();
  }
}

function eventOf(row: Row): RecordedEvent {
  const text = (name: string): string => String(row[name]);
  const textIfAny = (name: string): string | undefined => (row[name] === null ? undefined : text(name));
  const person = (name: string): Person | undefined =>
    row[`${name}Id`] === null ? undefined : { id: text(`${name}Id`), role: textIfAny(`${name}Role`) };
  return {
    ...{ id: text('eventId'), stream: text('stream'), version: Number(row['version']), type: text('type') },
    ...{ schemaVersion: Number(row['schemaVersion']), action: text('action') as RecordedEvent['action'] },
    effective: { edtf: text('effective'), from: text('effectiveFrom'), to: text('effectiveTo') },
    ...{ corrects: textIfAny('correctsEventId'), reason: textIfAny('reason') },
    ...{ actor: person('actor') as Person, onBehalfOf: person('onBehalfOf'), approvedBy: person('approvedBy') },
    ...{ commandId: textIfAny('commandId'), correlationId: textIfAny('correlationId') },
    causationId: textIfAny('causationId'),
    sources: JSON.parse(text('sources')) as SourceReference[],
    data: row['data'] === null ? null : (JSON.parse(text('data')) as unknown),
  };
}

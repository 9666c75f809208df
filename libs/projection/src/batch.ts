import type { Fact, LedgerEvent } from '@deal-ledger/domain';
import type { Checkpoint, JudgedRecord } from '@deal-ledger/ledger';
import type { Posting } from '@deal-ledger/reports';

/** What one record of the log becomes. */
export interface Projected {
  readonly record: JudgedRecord;
  /** Per fact its postings, in the order of the facts; empty for a record that is none. */
  readonly postings: readonly (readonly Posting[])[];
}

/** Consecutive records that are written in one transaction. */
export interface Batch {
  /** Position of the first record. */
  readonly from: number;
  readonly records: readonly Projected[];
  /** Where the ledger stands after the last of them. */
  readonly after: Checkpoint;
}

/** What is left of a batch when everything before `position` is written. */
export function remainder(batch: Batch, position: number): Batch {
  return { ...batch, from: position, records: batch.records.filter(({ record }) => record.position >= position) };
}

/** What an event's own columns do not say, as JSON text. */
export function eventText(fact: Fact): string {
  const { effective, schemaVersion, action, corrects, reason, actor, onBehalfOf, approvedBy, commandId, correlationId, causationId, sources, data } = fact;
  return JSON.stringify({
    effective,
    schemaVersion,
    action,
    corrects,
    reason,
    actor,
    onBehalfOf,
    approvedBy,
    commandId,
    correlationId,
    causationId,
    sources,
    data,
  });
}

/** The event that {@link eventText} was made of. */
export function eventOf(row: { stream: string; version: number; event_id: string; type: string; event: object }): LedgerEvent {
  const { stream, version, event_id: id, type, event } = row;
  return { id, stream, version, type, ...event } as LedgerEvent;
}

type Column = (string | null)[];

/** A batch in columns, as arrays in Postgres' own text form, for one `unnest` a table. */
export function columnsOf({ records }: Batch): { skipped: string[]; events: string[]; postings: string[]; writers: string[] } {
  const skipped = columns(4);
  const events = columns(10);
  const postings = columns(10);
  const writers = new Map<string, number>();
  for (const { record, postings: byFact } of records) {
    const { position, recordedAt } = record;
    if (record.verdict !== 'foreign') writers.set(record.commit.writer, Math.max(record.commit.n, writers.get(record.commit.writer) ?? 0));
    if (record.verdict !== 'fact') {
      push(skipped, [String(position), recordedAt, record.verdict, record.reason]);
      continue;
    }
    const { writer, n } = record.commit;
    record.facts.forEach((fact, index) => {
      const ordinal = String(fact.ordinal);
      push(events, [String(position), ordinal, fact.stream, String(fact.version), fact.id, fact.type, writer, String(n), recordedAt, eventText(fact)]);
      byFact[index]?.forEach(({ measure, subject, value, period, effective, unit, amount }, line) => {
        push(postings, [String(position), ordinal, String(line), measure, subject, value ?? null, period ?? null, effective ?? null, unit ?? null, amount]);
      });
    });
  }
  return {
    skipped: skipped.map(arrayText),
    events: events.map(arrayText),
    postings: postings.map(arrayText),
    writers: [arrayText([...writers.keys()]), arrayText([...writers.values()].map(String))],
  };
}

function columns(count: number): Column[] {
  return Array.from({ length: count }, () => []);
}

function push(table: readonly Column[], row: readonly (string | null)[]): void {
  for (let index = 0; index < row.length; index += 1) (table[index] as Column).push(row[index] as string | null);
}

const SPECIAL = /["\\]/;

// The client would do the same element by element, checking the type of each.
function arrayText(values: Column): string {
  let text = '{';
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as string | null;
    if (index > 0) text += ',';
    if (value === null) text += 'NULL';
    else if (SPECIAL.test(value)) text += `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    else text += `"${value}"`;
  }
  return `${text}}`;
}

import type { LedgerEvent } from '@deal-ledger/domain';
import type { Checkpoint, JudgedForeign, JudgedRecord, JudgedVoid } from '@deal-ledger/ledger';
import type { Posting } from '@deal-ledger/reports';
import { isKnown } from './known';
import { skippedText } from './skipped';

/** What one record of the log becomes. */
export interface Projected {
  readonly record: JudgedRecord;
  /** Per event its postings, in the order of the events; empty for a record that is no fact. */
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
export function eventText(event: LedgerEvent): string {
  const {
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
  } = event;
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
export function eventOf(row: {
  stream: string;
  version: number;
  event_id: string;
  type: string;
  event: object;
}): LedgerEvent {
  const { stream, version, event_id: id, type, event } = row;
  return { id, stream, version, type, ...event } as LedgerEvent;
}

type Texts = (string | null)[];

/** A batch in columns: what one `unnest` a table takes, as text that Postgres reads by itself. */
export interface Columns {
  readonly skipped: readonly string[];
  readonly events: readonly string[];
  readonly postings: readonly string[];
  readonly writers: readonly string[];
}

/** The columns of a batch, in the order in which their tables have them. */
export function columnsOf({ records }: Batch): Columns {
  const skipped = new SkippedColumns();
  const writers = new Map<string, number>();
  const events = new EventColumns();
  const postings = new PostingColumns();
  for (const { record, postings: byEvent } of records) {
    const { position, recordedAt } = record;
    if (record.verdict !== 'foreign')
      writers.set(record.commit.writer, Math.max(record.commit.n, writers.get(record.commit.writer) ?? 0));
    if (record.verdict !== 'fact') {
      skipped.add(record);
      continue;
    }
    record.commit.events.forEach((event, ordinal) => {
      events.add(position, ordinal, event, record.commit, recordedAt);
      byEvent[ordinal]?.forEach((posting, line) => postings.add(position, ordinal, line, posting));
    });
  }
  return {
    skipped: skipped.done(),
    events: events.done(),
    postings: postings.done(),
    writers: [texts([...writers.keys()]), numbers([...writers.values()])],
  };
}

class SkippedColumns {
  private readonly positions: number[] = [];
  private readonly times: string[] = [];
  private readonly verdicts: string[] = [];
  private readonly reasons: string[] = [];
  private readonly records: string[] = [];

  add(record: JudgedVoid | JudgedForeign): void {
    this.positions.push(record.position);
    this.times.push(record.recordedAt);
    this.verdicts.push(record.verdict);
    this.reasons.push(record.reason);
    this.records.push(skippedText(record));
  }

  done(): string[] {
    return [
      numbers(this.positions),
      texts(this.times),
      texts(this.verdicts),
      texts(this.reasons),
      this.records.join(SEPARATOR),
    ];
  }
}

class EventColumns {
  private readonly positions: number[] = [];
  private readonly ordinals: number[] = [];
  private readonly streams: string[] = [];
  private readonly versions: number[] = [];
  private readonly ids: string[] = [];
  private readonly types: string[] = [];
  private readonly writers: string[] = [];
  private readonly counts: number[] = [];
  private readonly times: string[] = [];
  private readonly known: string[] = [];
  private readonly bodies: string[] = [];

  add(
    position: number,
    ordinal: number,
    event: LedgerEvent,
    commit: { writer: string; n: number },
    recordedAt: string,
  ): void {
    this.positions.push(position);
    this.ordinals.push(ordinal);
    this.streams.push(event.stream);
    this.versions.push(event.version);
    this.ids.push(event.id);
    this.types.push(event.type);
    this.writers.push(commit.writer);
    this.counts.push(commit.n);
    this.times.push(recordedAt);
    this.known.push(isKnown(event) ? 't' : 'f');
    this.bodies.push(eventText(event));
  }

  done(): string[] {
    return [
      numbers(this.positions),
      numbers(this.ordinals),
      texts(this.streams),
      numbers(this.versions),
      texts(this.ids),
      texts(this.types),
      texts(this.writers),
      numbers(this.counts),
      texts(this.times),
      texts(this.known),
      this.bodies.join(SEPARATOR),
    ];
  }
}

class PostingColumns {
  private readonly positions: number[] = [];
  private readonly ordinals: number[] = [];
  private readonly lines: number[] = [];
  private readonly measures: string[] = [];
  private readonly subjects: string[] = [];
  private readonly values: string[] = [];
  private readonly periods: Texts = [];
  private readonly days: Texts = [];
  private readonly units: Texts = [];
  private readonly amounts: string[] = [];

  add(position: number, ordinal: number, line: number, posting: Posting): void {
    this.positions.push(position);
    this.ordinals.push(ordinal);
    this.lines.push(line);
    this.measures.push(posting.measure);
    this.subjects.push(posting.subject);
    this.values.push(posting.value ?? '');
    this.periods.push(posting.period ?? null);
    this.days.push(posting.effective ?? null);
    this.units.push(posting.unit ?? null);
    this.amounts.push(posting.amount);
  }

  done(): string[] {
    return [
      numbers(this.positions),
      numbers(this.ordinals),
      numbers(this.lines),
      texts(this.measures),
      texts(this.subjects),
      this.values.join(SEPARATOR),
      texts(this.periods),
      texts(this.days),
      texts(this.units),
      numbers(this.amounts),
    ];
  }
}

/**
 * Between JSON texts, which never contain it unescaped. Quoting them as elements of an array
 * would cost as much as writing them did.
 */
export const SEPARATOR = '\u001E';

function numbers(values: readonly (number | string)[]): string {
  return `{${values.join(',')}}`;
}

const SPECIAL = /["\\]/;

function texts(values: Texts): string {
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

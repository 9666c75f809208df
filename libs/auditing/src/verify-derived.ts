import { kindNameOf } from '@deal-ledger/domain';
import type { JudgedFact, JudgedForeign, JudgedRecord, JudgedVoid } from '@deal-ledger/ledger';
import { eventText, isKnown, skippedText, type Projected } from '@deal-ledger/projection';
import type { Posting } from '@deal-ledger/reports';
import type { VerifiedPart } from './verify-report';

/**
 * A row is compared as one text: its columns with this between them. JSON has it only escaped, and neither
 * names nor numbers have it.
 */
const BETWEEN = '\u001E';

/** A table whose rows follow from the log, and are only ever added to. */
export interface DerivedTable {
  readonly name: string;
  readonly part: VerifiedPart;
  readonly columns: readonly string[];
  /** So many of the columns, the first ones, are the key. They are numbers, the first a position or a count of leaves. */
  readonly keyColumns: number;
  /** Columns that may be null; a value in them is marked, so that null is not the empty text. */
  readonly nullable: readonly string[];
  /** What of a column is compared, where that is not the column itself. */
  readonly shownAs?: Readonly<Record<string, string>>;
  /** What comes before these columns in the primary key. */
  readonly keyPrefix?: string;
  /** Whether the key's first column is something else than a position. */
  readonly standsApart?: boolean;
  /** Rows fetched at a time. */
  readonly fetched: number;
}

export const EVENTS: DerivedTable = {
  name: 'events',
  part: 'tables',
  columns: 'position ordinal stream version event_id type writer n recorded_at known corrects event'.split(' '),
  keyColumns: 2,
  nullable: ['corrects'],
  fetched: 1_000,
};

export const POSTINGS: DerivedTable = {
  name: 'postings',
  part: 'tables',
  columns: 'position ordinal line measure subject value period effective unit amount'.split(' '),
  keyColumns: 3,
  nullable: ['value', 'period', 'effective', 'unit'],
  fetched: 4_000,
};

export const SKIPPED: DerivedTable = {
  name: 'skipped',
  part: 'tables',
  columns: 'position recorded_at verdict reason record'.split(' '),
  keyColumns: 1,
  nullable: [],
  fetched: 1_000,
};

/** The hashes of the tree on a level of tiles. */
export const hashesOf = (level: number): DerivedTable => ({
  name: 'tree_hashes',
  part: 'tree',
  columns: ['index', 'hash'],
  keyColumns: 1,
  nullable: [],
  shownAs: { hash: "encode(hash, 'hex')" },
  keyPrefix: `${level}/`,
  standsApart: level > 0,
  fetched: 4_000,
});

export const hashRow = (index: number, hash: Buffer): string => `${index}${BETWEEN}${hash.toString('hex')}`;

/** The statement that gives a table's rows as texts, in the order of their keys. */
export function textsSql({ name, columns, keyColumns, nullable, shownAs }: DerivedTable, where: string): string {
  const parts = columns.map((column) => {
    const shown = shownAs?.[column] ?? column;
    return nullable.includes(column) ? `coalesce('=' || ${shown}, '')` : shown;
  });
  return `select concat_ws(U&'\\001E', ${parts.join(', ')}) from ${name} where ${where} order by ${columns.slice(0, keyColumns).join(', ')}`;
}

export const columnsOf = (row: string): string[] => row.split(BETWEEN);

/** What a portion of the log must have become, as the texts of rows. */
export interface DerivedRows {
  readonly skipped: readonly string[];
  readonly events: readonly string[];
  /** Of all kinds of streams, of which a projection has its own; nothing where they are not known. */
  readonly postings: readonly { readonly kind: string; readonly row: string }[] | undefined;
}

/** The rows that records become, of those at positions that are compared. */
export function derivedRows(
  judged: readonly JudgedRecord[],
  projected: readonly Projected[] | undefined,
  isCompared: (position: number) => boolean,
): DerivedRows {
  const skipped: string[] = [];
  const events: string[] = [];
  const postings: { kind: string; row: string }[] = [];
  for (const [index, record] of judged.entries()) {
    if (!isCompared(record.position)) continue;
    if (record.verdict !== 'fact') {
      skipped.push(skippedRow(record));
      continue;
    }
    events.push(...eventRows(record));
    projected?.[index]?.postings.forEach((lines, ordinal) => {
      const kind = kindNameOf(record.commit.events[ordinal]?.stream ?? '');
      lines.forEach((posting, line) =>
        postings.push({ kind, row: postingRow(record.position, ordinal, line, posting) }),
      );
    });
  }
  return { skipped, events, postings: projected && postings };
}

function eventRows({ position, recordedAt, commit }: JudgedFact): string[] {
  const at = timestampText(recordedAt);
  return commit.events.map((event, ordinal) =>
    [
      position,
      ordinal,
      event.stream,
      event.version,
      event.id,
      event.type,
      commit.writer,
      commit.n,
      at,
      isKnown(event) ? 't' : 'f',
      marked(event.corrects),
      eventText(event),
    ].join(BETWEEN),
  );
}

function skippedRow(record: JudgedVoid | JudgedForeign): string {
  const { position, recordedAt, verdict, reason } = record;
  return [position, timestampText(recordedAt), verdict, reason, skippedText(record)].join(BETWEEN);
}

function postingRow(position: number, ordinal: number, line: number, posting: Posting): string {
  const { measure, subject, value, period, effective, unit, amount } = posting;
  return [
    position,
    ordinal,
    line,
    measure,
    subject,
    marked(value),
    marked(period),
    marked(effective),
    marked(unit),
    amount,
  ].join(BETWEEN);
}

const marked = (value: string | undefined): string => (value === undefined || value === '' ? '' : `=${value}`);

/** As Postgres writes an instant in UTC: `2025-10-05 09:00:00.12+00`. */
function timestampText(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/\.?0*Z$/, '+00');
}

/** What of a ledger is checked by itself. */
export type VerifiedPart =
  /** Positions, the form of records, writers' numbers, heads and versions. */
  | 'log'
  /** That every fact is acceptable under the rules at its place. */
  | 'rules'
  /** That the tables of a projection are what its rules make of the log. */
  | 'tables'
  /** That the log is the one that was signed. */
  | 'tree';

/** A row of a table of ours. */
export interface RowPlace {
  readonly schema: string;
  readonly table: string;
  /** Its primary key, as text. */
  readonly key: string;
  /** The first column that differs; none when the whole row is there too much, or is missing. */
  readonly column?: string;
}

/** Something that is not as it must be, and where. */
export interface Finding {
  readonly part: VerifiedPart;
  /** Position in the log, where it has one. */
  readonly position?: number;
  readonly row?: RowPlace;
  /** What must stand there. */
  readonly expected?: string;
  /** What does. */
  readonly found?: string;
  readonly message: string;
}

/** What could not be checked, or not all of it. */
export interface Unchecked {
  readonly part: VerifiedPart;
  readonly why: string;
}

export type VerifyVerdict = 'OK' | 'NOT OK' | 'INCOMPLETE';

export interface VerifyReport {
  /** `OK` only if everything was checked and nothing was found. */
  readonly verdict: VerifyVerdict;
  readonly ledgerId: string | null;
  /** The log as it was when the check began ended before this position. */
  readonly end: number;
  /** How many of what were checked, by their names. */
  readonly checked: Readonly<Record<string, number>>;
  readonly unchecked: readonly Unchecked[];
  /** The first found, in the order of the log. */
  readonly findings: readonly Finding[];
  /** All that were found. */
  readonly findingCount: number;
  readonly seconds: number;
  readonly peakMemoryMib: number;
}

/** So many findings are told one by one; a hole in the log brings on as many as there are records after it. */
const TOLD = 100;
/** Of a long value that differs so much is told, from a little before the difference on. */
const TOLD_CHARS = 300;
const TOLD_BEFORE = 60;

/** Gathers what a check finds, and what it has looked at. */
export class Findings {
  private readonly told: Finding[] = [];
  readonly unchecked: Unchecked[] = [];
  readonly checked: Record<string, number> = {};
  count = 0;

  add(finding: Finding): void {
    this.count += 1;
    if (this.told.length >= TOLD) return;
    const { expected, found } = finding;
    const from = Math.max(0, firstDifference(expected, found) - TOLD_BEFORE);
    this.told.push({
      ...finding,
      ...(expected === undefined ? {} : { expected: cut(expected, from) }),
      ...(found === undefined ? {} : { found: cut(found, from) }),
    });
  }

  /** Says that a part was not checked, or not all of it. */
  leaveOut(part: VerifiedPart, why: string): void {
    this.unchecked.push({ part, why });
  }

  tally(what: string, by = 1): void {
    this.checked[what] = (this.checked[what] ?? 0) + by;
  }

  /** The first found, by their positions; what has none comes last. */
  get inOrder(): Finding[] {
    return this.told.toSorted((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity) || 0);
  }

  get verdict(): VerifyVerdict {
    if (this.count > 0) return 'NOT OK';
    return this.unchecked.length > 0 ? 'INCOMPLETE' : 'OK';
  }
}

function firstDifference(one = '', other = ''): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

function cut(text: string, from: number): string {
  if (text.length <= TOLD_CHARS) return text;
  const rest = text.length - from;
  return `${from > 0 ? '…' : ''}${text.slice(from, from + TOLD_CHARS)}${rest > TOLD_CHARS ? '…' : ''}`;
}

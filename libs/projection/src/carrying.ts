import { comparing, type RawRow, type ReportDefinition, type Row } from '@deal-ledger/reports';
import { entriesOf, policyEventOf, rowIn, type Entry, type Seams, type Whole } from './whole';

/** What becomes of an answer when some of its rows are others. */
export interface Exchange {
  readonly definition: ReportDefinition;
  readonly sort: readonly string[];
  /** Whether a row, by its key, is one of those that give way. */
  readonly givesWay: (key: string) => boolean;
  /** The rows that come in place of all these, in the order of the answer. */
  readonly rows: readonly RawRow[];
}

/** Rows whose key begins with one of the ids, which have no characters that JSON would write otherwise. */
export function ofIds(ids: readonly string[]): Exchange['givesWay'] {
  const asked = new Set(ids);
  return (key) => asked.has(key.slice(2, key.indexOf('"', 2)));
}

/** Rows whose key begins with one of the groups, which are parts of keys as JSON. */
export function ofGroups(groups: readonly string[]): Exchange['givesWay'] {
  const beginnings = groups.map((group) => `${group.slice(0, -1)},`);
  return (key) => beginnings.some((beginning) => key.startsWith(beginning));
}

/** The rows and totals of an answer after an exchange, as if it had been worked out as a whole. */
export function exchanged(
  base: Whole,
  { besides, tally: before }: Seams,
  { definition, sort, givesWay, rows }: Exchange,
): Pick<Whole, 'lines' | 'keys' | 'policyEventId' | 'totals'> & { readonly seams: Seams } {
  const places = new Map([...base.keys.entries()].flatMap(([place, key]) => (givesWay(key) ? [[key, place]] : [])));
  const isAsBefore = ({ key, line, beside }: Entry): boolean => {
    const place = places.get(key);
    return place !== undefined && base.lines[place] === line && besides[place] === beside;
  };
  const made = entriesOf(definition, rows);
  const staying = new Set(made.filter(isAsBefore).map(({ key }) => key));
  const entries = made.filter(({ key }) => !staying.has(key));
  const gone = [...places].flatMap(([key, place]) => (staying.has(key) ? [] : [place]));
  const tally = before.copy();
  for (const place of gone) tally.remove(rowIn(base.lines[place] as string, besides[place] as string));
  for (const { row } of entries) tally.add(row);
  const cuts = cutsOf(gone, placesFor(base.lines, entries, comparing(definition, sort)), base.lines.length);
  const spliced = (old: readonly string[], textOf: (entry: Entry) => string): string[] =>
    ([] as string[]).concat(
      ...cuts.map((cut) => ('to' in cut ? old.slice(cut.from, cut.to) : [textOf(entries[cut.entry] as Entry)])),
    );
  const seams = { besides: spliced(besides, ({ beside }) => beside), tally };
  return {
    lines: spliced(base.lines, ({ line }) => line),
    keys: spliced(base.keys, ({ key }) => key),
    policyEventId: policyEventAfter(base.policyEventId, entries, seams.besides),
    totals: tally.shown(),
    seams,
  };
}

/** Before which of the lines each entry belongs; they are in order, as the lines are. */
function placesFor(lines: readonly string[], entries: readonly Entry[], compare: (a: Row, b: Row) => number): number[] {
  const parsed = new Map<number, Row>();
  const rowAt = (place: number): Row => {
    const row = parsed.get(place) ?? (JSON.parse(lines[place] as string) as Row);
    parsed.set(place, row);
    return row;
  };
  let from = 0;
  return entries.map(({ row }) => {
    let to = lines.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compare(rowAt(middle), row) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  });
}

/** A stretch of old lines, or one new entry. */
type Cut = { readonly from: number; readonly to: number } | { readonly entry: number };

function cutsOf(gone: readonly number[], places: readonly number[], end: number): Cut[] {
  const cuts: Cut[] = [];
  let from = 0;
  let out = 0;
  const keepUntil = (to: number): void => {
    for (; (gone[out] ?? end) < to; out += 1) {
      cuts.push({ from, to: gone[out] as number });
      from = (gone[out] as number) + 1;
    }
    cuts.push({ from, to });
    from = to;
  };
  for (const [entry, place] of places.entries()) {
    keepUntil(place);
    cuts.push({ entry });
  }
  keepUntil(end);
  return cuts;
}

/** No row was exchanged for its policy, so there is still the same one, if any row is weighed by it. */
function policyEventAfter(before: string | null, entries: readonly Entry[], besides: readonly string[]): string | null {
  for (const { beside } of entries) {
    const eventId = policyEventOf(beside);
    if (eventId !== undefined) return eventId;
  }
  if (before === null) return null;
  return besides.some((beside) => policyEventOf(beside) !== undefined) ? before : null;
}

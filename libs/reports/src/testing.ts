import { kindOf, parseEvent, sum, type Day, type LedgerEvent } from '@deal-ledger/domain';
import type { AnyPostingRule, Posting, PostingRule } from './posting';

/** An event of one stream, as a test posts it. */
export interface Line {
  readonly type: string;
  readonly effective?: string;
  readonly sources?: readonly unknown[];
  readonly data: unknown;
}

const SOURCES = [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }];

/** What a recorder would make of it, as the `version`th event of its stream. */
export function recorded(stream: string, line: Line, version: number): LedgerEvent {
  const kind = kindOf(stream);
  if (kind === undefined) throw new Error(`no kind of stream: ${stream}`);
  const parsed = parseEvent(kind, { effective: '2025-10-05', sources: SOURCES, ...line });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals));
  return { ...parsed.event, id: `e${version}`, stream, version, actor: { id: 'local' } };
}

/** The postings of each event of a stream, in order. */
export function postingsOf<State, Event extends LedgerEvent>(
  rule: PostingRule<State, Event>,
  events: readonly LedgerEvent[],
): Posting[][] {
  const any = rule as unknown as AnyPostingRule;
  let state: unknown;
  return events.map((event) => {
    const before = state;
    state = any.evolve(before, event);
    return [...any.post(before, event, state)];
  });
}

/** Sums of postings as a report for `day` sees them: `measure subject value period` → amount and unit. */
export function sumsOn(postings: readonly Posting[], day: Day): Record<string, string> {
  const sums = new Map<string, string>();
  for (const { measure, subject, value, period, effective, unit, amount } of postings) {
    if (effective !== undefined && effective > day) continue;
    const key = [
      measure,
      subject,
      ...(value === undefined ? [] : [value]),
      ...(period === undefined ? [] : [period]),
      ...(unit === undefined ? [] : [unit]),
    ].join(' ');
    sums.set(key, sum([sums.get(key) ?? '0', amount]));
  }
  return Object.fromEntries([...sums].filter(([, amount]) => amount !== '0').sort());
}

/** given events of a stream, when the last of them is posted, then these are the sums on a day. */
export function given<State, Event extends LedgerEvent>(
  rule: PostingRule<State, Event>,
  stream: string,
  ...lines: readonly Line[]
) {
  const events = lines.map((line, index) => recorded(stream, line, index + 1));
  const each = postingsOf(rule, events);
  return {
    /** Sums on a day of the lines whose measure begins so. */
    sums: (day: Day, measure = ''): Record<string, string> =>
      Object.fromEntries(Object.entries(sumsOn(each.flat(), day)).filter(([key]) => key.startsWith(measure))),
    /** What the last event posted. */
    last: each.at(-1) ?? [],
  };
}

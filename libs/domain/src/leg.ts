import type { Day } from './calendar';
import type { ChangedTerms, DealEventOf, LegTerms } from './deal-events';
import type { SourceReference } from './event';

/** What one event says of a leg's terms. */
export interface TermsChange {
  /** First day it applies on; null for what applies for as long as the leg is there. */
  readonly from: Day | null;
  /** What it gives, each in place of what was there, as a whole. */
  readonly terms: ChangedTerms;
  readonly amendmentNo: number | null;
  readonly eventId: string;
  readonly sources: readonly SourceReference[];
}

/** A leg's terms as they are from a day on. */
export interface TermsInForce {
  /** Null: from the beginning. */
  readonly from: Day | null;
  readonly terms: LegTerms;
  /** The event that set them. */
  readonly termsEventId: string;
  /** What they rest on: the sources of every event of which something is still in force. */
  readonly sources: readonly SourceReference[];
}

export interface Leg {
  /** As they are last, whatever the day. */
  readonly terms: LegTerms;
  readonly added: TermsInForce;
  /** By the day they begin, and of one day in the order recorded. */
  readonly changes: readonly TermsChange[];
  /** First day without the leg, if it was removed. */
  readonly removedFrom: Day | null;
}

/** The leg that an event adds. */
export function addedLeg({ data, id, sources }: DealEventOf<'LegAdded'>): Leg {
  return {
    terms: data,
    added: { from: null, terms: data, termsEventId: id, sources },
    changes: [],
    removedFrom: null,
  };
}

/** The leg with terms that were changed. */
export function withTerms(leg: Leg, event: DealEventOf<'LegTermsChanged'>): Leg {
  const change = changeOf(event);
  const after = leg.changes.findIndex(({ from }) => !isUntil(from, change.from));
  const changes = leg.changes.toSpliced(after < 0 ? leg.changes.length : after, 0, change);
  return { ...leg, changes, terms: { ...leg.added.terms, ...allOf(changes) } };
}

/** The first day that changed terms apply on; null when they apply for as long as the leg is there. */
export function startOf({ data, effective }: DealEventOf<'LegTermsChanged'>): Day | null {
  // To disclose is to say what was agreed all along; to amend is to agree anew.
  return data.effectiveFrom ?? (data.changeType === 'amendment' ? effective.from : null);
}

/** The terms a leg has one after the other, by the day they begin; of one day the last one holds. */
export function termsOf({ added, changes }: Pick<Leg, 'added' | 'changes'>): TermsInForce[] {
  let terms = added.terms;
  // By term the change that gave it: what another one replaced rests on nothing any more.
  const giver = new Map<string, TermsChange>();
  return [
    added,
    ...changes.map((change): TermsInForce => {
      terms = { ...terms, ...change.terms };
      for (const term of Object.keys(change.terms)) giver.set(term, change);
      const sources = [...added.sources, ...[...new Set(giver.values())].flatMap((one) => one.sources)];
      return { from: change.from, terms, termsEventId: change.eventId, sources };
    }),
  ];
}

/** The terms that something which begins on `day` bears on: all from that day on, and those that it ends. */
export function termsFrom(leg: Leg, day: Day | null): TermsInForce[] {
  const terms = termsOf(leg);
  const next = terms.findIndex(({ from }) => isUntil(day, from));
  return terms.slice(Math.max(0, (next < 0 ? terms.length : next) - 1));
}

/** The terms in force at the end of `day`. */
export function termsOn({ added, changes }: Leg, day: Day): LegTerms {
  return { ...added.terms, ...allOf(changes.filter(({ from }) => isUntil(from, day))) };
}

/** Whether what begins on `from` has begun when `until` begins. */
export function isUntil(from: Day | null, until: Day | null): boolean {
  return from === null || (until !== null && from <= until);
}

function changeOf(event: DealEventOf<'LegTermsChanged'>): TermsChange {
  const { data, id, sources } = event;
  return {
    from: startOf(event),
    terms: data.terms,
    amendmentNo: data.amendmentNo ?? null,
    eventId: id,
    sources,
  };
}

/** Of every term the last that was given. */
function allOf(changes: readonly TermsChange[]): ChangedTerms {
  return Object.assign({}, ...changes.map(({ terms }) => terms)) as ChangedTerms;
}

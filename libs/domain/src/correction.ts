import { unapproved } from './approval';
import type { LedgerEvent } from './event';
import type { History, Place } from './history';
import type { DecisionContext, KeyClaim, StreamKind } from './kind';
import { refusal, type Refusal } from './refusal';
import { current, refuse, refuseSources } from './rules';

/** What a stream becomes by events of which some correct or cancel others. */
export interface Corrected {
  readonly ok: true;
  readonly history: History;
  readonly state: unknown;
  /** Names that it has from now on, each with the event that takes it. */
  readonly taken: readonly { readonly claim: KeyClaim; readonly by: LedgerEvent }[];
  /** Names, as key streams, that it no longer has. */
  readonly freed: readonly string[];
}

export type Correcting =
  | Corrected
  /** Pointers are within `event`, one of those posted. */
  | { readonly ok: false; readonly refusal: Refusal; readonly event: LedgerEvent };

/**
 * Judges events of one stream of which some correct or cancel others, all of them together, so
 * that two corrections may hold only with one another. What they put into the stream must be valid
 * in its place, and what was valid must stay so: the stream is folded again with the change and
 * without it, both times on the other streams as they are now. What was invalid already (a rule may
 * have been tightened since) does not stand in the way.
 */
export function correct(
  kind: StreamKind,
  history: History,
  events: readonly LedgerEvent[],
  context: DecisionContext,
): Correcting {
  const after = history.copy();
  for (const event of events) {
    const refused = event.action === 'new' ? undefined : refuseCorrection(after, event, context);
    if (refused !== undefined) return { ok: false, refusal: refused, event };
    after.add(event);
  }
  const refolded = refold(kind, history, after, events, context);
  return refolded.ok ? { ...refolded, history: after, ...namesMoved(kind, history, after, events) } : refolded;
}

function refuseCorrection(history: History, event: LedgerEvent, context: DecisionContext): Refusal | undefined {
  return (
    unapproved(event, event.action === 'cancel' ? 'Cancelling a fact' : 'Correcting a fact') ??
    refuseTarget(history, event) ??
    (event.action === 'cancel' ? refuseSources(event, context) : undefined)
  );
}

function refuseTarget(history: History, { stream, type, action, corrects = '' }: LedgerEvent): Refusal | undefined {
  const pointer = '/corrects';
  const place = history.placeOf(corrects);
  if (history.version === 0) {
    return refusal(
      'STREAM_NOT_FOUND',
      `There is no ${stream} yet, so there is nothing to ${action} in it; name the stream that has the event.`,
      {
        details: { stream },
      },
    );
  }
  if (place === undefined) {
    return refusal(
      'CORRECTION_TARGET_NOT_FOUND',
      `${stream} has no event ${corrects}; name one of its own events in corrects.`,
      { pointer, details: { stream, corrects } },
    );
  }
  const { original, latest, cancelledBy } = place;
  if (cancelledBy !== undefined) {
    return refusal(
      'CORRECTION_SUPERSEDED',
      `${corrects} was cancelled by ${cancelledBy.id}, and what is cancelled stays so; post the fact anew if it is one.`,
      { pointer, details: { corrects, cancelledBy: cancelledBy.id } },
    );
  }
  if (latest.id !== corrects) {
    return refusal(
      'CORRECTION_SUPERSEDED',
      `${corrects} was corrected by ${latest.id} since; look at that one and name it in corrects.`,
      { pointer, details: { corrects, latest: latest.id } },
    );
  }
  if (original.type !== type) {
    return refusal(
      'CORRECTION_TYPE_MISMATCH',
      `${corrects} is a ${original.type} and cannot become a ${type}; post the same type, or cancel it and post a new event.`,
      { pointer: '/type', details: { corrects, expected: original.type, actual: type } },
    );
  }
  if (action === 'cancel' && original === history.places[0]?.original) {
    return refusal(
      'FIRST_EVENT_NOT_CANCELLABLE',
      `${corrects} begins ${stream}, which others may refer to, so it cannot be cancelled; correct it instead.`,
      { pointer, details: { corrects, stream } },
    );
  }
  return undefined;
}

function refold(
  kind: StreamKind,
  history: History,
  after: History,
  events: readonly LedgerEvent[],
  context: DecisionContext,
): { readonly ok: true; readonly state: unknown } | Extract<Correcting, { ok: false }> {
  const posted = new Map(events.map((event) => [event.id, event]));
  let before: unknown;
  let state: unknown;
  let change: LedgerEvent | undefined;
  for (const place of after.places) {
    const was = presentIn(kind, history.placeOf(place.original.id));
    const is = presentIn(kind, place);
    change ??= was?.id === is?.id ? undefined : posted.get((place.cancelledBy ?? place.latest).id);
    // Up to the first change both folds are one, and every verdict stays what it was.
    const refused = change === undefined ? undefined : judged(kind, state, is, context);
    if (change !== undefined && refused !== undefined && is !== undefined) {
      const own = posted.get(is.id);
      if (own !== undefined) return { ok: false, refusal: refused, event: own };
      const tolerated = judged(kind, before, was, context) !== undefined && folds(kind, state, is);
      if (!tolerated) return { ok: false, refusal: breaksHistory(change, place, refused), event: change };
    }
    const common = change === undefined;
    state = evolved(kind, state, is);
    before = common ? state : evolved(kind, before, was);
  }
  return { ok: true, state };
}

function judged(
  kind: StreamKind,
  state: unknown,
  event: LedgerEvent | undefined,
  context: DecisionContext,
): Refusal | undefined {
  return event === undefined ? undefined : refuse(kind, state, event, context);
}

function evolved(kind: StreamKind, state: unknown, event: LedgerEvent | undefined): unknown {
  return event === undefined ? state : kind.evolve(state, event);
}

function presentIn(kind: StreamKind, place: Place | undefined): LedgerEvent | undefined {
  return place?.inForce === undefined ? undefined : current(kind, place.inForce);
}

/** Whether an event that is refused can be folded all the same: else nobody could read the ledger on. */
function folds(kind: StreamKind, state: unknown, event: LedgerEvent): boolean {
  try {
    kind.evolve(state, event);
    return true;
  } catch {
    return false;
  }
}

function breaksHistory(change: LedgerEvent, { original, latest }: Place, { code, message }: Refusal): Refusal {
  const corrected = latest.id === original.id ? undefined : latest.id;
  const offending =
    corrected === undefined ? original.id : `${original.id}, which stands as corrected by ${corrected},`;
  return refusal(
    'CORRECTION_BREAKS_HISTORY',
    `With this ${change.action === 'cancel' ? 'cancellation' : 'correction'} ${offending} would be refused (${original.type}, ${code}): ${message} Correct or cancel it in the same commit.`,
    {
      pointer: '/corrects',
      details: {
        firstOffendingEventId: original.id,
        offendingCode: code,
        ...(corrected === undefined ? {} : { asCorrectedBy: corrected }),
      },
    },
  );
}

function namesMoved(
  kind: StreamKind,
  before: History,
  after: History,
  events: readonly LedgerEvent[],
): Pick<Corrected, 'taken' | 'freed'> {
  if (kind.takes === undefined) return { taken: [], freed: [] };
  const had = namesOf(kind, before);
  const has = namesOf(kind, after);
  const posted = new Map(events.map((event) => [event.id, event]));
  return {
    taken: [...has].flatMap(([stream, { claim, by }]) =>
      had.has(stream) ? [] : [{ claim, by: posted.get(by.id) ?? by }],
    ),
    freed: [...had.keys()].filter((stream) => !has.has(stream)),
  };
}

function namesOf(kind: StreamKind, history: History): Map<string, { claim: KeyClaim; by: LedgerEvent }> {
  const names = new Map<string, { claim: KeyClaim; by: LedgerEvent }>();
  for (const recorded of history.inForce) {
    const by = current(kind, recorded);
    if (by === undefined) continue;
    for (const claim of kind.takes?.(by) ?? []) if (!names.has(claim.stream)) names.set(claim.stream, { claim, by });
  }
  return names;
}

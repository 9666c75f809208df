import { catalogue } from './catalogue';
import type { LedgerEvent } from './event';
import { idOf, kindNameOf, type DecisionContext, type StreamKind } from './kind';
import { unknown } from './references';
import { refusal, type Refusal } from './refusal';

/** The kind that a stream's name (`deal/nvda-openai`) says it is of, if there is such a kind. */
export function kindOf(stream: string): StreamKind | undefined {
  const name = kindNameOf(stream);
  return Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
}

/**
 * The first reason why `event` cannot be recorded on top of `state`, or nothing. First what holds
 * for every stream (it exists or not, sources, no facts from the future), then the kind's own rules.
 * Pointers are within the event. `state` is nothing while the stream does not exist.
 */
export function refuse<State, Event extends LedgerEvent>(
  kind: StreamKind<State, Event>,
  state: State | undefined,
  event: Event,
  context: DecisionContext,
): Refusal | undefined {
  return (
    refuseOpening(kind, state, event) ??
    refuseIdentity(kind, event) ??
    refuseSources(event, context) ??
    refuseFuture(kind, event, context) ??
    kind.refuse(state, event, context)
  );
}

/** Whether this version can fold `event`: one of a later version may be of a type or a shape not known here. */
export function knows(
  kind: Pick<StreamKind, 'events'>,
  { type, schemaVersion }: Pick<LedgerEvent, 'type' | 'schemaVersion'>,
): boolean {
  const known = Object.hasOwn(kind.events, type) ? kind.events[type] : undefined;
  return known !== undefined && schemaVersion >= 1 && schemaVersion <= known.schemaVersion;
}

/**
 * A recorded event with its `data` in the present shape, or nothing for one that this version does not
 * know. Whoever folds, judges or posts what was recorded takes it from here, and so `evolve`, `refuse`
 * and posting rules meet no other shape than that of their schema.
 */
export function current<Event extends LedgerEvent>(kind: Pick<StreamKind, 'events'>, event: Event): Event | undefined {
  const known = knows(kind, event) ? kind.events[event.type] : undefined;
  if (known === undefined || event.schemaVersion === known.schemaVersion) return known && event;
  let data: unknown = event.data;
  for (let version = event.schemaVersion; version < known.schemaVersion; version++) {
    const step = known.upcast?.[version];
    if (step === undefined)
      throw new Error(`nothing makes version ${version + 1} of a ${event.type} of version ${version}`);
    data = step(data as never);
  }
  return { ...event, schemaVersion: known.schemaVersion, data };
}

/**
 * A stream's state after its events in force, in order ({@link History} puts corrections in their
 * places); nothing for none. What this version does not know is passed over.
 */
export function fold<State, Event extends LedgerEvent>(
  kind: StreamKind<State, Event>,
  events: Iterable<Event>,
): State | undefined {
  let state: State | undefined;
  for (const recorded of events) {
    const event = current(kind, recorded);
    if (event !== undefined) state = kind.evolve(state, event);
  }
  return state;
}

function refuseOpening(kind: StreamKind, state: unknown, { stream, type }: LedgerEvent): Refusal | undefined {
  const opens = kind.opening.includes(type);
  if (state === undefined && !opens) {
    return refusal(
      'STREAM_NOT_FOUND',
      `There is no ${stream} yet; ${type} cannot come first, post ${kind.opening.join(' or ')} before it.`,
      {
        details: { stream },
      },
    );
  }
  if (state !== undefined && opens && kind.reopening?.includes(type) !== true) {
    return refusal(
      'STREAM_EXISTS',
      `${stream} exists already and ${type} begins it; ${kind.rather ?? 'choose another id or post what changed'}.`,
      {
        details: { stream },
      },
    );
  }
  return undefined;
}

function refuseIdentity(kind: StreamKind, { stream, data }: LedgerEvent): Refusal | undefined {
  const { identity } = kind;
  if (identity === undefined || typeof data !== 'object' || data === null) return undefined;
  const named: unknown = identity in data ? data[identity as keyof typeof data] : undefined;
  if (named === undefined || named === idOf(stream)) return undefined;
  return refusal(
    'VALIDATION_FAILED',
    `${identity} is "${String(named)}" but the stream is ${stream}; make them the same.`,
    {
      pointer: `/data/${identity}`,
    },
  );
}

/** Refuses a source that is not registered. */
export function refuseSources({ sources }: LedgerEvent, context: DecisionContext): Refusal | undefined {
  for (const [index, { sourceId }] of sources.entries()) {
    const missing = unknown(context, 'source', sourceId, `/sources/${index}/sourceId`);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

function refuseFuture(
  kind: StreamKind,
  { type, effective }: LedgerEvent,
  { today }: DecisionContext,
): Refusal | undefined {
  if (kind.events[type]?.class !== 'F' || effective.from <= today) return undefined;
  return refusal(
    'FUTURE_DATED_FACT',
    `${type} begins on ${effective.from}, and today is ${today} at the latest; post a fact once it has happened.`,
    {
      pointer: '/effective',
      details: { from: effective.from, today },
    },
  );
}

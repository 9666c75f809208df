import { setImmediate as turn } from 'node:timers/promises';
import { History, idOf, kindNameOf, kindOf, shown, type Fact, type StreamKind } from '@deal-ledger/domain';
import { Problem } from '@deal-ledger/service';
import type { Pool } from 'pg';
import { eventOf } from './batch';
import { asKnown } from './known';
import { Origins, type Field } from './origins';

/** A stream of more events, or a state of more fields, is not shown as a whole. */
export const MAX_EVENTS = 20_000;
export const MAX_FIELDS = 10_000;
const EVENTS_AT_ONCE = 1_000;

/** What a field of a state comes from. */
export interface FieldOrigin {
  readonly pointer: string;
  readonly value: unknown;
  readonly eventId: string;
}

/** An event that set something, with what there is to say of it. */
export interface OriginEvent {
  readonly eventId: string;
  readonly version: number;
  readonly position: number;
  readonly ordinal: number;
  readonly type: string;
  readonly recordedAt: string;
  readonly effective: string;
  readonly action: Fact['action'];
  /** The event in whose place it stands, where it corrects one. */
  readonly inPlaceOf: string | null;
  readonly reason: string | null;
  readonly actor: Fact['actor'];
  readonly onBehalfOf: Fact['onBehalfOf'] | null;
  readonly approvedBy: Fact['approvedBy'] | null;
  readonly sources: Fact['sources'];
}

/** A stream as known at a position. */
export interface StreamShown {
  readonly stream: string;
  readonly version: number;
  /** Of its last event up to then. */
  readonly position: number;
  readonly pointer: string;
  readonly state: unknown;
  readonly fields: readonly FieldOrigin[];
  readonly events: readonly OriginEvent[];
  readonly unknownEvents: number;
}

/** Folds a stream's events in force as known at a position, and follows what set each part of its state. */
export class Streams {
  constructor(private readonly pool: Pool) {}

  /**
   * The state of a stream, or the part of it at a JSON pointer.
   * @throws Problem 404 when there is no such stream or part then, 400 when it is too large to be shown at once
   */
  async of(stream: string, position: number, pointer: string): Promise<StreamShown> {
    const facts = await this.facts(stream, position);
    const kind = kindOf(stream);
    const last = facts.at(-1);
    if (kind === undefined || last === undefined) throw noSuchStream(stream, position, kind);
    const { state, origins, unknownEvents } = await folded(kind, facts);
    const part = partAt(shown(state), pointer);
    if (part === undefined) throw noSuchPart(stream, position, pointer);
    const fields: FieldOrigin[] = [];
    const events = new Map<string, OriginEvent>();
    for (const { pointer: at, by } of within(origins.fields(), pointer)) {
      if (fields.length === MAX_FIELDS) throw tooManyFields(stream, pointer);
      fields.push({ pointer: at, value: partAt(part, at.slice(pointer.length)), eventId: by.event.id });
      if (!events.has(by.event.id)) events.set(by.event.id, originOf(by));
    }
    return {
      stream,
      version: last.version,
      position: last.position,
      pointer,
      state: part,
      fields,
      events: [...events.values()].sort((a, b) => a.position - b.position || a.ordinal - b.ordinal),
      unknownEvents,
    };
  }

  private async facts(stream: string, position: number): Promise<Fact[]> {
    const { rows } = await this.pool.query<Recorded>({
      name: 'stream-as-of',
      text: FACTS,
      values: [stream, position, MAX_EVENTS + 1],
    });
    if (rows.length > MAX_EVENTS) throw tooManyEvents(stream);
    return rows.map((row) => ({
      ...eventOf(row),
      position: Number(row.position),
      ordinal: row.ordinal,
      recordedAt: row.recorded_at,
    }));
  }
}

type Recorded = Parameters<typeof eventOf>[0] & {
  readonly position: string;
  readonly ordinal: number;
  readonly recorded_at: string;
};

const FACTS = `
select stream, version, event_id, type, event, position, ordinal, to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as recorded_at
from events where stream = $1 and position <= $2 order by version limit $3`;

/** An event in force, and where it stands. */
interface Source {
  readonly event: Fact;
  readonly original: Fact;
}

async function folded(
  kind: StreamKind,
  facts: readonly Fact[],
): Promise<{ readonly state: unknown; readonly origins: Origins<Source>; readonly unknownEvents: number }> {
  const origins = new Origins<Source>();
  let state: unknown;
  let unknownEvents = 0;
  for (const [index, { original, latest, inForce }] of new History(facts).places.entries()) {
    // Whoever else is served here need not wait for a long stream.
    if (index % EVENTS_AT_ONCE === EVENTS_AT_ONCE - 1) await turn();
    if (inForce === undefined) continue;
    const event = asKnown(inForce);
    if (event === undefined) {
      unknownEvents += 1;
      continue;
    }
    state = kind.evolve(state, event);
    origins.moved(state, { event: latest, original });
  }
  return { state, origins, unknownEvents };
}

function* within(fields: Iterable<Field<Source>>, pointer: string): Generator<Field<Source>> {
  for (const field of fields) if (field.pointer === pointer || field.pointer.startsWith(`${pointer}/`)) yield field;
}

function originOf({ event, original }: Source): OriginEvent {
  const { id, version, position, ordinal, type, recordedAt, effective, action, reason, actor, sources } = event;
  return {
    ...{ eventId: id, version, position, ordinal, type, recordedAt, effective: effective.edtf, action },
    inPlaceOf: original.id === id ? null : original.id,
    ...{ reason: reason ?? null, actor, onBehalfOf: event.onBehalfOf ?? null, approvedBy: event.approvedBy ?? null },
    sources,
  };
}

/** What a JSON pointer (RFC 6901) finds in a value, or nothing. */
function partAt(value: unknown, pointer: string): unknown {
  let part = value;
  for (const name of pointer.split('/').slice(1)) {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return undefined;
    part = (part as Record<string, unknown>)[key];
  }
  return part;
}

function noSuchStream(stream: string, position: number, kind: StreamKind | undefined): Problem {
  return new Problem({
    status: 404,
    code: 'STREAM_NOT_FOUND',
    detail: `There is no ${stream} up to position ${position}. GET /v1/${kind?.route ?? kindNameOf(stream)} lists what there is now.`,
    members: { stream, position },
  });
}

function noSuchPart(stream: string, position: number, pointer: string): Problem {
  return new Problem({
    status: 404,
    code: 'POINTER_NOT_FOUND',
    detail: `${stream} has nothing at ${pointer} as known at position ${position}. Ask without pointer for all of it.`,
    members: { stream, position, pointer },
  });
}

function tooManyFields(stream: string, pointer: string): Problem {
  return new Problem({
    status: 400,
    code: 'TOO_MANY_FIELDS',
    detail: `${stream}${pointer === '' ? '' : ` at ${pointer}`} has more than ${MAX_FIELDS} fields. Ask for a part of it with pointer, for example pointer=${pointer}/….`,
    members: { maximum: MAX_FIELDS },
  });
}

function tooManyEvents(stream: string): Problem {
  return new Problem({
    status: 400,
    code: 'TOO_MANY_EVENTS',
    detail: `${stream} has more than ${MAX_EVENTS} events then. GET /v1/audit/events?stream=${stream}&format=ndjson has all of them; ask here as of an earlier position.`,
    members: { maximum: MAX_EVENTS, id: idOf(stream) },
  });
}

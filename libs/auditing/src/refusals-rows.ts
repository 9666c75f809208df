import { count, countIfAny, id, list, text, type Row } from '@deal-ledger/reports';
import { z } from 'zod';
import type { RefusalsStore } from './refusals-store';

/** At most so many of the events that came later are named. */
export const MAX_LATER = 10;

/** A refusal as it is answered, in every format. */
export const RefusalRow = z
  .object({
    position: count('Its place in the log of refusals.'),
    recordedAt: id('When that log took it.'),
    how: id(
      'one: a single post. repeated: the same post again, by the hash of its body. more: further posts, which came too fast and are only counted.',
    ),
    count: count('How many posts were refused.'),
    firstAt: id('When the first of them was.'),
    lastAt: id('When the last of them was.'),
    actor: text('Who posted. Null, as route, status and code, where posts of several sorts are counted together.'),
    service: id('The service that refused.'),
    route: text('The route that was posted to.'),
    status: countIfAny('The status that it was answered with.'),
    code: text('The code that it was answered with.'),
    faultCodes: list('What was wrong, fault by fault, the first ten.'),
    faultPointers: list('Where in the body each of these was, as JSON pointer; of an unknown field, in what it stood.'),
    details: id('The numbers, days, units and ids that the answer named, as JSON.'),
    streams: list('The streams that it was for, the first twenty.'),
    correlationIds: list('What its events said that they belong to, the first five.'),
    bodySha256: text('Hash of the body as it came, in hex; null where none was read.'),
    bodyBytes: countIfAny('How long that was.'),
    idempotencyKeySha256: text('Hash of its Idempotency-Key, in hex.'),
    ledgerPosition: countIfAny('The last position of the ledger that the refusal knew of; null: none.'),
    laterBy: text(
      'What the later events have in common with it: correlation, or where it has none, actorAndStream, which may be chance. Null: there are none.',
    ),
    laterEventIds: list(`Events that were accepted after it, the first ${MAX_LATER}.`),
    laterStreams: list('The stream of each of these.'),
    laterPositions: list('The position of each of these in the ledger.'),
    laterActors: list('Who posted each of these.'),
    laterRecordedAt: text('When the first of these was recorded.'),
  })
  .meta({ id: 'Refusal' });

/** What is asked for. Times are milliseconds since 1970. */
export interface RefusalsAsked {
  readonly code?: string | undefined;
  readonly actor?: string | undefined;
  readonly stream?: string | undefined;
  readonly correlation?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly beforeMs?: number | undefined;
  /** Only those behind this position. */
  readonly after: number;
}

type Stored = Readonly<Record<string, unknown>>;

/** Refusals in the order recorded, with what was accepted after each. `events`: the schema of the projection that has those. */
export async function refusalRows(
  store: RefusalsStore,
  events: string,
  { code, actor, stream, correlation, fromMs, beforeMs, after }: RefusalsAsked,
  limit: number,
): Promise<Row[]> {
  const at = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));
  const { rows } = await store.query<Stored>(selectFrom(events), [
    after,
    code ?? null,
    actor ?? null,
    stream ?? null,
    correlation ?? null,
    at(fromMs),
    at(beforeMs),
    limit,
  ]);
  return rows.map(rowOf);
}

// The condition on the text is that of the index of correlations.
const selectFrom = (events: string): string => `
with asked as (
  select * from refusals
  where position > $1
    and ($2::text is null or code = $2 or faults @> jsonb_build_array(jsonb_build_object('code', $2::text)))
    and ($3::text is null or actor = $3)
    and ($4::text is null or streams @> array[$4::text])
    and ($5::text is null or correlation_ids @> array[$5::text])
    and ($6::timestamptz is null or last_at >= $6)
    and ($7::timestamptz is null or first_at < $7)
  order by position
  limit $8
)
select r.*, later.events as later
from asked r cross join lateral (
  select coalesce(json_agg(found order by found.position, found.ordinal), '[]') as events
  from (
    select * from (
      select e.position, e.ordinal, e.event_id, e.stream, e.recorded_at, e.event #>> '{actor,id}' as actor
      from ${events}.events e
      where cardinality(r.correlation_ids) > 0 and strpos(e.event::text, '"correlationId"') > 0
        and e.event ->> 'correlationId' = any (r.correlation_ids) and e.position > r.ledger_position
      union all
      select e.position, e.ordinal, e.event_id, e.stream, e.recorded_at, e.event #>> '{actor,id}'
      from ${events}.events e
      where cardinality(r.correlation_ids) = 0 and e.stream = any (r.streams)
        and e.event #>> '{actor,id}' = r.actor and e.position > r.ledger_position
    ) either
    order by position, ordinal
    limit ${MAX_LATER}
  ) found
) later
order by r.position`;

interface Later {
  readonly position: number;
  readonly event_id: string;
  readonly stream: string;
  readonly recorded_at: string;
  readonly actor: string;
}

const instant = (value: unknown): string => new Date(value as string).toISOString();
const numberIfAny = (value: unknown): number | null => (value === null ? null : Number(value));

function rowOf(row: Stored): Row {
  const faults = row['faults'] as { code: string; pointer: string | null }[];
  const later = row['later'] as Later[];
  const [first] = later;
  const correlationIds = row['correlation_ids'] as string[];
  const ledgerPosition = Number(row['ledger_position']);
  return {
    position: Number(row['position']),
    recordedAt: instant(row['recorded_at']),
    how: String(row['how']),
    count: Number(row['count']),
    firstAt: instant(row['first_at']),
    lastAt: instant(row['last_at']),
    actor: row['actor'] as string | null,
    service: String(row['service']),
    route: row['route'] as string | null,
    status: row['status'] as number | null,
    code: row['code'] as string | null,
    faultCodes: faults.map((fault) => fault.code),
    faultPointers: faults.map((fault) => fault.pointer ?? ''),
    details: JSON.stringify(row['details']),
    streams: row['streams'] as string[],
    correlationIds,
    bodySha256: row['body_sha256'] as string | null,
    bodyBytes: numberIfAny(row['body_bytes']),
    idempotencyKeySha256: row['key_sha256'] as string | null,
    ledgerPosition: ledgerPosition < 0 ? null : ledgerPosition,
    laterBy: first === undefined ? null : correlationIds.length > 0 ? 'correlation' : 'actorAndStream',
    laterEventIds: later.map(({ event_id: eventId }) => eventId),
    laterStreams: later.map(({ stream }) => stream),
    laterPositions: later.map(({ position }) => String(position)),
    laterActors: later.map(({ actor }) => actor),
    laterRecordedAt: first === undefined ? null : instant(first.recorded_at),
  };
}

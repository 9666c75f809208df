import { catalogue } from '@deal-ledger/domain';

/** An instant, as reports show it. */
export const instant = (at: string): string => `to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const KINDS = Object.keys(catalogue)
  .map((kind) => `'${kind}'`)
  .join(', ');

/** The kind of a stream, and whether somebody posts to such streams: the ledger has some of its own. */
export const kindOfStream = (stream: string): string => `split_part(${stream}, '/', 1)`;
export const isPosted = (stream: string): string => `${kindOfStream(stream)} in (${KINDS})`;

const upTo = (event: string): string =>
  `(as_of is null or (${event}.position, ${event}.ordinal) <= (as_of, coalesce(as_of_ordinal, 2147483647)))`;

/**
 * The CTE `recorded`: every event `e` up to the position asked for that is `wanted`, with what had
 * become of it by then. An event that was corrected or cancelled names what did so, and is not
 * current; a cancel says nothing of its own, so it never is, and tells what it cancels. `was` is
 * what an event corrects or cancels. What the ledger adds by itself, such as that a name is taken,
 * was not posted.
 */
export const recorded = (wanted = 'true'): string => `
correction as materialized (
  select position, event_id, stream, corrects from events as e where corrects is not null and ${upTo('e')}
),
corrected as materialized (
  select stream, event_id, event from events as e
  where stream = any (array(select distinct stream from correction))
    and (stream, event_id) in (select stream, corrects from correction)
),
recorded as materialized (
  select e.position, e.ordinal, e.recorded_at, e.event_id, e.stream, ${kindOfStream('e.stream')} as kind, e.version, e.type, e.known, e.event,
    ${isPosted('e.stream')} as is_posted, e.writer || '/' || e.n as commit, e.event ->> 'action' as action, e.corrects, was.event as was,
    (e.event -> 'effective' ->> 'from')::date as effective_from, (e.event -> 'effective' ->> 'to')::date as effective_to,
    by.event_id as corrected_by, by.position as corrected_at, e.event ->> 'action' <> 'cancel' and by.event_id is null as is_current,
    case e.event ->> 'action' when 'cancel' then was.event -> 'data' else e.event -> 'data' end as said
  from events as e
  left join correction as by on by.corrects = e.event_id and by.stream = e.stream
  left join corrected as was on was.event_id = e.corrects and was.stream = e.stream
  where ${upTo('e')} and ${wanted}
)`;

/** How many days after the last on which it may have been so an event was recorded; 0 if not after it. */
export const DAYS_BACKDATED = `greatest((recorded_at at time zone 'UTC')::date - effective_to, 0)`;

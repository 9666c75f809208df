import { catalogue } from '@deal-ledger/domain';

/** An instant, as reports show it. */
export const instant = (at: string): string => `to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const KINDS = Object.keys(catalogue)
  .map((kind) => `'${kind}'`)
  .join(', ');

/**
 * The CTE `recorded`: every event up to the position asked for, with what had become of it by then.
 * An event that was corrected or cancelled names what did so, and is not current; a cancel says
 * nothing of its own, so it never is, and tells what it cancels. What the ledger adds by itself, such
 * as that a name is taken, was not posted.
 */
export const RECORDED = `
known_event as materialized (
  select position, ordinal, recorded_at, event_id, stream, split_part(stream, '/', 1) as kind, version, type, known, event, split_part(stream, '/', 1) in (${KINDS}) as is_posted,
    event ->> 'action' as action, event ->> 'corrects' as corrects
  from events
  where (as_of is null or (position, ordinal) <= (as_of, coalesce(as_of_ordinal, 2147483647)))
),
recorded as materialized (
  select e.*, (e.event -> 'effective' ->> 'from')::date as effective_from, (e.event -> 'effective' ->> 'to')::date as effective_to,
    by.event_id as corrected_by, by.position as corrected_at, e.action <> 'cancel' and by.event_id is null as is_current,
    case e.action when 'cancel' then was.event -> 'data' else e.event -> 'data' end as said
  from known_event as e
  left join known_event as by on by.corrects = e.event_id and by.stream = e.stream
  left join known_event as was on e.action = 'cancel' and was.event_id = e.corrects and was.stream = e.stream
)`;

/** How many days after the last on which it may have been so an event was recorded; 0 if not after it. */
export const DAYS_BACKDATED = `greatest((recorded_at at time zone 'UTC')::date - effective_to, 0)`;

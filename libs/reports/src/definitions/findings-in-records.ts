import type { Finding } from './finding';
import { DAYS_BACKDATED } from './recorded';

const RECORDED_ON = `(recorded_at at time zone 'UTC')::date`;

/** What is to be looked at in what was recorded, whatever it says. They hold for any `effectiveOn`. */
export const IN_RECORDS: readonly Finding[] = [
  {
    kind: 'SINGLE_ANONYMOUS_SOURCE',
    stream: 'stream',
    ref: `stream || '/' || event_id`,
    since: RECORDED_ON,
    eventId: 'event_id',
    text: `format('%s of %s rests on %s alone, which names nobody. Find a second source, or one that can be named.', type, stream, source_id)`,
    from: `current_event
  cross join lateral (
    select min(source ->> 'sourceId') as source_id, max(source ->> 'sourceId') as last_id,
      bool_and(source ->> 'attribution' = 'anonymousSources') as are_anonymous
    from json_array_elements(event -> 'sources') as source
  ) as sources
  where are_anonymous and source_id = last_id`,
  },
  {
    kind: 'BACKDATED',
    stream: 'stream',
    ref: `stream || '/' || event_id`,
    since: RECORDED_ON,
    eventId: 'event_id',
    text: `format(
      '%s of %s is of %s and was recorded on %s, %s days later; more than %s are late. What was reported in between did not have it.',
      type, stream, effective_to, ${RECORDED_ON}, days, backdated_days
    )`,
    from: `current_event cross join lateral (select ${DAYS_BACKDATED} as days) as late where days > backdated_days`,
  },
  {
    kind: 'CORRECTED_AFTER_REPORT',
    stream: 'e.stream',
    ref: `run.stream || '/' || e.stream || '/' || e.event_id`,
    since: `(by.recorded_at at time zone 'UTC')::date`,
    eventId: 'by.event_id',
    text: `format(
      '%s (%s of %s) was %s by %s after report %s of run %s, as of position %s, had it: %s. See whether what was reported has to be told anew.',
      e.event_id, e.type, e.stream, case by.action when 'cancel' then 'cancelled' else 'corrected' end, by.event_id,
      run.said ->> 'report', run.said ->> 'runId', run.said ->> 'asOf', by.event ->> 'reason'
    )`,
    from: `current_event as run
  join recorded as e on e.position <= (run.said ->> 'asOf')::bigint and e.corrected_at > (run.said ->> 'asOf')::bigint and e.kind <> 'report-run'
  join recorded as by on by.stream = e.stream and by.event_id = e.corrected_by
  where run.type = 'ReportPublished' and e.corrected_by is not null`,
  },
];

import { z } from 'zod';
import { countIfAny, id, kindOfColumn, list, oneOf, text, type ReportDefinition } from '../report';
import type { Total } from '../tally';
import { counted, countedBy } from '../totals';
import {
  ACTIONS,
  askedBy,
  envelope,
  ENVELOPE_COLUMNS,
  ENVELOPE_FILTERS,
  ENVELOPE_SORT,
  SUMMARY,
  TEXT_FILTER,
  WANTED,
} from './envelope';
import { isPosted, kindOfStream, recorded } from './recorded';
import { RESTS_ON_NOTHING } from './sql';

const VERDICTS = ['fact', 'void', 'foreign'] as const;

/** What bytes that are no commit do not have. */
const OF_COMMITS = [
  'eventId',
  'stream',
  'kind',
  'version',
  'type',
  'schemaVersion',
  'effective',
  'effectiveFrom',
  'effectiveTo',
  'action',
  'actorId',
  'daysBackdated',
] as const satisfies readonly (keyof typeof ENVELOPE_COLUMNS)[];

const ofCommits = Object.fromEntries(
  OF_COMMITS.map((name) => {
    const column = ENVELOPE_COLUMNS[name];
    const meaning = `${column.description ?? ''} Null where the bytes do not say.`;
    return [name, kindOfColumn(column) === 'count' ? countIfAny(meaning) : text(meaning)];
  }),
);

export const AuditEvent = z
  .object({
    ...ENVELOPE_COLUMNS,
    ...ofCommits,
    sources: text('What it rests on, with the place in each source, as JSON.'),
    dataBefore: text('Of a correction or cancel what was posted by the event that it corrects, as JSON.'),
    dataAfter: text('Of a correction what stands in its place, as JSON; null of a cancel, after which nothing does.'),
    changed: list('Of a correction or cancel what it changes, as JSON pointers into effective, sources and data.'),
    changes: text('The same with values, as JSON: [{pointer, before, after}]; null where there was or is nothing.'),
    verdict: id(
      'fact; void: a commit that lost to another one and counts for nobody; foreign: bytes that are no commit.',
    ),
    why: text('Of what is no fact, why it is none.'),
    factPosition: countIfAny(
      'Of a void event where it stands as a fact, if it does as far as was known: as the copy that came first, or decided again.',
    ),
    commit: text('Its commit, as writer/number.'),
    record: text(
      'Of what is no fact what is known of the record, as JSON: of a void commit the numbers and heads that it met, of foreign bytes their length, SHA-256 and beginning.',
    ),
  })
  .meta({ id: 'AuditEvent' });

const COLUMNS = `position, ordinal, recorded_at, event_id, stream, kind, version, type, known, event, is_posted, commit, action, corrects, was,
    effective_from, effective_to, corrected_by, is_current, said`;

/** How far behind the place that it was decided for an event is looked for when it was decided again. */
const DECIDED_AGAIN_WITHIN = 1_000;

/** That a skipped record `s` is asked for. */
const skippedAs = (verdict: string): string => `s.verdict = '${verdict}' and position('${verdict}' in include) > 0
    and (as_of is null or s.position <= as_of)
    and (filter ->> 'positionFrom' is null or s.position >= (filter ->> 'positionFrom')::bigint)
    and (filter ->> 'positionTo' is null or s.position <= (filter ->> 'positionTo')::bigint)`;

/** The position of a stream's event, for people. */
const placeOf = (stream: string, version: string, more = 'true'): string =>
  `coalesce((select ' (position ' || e.position || ')' from events as e where e.stream = ${stream} and e.version = ${version} and ${more}), '')`;

const MET = `(
    select string_agg(format(
      'the last commit of %s was %s%s, and it was decided on %s%s', head ->> 'stream', coalesce(head ->> 'found', 'none'),
      ${placeOf(`head ->> 'stream'`, `(head ->> 'version')::integer`)}, coalesce(head ->> 'expected', 'none: that the stream did not exist'),
      ${placeOf(`head ->> 'stream'`, `(head ->> 'expectedVersion')::integer`, `e.writer || '/' || e.n = head ->> 'expected'`)}
    ), '; ' order by place)
    from json_array_elements(record -> 'heads') with ordinality as listed (head, place)
  )`;

const WHY_VOID = `case lost_by
    when 'WRITER_NUMBER' then format(
      'Void: it is number %s of its writer, and number %s stood in the ledger before it. A number counts once and only upwards: this is a copy that came again, or came too late.',
      record ->> 'number', record ->> 'metNumber'
    )
    when 'HEAD' then format('Void: %s. Another commit had come first.', ${MET})
    else format(
      'Void: version %s of %s was due, and its event %s says another. No right writer makes such a commit.',
      record -> 'sequence' ->> 'next', record -> 'events' -> (record -> 'sequence' ->> 'event')::integer ->> 'stream', record -> 'sequence' ->> 'event'
    )
  end || case
    when fact_position is null then ' No fact says the same as far as was known.'
    when lost_by = 'WRITER_NUMBER' then format(' The first copy is a fact at position %s.', fact_position)
    else format(' It was decided again, and is a fact at position %s.', fact_position)
  end`;

const FILTERS = { ...ENVELOPE_FILTERS, verdict: oneOf('verdict'), text: TEXT_FILTER };

const SQL = `
with ${recorded(WANTED)},
void_event as (
  select s.position, place::integer - 1 as ordinal, s.recorded_at, event ->> 'id' as event_id, event ->> 'stream' as stream,
    ${kindOfStream(`event ->> 'stream'`)} as kind, (event ->> 'version')::integer as version, event ->> 'type' as type,
    (event ->> 'known')::boolean as known, event, ${isPosted(`event ->> 'stream'`)} as is_posted, record ->> 'commit' as commit,
    event ->> 'action' as action, event ->> 'corrects' as corrects, null::json as was,
    (event -> 'effective' ->> 'from')::date as effective_from, (event -> 'effective' ->> 'to')::date as effective_to,
    null as corrected_by, false as is_current, null::json as said, record, reason as lost_by
  from skipped as s cross join lateral json_array_elements(record -> 'events') with ordinality as listed (event, place)
  where ${skippedAs('void')}
),
placed as (
  select v.*, (
      select min(e.position) from events as e
      where e.stream = v.stream and e.version >= v.version and e.version < v.version::bigint + ${DECIDED_AGAIN_WITHIN}
        and (as_of is null or e.position <= as_of)
        and (e.writer || '/' || e.n = v.commit or e.event_id = v.event_id or (e.type = v.type and e.event ->> 'commandId' = v.event ->> 'commandId'))
    ) as fact_position
  from void_event as v
),
entry as (
  select ${COLUMNS}, 'fact' as verdict, null as why, null::bigint as fact_position, null::json as record from recorded
  union all
  select ${COLUMNS}, 'void', ${WHY_VOID}, fact_position, record from placed
  union all
  select position, 0, recorded_at, null, null, null, null, null, false, null, false, null, null, null, null, null, null, null, false, null,
    'foreign', format('Foreign: these bytes are no commit of a ledger: %s. Everybody skips them alike.', reason), null, record
  from skipped as s where ${skippedAs('foreign')}
),
envelope as (${envelope('commit, verdict, why, fact_position as "factPosition", record as kept, was, event', ['why', 'record::text'])}
  from entry
)
  select r.*, ${SUMMARY} as summary, event ->> 'sources' as sources,
    nullif(was ->> 'data', 'null') as "dataBefore", case when action = 'correct' and verdict = 'fact' then data end as "dataAfter",
    array(select change ->> 'pointer' from jsonb_array_elements(between) with ordinality as listed (change, place) order by place) as changed,
    between::text as changes, (kept::jsonb - 'events')::text as record,
    ${RESTS_ON_NOTHING}
  -- What is said is put into words, and what has changed is worked out, only of what is asked for.
  from (select * from envelope as r where ${askedBy(FILTERS)} offset 0) as r
  cross join lateral (
    select case when was is not null then changes_between(${compared('was')}, case action when 'cancel' then '{}' else ${compared('event')} end) end as between
    offset 0
  ) as difference`;

function compared(event: string): string {
  return `jsonb_build_object('effective', ${event} -> 'effective' -> 'edtf', 'sources', ${event} -> 'sources', 'data', ${event} -> 'data')`;
}

function ofFacts(total: Total): Total {
  return { ...total, of: (row) => (row['verdict'] === 'fact' ? total.of(row) : []) };
}

function countsOf(words: readonly string[]): z.ZodObject {
  return z.object(Object.fromEntries(words.map((word) => [word, z.int()])));
}

/** Every record of the ledger that an auditor may ask for: R14 with what corrections changed, and on request what is no fact. */
export const auditEvents: ReportDefinition = {
  name: 'audit-events',
  path: '/v1/audit/events',
  summary:
    'Every event in the order recorded, as in the audit trail, with what a correction or cancel changed; on request also records that are no facts, and why they are none. Of asOf only; effectiveOn changes nothing here.',
  row: AuditEvent,
  key: ['position', 'ordinal'],
  sort: {
    default: ['position'],
    columns: [...ENVELOPE_SORT, 'verdict'],
    ranks: { action: ACTIONS, verdict: VERDICTS },
  },
  filters: FILTERS,
  options: {
    include: {
      type: 'text',
      schema: z
        .enum(['facts', 'void', 'foreign', 'void,foreign'])
        .default('facts')
        .describe(
          'What else than facts: void commits, foreign bytes, or both as void,foreign. By default facts alone.',
        ),
    },
  },
  sql: SQL,
  basis: [],
  rests: {},
  walked: { unless: ['stream', 'eventId'] },
  totals: {
    byVerdict: countedBy('verdict', VERDICTS),
    byAction: ofFacts(countedBy('action', ACTIONS)),
    current: counted(({ isCurrent }) => isCurrent === true),
  },
  totalsSchema: z.object({
    byVerdict: countsOf(VERDICTS).describe('Rows of each verdict.'),
    byAction: countsOf(ACTIONS).describe('Facts of each action.'),
    current: z.int().describe('Facts that hold.'),
  }),
};

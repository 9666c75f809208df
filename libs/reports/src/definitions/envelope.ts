import { z } from 'zod';
import {
  atLeast,
  count,
  equal,
  flag,
  id,
  isTrue,
  list,
  lists,
  mentions,
  oneOf,
  onOrAfter,
  onOrBefore,
  positionFrom,
  positionTo,
  refersTo,
  text,
  type Filter,
} from '../report';
import { DAYS_BACKDATED, instant, kindOfStream } from './recorded';

/** What there is to say of an event besides what it changes: who, when, why, on what source, and what became of it. */
export const ENVELOPE_COLUMNS = {
  position: count('Where its commit stands in the ledger.'),
  ordinal: count('Its place in the commit, from 0.'),
  recordedAt: id('When it was recorded, UTC; never supplied by whoever posted it.'),
  eventId: id('The event.'),
  stream: id('What it is about, as kind/id.'),
  kind: id('The kind of stream: deal, funding, reservation …'),
  version: count('Its place in the stream, from 1.'),
  type: id('What it says.'),
  schemaVersion: count('The version of the shape that it was posted in.'),
  effective: id('When it is true in the world, as EDTF.'),
  effectiveFrom: id('The earliest day of that.'),
  effectiveTo: id('The latest day of that.'),
  action: id('new, correct or cancel.'),
  correctsEventId: text('The event that it corrects or cancels.'),
  reason: text('Why it does.'),
  actorId: id('Who posted it.'),
  actorRole: text('As what.'),
  onBehalfOfId: text('For whom.'),
  onBehalfOfRole: text('As what.'),
  approvedById: text('The second person, where one was needed.'),
  approvedByRole: text('As what.'),
  commandId: text('The Idempotency-Key that it was posted with.'),
  correlationId: text('What it belongs to.'),
  causationId: text('What it follows from.'),
  sourceIds: list('What it rests on.'),
  attributions: list('To whom these sources attribute it, each once: official, named, documentary, anonymousSources …'),
  minConfidence: text('The lowest confidence of these sources: low, medium or high.'),
  summary: id('What was posted, for people; of a cancel, what it cancels.'),
  data: text('What was posted, as JSON; null of a cancel.'),
  correctedBy: text('The event that corrected or cancelled it, as far as was known.'),
  isCurrent: flag('Whether it holds: neither corrected nor cancelled, as far as was known, and itself no cancel.'),
  daysBackdated: count('Days from the latest day of effective to the day of recording (UTC); 0 if it is not before.'),
  known: flag('Whether this version knows its type and shape; if not, no figure counts it.'),
} as const;

/** What events may be sorted by. */
export const ENVELOPE_SORT = [
  'position',
  'ordinal',
  'recordedAt',
  'stream',
  'version',
  'type',
  'effectiveFrom',
  'effectiveTo',
  'action',
  'actorId',
  'daysBackdated',
];

export const ACTIONS = ['new', 'correct', 'cancel'] as const;

/** What events are found by; {@link mentions} of their text comes after these. */
export const ENVELOPE_FILTERS: Readonly<Record<string, Filter>> = {
  stream: equal('stream'),
  kind: equal('kind'),
  type: oneOf('type'),
  action: equal('action'),
  actor: equal('actorId'),
  onBehalfOf: equal('onBehalfOfId'),
  approvedBy: equal('approvedById'),
  selfApproved: {
    schema: z
      .enum(['true', 'false'])
      .describe('Only rows that whoever posted them, or for whom, has approved, or only others.'),
    condition: (value) => `coalesce(r."approvedById" in (r."actorId", r."onBehalfOfId"), false) = (${value})::boolean`,
  },
  source: lists('sourceIds'),
  attribution: lists('attributions'),
  positionFrom: positionFrom('position'),
  positionTo: positionTo('position'),
  recordedFrom: onOrAfter('recordedAt'),
  recordedTo: onOrBefore('recordedAt'),
  effectiveFrom: onOrAfter('effectiveFrom'),
  effectiveTo: onOrBefore('effectiveTo'),
  minBackdatedDays: atLeast('daysBackdated'),
  correlation: equal('correlationId'),
  eventId: equal('eventId'),
  isCurrent: isTrue('isCurrent'),
  posted: {
    schema: z
      .enum(['true', 'false'])
      .describe(
        'Only rows that somebody posted, or only what the ledger adds by itself: that names and dates are taken, and its own beginning.',
      ),
    condition: (value) => `r.is_posted = (${value})::boolean`,
  },
  ref: refersTo('said', 'data: a leg, payment, tranche, call, party …; of a cancel, in that of what it cancels'),
};

/** Of the column `mentioned` of {@link envelope}. */
export const TEXT_FILTER = mentions('mentioned', 'id, stream, type, reason or data, in any script');

const conditionsOf = (filters: Readonly<Record<string, (value: string) => string>>): string =>
  Object.entries(filters)
    .map(([name, condition]) => `(filter ->> '${name}' is null or ${condition(`(filter ->> '${name}')`)})`)
    .join('\n    and ');

/** Whether the row `r` of {@link envelope} is asked for. */
export const askedBy = (filters: Readonly<Record<string, Filter>>): string =>
  conditionsOf(Object.fromEntries(Object.entries(filters).map(([name, { condition }]) => [name, condition])));

// As JSON writes it: what it names somewhere is looked for in the text before that is opened.
const names = (value: string): string => `strpos(e.event::text, to_json(${value})::text) > 0`;

// Text of nothing but ASCII is compared in lower case, so that it need not be opened; a quote is written otherwise there.
const mayMention = (value: string): string => `(
      ${value} ~ '["\\\\]' or octet_length(e.event::text) <> char_length(e.event::text)
      or strpos(lower(concat_ws(E'\\n', e.event_id, e.stream, e.type, e.event::text) collate "C"), as_compared(${value}) collate "C") > 0
    )`;

/** What can be told of an event `e` before its envelope is opened: that of others is left closed. */
export const WANTED = conditionsOf({
  stream: (value) => `e.stream = ${value}`,
  kind: (value) => `${kindOfStream('e.stream')} = ${value}`,
  type: (value) => `e.type = any (string_to_array(${value}, ','))`,
  action: (value) => `(e.corrects is null) = (${value} = 'new')`,
  eventId: (value) => `e.event_id = ${value}`,
  positionFrom: (value) => `e.position >= (${value})::bigint`,
  positionTo: (value) => `e.position <= (${value})::bigint`,
  recordedFrom: (value) => `(e.recorded_at at time zone 'UTC')::date >= (${value})::date`,
  recordedTo: (value) => `(e.recorded_at at time zone 'UTC')::date <= (${value})::date`,
  actor: names,
  onBehalfOf: names,
  approvedBy: names,
  source: names,
  attribution: names,
  correlation: names,
  // A cancel says nothing of its own, but what it cancels may.
  ref: (value) => `(e.corrects is not null or ${names(value)})`,
  text: mayMention,
});

/**
 * Columns of {@link ENVELOPE_COLUMNS} but the summary, and `more`, over rows as the CTE `recorded` has
 * them; `mentioned` are further columns in which a text is looked for.
 */
export const envelope = (more: string, mentioned: readonly string[] = []): string => `
  select position, ordinal, ${instant('recorded_at')} as "recordedAt", event_id as "eventId", stream, kind, version, type,
    (event ->> 'schemaVersion')::integer as "schemaVersion", event -> 'effective' ->> 'edtf' as effective,
    effective_from as "effectiveFrom", effective_to as "effectiveTo", action, corrects as "correctsEventId", event ->> 'reason' as reason,
    ${['actor', 'onBehalfOf', 'approvedBy']
      .map(
        (person) =>
          `event -> '${person}' ->> 'id' as "${person}Id", event -> '${person}' ->> 'role' as "${person}Role"`,
      )
      .join(',\n    ')},
    event ->> 'commandId' as "commandId", event ->> 'correlationId' as "correlationId", event ->> 'causationId' as "causationId",
    array(select source ->> 'sourceId' from json_array_elements(event -> 'sources') with ordinality as listed (source, place) group by 1 order by min(place)) as "sourceIds",
    array(select distinct source ->> 'attribution' collate "C" from json_array_elements(event -> 'sources') as source order by 1) as attributions,
    (
      select source ->> 'confidence' from json_array_elements(event -> 'sources') as source
      order by array_position(array['low', 'medium', 'high'], source ->> 'confidence') limit 1
    ) as "minConfidence",
    nullif(event ->> 'data', 'null') as data, said, corrected_by as "correctedBy", is_current as "isCurrent",
    ${DAYS_BACKDATED} as "daysBackdated", known, is_posted, ${more},
    concat_ws(E'\\n', ${['event_id', 'stream', 'type', `event ->> 'reason'`, `nullif(event ->> 'data', 'null')`, ...mentioned].join(', ')}) as mentioned`;

/** What was posted, for people. */
export const SUMMARY = `concat_ws(': ', case action when 'cancel' then 'cancels ' || "correctsEventId" end, nullif(told(said), ''))`;

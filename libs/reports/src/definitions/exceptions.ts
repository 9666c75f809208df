import { z } from 'zod';
import { equal, id, lists, oneOf, text, type Option, type ReportDefinition } from '../report';
import { countedBy } from '../totals';
import { rowsOf } from './finding';
import { IN_MONEY, MONEY } from './findings-in-money';
import { IN_RECORDS } from './findings-in-records';
import { IN_SUPPLY, SUPPLY } from './findings-in-supply';
import { recorded } from './recorded';
import { ifAny, linesOf, valueOf } from './sql';
import { OF_RESERVATIONS, RESERVATIONS } from './supply';

const SEVERITIES = ['low', 'medium', 'high'] as const;

/** How bad each kind is. */
const SEVERITY_OF: Readonly<Record<string, (typeof SEVERITIES)[number]>> = {
  OVER_COMMITTED: 'high',
  CALL_OVERDUE: 'high',
  CORRECTED_AFTER_REPORT: 'high',
  REFERENCE_BROKEN: 'high',
  LOI_LAPSING: 'medium',
  FX_STALE: 'medium',
  UNDISCLOSED_MONEY: 'medium',
  BACKDATED: 'medium',
  SLIP: 'medium',
  SHORTFALL: 'medium',
  FORECAST_ABOVE_COMMITTED: 'medium',
  SINGLE_ANONYMOUS_SOURCE: 'low',
  JOINT_UNSPLIT: 'low',
};

const KINDS = Object.keys(SEVERITY_OF);
const kindsOf = (severity: string): readonly string[] => KINDS.filter((kind) => SEVERITY_OF[kind] === severity);

export const Exception = z
  .object({
    kind: id(
      'OVER_COMMITTED: more is asked of a pool than it has. CALL_OVERDUE: a call was not paid in full when it was due. ' +
        'LOI_LAPSING: a paper that does not bind expires soon. FX_STALE: a payment, cost or receipt has no fresh rate into the reporting currency; without one asked for there are none. ' +
        'UNDISCLOSED_MONEY: a payment or a funding is of a secret amount. SINGLE_ANONYMOUS_SOURCE: an event in force rests on one source that names nobody. ' +
        'BACKDATED: an event in force was recorded long after its date. CORRECTED_AFTER_REPORT: a published report had what was corrected or cancelled since. ' +
        'JOINT_UNSPLIT: a side has several parties without shares. SLIP: a delivery was moved to later. SHORTFALL: something was declared short. ' +
        'FORECAST_ABOVE_COMMITTED: more is forecast for a year than is certain. REFERENCE_BROKEN: something names what is gone or closed, has more than that allows, or counts in another unit.',
    ),
    ref: id('The stream, and what of it or against what.'),
    since: text('The day from which on it is so; of what is about the record itself, when it was recorded.'),
    severity: id(
      [...SEVERITIES]
        .reverse()
        .map((severity) => `${severity}: ${kindsOf(severity).join(', ')}.`)
        .join(' '),
    ),
    eventId: text('The event that made it so.'),
    text: id('What it is, the numbers, and what to do.'),
  })
  .meta({ id: 'Exception' });

const MEASURES = [
  ...['deal', 'deal.stage', 'deal.agreement', 'leg', 'leg.qtyFirm', 'leg.qtyExpected', 'leg.qtyCeiling'],
  ...['funding', 'funding.stage', 'call.called', 'call.received', 'forecast'],
  ...['pool', 'party', 'site', 'engagement', ...OF_RESERVATIONS, 'ramp', 'ramp.plan'],
];

const listed = (terms: string): string => `array(select jsonb_array_elements_text(${terms}))`;

/** The CTE `concerned`: the parties of each stream that has any. */
const CONCERNED = `
concerned (stream, parties) as (
  select 'deal/' || deal_id, array(select distinct each ->> 'partyId' from jsonb_array_elements(terms -> 'parties') as each) from deal
  union all
  select 'funding/' || funding_id, ${listed(`terms -> 'funders'`)} || (terms ->> 'recipient') from funding
  union all
  select 'reservation/' || reservation_id, ${listed(`terms -> 'supplierIds'`)} || (terms ->> 'buyerId') from reservation
  union all
  select 'forecast/' || split_part(subject, '/', 1), array_agg(distinct terms ->> 'entityId') from (
    select subject, value::jsonb as terms from line where measure = 'forecast'
  ) as version group by 1
  union all
  select measure || '/' || subject, case measure
      when 'party' then array[subject]
      when 'site' then ${listed(`terms -> 'partnerIds'`)}
      when 'engagement' then ${listed(`terms -> 'participants'`)}
      else array_remove(array[terms ->> 'supplierId'], null)
    end
  from (select measure, subject, value::jsonb as terms from line where measure in ('party', 'site', 'engagement', 'pool')) as other
)`;

const SQL = `
with ${linesOf(MEASURES)},
${recorded()},
current_event as (select * from recorded where is_current and is_posted and known),
deal as (
  select subject as deal_id, ${valueOf('deal')} as terms, ${valueOf('deal.stage')} ->> 'stage' as stage, ${valueOf('deal.agreement')} as paper
  from line where measure in ('deal', 'deal.stage', 'deal.agreement') group by subject ${ifAny('deal')}
),
leg as (
  select subject, split_part(subject, '/', 1) as deal_id, split_part(subject, '/', 2) as leg_id, value::jsonb as terms from line where measure = 'leg'
),
funding as (
  select subject as funding_id, ${valueOf('funding')} as terms, ${valueOf('funding.stage')} ->> 'stage' as stage
  from line where measure in ('funding', 'funding.stage') group by subject ${ifAny('funding')}
),
${RESERVATIONS},
${CONCERNED},
${MONEY},
${SUPPLY},
finding as (${[...IN_RECORDS, ...IN_MONEY, ...IN_SUPPLY].map(rowsOf).join('\nunion all')}
)
  select kind, ref, to_char(since, 'YYYY-MM-DD') as since,
    case ${SEVERITIES.map(
      (severity) =>
        `when kind in (${kindsOf(severity)
          .map((kind) => `'${kind}'`)
          .join(', ')}) then '${severity}'`,
    ).join(' ')} end as severity,
    event_id as "eventId", text, coalesce(finding.parties, concerned.parties, '{}') as parties,
    null as "policyEventId", fx_event_ids as "fxEventIds", null::text[] as unconverted
  from finding left join concerned on concerned.stream = finding.stream`;

const days = (standard: number, meaning: string): Option => ({
  type: 'integer',
  schema: z
    .string()
    .regex(/^\d{1,4}$/, 'is a number of days')
    .default(String(standard))
    .transform(Number)
    .describe(meaning),
});

const countsSchema = (words: readonly string[]): z.ZodObject =>
  z.object(Object.fromEntries(words.map((word) => [word, z.int()])));

/** R15: what somebody should look at. */
export const exceptions: ReportDefinition = {
  name: 'exceptions',
  summary: 'What somebody should look at: what is wrong, since when, how bad it is, by which event, and what to do.',
  row: Exception,
  key: ['kind', 'ref'],
  sort: {
    default: ['-severity', 'since'],
    columns: ['kind', 'ref', 'since', 'severity', 'eventId'],
    ranks: { severity: SEVERITIES },
  },
  filters: {
    kind: oneOf('kind'),
    severity: equal('severity'),
    party: lists('parties'),
  },
  options: {
    lapsingWithinDays: days(90, 'LOI_LAPSING: within how many days.'),
    backdatedDays: days(30, 'BACKDATED: by more than how many days.'),
  },
  sql: SQL,
  basis: [],
  rests: {},
  totals: {
    bySeverity: countedBy('severity', SEVERITIES),
    byKind: countedBy('kind', KINDS),
  },
  totalsSchema: z.object({
    bySeverity: countsSchema(SEVERITIES).describe('Rows of each severity.'),
    byKind: countsSchema(KINDS).describe('Rows of each kind.'),
  }),
};

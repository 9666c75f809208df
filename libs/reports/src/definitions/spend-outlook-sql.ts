import { BY_GROUP, BY_ROOT } from '../report';
import { adding } from './adding';
import { cell, cellCount, cellOrZero, pricedBy, RATE_FLAGS, rateDay, RATES_USED } from './conversion';
import { flagsOf, ofItself, postingsOf, readingThose, sumOf, termsOf } from './sql';

export const MEASURES = [
  'deal.stage',
  'deal.probability',
  'policy',
  'leg',
  'leg.firm',
  'leg.expected',
  'leg.ceiling',
  'leg.incurred',
  'leg.paid',
  'forecast',
  'forecast.withdrawn',
  'forecast.low',
  'forecast.base',
  'forecast.high',
];

/** Whether a line is of the row's period: an amount by the last day of its own, a payment by its day. */
export const IN_PERIOD = `case
      when p.measure in ('leg', 'forecast', 'forecast.withdrawn') then true
      when p.period is null and p.measure not in ('leg.incurred', 'leg.paid') then r.period = 'unscheduled'
      when r.period <> 'unscheduled' then
        coalesce(period_last(p.period), (p.value::jsonb ->> 'on')::date) between period_first(r.period) and period_last(r.period)
      else false
    end`;

/** Who pays what a leg's postings with these values are about. */
const payerOf = (value: string): string => `case when is_shared then ${value} ->> 'partyId' else providers end`;

const OPEN = `('exploring', 'announced', 'preliminary', 'binding')`;
const PLANNED = ['leg.firm', 'leg.expected', 'leg.ceiling'];
const CASH = ['leg.incurred', 'leg.paid'];

const OF_DEALS = ['deal.stage', 'deal.probability', 'leg'];
const FORECASTS = ['forecast', 'forecast.withdrawn', 'forecast.low', 'forecast.base', 'forecast.high'];

const OF_ROOT = ofItself(BY_ROOT, [...OF_DEALS, ...PLANNED, ...CASH, ...FORECASTS]);
/** Which forecast counts is told by all of its entity. */
const OF_ENTITY = readingThose(
  BY_GROUP,
  FORECASTS,
  (entities) => `
    select split_part(p.subject, '/', 1) from postings as p
    where p.measure = 'forecast' and p.value::jsonb ->> 'entityId' = any (${entities})`,
);

/** What a cell is made of: of which relation, and at which rate it is converted. */
const partOf = (name: string, amount: string, rows: string, rate = `'closing', effective_on`): string =>
  `select entity, category, period, currency, '${name}', ${amount}, ${rate} from ${rows}`;
const spot = `'spot', rate_day`;

const PARTS = [
  partOf('committedFirm', 'firm', `due where stage = 'binding'`),
  partOf('committedCeiling', 'ceiling', `due where stage = 'binding'`),
  partOf('indicatedCeiling', 'ceiling', `due where stage in ('announced', 'preliminary')`),
  partOf('pipelineCeiling', 'ceiling', `due where stage = 'exploring'`),
  partOf(
    'weighted',
    `case when stage = 'binding' then firm + probability * (likely - firm) else probability * likely end`,
    'due',
  ),
  partOf('incurred', 'amount', `fact where measure = 'leg.incurred'`, spot),
  partOf('paid', 'amount', `fact where measure = 'leg.paid'`, spot),
  partOf('prepaid', 'amount', `fact where payment_kind in ('prepayment', 'deposit')`, spot),
  partOf('undisclosedLegs', '1', 'secret', 'null, null'),
  // It bears on the rows of its entity and measure, and what it says is no sum.
  `select value::jsonb ->> 'entityId', value::jsonb ->> 'measure', null, null, 'forecast', 0, null, null from line where measure = 'forecast'`,
];
const FORESEEN = [
  `select * from added where cell <> 'forecast'`,
  partOf('forecastLow', 'low', 'foreseen'),
  partOf('forecastBase', 'base', 'foreseen'),
  partOf('forecastHigh', 'high', 'foreseen'),
];

const CTES = `
payment as (
  select leg.subject, terms, stage, coalesce(assessed, (select value::jsonb from line where measure = 'policy') ->> stage)::numeric as probability, terms ->> 'category' as category,
    terms ->> 'sharedSide' is not distinct from 'providers' as is_shared, joined(terms -> 'providers') as providers,
    (terms ->> 'expectedStated')::boolean as is_expected_stated
  from ${termsOf('leg')} as leg
  join (select subject as deal_id, value::jsonb ->> 'stage' as stage from line where measure = 'deal.stage') as deal on deal_id = split_part(leg.subject, '/', 1)
  left join (select subject as deal_id, value::jsonb ->> 'probability' as assessed from line where measure = 'deal.probability') as assessment using (deal_id)
  where terms ->> 'class' = 'payment'
),
-- An amount is due on the last day of its bucket's period, and belongs to the row that this day is in.
row_of as materialized (
  select period, bucket(period_last(period), granularity) as row_period
  from (select distinct period from ${postingsOf([...PLANNED, 'leg.incurred'], OF_ROOT)} as each) as each where period is not null
),
due as (
  select stage, probability, category, currency, ${payerOf('value::jsonb')} as entity, coalesce(row_period, 'unscheduled') as period,
    firm, ceiling, case when is_expected_stated then expected else ceiling end as likely
  from (
    select subject, value, row_period, unit as currency,
      ${sumOf('leg.firm')} as firm, ${sumOf('leg.expected')} as expected, ${sumOf('leg.ceiling')} as ceiling
    from ${postingsOf(PLANNED, OF_ROOT)} as planned left join row_of using (period)
    group by subject, value, row_period, unit having sum(amount) <> 0
  ) as a
  join payment using (subject)
  where stage in ${OPEN}
),
-- A cost is of the period it was incurred for, a payment of the day it was made. A payment that came back was none of its kind.
fact as (
  select ${payerOf('says')} as entity, category, period, currency, measure, amount, rate_day, coalesce(says ->> 'of', says ->> 'kind') as payment_kind
  from (
    select subject, measure, says - 'on' as says, coalesce(row_period, bucket(on_day, granularity)) as period, unit as currency,
      ${rateDay('on_day')} as rate_day, sum(amount) as amount
    from ${postingsOf(CASH, OF_ROOT)} as moved
    left join row_of using (period)
    cross join lateral (select value::jsonb as says) as stated
    cross join lateral (select (says ->> 'on')::date as on_day) as made
    group by 1, 2, 3, 4, 5, 6 having sum(amount) <> 0
  ) as a
  join payment using (subject)
),
secret as (
  select entity, category, 'unscheduled' as period, null as currency
  from payment cross join lateral (
    select providers as entity where not is_shared
    union all
    select jsonb_array_elements_text(terms -> 'providers') where is_shared
  ) as payer
  where (terms ->> 'undisclosed')::boolean and stage in ${OPEN}
)`;

const KEYS = ['entity', 'category', 'period'];

const ROWS = `
version as (
  select f.subject, split_part(f.subject, '/', 1) as forecast_id, terms, w.subject is not null as is_withdrawn
  from ${termsOf('forecast')} as f
  left join line as w on w.measure = 'forecast.withdrawn' and w.subject = f.subject
),
latest as (
  select distinct on (forecast_id) * from version
  where case
    when forecast_version is not null then (terms ->> 'version')::integer = forecast_version
    else not is_withdrawn and (forecast = 'latest' or terms ->> 'basis' <> 'assumed')
  end
  order by forecast_id, (terms ->> 'version')::integer desc
),
-- Of several forecasts of one measure the one published last: they are views of the same spending, never parts of it.
chosen as (
  select distinct on (terms ->> 'entityId', terms ->> 'measure') *,
    count(*) over (partition by terms ->> 'entityId', terms ->> 'measure') > 1 as is_one_of_several
  from latest order by terms ->> 'entityId', terms ->> 'measure', terms ->> 'publishedOn' desc, forecast_id desc
),
scenario as (
  select c.subject, c.terms, c.is_withdrawn, l.period,
    max(coalesce(a.amount, 0)) filter (where l.scenario = 'low') as low,
    max(coalesce(a.amount, 0)) filter (where l.scenario = 'base') as base,
    max(coalesce(a.amount, 0)) filter (where l.scenario = 'high') as high
  from chosen as c
  cross join lateral jsonb_to_recordset(c.terms -> 'lines') as l (period text, scenario text)
  left join line as a on a.measure = 'forecast.' || l.scenario and a.subject = c.subject and a.period = l.period
  where l.period is not null
  group by c.subject, c.terms, c.is_withdrawn, l.period
),
foreseen as (
  select terms ->> 'entityId' as entity, terms ->> 'measure' as category, terms ->> 'currency' as currency, place.period,
    (terms ->> 'version')::integer as version, terms ->> 'basis' as basis, is_withdrawn,
    case when bool_and(coalesce(low, base) is not null) then sum(coalesce(low, base)) end as low,
    case when bool_and(base is not null) then sum(base) end as base,
    case when bool_and(coalesce(high, base) is not null) then sum(coalesce(high, base)) end as high
  from scenario
  cross join lateral (
    select case when bucket(period_first(scenario.period), granularity) = bucket(period_last(scenario.period), granularity)
      then bucket(period_last(scenario.period), granularity) else scenario.period end as period
  ) as place
  group by terms, is_withdrawn, place.period
),
${pricedBy(KEYS, FORESEEN.join('\n  union all '))},
cells as (
  select entity, category, period, currency,
    ${cellOrZero('committedFirm')} as committed_firm,
    ${cellOrZero('committedCeiling')} as committed_ceiling,
    ${cellOrZero('indicatedCeiling')} as indicated_ceiling,
    ${cellOrZero('pipelineCeiling')} as pipeline_ceiling,
    case when count(*) filter (where cell in ('weighted', 'undisclosedLegs')) = 0 then 0 else ${cell('weighted')} end as weighted,
    ${cell('forecastLow')} as forecast_low,
    ${cell('forecastBase')} as forecast_base,
    ${cell('forecastHigh')} as forecast_high,
    ${cellOrZero('incurred')} as incurred,
    ${cellOrZero('paid')} as paid,
    ${cellOrZero('prepaid')} as prepaid,
    ${cellCount('undisclosedLegs')} as undisclosed_legs,
    ${RATES_USED}
  from priced group by entity, category, period, currency
),
filled as (
  select * from cells
  union all
  select entity, category, missing.period, currency, null, null, null, null, null, null, null, null, null, null, null, 0, '{}', null, false, false
  from (
    select entity, category, currency, min(period_first(period)) as first, max(period_first(period)) as last
    from cells
    where fill and period <> 'unscheduled' and bucket(period_first(period), granularity) = period
    group by entity, category, currency
  ) as series
  cross join lateral (
    select bucket(day::date, granularity) as period
    from generate_series(first, last, case granularity when 'year' then interval '1 year' when 'quarter' then interval '3 months' else interval '1 month' end) as day
  ) as missing
  where not exists (
    select from cells as c
    where c.entity = series.entity and c.category is not distinct from series.category
      and c.currency is not distinct from series.currency and c.period = missing.period
  )
),
shown as (
  select filled.*, f.version, f.basis, coalesce(f.is_withdrawn, false) as is_withdrawn,
    (filled.entity, filled.category) in (select terms ->> 'entityId', terms ->> 'measure' from chosen where is_one_of_several) as has_others,
    min(filled.currency) over same_cell is distinct from max(filled.currency) over same_cell as is_mixed
  from filled
  left join foreseen as f on f.entity = filled.entity and f.category = filled.category and f.period = filled.period
    and filled.currency = coalesce(reporting_currency, f.currency)
  window same_cell as (partition by filled.entity, filled.category, filled.period)
)
  select entity as "entityId", category, period, currency, committed_firm as "committedFirm", committed_ceiling as "committedCeiling",
    indicated_ceiling as "indicatedCeiling", pipeline_ceiling as "pipelineCeiling", weighted,
    version as "forecastVersion", basis as "forecastBasis", forecast_low as "forecastLow", forecast_base as "forecastBase", forecast_high as "forecastHigh",
    case when version is null then 'notStated' when basis = 'assumed' then 'assumed' else 'stated' end as "forecastStatus",
    incurred, paid, prepaid,
    case when not is_mixed then ratio(committed_firm, forecast_base) end as "coverageRatio",
    case when not is_mixed then forecast_base - committed_firm end as "gapToBase",
    undisclosed_legs as "undisclosedLegs",
    ${flagsOf({ SEVERAL_CURRENCIES: 'is_mixed', SEVERAL_FORECASTS: 'has_others', FORECAST_WITHDRAWN: 'is_withdrawn', ...RATE_FLAGS })},
    (select value::jsonb ->> 'eventId' from line where measure = 'policy') as "policyEventId", fx_event_ids as "fxEventIds",
    -- Without a base there is no gap to it, whatever the rates.
    case
      when unconverted && array['committedFirm', 'forecastBase'] and (forecast_base is not null or 'forecastBase' = any (unconverted))
      then array_append(unconverted, 'gapToBase')
      else unconverted
    end as unconverted
  from shown`;

export const { sql, sums } = adding({
  keys: KEYS,
  groupedBy: 2,
  of: {
    measures: [...OF_DEALS, 'policy', 'forecast'],
    narrowings: [OF_ROOT],
    ctes: CTES,
    parts: PARTS.join('\n  union all '),
  },
  into: { measures: ['policy', ...FORECASTS], narrowings: [OF_ENTITY], rows: ROWS },
});

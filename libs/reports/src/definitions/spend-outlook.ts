import { z } from 'zod';
import { count, countIfAny, equal, id, list, lists, money, ratio, text, type ReportDefinition } from '../report';
import { sumsByCurrency, sumsSchema } from '../totals';
import { flagsOf, linesOf } from './sql';

export const SpendOutlook = z
  .object({
    entityId: id('Who pays; a joint side without shares is one party, a+b.'),
    category: text('What for: computeRental, memory …'),
    period: id(
      'Year, quarter (2026-33 to 2026-36) or month, or unscheduled. A forecast for longer than that keeps its own period.',
    ),
    currency: text('Currency of the amounts; null where all of them are undisclosed.'),
    committedFirm: money('Certain amounts of binding legs.'),
    committedCeiling: money('The most that binding legs can be.'),
    indicatedCeiling: money('The most that announced and preliminary legs can be.'),
    pipelineCeiling: money('The most that legs still explored can be.'),
    weighted: money('What is certain, plus the rest times the probability of its deal.'),
    forecastVersion: countIfAny('Version of the forecast.'),
    forecastBasis: text('statedToInvestors, internalPlan, pitchedPlan or assumed.'),
    forecastLow: money('Low scenario, else the base.'),
    forecastBase: money('Base scenario; never taken from another.'),
    forecastHigh: money('High scenario, else the base.'),
    forecastStatus: id('stated, assumed or notStated.'),
    incurred: money('Cost accrued or invoiced.'),
    paid: money('Paid, net of refunds.'),
    prepaid: money('Prepayments and deposits, gross.'),
    coverageRatio: ratio('committedFirm / forecastBase.'),
    gapToBase: money('forecastBase less committedFirm.'),
    undisclosedLegs: count('Legs whose amount is kept secret; they are in none of the sums.'),
    flags: list('SEVERAL_CURRENCIES: no coverage, ask for one currency. FX_RATE_MISSING: amounts cannot be converted.'),
  })
  .meta({ id: 'SpendOutlook' });

const CELLS = {
  committedFirm: `select entity, category, period, currency, 'committedFirm', firm from due where stage = 'binding'`,
  committedCeiling: `select entity, category, period, currency, 'committedCeiling', ceiling from due where stage = 'binding'`,
  indicatedCeiling: `select entity, category, period, currency, 'indicatedCeiling', ceiling from due where stage in ('announced', 'preliminary')`,
  pipelineCeiling: `select entity, category, period, currency, 'pipelineCeiling', ceiling from due where stage = 'exploring'`,
  weighted: `select entity, category, period, currency, 'weighted',
    case when stage = 'binding' then firm + probability * (likely - firm) else probability * likely end from due`,
  forecastLow: `select entity, category, period, currency, 'forecastLow', low from foreseen`,
  forecastBase: `select entity, category, period, currency, 'forecastBase', base from foreseen`,
  forecastHigh: `select entity, category, period, currency, 'forecastHigh', high from foreseen`,
};

/** A cell: null as a whole when a part of it is null or cannot be converted. */
const cell = (name: string): string =>
  `case when bool_and(converted is not null) filter (where cell = '${name}') then sum(converted) filter (where cell = '${name}') end`;
const cellOrZero = (
  name: string,
): string => `case when bool_and(converted is not null) filter (where cell = '${name}') is not false
      then coalesce(sum(converted) filter (where cell = '${name}'), 0) end`;

const SQL = `
with ${linesOf(['deal.stage', 'policy', 'leg', 'leg.firm', 'leg.expected', 'leg.ceiling', 'forecast', 'forecast.low', 'forecast.base', 'forecast.high'])},
policy as materialized (select value::jsonb as probabilities from line where measure = 'policy'),
deal as (select subject as deal_id, value::jsonb ->> 'stage' as stage from line where measure = 'deal.stage'),
leg as (
  select subject, terms, stage, (probabilities ->> stage)::numeric as probability, terms ->> 'category' as category,
    terms ->> 'sharedSide' is not distinct from 'providers' as is_shared, joined(terms -> 'providers') as providers,
    case when (terms ->> 'expectedStated')::boolean then 'leg.expected' else 'leg.ceiling' end as likely_measure
  from (select subject, value::jsonb as terms from line where measure = 'leg') as each
  join deal on deal.deal_id = split_part(subject, '/', 1)
  left join policy on true
  where terms ->> 'class' = 'payment' and stage in ('exploring', 'announced', 'preliminary', 'binding')
),
-- An amount is due on the last day of its bucket's period, and belongs to the row that this day is in.
row_of as (
  select period, bucket(period_last(period), granularity) as row_period from (select distinct period from line) as each where period is not null
),
due as (
  select leg.subject, stage, probability, category, a.unit as currency,
    case when is_shared then a.value::jsonb ->> 'partyId' else providers end as entity,
    coalesce(row_period, 'unscheduled') as period,
    coalesce(sum(amount) filter (where measure = 'leg.firm'), 0) as firm,
    coalesce(sum(amount) filter (where measure = 'leg.ceiling'), 0) as ceiling,
    coalesce(sum(amount) filter (where measure = likely_measure), 0) as likely
  from line as a
  join leg on leg.subject = a.subject
  left join row_of on row_of.period = a.period
  where measure in ('leg.firm', 'leg.expected', 'leg.ceiling')
  group by leg.subject, stage, probability, category, currency, 6, 7
),
secret as (
  select entity, category
  from leg cross join lateral (
    select providers as entity where not is_shared
    union all
    select jsonb_array_elements_text(terms -> 'providers') where is_shared
  ) as payer
  where (terms ->> 'undisclosed')::boolean
),
latest as (
  select distinct on (split_part(subject, '/', 1)) subject, terms
  from (select subject, value::jsonb as terms from line where measure = 'forecast') as each
  where forecast = 'latest' or terms ->> 'basis' <> 'assumed'
  order by split_part(subject, '/', 1), (terms ->> 'version')::int desc
),
-- Of several forecasts of one measure the one published last: they are views of the same spending, never parts of it.
chosen as (
  select distinct on (terms ->> 'entityId', terms ->> 'measure') subject, terms
  from latest order by terms ->> 'entityId', terms ->> 'measure', terms ->> 'publishedOn' desc, subject
),
scenario as (
  select c.subject, c.terms, l.period,
    max(coalesce(a.amount, 0)) filter (where l.scenario = 'low') as low,
    max(coalesce(a.amount, 0)) filter (where l.scenario = 'base') as base,
    max(coalesce(a.amount, 0)) filter (where l.scenario = 'high') as high
  from chosen as c
  cross join lateral jsonb_to_recordset(c.terms -> 'lines') as l (period text, scenario text)
  left join line as a on a.measure = 'forecast.' || l.scenario and a.subject = c.subject and a.period = l.period
  where l.period is not null
  group by c.subject, c.terms, l.period
),
foreseen as (
  select terms ->> 'entityId' as entity, terms ->> 'measure' as category, terms ->> 'currency' as currency, place.period,
    (terms ->> 'version')::int as version, terms ->> 'basis' as basis,
    case when bool_and(coalesce(low, base) is not null) then sum(coalesce(low, base)) end as low,
    case when bool_and(base is not null) then sum(base) end as base,
    case when bool_and(coalesce(high, base) is not null) then sum(coalesce(high, base)) end as high
  from scenario
  cross join lateral (
    select case when bucket(period_first(scenario.period), granularity) = bucket(period_last(scenario.period), granularity)
      then bucket(period_last(scenario.period), granularity) else scenario.period end as period
  ) as place
  group by terms, place.period
),
part (entity, category, period, currency, cell, amount) as (
  ${Object.values(CELLS).join('\n  union all ')}
  union all select entity, category, 'unscheduled', null, 'undisclosedLegs', 1 from secret
),
cells as (
  select entity, category, period, shown as currency,
    ${cellOrZero('committedFirm')} as committed_firm,
    ${cellOrZero('committedCeiling')} as committed_ceiling,
    ${cellOrZero('indicatedCeiling')} as indicated_ceiling,
    ${cellOrZero('pipelineCeiling')} as pipeline_ceiling,
    case when count(*) filter (where cell in ('weighted', 'undisclosedLegs')) = 0 then 0 else ${cell('weighted')} end as weighted,
    ${cell('forecastLow')} as forecast_low,
    ${cell('forecastBase')} as forecast_base,
    ${cell('forecastHigh')} as forecast_high,
    count(*) filter (where cell = 'undisclosedLegs')::int as undisclosed_legs,
    bool_or(is_foreign) as is_foreign, false as is_filled
  from part
  cross join lateral (
    select coalesce(reporting_currency, currency) as shown, currency is distinct from coalesce(reporting_currency, currency) and cell <> 'undisclosedLegs' as is_foreign
  ) as wanted
  cross join lateral (select case when not is_foreign then amount end as converted) as conversion
  group by entity, category, period, shown
),
filled as (
  select * from cells
  union all
  select entity, category, missing.period, currency, null, null, null, null, null, null, null, null, 0, false, true
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
  select filled.*, f.version, f.basis, is_foreign is not true
    and min(filled.currency) over same_cell is distinct from max(filled.currency) over same_cell as is_mixed
  from filled
  left join foreseen as f on f.entity = filled.entity and f.category = filled.category and f.period = filled.period
    and (f.currency = filled.currency or filled.is_foreign)
  window same_cell as (partition by filled.entity, filled.category, filled.period)
)
  select entity as "entityId", category, period, currency, committed_firm as "committedFirm", committed_ceiling as "committedCeiling",
    indicated_ceiling as "indicatedCeiling", pipeline_ceiling as "pipelineCeiling", weighted,
    version as "forecastVersion", basis as "forecastBasis", forecast_low as "forecastLow", forecast_base as "forecastBase", forecast_high as "forecastHigh",
    case when version is null then 'notStated' when basis = 'assumed' then 'assumed' else 'stated' end as "forecastStatus",
    case when not is_filled then 0 end as incurred, case when not is_filled then 0 end as paid, case when not is_filled then 0 end as prepaid,
    case when not is_mixed then ratio(committed_firm, forecast_base) end as "coverageRatio",
    case when not is_mixed then forecast_base - committed_firm end as "gapToBase",
    undisclosed_legs as "undisclosedLegs",
    ${flagsOf({ SEVERAL_CURRENCIES: 'is_mixed', FX_RATE_MISSING: 'is_foreign' })},
    (select probabilities ->> 'eventId' from policy) as "policyEventId", null::text[] as "fxEventIds"
  from shown`;

const SUMS = [
  'committedFirm',
  'committedCeiling',
  'indicatedCeiling',
  'pipelineCeiling',
  'weighted',
  'forecastLow',
  'forecastBase',
  'forecastHigh',
  'incurred',
  'paid',
  'prepaid',
] as const;

/** R3: what is to be paid and what was foreseen, side by side, by who pays, what for and when. */
export const spendOutlook: ReportDefinition = {
  name: 'spend-outlook',
  summary: 'Spend forecast: commitments by stage and by the period they fall due in, beside what was forecast.',
  row: SpendOutlook,
  key: ['entityId', 'category', 'period', 'currency'],
  sort: {
    default: ['entityId', 'category', 'period', 'currency'],
    columns: [
      'entityId',
      'category',
      'period',
      'currency',
      'committedFirm',
      'committedCeiling',
      'weighted',
      'forecastBase',
      'coverageRatio',
      'gapToBase',
    ],
  },
  filters: {
    entity: equal('entityId'),
    category: equal('category'),
    period: equal('period'),
    forecastStatus: equal('forecastStatus'),
    flag: lists('flags'),
  },
  options: {
    granularity: {
      type: 'text',
      schema: z.enum(['year', 'quarter', 'month']).default('year').describe('Length of the periods.'),
    },
    forecast: {
      type: 'text',
      schema: z
        .enum(['latest', 'latestStated'])
        .default('latest')
        .describe('The latest version, or the latest that is not assumed.'),
    },
    fill: {
      type: 'boolean',
      schema: z
        .enum(['true', 'false'])
        .default('false')
        .transform((value) => value === 'true')
        .describe(
          'Whether periods between the first and the last that nothing is known of get a row, with nothing but nulls.',
        ),
    },
  },
  sql: SQL,
  totals: (rows) => ({
    byCurrency: sumsByCurrency(rows, SUMS),
    undisclosedLegs: rows.reduce((total, { undisclosedLegs }) => total + Number(undisclosedLegs), 0),
  }),
  totalsSchema: z.object({
    byCurrency: sumsSchema(SUMS),
    undisclosedLegs: z.int().describe('Legs whose amount is kept secret; they are in none of the sums.'),
  }),
};

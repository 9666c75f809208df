import { z } from 'zod';
import { RATES, under, underPart } from './basis';
import {
  count,
  equal,
  flag,
  id,
  isTrue,
  list,
  lists,
  money,
  ofPeriodOrNone,
  oneOf,
  text,
  type ReportDefinition,
} from '../report';
import { fxFor } from './fx';
import { flagsOf, linesOf, ofItself } from './sql';

export const ForecastVersion = z
  .object({
    forecastId: id('The forecast.'),
    version: count('Its version, from 1.'),
    entityId: id('Whose spending it foresees.'),
    measure: id('What it foresees: computeRental, memory, programmeCost …'),
    basis: id('statedToInvestors, internalPlan, pitchedPlan or assumed.'),
    method: text('How assumed figures were derived.'),
    publishedAt: id('When it was published, as EDTF.'),
    period: id('Year, half-year (2026-41), quarter (2026-33 to 2026-36), month, or unscheduled.'),
    scenario: id('low, base or high.'),
    currency: id('Currency of the amounts.'),
    amount: money('As published; null when it cannot be converted.'),
    bound: text('exact, about, upTo, atLeast, moreThan or lessThan.'),
    previousAmount: money('The same line of the version before; null when that had none.'),
    deltaFromPrevious: money('amount less previousAmount.'),
    withdrawn: flag('Whether the version was withdrawn by the date.'),
    sourceIds: list('What the version rests on.'),
    flags: list('FX_RATE_MISSING: there is no closing rate to convert with.'),
  })
  .meta({ id: 'ForecastVersion' });

const MEASURES = ['forecast', 'forecast.withdrawn', 'forecast.low', 'forecast.base', 'forecast.high'];

const OF_VERSION = underPart('r."forecastId"', 'r.version::text');
const VERSION_BEFORE = underPart('r."forecastId"', '(r.version - 1)::text');
const OF_VERSION_OR_BEFORE = `(${OF_VERSION} or ${VERSION_BEFORE})`;

const NARROWINGS = [ofItself('forecastId', MEASURES)];

const SQL = `
with ${linesOf(MEASURES, ...NARROWINGS)},
stated as (
  select split_part(f.subject, '/', 1) as forecast_id, (terms ->> 'version')::int as version, terms,
    terms ->> 'currency' as currency, coalesce(l.period, 'unscheduled') as period, l.scenario, l.bound, coalesce(a.amount, 0) as amount,
    w.subject is not null as is_withdrawn
  from (select subject, value::jsonb as terms from line where measure = 'forecast') as f
  cross join lateral jsonb_to_recordset(terms -> 'lines') as l (period text, scenario text, bound text)
  left join line as a on a.measure = 'forecast.' || l.scenario and a.subject = f.subject
    and coalesce(a.period, 'unscheduled') = coalesce(l.period, 'unscheduled')
  left join line as w on w.measure = 'forecast.withdrawn' and w.subject = f.subject
),
${fxFor(`select currency, 'closing', effective_on from stated`)},
converted_line as (
  select s.*, fx.into_currency, fx.lacks, fx.event_id,
    converted(s.amount, fx.rate, fx.is_inverse, fx.digits) as shown
  from stated as s
  left join fx on fx.currency = s.currency
)
  select s.forecast_id as "forecastId", s.version, s.terms ->> 'entityId' as "entityId", s.terms ->> 'measure' as measure,
    s.terms ->> 'basis' as basis, s.terms ->> 'method' as method, s.terms ->> 'publishedAt' as "publishedAt",
    s.period, s.scenario, s.into_currency as currency,
    s.shown as amount, s.bound, p.shown as "previousAmount", s.shown - p.shown as "deltaFromPrevious",
    s.is_withdrawn as withdrawn, s.terms -> 'sourceIds' as "sourceIds", ${flagsOf({ FX_RATE_MISSING: 's.lacks is not null' })},
    null as "policyEventId", array_remove(array[s.event_id], null) as "fxEventIds",
    nullif(array_remove(array[
      case when s.lacks is not null then 'amount' end,
      case when p.lacks is not null then 'previousAmount' end,
      case when p.lacks is not null or (s.lacks is not null and p.forecast_id is not null) then 'deltaFromPrevious' end
    ], null), '{}') as unconverted
  from converted_line as s
  left join converted_line as p on p.forecast_id = s.forecast_id and p.version = s.version - 1
    and p.period = s.period and p.scenario = s.scenario and p.currency = s.currency`;

/** R4: every line of every version that was ever published. */
export const forecastVersions: ReportDefinition = {
  name: 'forecast-versions',
  summary: 'Forecasts: every line of every version, beside the same line of the version before.',
  row: ForecastVersion,
  key: ['forecastId', 'version', 'period', 'scenario'],
  sort: {
    default: ['forecastId', 'version', 'period', 'scenario'],
    columns: ['forecastId', 'version', 'entityId', 'measure', 'basis', 'period', 'scenario', 'currency', 'amount'],
    ranks: { scenario: ['low', 'base', 'high'] },
  },
  filters: {
    forecastId: oneOf('forecastId'),
    entity: equal('entityId'),
    measure: equal('measure'),
    basis: equal('basis'),
    period: ofPeriodOrNone('period'),
    scenario: equal('scenario'),
    source: lists('sourceIds'),
    withdrawn: isTrue('withdrawn'),
    flag: lists('flags'),
  },
  options: {},
  sql: SQL,
  basis: [
    { measures: ['forecast', 'forecast.withdrawn'], of: OF_VERSION, bearing: OF_VERSION_OR_BEFORE },
    {
      measures: ['forecast.low', 'forecast.base', 'forecast.high'],
      of: `${under('r."forecastId"')} and (case asked.measured when 'previousAmount' then ${VERSION_BEFORE} when 'deltaFromPrevious' then ${OF_VERSION_OR_BEFORE} else ${OF_VERSION} end)
        and p.measure = 'forecast.' || r.scenario and p.period is not distinct from r.period`,
    },
    RATES,
  ],
  rests: {},
  carried: { bearings: NARROWINGS },
  totals: {},
  totalsSchema: z.object({}).describe('Versions stand beside each other: nothing of them adds up.'),
};

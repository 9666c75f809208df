import { z } from 'zod';
import { hasAnyOf, ofLegs, ofThoseWith, POLICY, RATES } from './basis';
import {
  count,
  countIfAny,
  equal,
  id,
  list,
  lists,
  money,
  ofPeriodOrNone,
  periodFrom,
  periodTo,
  ratio,
  text,
  type ReportDefinition,
} from '../report';
import { countsOf, sumsByCurrency, sumsSchema } from '../totals';
import { IN_PERIOD, MEASURES, sql, sums } from './spend-outlook-sql';

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
    forecastVersion: countIfAny(
      'Version of the forecast; of several forecasts of one entity and measure, of the one published last.',
    ),
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
    flags: list(
      'SEVERAL_CURRENCIES: no coverage, ask for one currency. SEVERAL_FORECASTS: of this entity and measure there is another forecast, which is not counted; ' +
        'the one published last is, and of one day the last by id. FORECAST_WITHDRAWN: the version asked for is. ' +
        'FX_RATE_MISSING: a rate to convert with is. FX_RATE_STALE: a spot rate is more than 7 days older than what it would convert.',
    ),
  })
  .meta({ id: 'SpendOutlook' });

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
    period: ofPeriodOrNone('period'),
    periodFrom: periodFrom('period'),
    periodTo: periodTo('period'),
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
        .describe('The latest version that is not withdrawn, or the latest of these that is not assumed.'),
    },
    forecastVersion: {
      type: 'integer',
      schema: z
        .string()
        .regex(/^[1-9]\d{0,5}$/, 'is the number of a version')
        .transform(Number)
        .optional()
        .describe('Rather than the latest the version of this number, even if it is withdrawn.'),
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
  sql,
  basis: [
    ofLegs(`${hasAnyOf('providers', 'r."entityId"')} and terms ->> 'category' is not distinct from r.category`, {
      deals: ['deal.stage', 'deal.probability'],
      legs: MEASURES.filter((measure) => measure.startsWith('leg')),
      within: IN_PERIOD,
    }),
    {
      measures: MEASURES.filter((measure) => measure.startsWith('forecast')),
      of: `${ofThoseWith('forecast', `terms ->> 'entityId' = r."entityId" and terms ->> 'measure' = r.category`)} and (p.period is null or p.period = r.period or ${IN_PERIOD})`,
    },
    POLICY,
    RATES,
  ],
  rests: {
    committedFirm: ['deal.stage', 'leg', 'leg.firm', 'fx'],
    committedCeiling: ['deal.stage', 'leg', 'leg.ceiling', 'fx'],
    indicatedCeiling: ['deal.stage', 'leg', 'leg.ceiling', 'fx'],
    pipelineCeiling: ['deal.stage', 'leg', 'leg.ceiling', 'fx'],
    weighted: ['deal.stage', 'deal.probability', 'leg', 'leg.firm', 'leg.expected', 'leg.ceiling', 'policy', 'fx'],
    forecastLow: ['forecast', 'forecast.withdrawn', 'forecast.low', 'forecast.base', 'fx'],
    forecastBase: ['forecast', 'forecast.withdrawn', 'forecast.base', 'fx'],
    forecastHigh: ['forecast', 'forecast.withdrawn', 'forecast.high', 'forecast.base', 'fx'],
    incurred: ['leg', 'leg.incurred', 'fx'],
    paid: ['leg', 'leg.paid', 'fx'],
    prepaid: ['leg', 'leg.paid', 'fx'],
    undisclosedLegs: ['deal.stage', 'leg'],
  },
  carried: { sums },
  totals: {
    byCurrency: sumsByCurrency(SUMS),
    undisclosedLegs: countsOf('undisclosedLegs'),
  },
  totalsSchema: z.object({
    byCurrency: sumsSchema(SUMS),
    undisclosedLegs: z.int().describe('Legs whose amount is kept secret; they are in none of the sums.'),
  }),
};

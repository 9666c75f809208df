import { z } from 'zod';
import { check, type Report } from './check';
import { BOUNDS, compareMeasured, show, type Money } from './claim';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { unknown } from './references';
import { refusal } from './refusal';
import { Id, MoneySchema, PeriodSchema, text, Word } from './values';

const SCENARIOS = ['low', 'base', 'high'] as const;

const Line = z.strictObject({
  period: PeriodSchema.nullish().describe('Null: nobody said when.'),
  scenario: z.enum(SCENARIOS),
  money: MoneySchema,
  bound: z.enum(BOUNDS).nullish(),
});

export type ForecastLine = z.output<typeof Line>;

// Kept for ever: what was once written must parse. Widen, never narrow.
export const forecastEvents = {
  ForecastPublished: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A whole version of a forecast. Versions stand beside each other; none replaces another.',
    data: z
      .strictObject({
        forecastId: Id,
        version: z.int().min(1),
        entityId: Id,
        measure: Word,
        basis: z.enum(['statedToInvestors', 'internalPlan', 'pitchedPlan', 'assumed']),
        method: text().nullish(),
        lines: z.array(Line).min(1).max(1_000),
        note: text().nullish(),
      })
      .check(
        check(({ basis, method }, report) => {
          if (basis === 'assumed' && method == null) {
            report(
              'ASSUMED_NEEDS_METHOD',
              'The figures are assumed and no method is given; say how they were derived.',
              ['method'],
            );
          }
        }),
        check(({ lines }, report) => judgeLines(lines, report)),
      ),
  },
} as const satisfies EventTypes;

export type ForecastEvent = EventOf<typeof forecastEvents>;
export type ForecastData = z.output<typeof forecastEvents.ForecastPublished.data>;

export interface ForecastState {
  /** The latest version; earlier ones stay as they were published. */
  readonly latest: ForecastData;
}

export const forecast: StreamKind<ForecastState, ForecastEvent> = {
  name: 'forecast',
  route: 'forecasts',
  events: forecastEvents,
  opening: ['ForecastPublished'],
  reopening: ['ForecastPublished'],
  identity: 'forecastId',

  refuse(state, { stream, data }, context) {
    const expected = (state?.latest.version ?? 0) + 1;
    if (data.version !== expected) {
      return refusal(
        'FORECAST_VERSION_GAP',
        `Version ${data.version} of ${stream} was posted, ${expected} comes next; number versions without a gap.`,
        {
          pointer: '/data/version',
          details: { expected, actual: data.version },
        },
      );
    }
    return unknown(context, 'party', data.entityId, '/data/entityId');
  },

  evolve: (_, { data }) => ({ latest: data }),
};

function judgeLines(lines: readonly ForecastLine[], report: Report): void {
  const currency = lines[0]?.money.currency;
  const stated = new Map<string, { low?: Money; base?: Money; high?: Money }>();
  for (const [index, { period, scenario, money }] of lines.entries()) {
    const path = ['lines', index];
    if (money.currency !== currency) {
      report(
        'CURRENCY_MISMATCH',
        `The line is in ${money.currency}, the first line in ${currency}; publish a forecast in one currency.`,
        [...path, 'money', 'currency'],
      );
      return;
    }
    const when = period ?? 'unscheduled';
    const values = stated.get(when) ?? {};
    if (values[scenario] !== undefined) {
      report(
        'VALIDATION_FAILED',
        `${scenario} of ${when} is stated twice, ${show(values[scenario])} and ${show(money)}; keep one.`,
        path,
      );
      return;
    }
    values[scenario] = money;
    stated.set(when, values);
  }
  for (const [when, { low, base, high }] of stated) {
    judgeOrder(when, 'low', low, 'base', base, report);
    judgeOrder(when, 'base', base, 'high', high, report);
    if (base === undefined) judgeOrder(when, 'low', low, 'high', high, report);
  }
}

function judgeOrder(
  when: string,
  lesser: string,
  less: Money | undefined,
  greater: string,
  more: Money | undefined,
  report: Report,
): void {
  if (less === undefined || more === undefined || compareMeasured(less, more) <= 0) return;
  report(
    'SCENARIO_ORDER',
    `${lesser} of ${when} is ${show(less)}, above ${greater} ${show(more)}; low <= base <= high must hold.`,
    ['lines'],
  );
}

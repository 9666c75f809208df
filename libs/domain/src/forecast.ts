import { z } from 'zod';
import { firstDay, lastDay } from './calendar';
import { check, type Report } from './check';
import { BOUNDS, compareMeasured, show, type Money } from './claim';
import { EMPTY, get, put, type Keyed } from './keyed';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { notFound, unknown } from './references';
import { refusal, type Refusal } from './refusal';
import { opened } from './state';
import { Id, MoneySchema, Note, PeriodSchema, text, Word } from './values';

const SCENARIOS = ['low', 'base', 'high'] as const;

const Line = z.strictObject({
  period: PeriodSchema.nullish().describe('Null: nobody said when.'),
  scenario: z.enum(SCENARIOS).describe('The least, the likely one, or the most.'),
  money: MoneySchema.describe('How much in the whole period.'),
  bound: z.enum(BOUNDS).nullish().describe('How the amount was meant.'),
});

export type ForecastLine = z.output<typeof Line>;

// Kept for ever: what was once written must parse. Widen, never narrow.
export const forecastEvents = {
  ForecastPublished: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A whole version of a forecast. Versions stand beside each other; none replaces another.',
    refusals: [
      'ASSUMED_NEEDS_METHOD',
      'CURRENCY_MISMATCH',
      'SCENARIO_ORDER',
      'FORECAST_VERSION_GAP',
      'FORECAST_MISMATCH',
      'REF_NOT_FOUND',
    ],
    data: z
      .strictObject({
        forecastId: Id.describe("The forecast's own id."),
        version: z.int().min(1).describe('Number of the version: 1, and then one more each time.'),
        entityId: Id.describe('Whose spending it is of, a registered party; the same in every version.'),
        measure: Word.describe('What is foreseen, by the word that legs have as category; the same in every version.'),
        basis: z
          .enum(['statedToInvestors', 'internalPlan', 'pitchedPlan', 'assumed'])
          .describe('On whose word, and how far it is one.'),
        method: text().nullish().describe('How the figures were derived; needed where they are assumed.'),
        lines: z
          .array(Line)
          .min(1)
          .max(1_000)
          .describe(
            'All figures of the version in one currency, the same in every version: of each scenario one of a period, and of periods that do not overlap.',
          ),
        note: Note,
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
  ForecastWithdrawn: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Nobody stands by a version any more. It stays on record, as withdrawn.',
    refusals: ['REASON_REQUIRED', 'REF_NOT_FOUND', 'FORECAST_ALREADY_WITHDRAWN'],
    data: z.strictObject({
      version: z.int().min(1).describe('Number of the version that is withdrawn.'),
      reason: text().describe('Why nobody stands by it.'),
      note: Note,
    }),
  },
} as const satisfies EventTypes;

export type ForecastEvent = EventOf<typeof forecastEvents>;
export type ForecastData = z.output<typeof forecastEvents.ForecastPublished.data>;

export interface ForecastState {
  /** The latest version; earlier ones stay as they were published. */
  readonly latest: ForecastData;
  /** By version. */
  readonly withdrawn: Keyed<true>;
}

export const forecast: StreamKind<ForecastState, ForecastEvent> = {
  name: 'forecast',
  route: 'forecasts',
  events: forecastEvents,
  opening: ['ForecastPublished'],
  reopening: ['ForecastPublished'],
  identity: 'forecastId',

  refuse(state, event, context) {
    switch (event.type) {
      case 'ForecastPublished': {
        const { version, entityId } = event.data;
        const expected = (state?.latest.version ?? 0) + 1;
        if (version !== expected) {
          return refusal(
            'FORECAST_VERSION_GAP',
            `Version ${version} of ${event.stream} was posted, ${expected} comes next; number versions without a gap.`,
            {
              pointer: '/data/version',
              details: { expected, actual: version },
            },
          );
        }
        return (
          (state === undefined ? undefined : ofSomethingElse(state.latest, event)) ??
          unknown(context, 'party', entityId, '/data/entityId')
        );
      }
      case 'ForecastWithdrawn':
        return refuseWithdrawal(opened(state, event), event.data.version);
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'ForecastPublished':
        return { latest: event.data, withdrawn: state?.withdrawn ?? EMPTY };
      case 'ForecastWithdrawn': {
        const { latest, withdrawn } = opened(state, event);
        return { latest, withdrawn: put(withdrawn, String(event.data.version), true) };
      }
    }
  },
};

/** What a forecast is of stays: versions are compared with each other, and the latest is counted. */
function ofSomethingElse(
  latest: ForecastData,
  { stream, data }: Extract<ForecastEvent, { type: 'ForecastPublished' }>,
): Refusal | undefined {
  for (const field of ['entityId', 'measure'] as const) {
    if (data[field] === latest[field]) continue;
    return refusal(
      'FORECAST_MISMATCH',
      `Version ${data.version} of ${stream} has ${data[field]} as ${field}, version ${latest.version} has ${latest[field]}; ` +
        'publish it as a forecast of its own.',
      { pointer: `/data/${field}`, details: { [field]: data[field], before: latest[field] } },
    );
  }
  const [currency, before] = [data, latest].map(({ lines: [first] }) => first?.money.currency ?? null);
  if (currency === before) return undefined;
  return refusal(
    'CURRENCY_MISMATCH',
    `Version ${data.version} of ${stream} is in ${currency}, version ${latest.version} is in ${before}; ` +
      `state it in ${before}, or publish it as a forecast of its own.`,
    {
      pointer: '/data/lines/0/money/currency',
      details: { currency: currency ?? null, forecastCurrency: before ?? null },
    },
  );
}

function refuseWithdrawal({ latest, withdrawn }: ForecastState, version: number): Refusal | undefined {
  if (version > latest.version) return notFound('version', `${latest.forecastId}/${version}`, '/data/version');
  if (get(withdrawn, String(version)) === undefined) return undefined;
  return refusal('FORECAST_ALREADY_WITHDRAWN', `Version ${version} was withdrawn already; it can be only once.`, {
    pointer: '/data/version',
    details: { version },
  });
}

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
  judgeOverlaps(lines, report);
  for (const [when, { low, base, high }] of stated) {
    judgeOrder(when, 'low', low, 'base', base, report);
    judgeOrder(when, 'base', base, 'high', high, report);
    if (base === undefined) judgeOrder(when, 'low', low, 'high', high, report);
  }
}

/** What is foreseen for a year and for a part of it would count twice in what is foreseen in all. */
function judgeOverlaps(lines: readonly ForecastLine[], report: Report): void {
  for (const scenario of SCENARIOS) {
    const spans = lines
      .flatMap(({ period, ...line }, index) =>
        period == null || line.scenario !== scenario
          ? []
          : [{ period, index, money: line.money, from: firstDay(period), to: lastDay(period) }],
      )
      .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
    for (const [place, span] of spans.entries()) {
      const before = spans[place - 1];
      if (before === undefined || before.to < span.from) continue;
      const [first, second] = before.index < span.index ? [before, span] : [span, before];
      report(
        'VALIDATION_FAILED',
        `${scenario} is stated for ${first.period} (${show(first.money)}) and for ${second.period} (${show(second.money)}), ` +
          'which overlap; keep the whole or its parts.',
        ['lines', second.index],
      );
      return;
    }
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

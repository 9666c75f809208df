import fc from 'fast-check';
import type { z } from 'zod';
import { monthsBetween } from './calendar';
import { forecastEvents, type ForecastState } from './forecast';
import { entriesOf } from './keyed';
import { correction, given, poster, type Draft } from './testing';

type Input = z.input<typeof forecastEvents.ForecastPublished.data>;

const publish = poster(forecastEvents, 'forecast/rental');
const usd = (amount: string) => ({ currency: 'USD', amount });
const published = (data: Partial<Input> = {}) =>
  publish('ForecastPublished', {
    forecastId: 'rental',
    version: 1,
    entityId: 'openai',
    measure: 'computeRental',
    basis: 'statedToInvestors',
    lines: [{ period: '2025', scenario: 'base', money: usd('16000000000'), bound: 'about' }],
    ...data,
  });
const lines = (...stated: [Input['lines'][number]['scenario'], string][]) =>
  published({ lines: stated.map(([scenario, amount]) => ({ period: '2029', scenario, money: usd(amount) })) });

describe('a forecast', () => {
  it('is published in versions, one after the other', () => {
    const state = given(published()).when(published({ version: 2, basis: 'assumed', method: 'interpolation' }));
    expect(state.thenState<ForecastState>('forecast/rental').latest.version).toBe(2);
  });

  it.each([
    [1, 1, 2],
    [1, 3, 2],
  ])('after version %d is refused as version %d', (before, version, expected) => {
    given(published({ version: before }))
      .when(published({ version }))
      .thenRefused('FORECAST_VERSION_GAP', '/data/version', { expected, actual: version });
  });

  it('begins with version 1', () =>
    given()
      .when(published({ version: 2 }))
      .thenRefused('FORECAST_VERSION_GAP'));

  it('is of the same entity and measure in every version', () => {
    given(published())
      .when(published({ version: 2, entityId: 'nvidia' }))
      .thenRefused('FORECAST_MISMATCH', '/data/entityId', { entityId: 'nvidia', before: 'openai' });
    given(published())
      .when(published({ version: 2, measure: 'memory' }))
      .thenRefused('FORECAST_MISMATCH', '/data/measure', { measure: 'memory', before: 'computeRental' });
  });

  it('is in the same currency in every version', () =>
    given(published())
      .when(
        published({
          version: 2,
          lines: [{ period: '2025', scenario: 'base', money: { currency: 'KRW', amount: '5' } }],
        }),
      )
      .thenRefused('CURRENCY_MISMATCH', '/data/lines/0/money/currency', { currency: 'KRW', forecastCurrency: 'USD' }));

  it('is corrected to another measure in all of its versions at once', () => {
    const named = (id: string, draft: Draft): Draft => ({ ...draft, id });
    const scenario = () => given(named('v1', published()), named('v2', published({ version: 2 })));
    const memory = (version: number) => correction(`v${version}`, published({ version, measure: 'memory' }));
    scenario().when(memory(1)).thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
      firstOffendingEventId: 'v2',
      offendingCode: 'FORECAST_MISMATCH',
    });
    scenario().when(memory(1), memory(2)).thenRecorded();
  });

  it('is refused for a party nobody registered', () =>
    given()
      .when(published({ entityId: 'tsmc' }))
      .thenRefused('REF_NOT_FOUND', '/data/entityId'));

  it('is refused when it is assumed and nobody says how', () =>
    given()
      .when(published({ basis: 'assumed' }))
      .thenRefused('ASSUMED_NEEDS_METHOD', '/data/method'));

  it('may leave the year open', () =>
    given()
      .when(published({ lines: [{ period: null, scenario: 'high', money: usd('7000000000000'), bound: 'upTo' }] }))
      .thenRecorded());

  it('may state low, base and high alike', () =>
    given()
      .when(lines(['low', '5'], ['base', '5'], ['high', '5.00']))
      .thenRecorded());

  it.each([
    ['low above base', ['low', '6'], ['base', '5']],
    ['base above high', ['base', '6'], ['high', '5']],
    ['low above high, base unstated', ['low', '6'], ['high', '5']],
  ] as [string, ['low' | 'base' | 'high', string], ['low' | 'base' | 'high', string]][])(
    'is refused with %s',
    (_, one, other) => {
      given().when(lines(one, other)).thenRefused('SCENARIO_ORDER', '/data/lines');
      given().when(lines(other, one)).thenRefused('SCENARIO_ORDER', '/data/lines');
    },
  );

  it('states a scenario of a period once', () =>
    given()
      .when(lines(['base', '5'], ['base', '6']))
      .thenRefused('VALIDATION_FAILED', '/data/lines/1'));

  it('takes a quarter and its EDTF form for the same period', () =>
    given()
      .when(
        published({
          lines: [
            { period: '2026-Q4', scenario: 'base', money: usd('5') },
            { period: '2026-36', scenario: 'base', money: usd('5') },
          ],
        }),
      )
      .thenRefused('VALIDATION_FAILED', '/data/lines/1'));

  it.each([
    ['a year and a quarter of it', ['2026', '2026-Q1'], 1],
    ['a year and its last month', ['2026', '2026-12'], 1],
    ['a half-year, of which a quarter was stated before', ['2026-33', '2027', '2026-40'], 2],
    ['a year after all of its quarters', ['2026-Q1', '2026-Q2', '2026-Q3', '2026-Q4', '2026'], 4],
  ])('is refused with a scenario of %s', (_, periods, at) => {
    const outcome = given().when(
      published({ lines: periods.map((period) => ({ period, scenario: 'base', money: usd('5') })) }),
    );
    outcome.thenRefused('VALIDATION_FAILED', `/data/lines/${at}`);
    expect(outcome.message).toMatch(/^base is stated for [-0-9]+ \(5 USD\) and for [-0-9]+ \(5 USD\), which overlap;/);
  });

  it('names the two periods of a scenario that overlap', () =>
    expect(
      given().when(
        published({
          lines: [
            { period: '2026', scenario: 'high', money: usd('16') },
            { period: '2026-Q1', scenario: 'base', money: usd('4') },
            { period: '2026-Q2', scenario: 'high', money: usd('5') },
          ],
        }),
      ).message,
    ).toBe('high is stated for 2026 (16 USD) and for 2026-34 (5 USD), which overlap; keep the whole or its parts.'));

  it('may state one scenario of a year and others of its parts, or of no time', () =>
    given()
      .when(
        published({
          lines: [
            { period: '2026', scenario: 'high', money: usd('16') },
            { period: '2026-Q1', scenario: 'base', money: usd('4') },
            { period: '2026-04', scenario: 'base', money: usd('4') },
            { period: '2025', scenario: 'base', money: usd('4') },
            { period: null, scenario: 'base', money: usd('70') },
          ],
        }),
      )
      .thenRecorded());

  it('is recorded exactly if no day is in two periods of a scenario', () => {
    const period = fc.constantFrom(
      ...[
        '2025',
        '2026',
        '2026-40',
        '2026-41',
        '2026-33',
        '2026-34',
        '2026-36',
        '2026-01',
        '2026-06',
        '2026-12',
        '2027',
      ],
    );
    const scenario = fc.constantFrom('low', 'base', 'high');
    fc.assert(
      fc.property(fc.array(fc.record({ period, scenario }), { minLength: 1, maxLength: 6 }), (stated) => {
        const days = stated.flatMap((line) =>
          monthsBetween(line.period, line.period).map((month) => `${line.scenario} ${month}`),
        );
        const { refusals } = given().when(published({ lines: stated.map((line) => ({ ...line, money: usd('5') })) }));
        expect(refusals.length === 0).toBe(new Set(days).size === days.length);
      }),
    );
  });

  it('is in one currency', () =>
    given()
      .when(
        published({
          lines: [
            { period: '2025', scenario: 'base', money: usd('5') },
            { period: '2026', scenario: 'base', money: { currency: 'KRW', amount: '5' } },
          ],
        }),
      )
      .thenRefused('CURRENCY_MISMATCH', '/data/lines/1/money/currency'));

  it('is refused with a period that is none', () =>
    given()
      .when(published({ lines: [{ period: '2026-13', scenario: 'base', money: usd('5') }] }))
      .thenRefused('PERIOD_INVALID', '/data/lines/0/period'));

  it('is refused without lines', () =>
    given()
      .when(published({ lines: [] }))
      .thenRefused('VALIDATION_FAILED', '/data/lines'));
});

describe('a withdrawn version', () => {
  const first = published();
  const second = published({ version: 2 });
  const withdrawn = (version: number): Draft => publish('ForecastWithdrawn', { version, reason: 'a cell was wrong' });

  it('stays on record as withdrawn, and others follow it', () => {
    const state = given(first, withdrawn(1)).when(second).thenState<ForecastState>('forecast/rental');
    expect([state.latest.version, [...entriesOf(state.withdrawn)]]).toEqual([2, [['1', true]]]);
  });

  it('is withdrawn once', () =>
    given(first, withdrawn(1))
      .when(withdrawn(1))
      .thenRefused('FORECAST_ALREADY_WITHDRAWN', '/data/version', { version: 1 }));

  it('was published before', () =>
    given(first).when(withdrawn(2)).thenRefused('REF_NOT_FOUND', '/data/version', { kind: 'version', id: 'rental/2' }));

  it('may be an earlier one', () => given(first, second).when(withdrawn(1)).thenRecorded());

  it('is withdrawn for a reason', () =>
    given(first)
      .when({ ...withdrawn(1), data: { version: 1 } })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it('is not withdrawn in the future', () =>
    given(first)
      .today('2026-06-01')
      .when({ ...withdrawn(1), effective: '2026-06-02' })
      .thenRefused('FUTURE_DATED_FACT'));

  it('comes before its withdrawal', () => given().when(withdrawn(1)).thenRefused('STREAM_NOT_FOUND'));
});

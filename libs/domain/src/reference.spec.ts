import type { z } from 'zod';
import { get } from './keyed';
import {
  referenceEvents,
  type ConversionsState,
  type ItemsState,
  type PolicyState,
  type RatesState,
} from './reference';
import type { RefusalCode } from './refusal';
import { cancellation, correction, given, poster, type Draft } from './testing';

const items = poster(referenceEvents, 'reference/items');
const conversions = poster(referenceEvents, 'reference/conversions');
const fx = poster(referenceEvents, 'reference/fx');
const policy = poster(referenceEvents, 'reference/policy');
const dram = items('ItemDefined', { itemId: 'dram', name: 'DRAM', defaultUnit: 'WFR' });
const POLICY = {
  exploring: '0.10',
  announced: '0.30',
  preliminary: '0.50',
  binding: '0.95',
  fundingUnlinkedProposed: '0.20',
};

describe('items', () => {
  it('stand together in one stream', () => {
    const state = given(dram).when(items('ItemDefined', { itemId: 'nand', name: 'NAND', defaultUnit: 'WFR' }));
    const known = state.thenState<ItemsState>('reference/items').items;
    expect([get(known, 'dram')?.defaultUnit, get(known, 'nand')?.name]).toEqual(['WFR', 'NAND']);
  });

  it('are defined once', () => given(dram).when(dram).thenRefused('ITEM_EXISTS', '/data/itemId'));

  it('may be called what every object has', () =>
    given()
      .when(items('ItemDefined', { itemId: 'constructor', name: 'Crane', defaultUnit: 'EA' }))
      .thenRecorded());

  it('need a unit of the registry', () =>
    given()
      .when(items('ItemDefined', { itemId: 'dram', name: 'DRAM', defaultUnit: 'slices' }))
      .thenRefused('UNIT_UNKNOWN', '/data/defaultUnit'));

  it('stand in no other stream', () =>
    given()
      .when({ ...dram, stream: 'reference/policy' })
      .thenRefused('VALIDATION_FAILED', '/type'));
});

describe('a conversion of units', () => {
  type Conversion = z.input<typeof referenceEvents.UnitConversionAssumed.data>;
  const stacks = (data: Partial<Conversion> = {}): Draft =>
    conversions('UnitConversionAssumed', {
      fromUnit: 'WFR',
      toUnit: 'STK',
      itemId: 'hbm',
      factor: { expected: '60', bound: 'about' },
      from: '2026',
      ...data,
    });

  it('is assumed of an item or of all, and may be assumed anew', () => {
    const { conversions: known } = given(stacks(), stacks({ itemId: undefined }))
      .when(stacks({ factor: { expected: '65' }, from: '2027-01-01' }))
      .thenState<ConversionsState>('reference/conversions');
    expect([known.size, get(known, 'WFR/STK/hbm')?.factor.expected]).toEqual([2, '65']);
  });

  it.each<[RefusalCode, string, Partial<Conversion>]>([
    ['VALIDATION_FAILED', '/data/factor/expected', { factor: { expected: '0' } }],
    ['AMOUNT_NEGATIVE', '/data/factor/expected', { factor: { expected: '-60' } }],
    ['AMOUNT_FORMAT', '/data/factor/expected', { factor: { expected: '6e1' } }],
    ['CLAIM_ORDER', '/data/factor/ceiling', { factor: { expected: '60', ceiling: '59' } }],
    ['CLAIM_EMPTY', '/data/factor', { factor: { bound: 'about' } }],
    ['UNIT_UNKNOWN', '/data/toUnit', { toUnit: 'slices' }],
    ['VALIDATION_FAILED', '/data/toUnit', { toUnit: 'WFR' }],
    ['PERIOD_INVALID', '/data/from', { from: 'soon' }],
    ['REF_NOT_FOUND', '/data/itemId', { itemId: 'dram' }],
  ])('is refused as %s at %s', (code, pointer, data) => given().when(stacks(data)).thenRefused(code, pointer));

  it('rests on a source', () =>
    given()
      .when({ ...stacks(), sources: [] })
      .thenRefused('SOURCE_REQUIRED', '/sources'));

  it('stands in a stream of its own', () =>
    given()
      .when({ ...stacks(), stream: 'reference/items' })
      .thenRefused('VALIDATION_FAILED', '/type'));
});

describe('an exchange rate', () => {
  type Rate = z.input<typeof referenceEvents.FxRateRecorded.data>;
  const rate = (data: Partial<Rate> = {}, stream = 'reference/fx'): Draft => ({
    ...fx('FxRateRecorded', {
      base: 'USD',
      quote: 'KRW',
      rate: '1400',
      onDate: '2026-05-15',
      rateType: 'spot',
      ...data,
    }),
    stream,
  });
  const KEY = { base: 'USD', quote: 'KRW', onDate: '2026-05-15', rateType: 'spot' };

  it('is kept by its pair, day and type', () => {
    const { rates } = given(rate())
      .when(rate({ rateType: 'closing', rate: '1450.5' }))
      .thenState<RatesState>('reference/fx');
    expect([rates.size, get(rates, 'USD-KRW-2026-05-15-closing')]).toEqual([2, '1450.5']);
  });

  it('comes once for a pair, day and type', () => {
    const outcome = given(rate()).when(rate({ rate: '1401' }));
    outcome.thenRefused('RATE_DUPLICATE', '/data', KEY);
    expect(outcome.message).toContain('was posted as 1401, and there is one already: 1400 in reference/fx');
  });

  it('comes once whatever stream it stands in', () =>
    given(rate()).when(rate({}, 'reference/fx-ecb')).thenRefused('RATE_DUPLICATE', '/data', KEY));

  it.each<[string, Partial<Rate>]>([
    ['the other way', { base: 'KRW', quote: 'USD', rate: '0.000714' }],
    ['of another day', { onDate: '2026-05-16' }],
    ['of another type', { rateType: 'average' }],
    ['of another pair', { quote: 'JPY' }],
  ])('may stand beside one %s', (_, data) => given(rate()).when(rate(data, 'reference/fx-ecb')).thenRecorded());

  it('is corrected rather than recorded twice', () => {
    const wrong = { ...rate({ rate: '14000' }), id: 'wrong' };
    const { rates } = given(wrong).when(correction('wrong', rate())).thenState<RatesState>('reference/fx');
    expect(get(rates, 'USD-KRW-2026-05-15-spot')).toBe('1400');
  });

  it('leaves its day to another once it is cancelled', () =>
    given(rate({ quote: 'JPY' }), { ...rate(), id: 'wrong' }, cancellation('wrong', rate()))
      .when(rate({}, 'reference/fx-ecb'))
      .thenRecorded());

  it.each<[RefusalCode, string, Partial<Rate>]>([
    ['VALIDATION_FAILED', '/data/rate', { rate: '0' }],
    ['AMOUNT_NEGATIVE', '/data/rate', { rate: '-1' }],
    ['AMOUNT_FORMAT', '/data/rate', { rate: '1,400' }],
    ['CURRENCY_UNKNOWN', '/data/base', { base: 'DM' }],
    ['CURRENCY_UNKNOWN', '/data/quote', { quote: 'won' }],
    ['VALIDATION_FAILED', '/data/quote', { quote: 'USD' }],
    ['PERIOD_INVALID', '/data/onDate', { onDate: '2026-05' }],
  ])('is refused as %s at %s', (code, pointer, data) => given().when(rate(data)).thenRefused(code, pointer));

  it.each([['reference/items'], ['reference/fxecb']])('does not stand in %s', (stream) =>
    given().when(rate({}, stream)).thenRefused('VALIDATION_FAILED', '/type'),
  );
});

describe('the probability policy', () => {
  it('may be set again', () => {
    const { policy: latest } = given(policy('ProbabilityPolicySet', POLICY))
      .when(policy('ProbabilityPolicySet', { ...POLICY, binding: '1' }))
      .thenState<PolicyState>('reference/policy');
    expect(latest.binding).toBe('1');
  });

  it('holds probabilities, not percentages', () =>
    given()
      .when(policy('ProbabilityPolicySet', { ...POLICY, announced: '30' }))
      .thenRefused('PROBABILITY_RANGE', '/data/announced'));

  it('says something about every stage', () => {
    const { announced: _, ...rest } = POLICY;
    given()
      .when({ stream: 'reference/policy', type: 'ProbabilityPolicySet', data: rest })
      .thenRefused('VALIDATION_FAILED', '/data/announced');
  });

  it('stands in a stream of its own', () =>
    given()
      .when({ ...policy('ProbabilityPolicySet', POLICY), stream: 'reference/items' })
      .thenRefused('VALIDATION_FAILED', '/type'));
});

import { z } from 'zod';
import { COMMON_REFUSALS, isNamed } from './common-refusals';
import { catalogue } from './catalogue';
import type { StreamKind } from './kind';
import { parseEvent } from './posted';
import { REFUSALS, type RefusalCode } from './refusal';
import { VOCABULARY } from './vocabulary';

const usd = (amount: string) => ({ currency: 'USD', amount });
const chips = (value: string) => ({ unit: 'EA', value });

/** What is no such value, in every way in which it may be wrong. */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  day: ['2026-02-30'],
  date: ['soon'],
  period: ['2026-10-05'],
  decimal: ['1e9', 4e9, '-1'],
  factor: ['1,5', '-1'],
  share: ['half', '1.01'],
  currency: ['XBT'],
  unit: ['chips'],
  money: [usd('1e9'), usd('-1'), usd('1.005'), { currency: 'XBT', amount: '1' }],
  quantity: [chips('x'), chips('-1'), { unit: 'chips', value: '1' }],
  'money claim': [
    {},
    { firm: usd('2'), ceiling: usd('1') },
    { firm: usd('1'), undisclosed: true },
    { firm: usd('1'), ceiling: { currency: 'KRW', amount: '1' } },
    ...[usd('1e9'), usd('-1'), usd('1.005'), { currency: 'XBT', amount: '1' }].map((firm) => ({ firm })),
  ],
  'quantity claim': [
    {},
    { firm: chips('2'), ceiling: chips('1') },
    { firm: chips('1'), undisclosed: true },
    { firm: chips('1'), ceiling: { unit: 'WFR', value: '1' } },
    ...[chips('x'), chips('-1'), { unit: 'chips', value: '1' }].map((firm) => ({ firm })),
  ],
  'factor claim': [{}, { firm: '2', ceiling: '1' }, { firm: 'x' }, { firm: '-1' }],
  schedule: [{ method: 'lump', period: 'soon' }],
};

/** A kind with one type, whose data are one value. */
const kindOfValue = (value: z.ZodType) =>
  ({
    name: 'value',
    events: { Given: { class: 'I', schemaVersion: 1, summary: '', refusals: [], data: z.strictObject({ value }) } },
  }) as unknown as StreamKind;

const refusalsOf = (schema: z.ZodType, value: unknown) => {
  const parsed = parseEvent(kindOfValue(schema), {
    type: 'Given',
    effective: '2026-01-01',
    sources: [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }],
    data: { value },
  });
  return parsed.ok ? [] : parsed.refusals;
};

describe('the vocabulary', () => {
  it.each(VOCABULARY.map((value) => [value.name, value] as const))(
    'names every way in which a %s may be wrong, and no other',
    (name, { schema, refusals, example }) => {
      expect(refusalsOf(schema, example)).toEqual([]);
      const found = (WRONG[name] ?? []).map((wrong) => refusalsOf(schema, wrong));
      expect(found.filter((each) => each.length === 0)).toEqual([]);
      expect(new Set(found.flat().map(({ code }) => code))).toEqual(new Set(refusals));
    },
  );
});

describe('what any event may be refused as', () => {
  const type = { refusals: ['UNIT_MISMATCH'] as RefusalCode[] };
  const named = (code: RefusalCode, pointer: string, by: 'schema' | 'rules', action: 'new' | 'correct' = 'new') =>
    isNamed(type, { code, pointer }, { by, action });

  it('is what its type names, a malformed value, a source that is not there, and what every event may', () => {
    expect(named('UNIT_MISMATCH', '/data/qty', 'rules')).toBe(true);
    expect(named('AMOUNT_FORMAT', '/data/qty', 'schema')).toBe(true);
    expect(named('REF_NOT_FOUND', '/sources/0/sourceId', 'rules')).toBe(true);
    expect(named('STREAM_NOT_FOUND', '', 'rules')).toBe(true);
    expect(named('FOUR_EYES_REQUIRED', '/approvedBy', 'rules', 'correct')).toBe(true);
  });

  it('is nothing else', () => {
    expect(named('CURRENCY_MISMATCH', '/data/money', 'rules')).toBe(false);
    expect(named('REF_NOT_FOUND', '/data/partyId', 'rules')).toBe(false);
    expect(named('FOUR_EYES_REQUIRED', '/approvedBy', 'rules')).toBe(false);
    expect(named('REASON_REQUIRED', '/data/reason', 'schema')).toBe(false);
  });

  it('makes every refusal with what values and types name: there is no other', () => {
    const types = Object.values(catalogue).flatMap(({ events }) => Object.values(events));
    const everywhere = [...Object.values(COMMON_REFUSALS), ...[...VOCABULARY, ...types].map((each) => each.refusals)];
    expect(new Set(everywhere.flat())).toEqual(new Set(Object.keys(REFUSALS)));
  });
});

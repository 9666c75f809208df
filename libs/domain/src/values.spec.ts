import fc from 'fast-check';
import type { z } from 'zod';
import { hi, lo, mid, show } from './claim';
import { currencies, currencyScale } from './currency';
import { add, compare, grouped, isDecimal, subtract, sum } from './decimal';
import { unitOf } from './unit';
import { AmountSchema, Fraction, Id, ids, MoneyClaim, MoneySchema, QtyClaim, QtySchema, text } from './values';

/** The refusal codes of what a schema finds wrong. */
function codes(schema: z.ZodType, value: unknown): unknown[] {
  const result = schema.safeParse(value);
  return result.success
    ? []
    : result.error.issues.map((issue) => (issue.code === 'custom' ? issue.params?.['code'] : issue.code));
}

const usd = (amount: string) => ({ currency: 'USD', amount });
const chips = (value: string) => ({ unit: 'EA', value });

describe('a decimal', () => {
  it.each(['0', '0.00', '1250.75', '-1', '-0.01', '9'.repeat(28), `1.${'0'.repeat(12)}`])('may be %s', (decimal) =>
    expect(isDecimal(decimal)).toBe(true),
  );

  it.each([
    '',
    '-',
    '-0',
    '-0.00',
    '01',
    '1.',
    '.5',
    '1e3',
    '1,000',
    ' 1',
    '+1',
    'NaN',
    '9'.repeat(29),
    `1.${'0'.repeat(13)}`,
    '١',
  ])('is not %p', (decimal) => expect(isDecimal(decimal)).toBe(false));

  it('adds without loss where floating point loses a cent', () => {
    expect(add('0.1', '0.2')).toBe('0.3');
    expect(sum(['9007199254740993', '0.01'])).toBe('9007199254740993.01');
    expect(subtract('7000000000000', '0.01', '0.99')).toBe('6999999999999');
  });

  it('never turns into an exponent', () => expect(add('1' + '0'.repeat(27), '1')).toBe('1' + '0'.repeat(26) + '1'));

  it('compares by value, not by text', () => expect(compare('10.00', '10')).toBe(0));

  it('takes away what was added', () => {
    const decimal = fc
      .bigInt({ min: 0n, max: 10n ** 24n })
      .map((n) => `${n / 100n}.${String(n % 100n).padStart(2, '0')}`);
    fc.assert(fc.property(decimal, decimal, (a, b) => compare(subtract(add(a, b), b), a) === 0));
  });

  it('is shown with thousands separators', () => {
    expect(grouped('7000000000.5')).toBe('7,000,000,000.5');
    expect(grouped('-1234')).toBe('-1,234');
    expect(grouped('100')).toBe('100');
  });
});

describe('a money', () => {
  it.each([
    ['JPY', 0],
    ['KRW', 0],
    ['USD', 2],
    ['AED', 2],
    ['EUR', 2],
    ['KWD', 3],
    ['BHD', 3],
    ['OMR', 3],
    ['JOD', 3],
    ['TND', 3],
    ['CLF', 4],
  ])('in %s has %d digits after the point', (currency, scale) => expect(currencyScale(currency)).toBe(scale));

  it('may be in any of the active currencies, each once', () => {
    expect(currencies()).toHaveLength(new Set(currencies()).size);
    expect(currencies().every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
  });

  it.each([
    [{ currency: 'JPY', amount: '1.5' }, 'AMOUNT_SCALE'],
    [{ currency: 'USD', amount: '1.005' }, 'AMOUNT_SCALE'],
    [{ currency: 'XBT', amount: '1' }, 'CURRENCY_UNKNOWN'],
    [{ currency: 'constructor', amount: '1' }, 'CURRENCY_UNKNOWN'],
    [{ currency: 'USD', amount: '1e9' }, 'AMOUNT_FORMAT'],
    [{ currency: 'USD', amount: '-1' }, 'AMOUNT_NEGATIVE'],
    [{ currency: 'USD', amount: 1 }, 'invalid_type'],
  ])('%p is refused as %s', (money, code) => expect(codes(MoneySchema, money)).toEqual([code]));

  it('tells everything that is wrong with it', () =>
    expect(codes(MoneySchema, { currency: 'usd', amount: '-0' })).toEqual(['AMOUNT_FORMAT', 'CURRENCY_UNKNOWN']));
});

describe('a quantity', () => {
  it('knows that a gigawatt is a thousand megawatts', () => {
    expect(unitOf('GW')).toMatchObject({ dimension: 'power', factor: '1000' });
    expect(unitOf('MW')).toMatchObject({ dimension: 'power', factor: '1' });
  });

  it('counts chips and wafers in different dimensions', () =>
    expect(unitOf('EA')?.dimension).not.toBe(unitOf('WFR')?.dimension));

  it('is refused in a unit nobody registered', () =>
    expect(codes(QtySchema, { unit: 'chips', value: '1' })).toEqual(['UNIT_UNKNOWN']));

  it('is never negative', () => expect(codes(AmountSchema, '-5')).toEqual(['AMOUNT_NEGATIVE']));
});

describe('a claim', () => {
  it.each([
    [{}, 'CLAIM_EMPTY'],
    [{ undisclosed: false, bound: 'upTo' }, 'CLAIM_EMPTY'],
    [{ undisclosed: true, ceiling: usd('1') }, 'CLAIM_UNDISCLOSED_WITH_VALUE'],
    [{ firm: usd('2'), ceiling: usd('1') }, 'CLAIM_ORDER'],
    [{ firm: usd('2'), expected: usd('1.99') }, 'CLAIM_ORDER'],
    [{ expected: usd('2'), ceiling: usd('1') }, 'CLAIM_ORDER'],
    [{ firm: usd('1'), ceiling: { currency: 'KRW', amount: '2' } }, 'CURRENCY_MISMATCH'],
  ])('%p is refused as %s', (claim, code) => expect(codes(MoneyClaim, claim)).toEqual([code]));

  it('is refused in two units', () =>
    expect(codes(QtyClaim, { firm: chips('1'), ceiling: { unit: 'WFR', value: '2' } })).toEqual(['UNIT_MISMATCH']));

  it('may be equal throughout, and zero', () => {
    expect(codes(MoneyClaim, { firm: usd('1'), expected: usd('1.00'), ceiling: usd('1') })).toEqual([]);
    expect(codes(MoneyClaim, { firm: usd('0') })).toEqual([]);
  });

  it('reads "up to" as nothing certain, nothing expected', () => {
    const upTo = { ceiling: usd('100'), bound: 'upTo' } as const;
    expect([lo(upTo), mid(upTo), hi(upTo)]).toEqual(['0', null, '100']);
  });

  it('has no low, middle or high when undisclosed', () => {
    const secret = { undisclosed: true };
    expect([lo(secret), mid(secret), hi(secret)]).toEqual([null, null, null]);
  });

  it('is at most what is firm when nothing higher is stated', () => expect(hi({ firm: chips('5') })).toBe('5'));

  it('is shown with its unit', () => expect(show(usd('7000000000'))).toBe('7,000,000,000 USD'));
});

describe('a probability', () => {
  it.each(['0', '1', '1.0', '0.35'])('may be %s', (value) => expect(codes(Fraction, value)).toEqual([]));
  it.each(['1.01', '-0.1', '35'])('%s is refused as out of range', (value) =>
    expect(codes(Fraction, value)).toEqual(['PROBABILITY_RANGE']),
  );
  it('is refused as a percentage', () => expect(codes(Fraction, '35%')).toEqual(['AMOUNT_FORMAT']));
});

describe('text', () => {
  it('may be in any script, with emoji', () => expect(codes(text(), 'إنفيديا 🚀')).toEqual([]));
  it.each(['a\0b', '\ud83d', ''])('%j is refused', (value) => expect(codes(text(), value)).toHaveLength(1));
  it('is bounded', () => expect(codes(text(3), 'abcd')).toEqual(['too_big']));
});

describe('an id', () => {
  it.each(['nvda-openai', 'L1', 'a.b_c-d', 'constructor', '0'])('may be %s', (id) => expect(codes(Id, id)).toEqual([]));
  it.each(['', '-a', '_a', '__proto__', 'a/b', 'a b', 'ä', 'a'.repeat(101)])('%p is refused', (id) =>
    expect(codes(Id, id)).toHaveLength(1),
  );
  it('stands once in a list', () => expect(codes(ids(1, 5), ['a', 'b', 'a'])).toEqual(['VALIDATION_FAILED']));
});

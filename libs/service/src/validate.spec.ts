import { z } from 'zod';
import { fieldErrorsOf, validBody, validQuery } from './validate';

const errorsOf = (schema: z.ZodType, value: unknown, prefix = ''): unknown[] => {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : fieldErrorsOf(parsed.error.issues, prefix).map(({ code, pointer }) => [code, pointer]);
};

describe('field errors', () => {
  it('point into the body, with ~ and / escaped', () => {
    const schema = z.object({ 'a/b': z.object({ '~c': z.array(z.int()) }) });
    expect(errorsOf(schema, { 'a/b': { '~c': [1, 'x'] } }, '/events/0')).toEqual([
      ['VALIDATION_FAILED', '/events/0/a~1b/~0c/1'],
    ]);
  });

  it('name every unknown field', () => {
    expect(errorsOf(z.strictObject({}), { a: 1, b: 2 })).toEqual([
      ['UNKNOWN_FIELD', '/a'],
      ['UNKNOWN_FIELD', '/b'],
    ]);
  });

  it('speak of the branch of a union that fits best', () => {
    const schema = z.object({
      money: z.union([
        z.strictObject({ undisclosed: z.literal(true) }),
        z.strictObject({ amount: z.object({ value: z.string() }) }),
      ]),
    });
    expect(errorsOf(schema, { money: { amount: { value: 1 } } })).toEqual([
      ['VALIDATION_FAILED', '/money/amount/value'],
    ]);
  });

  it('keep the code that a schema gives', () => {
    const amount = z.string().check((context) => {
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: 'two decimals',
        params: { code: 'AMOUNT_SCALE' },
      });
    });
    expect(errorsOf(z.object({ amount }), { amount: '1.001' })).toEqual([['AMOUNT_SCALE', '/amount']]);
  });

  it('are counted all and listed up to a hundred', () => {
    const check = (): unknown =>
      validBody(
        z.array(z.int()),
        Array.from({ length: 1000 }, () => 'x'),
      );
    expect(check).toThrow('The body has 1000 errors, the first at /0');
    try {
      check();
    } catch (error) {
      expect((error as { errors: unknown[] }).errors).toHaveLength(100);
    }
  });
});

describe('parameters', () => {
  it('with the character U+0000 are refused, as no store has it', () => {
    const schema = z.strictObject({ key: z.string() });
    expect(validQuery(schema, { key: 'a' })).toEqual({ key: 'a' });
    expect(() => validQuery(schema, { key: 'a\0b' })).toThrow(/U\+0000/);
    expect(() => validQuery(schema, { key: ['a', '\0'] })).toThrow(/U\+0000/);
  });
});

describe('what is said of a request', () => {
  const schema = z.strictObject({
    effectiveOn: z.string().describe('A day.').optional(),
    column: z.string().min(1).max(3).describe('Which of its columns.'),
    format: z.enum(['json', 'csv']).default('json'),
    events: z.array(z.int()).min(1).optional(),
    place: z.union([z.object({ x: z.int() }), z.object({ y: z.int() })]).optional(),
    own: z.string('Say whose it is.').optional(),
    code: z.string().regex(/^\d+$/).optional(),
  });

  it.each<[string, object, string]>([
    ['is missing', {}, 'column is missing; give a text: which of its columns.'],
    ['is of another type', { column: 'a', effectiveOn: 7 }, '7 stands here; give a text: a day.'],
    ['is none of the words', { column: 'a', format: 'xml' }, '"xml" is not one of json, csv; give one of these.'],
    ['is empty', { column: '' }, 'The text has 0 characters, fewer than 1; give at least 1.'],
    ['is too long', { column: 'abcd' }, 'The text has 4 characters, more than 3; give at most 3.'],
    ['has no entries', { column: 'a', events: [] }, 'The list has 0 entries, fewer than 1; give at least 1.'],
    ['has another entry', { column: 'a', events: ['b'] }, '"b" stands here; give a number.'],
    ['is missing within a union', { column: 'a', place: { x: undefined } }, 'x is missing; give a number.'],
    ['has another form', { column: 'a', code: 'b' }, '"b" cannot stand here; give what /^\\d+$/ matches.'],
    ['has words of its own', { column: 'a', own: 1 }, 'Say whose it is.'],
  ])('is what stands there and what to do, when something %s', (_, value, message) => {
    const said = (check: () => unknown): unknown => {
      try {
        return check();
      } catch (error) {
        return (error as { errors: { message: string }[] }).errors.map((each) => each.message);
      }
    };
    expect(said(() => validQuery(schema, value))).toEqual([message]);
    expect(said(() => validBody(schema, value))).toEqual([message]);
  });
});

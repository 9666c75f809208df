import { z } from 'zod';
import { fieldErrorsOf, validBody } from './validate';

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

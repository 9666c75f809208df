import { z } from 'zod';
import { check, type Report } from './check';
import { BOUNDS, CLAIM_VALUES, compareMeasured, measureOf, show, type Claim, type Measured } from './claim';
import { currencyScale } from './currency';
import { compare, DECIMAL_PATTERN, grouped, isDecimal, scaleOf } from './decimal';
import { EDTF_MAX_LENGTH, effectiveOf, isDay, isPeriod, normalEdtf, PERIOD_PATTERN } from './calendar';
import { UNITS, unitOf } from './unit';

export type { Day, Effective, Period } from './calendar';
export type { Decimal } from './decimal';

// What once was written must parse for ever: these schemas may be widened, never narrowed.

// NUL cannot be stored by Postgres, and half a surrogate pair is no text at all.
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Text of `1..max` UTF-16 units, in any script. */
export function text(max = 2_000) {
  return z
    .string()
    .min(1)
    .max(max)
    .check(
      check((value, report) => {
        if (UNSTORABLE.test(value)) {
          report('VALIDATION_FAILED', 'Contains NUL or half of a surrogate pair; send well-formed Unicode.');
        }
      }),
    );
}

/** What else the poster wants to say with an event. */
export const Note = text().nullish().describe('Anything else worth knowing; no report counts it.');

const ID_RULE = '1 to 100 of the characters A-Z a-z 0-9 . _ -, the first a letter or digit';

/** The poster's own name for something: a deal, a leg, an event. */
export const Id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, `An id of ${ID_RULE}.`)
  .describe(`An id: ${ID_RULE}.`);

/** A word of a list that may grow: a role, a category, what was asked for. */
export const Word = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]{0,49}$/, 'A single word of 1 to 50 letters and digits, the first a letter.')
  .describe('One word of 1 to 50 letters and digits, the first a letter.');

/** A list of ids without repetition. */
export function ids(min: number, max: number) {
  return z
    .array(Id)
    .min(min)
    .max(max)
    .check(
      check((list, report) => {
        if (list.length < 2) return;
        const first = new Map<string, number>();
        list.forEach((id, index) => {
          const earlier = first.get(id);
          if (earlier === undefined) first.set(id, index);
          else report('VALIDATION_FAILED', `"${id}" is listed twice; once is enough.`, [index]);
        });
      }),
    );
}

/** A calendar day. */
export const DaySchema = z
  .string()
  .check(
    check((value, report) => {
      if (!isDay(value)) {
        report(
          'PERIOD_INVALID',
          `"${value.slice(0, EDTF_MAX_LENGTH)}" is no calendar day of 1900 to 2200; write YYYY-MM-DD.`,
        );
      }
    }),
  )
  .meta({ format: 'date', description: 'A calendar day of 1900 to 2200.', examples: ['2026-10-20'] });

/** A date with its uncertainty (EDTF), as text. */
export const EdtfSchema = z
  .string()
  .check(
    check((value, report) => {
      if (effectiveOf(value) === undefined) {
        report(
          'PERIOD_INVALID',
          `"${value.slice(0, EDTF_MAX_LENGTH)}" is no EDTF date with a first and a last day between 1900 and 2200; ` +
            'write for example 2025-10-05, 2025-10, 2025-10-0X, 2026-41 or 2025-09-21/2025-10-04.',
        );
      }
    }),
  )
  .overwrite(normalEdtf)
  .meta({
    maxLength: EDTF_MAX_LENGTH,
    description: 'EDTF (ISO 8601-2) date, interval or half-year, between 1900 and 2200.',
    examples: ['2025-10-05', '2025-10-0X', '2026-41', '2025-09-21/2025-10-04'],
  });

/** A year, half-year, quarter or month. */
export const PeriodSchema = z
  .string()
  .check(
    check((value, report) => {
      if (!isPeriod(value)) {
        report(
          'PERIOD_INVALID',
          `"${value.slice(0, EDTF_MAX_LENGTH)}" is no period between 1900 and 2200; ` +
            'write a year 2026, a half-year 2026-41, a quarter 2026-Q4 or a month 2026-10.',
        );
      }
    }),
  )
  .overwrite(normalEdtf)
  .meta({
    pattern: PERIOD_PATTERN.source,
    description: 'A year, half-year, quarter or month between 1900 and 2200 (EDTF).',
    examples: ['2026', '2026-41', '2026-Q4', '2026-10'],
  });

const UNSIGNED_PATTERN = DECIMAL_PATTERN.source.replace('-?', '');

function judgeUnsigned(value: string, report: Report, path?: readonly string[]): boolean {
  if (!isDecimal(value)) {
    report(
      'AMOUNT_FORMAT',
      `"${value.slice(0, 50)}" is no decimal; write plain digits such as "1250.75", ` +
        'at most 28 before the point and 12 after it, without exponent or separators.',
      path,
    );
    return false;
  }
  if (value.startsWith('-')) {
    report(
      'AMOUNT_NEGATIVE',
      `${grouped(value)} is negative; amounts are zero or more, the event type says which way they go.`,
      path,
    );
    return false;
  }
  return true;
}

/** What is said where a decimal should stand and something else does; it makes the code `AMOUNT_FORMAT`. */
export const NOT_A_STRING =
  'No text stands here; a decimal is a JSON string of plain digits such as "1250.75", never a JSON number.';

const decimalText = (): z.ZodString =>
  z.string({ error: ({ input }) => (input === undefined ? undefined : NOT_A_STRING) });

/** A number of something, zero or more. */
export const AmountSchema = decimalText()
  .check(check((value, report) => void judgeUnsigned(value, report)))
  .meta({
    pattern: UNSIGNED_PATTERN,
    description: 'A decimal, zero or more, as text: exact, never a JSON number.',
    examples: ['1250.75'],
  });

/** A number by which others are multiplied or divided: above zero. */
export const PositiveSchema = decimalText()
  .check(
    check((value, report) => {
      if (judgeUnsigned(value, report) && compare(value, '0') === 0) {
        report(
          'VALIDATION_FAILED',
          `${value} is zero, and what it is multiplied with would be gone; give a number above.`,
        );
      }
    }),
  )
  .meta({
    pattern: UNSIGNED_PATTERN,
    description: 'A decimal above zero, as text: exact, never a JSON number.',
    examples: ['1400'],
  });

/** A decimal between 0 and 1, both included. */
export const Fraction = decimalText()
  .check(
    check((value, report) => {
      if (!isDecimal(value)) {
        report('AMOUNT_FORMAT', `"${value.slice(0, 50)}" is no decimal; write 35 per cent as "0.35".`);
      } else if (value.startsWith('-') || compare(value, '1') > 0) {
        report('PROBABILITY_RANGE', `${value} lies outside 0 to 1; write 35 per cent as "0.35".`);
      }
    }),
  )
  .meta({ pattern: UNSIGNED_PATTERN, description: 'A decimal from 0 to 1, as text.', examples: ['0.35'] });

/** How often a rate is meant: an ISO 8601 duration of one unit. */
export const Per = z
  .string()
  .regex(/^P[1-9]\d?[DWMY]$/, 'An ISO 8601 duration in days, weeks, months or years, such as P1M.')
  .meta({ description: 'An ISO 8601 duration in days, weeks, months or years.', examples: ['P1M'] });

const unknownCurrency = (currency: string): string =>
  `"${currency.slice(0, 50)}" is no active ISO 4217 currency; write for example "USD".`;

/** An active ISO 4217 currency. */
export const CurrencySchema = z
  .string()
  .check(
    check((value, report) => {
      if (currencyScale(value) === undefined) report('CURRENCY_UNKNOWN', unknownCurrency(value));
    }),
  )
  .meta({ pattern: '^[A-Z]{3}$', description: 'An active ISO 4217 currency.', examples: ['USD'] });

/** An amount of money, zero or more, with no more digits after the point than the currency has. */
export const MoneySchema = z
  .strictObject({
    currency: z
      .string()
      .meta({ pattern: '^[A-Z]{3}$', description: 'An active ISO 4217 currency.', examples: ['USD'] }),
    amount: decimalText().meta({
      pattern: UNSIGNED_PATTERN,
      description: 'A decimal, zero or more, with no more digits after the point than the currency has.',
      examples: ['1250.75'],
    }),
  })
  .check(
    // One check for both: a check a field would double the time that the commonest value takes.
    check(({ currency, amount }, report) => {
      const isAmount = judgeUnsigned(amount, report, ['amount']);
      const scale = currencyScale(currency);
      if (scale === undefined) {
        report('CURRENCY_UNKNOWN', unknownCurrency(currency), ['currency']);
      } else if (isAmount && scaleOf(amount) > scale) {
        report(
          'AMOUNT_SCALE',
          `${amount} has ${scaleOf(amount)} digits after the point, ${currency} has ${scale}; round it as the source does.`,
          ['amount'],
        );
      }
    }),
  )
  .describe('An amount of money.');

/** A unit of the registry. */
export const UnitSchema = z
  .string()
  .check(
    check((value, report) => {
      if (unitOf(value) === undefined) {
        report(
          'UNIT_UNKNOWN',
          `"${value.slice(0, 50)}" is no unit here; use one of ${UNITS.map(({ code }) => code).join(', ')}.`,
        );
      }
    }),
  )
  .meta({ enum: UNITS.map(({ code }) => code), description: 'A unit of the registry.' });

/** A quantity, zero or more, in a unit of the registry. */
export const QtySchema = z
  .strictObject({
    unit: UnitSchema.describe('What is counted.'),
    value: AmountSchema.describe('How many, zero or more.'),
  })
  .describe('A quantity.');

/** What a claim may state, whatever it is of. */
const statedOf = <Value>(value: z.ZodType<Value, Value>) => ({
  firm: value.optional().describe('What is certain: the least it can be.'),
  expected: value.optional().describe('What is thought likely.'),
  ceiling: value.optional().describe('The most it can be.'),
  bound: z.enum(BOUNDS).optional().describe('How the value was meant.'),
});

const Derivation = text().optional().describe('From what and how it was worked out.');

function claim<Value extends Measured>(value: z.ZodType<Value, Value>) {
  return z
    .strictObject({
      ...statedOf(value),
      undisclosed: z.boolean().optional().describe('True: known to exist and kept secret; states no value.'),
      derivation: Derivation,
    })
    .check(check(judgeClaim))
    .describe('As somebody stated it; what is missing was not stated, which is not zero.');
}

function judgeClaim(claim: Claim<Measured>, report: Report): void {
  let before: { name: string; value: Measured } | undefined;
  for (const name of CLAIM_VALUES) {
    const value = claim[name];
    if (value === undefined) continue;
    if (claim.undisclosed === true) {
      report(
        'CLAIM_UNDISCLOSED_WITH_VALUE',
        `${name} states ${show(value)} although the claim is undisclosed; drop one of the two.`,
        [name],
      );
      continue;
    }
    if (before !== undefined) {
      if (measureOf(value) !== measureOf(before.value)) {
        report(
          'currency' in value ? 'CURRENCY_MISMATCH' : 'UNIT_MISMATCH',
          `${name} is in ${measureOf(value)}, ${before.name} in ${measureOf(before.value)}; state a claim in one of them.`,
          [name],
        );
        return;
      }
      if (compareMeasured(value, before.value) < 0) {
        report(
          'CLAIM_ORDER',
          `${name} ${show(value)} is below ${before.name} ${show(before.value)}; firm <= expected <= ceiling must hold.`,
          [name],
        );
      }
    }
    before = { name, value };
  }
  if (before === undefined && claim.undisclosed !== true) {
    report('CLAIM_EMPTY', 'States no value; give firm, expected or ceiling, or say "undisclosed": true.');
  }
}

/** An amount as stated: firm, expected and ceiling, any of them missing, or undisclosed. */
export const MoneyClaim = claim(MoneySchema);

/** A quantity as stated. */
export const QtyClaim = claim(QtySchema);

/** A factor as stated: values above zero without a unit of their own. */
export const FactorClaim = z
  .strictObject({ ...statedOf(PositiveSchema), derivation: Derivation })
  .check(
    check((claim, report) => {
      const stated = CLAIM_VALUES.flatMap((name) => {
        const value = claim[name];
        return value === undefined ? [] : [{ name, value }];
      });
      if (stated.length === 0) report('CLAIM_EMPTY', 'States no value; give firm, expected or ceiling.');
      for (const [index, { name, value }] of stated.entries()) {
        const before = stated[index - 1];
        if (before === undefined || compare(value, before.value) >= 0) continue;
        report(
          'CLAIM_ORDER',
          `${name} ${value} is below ${before.name} ${before.value}; firm <= expected <= ceiling must hold.`,
          [name],
        );
      }
    }),
  )
  .describe('A factor as somebody stated it; what is missing was not stated.');

export type Factor = z.output<typeof FactorClaim>;

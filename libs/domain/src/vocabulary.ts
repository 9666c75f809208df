import type { z } from 'zod';
import type { RefusalCode } from './refusal';
import { ScheduleSchema } from './schedule';
import {
  AmountSchema,
  CurrencySchema,
  DaySchema,
  EdtfSchema,
  FactorClaim,
  Fraction,
  Id,
  MoneyClaim,
  MoneySchema,
  Per,
  PeriodSchema,
  PositiveSchema,
  QtyClaim,
  QtySchema,
  UnitSchema,
  Word,
} from './values';

/** A value that events are made of, as documentation calls it. */
export interface ValueType {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly about: string;
  /** How it may be wrong, besides `VALIDATION_FAILED`. */
  readonly refusals: readonly RefusalCode[];
  readonly example: unknown;
}

const UNSIGNED = ['AMOUNT_FORMAT', 'AMOUNT_NEGATIVE'] as const;
const MONEY = [...UNSIGNED, 'AMOUNT_SCALE', 'CURRENCY_UNKNOWN'] as const;
const QUANTITY = [...UNSIGNED, 'UNIT_UNKNOWN'] as const;
const CLAIM = ['CLAIM_EMPTY', 'CLAIM_ORDER'] as const;

/** Every value that has a name of its own; each before those that are made of it. */
export const VOCABULARY: readonly ValueType[] = [
  {
    name: 'id',
    schema: Id,
    about: 'The name that the poster gives something: 1 to 100 of `A-Z a-z 0-9 . _ -`, the first a letter or digit.',
    refusals: [],
    example: 'nvda-openai',
  },
  {
    name: 'word',
    schema: Word,
    about: 'One word of a list that may grow: 1 to 50 letters and digits, the first a letter.',
    refusals: [],
    example: 'lessor',
  },
  {
    name: 'day',
    schema: DaySchema,
    about: 'A calendar day of 1900 to 2200.',
    refusals: ['PERIOD_INVALID'],
    example: '2026-10-20',
  },
  {
    name: 'date',
    schema: EdtfSchema,
    about:
      'A date with its uncertainty (EDTF, ISO 8601-2): a day, month, year, half-year (`2026-40` is the first, ' +
      '`2026-41` the second), quarter, a decade of days (`2025-10-0X`) or an interval.',
    refusals: ['PERIOD_INVALID'],
    example: '2025-09-21/2025-10-04',
  },
  {
    name: 'period',
    schema: PeriodSchema,
    about: 'A year, half-year, quarter or month.',
    refusals: ['PERIOD_INVALID'],
    example: '2026-10',
  },
  {
    name: 'duration',
    schema: Per,
    about: 'How often a rate is meant: days, weeks, months or years (ISO 8601).',
    refusals: [],
    example: 'P1M',
  },
  {
    name: 'decimal',
    schema: AmountSchema,
    about:
      'A number, zero or more, as a JSON string of plain digits: at most 28 before the point and 12 after it. Exact; ' +
      'never a JSON number.',
    refusals: UNSIGNED,
    example: '1250.75',
  },
  {
    name: 'factor',
    schema: PositiveSchema,
    about: 'A decimal above zero.',
    refusals: UNSIGNED,
    example: '1400',
  },
  {
    name: 'share',
    schema: Fraction,
    about: 'A decimal from 0 to 1.',
    refusals: ['AMOUNT_FORMAT', 'PROBABILITY_RANGE'],
    example: '0.35',
  },
  {
    name: 'currency',
    schema: CurrencySchema,
    about: 'An active ISO 4217 code.',
    refusals: ['CURRENCY_UNKNOWN'],
    example: 'USD',
  },
  {
    name: 'unit',
    schema: UnitSchema,
    about:
      '`EA` chip or piece, `WFR` wafer, `STK` HBM stack, `SYS` system or rack, `LIC` licence, `MW` megawatt, `GW` ' +
      'gigawatt, `MWH` megawatt-hour. Only megawatts and gigawatts are compared with each other.',
    refusals: ['UNIT_UNKNOWN'],
    example: 'WFR',
  },
  {
    name: 'money',
    schema: MoneySchema,
    about: 'A decimal `amount` in a `currency`, with no more digits after the point than the currency has.',
    refusals: MONEY,
    example: { currency: 'USD', amount: '4000000000.00' },
  },
  {
    name: 'quantity',
    schema: QtySchema,
    about: 'A decimal `value` in a `unit`.',
    refusals: QUANTITY,
    example: { unit: 'WFR', value: '50000' },
  },
  {
    name: 'money claim',
    schema: MoneyClaim,
    about:
      'As somebody stated it: `firm`, `expected` and `ceiling`, of which any may be missing (not stated, which is not ' +
      'zero), in rising order and in one currency; `bound` (`exact`, `about`, `upTo`, `atLeast`, `moreThan`, ' +
      '`lessThan`) says how it was meant and `derivation` how it was worked out; `undisclosed` stands alone, for what ' +
      'is known to exist and kept secret.',
    refusals: [...MONEY, ...CLAIM, 'CLAIM_UNDISCLOSED_WITH_VALUE', 'CURRENCY_MISMATCH'],
    example: { ceiling: { currency: 'USD', amount: '100000000000' }, bound: 'upTo' },
  },
  {
    name: 'quantity claim',
    schema: QtyClaim,
    about: 'As somebody stated it, like a money claim, of quantities in one unit.',
    refusals: [...QUANTITY, ...CLAIM, 'CLAIM_UNDISCLOSED_WITH_VALUE', 'UNIT_MISMATCH'],
    example: { firm: { unit: 'EA', value: '1000000' }, ceiling: { unit: 'EA', value: '5000000' } },
  },
  {
    name: 'factor claim',
    schema: FactorClaim,
    about: 'As somebody stated it, like a money claim, of factors; never undisclosed.',
    refusals: [...UNSIGNED, ...CLAIM],
    example: { expected: '1400', ceiling: '1700', bound: 'about' },
  },
  {
    name: 'schedule',
    schema: ScheduleSchema,
    about:
      'When the total of a leg falls due, by `method`: `evenMonths` {from, to, due: `monthEnd`}, the same every month; ' +
      '`proRataDays` {from, to}, by days, both ends counted; `ramp` {from, to, r0, r1}, from r0 in the first month to ' +
      'r1 in the last in equal steps, of which n(r0 + r1)/2 is one of the values stated; `lump` {period}, all in one; ' +
      '`explicit` {lines: [{period, money: claim, quantity: claim}]}, which add up to what is stated; `unscheduled`.',
    refusals: ['PERIOD_INVALID'],
    example: { method: 'evenMonths', from: '2026-07', to: '2026-12' },
  },
];

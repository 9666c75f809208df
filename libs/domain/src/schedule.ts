import { z } from 'zod';
import { check, type Report } from './check';
import { CLAIM_VALUES, measureOf, measureOfClaim, numberOf, type Claim, type ClaimValue, type Measured } from './claim';
import { firstDay, monthsBetween } from './calendar';
import { add, compare, grouped, sum, times } from './decimal';
import { AmountSchema, DaySchema, MoneyClaim, PeriodSchema, QtyClaim } from './values';

/** Most lines of an explicit schedule. */
export const LINES_MAX = 600;

const Month = PeriodSchema.check(
  check((value, report) => {
    if (value.length !== 7 || value.slice(5) > '12') {
      report('PERIOD_INVALID', `"${value}" is no month; write for example 2026-10.`);
    }
  }),
).meta({ pattern: '^\\d{4}-(?:0[1-9]|1[0-2])$', examples: ['2026-10'] });

/** Longer than any contract; every month of a schedule is lines in the reports. */
const MONTHS_MAX = 600;

const inOrder = check<{ from: string; to: string }>(({ from, to }, report) => {
  const years = Number(to.slice(0, 4)) - Number(from.slice(0, 4));
  if (years * 12 > MONTHS_MAX) {
    report(
      'PERIOD_INVALID',
      `The schedule goes over ${years} years, at most ${MONTHS_MAX / 12} are allowed; end it earlier.`,
      ['to'],
    );
  }
  if (firstDay(to) < firstDay(from)) {
    report('PERIOD_INVALID', `The schedule ends in ${to}, before it begins in ${from}; swap the two.`, ['to']);
  }
});

/** How the total of a leg falls on periods. */
export const ScheduleSchema = z.discriminatedUnion('method', [
  z
    .strictObject({
      method: z.literal('evenMonths').describe('Every month.'),
      from: Month.describe('First month.'),
      to: Month.describe('Last month.'),
      due: z.literal('monthEnd').optional().describe('On the last day of each month, as always.'),
    })
    .check(inOrder)
    .describe('The same amount every calendar month.'),
  z
    .strictObject({
      method: z.literal('proRataDays').describe('By days.'),
      from: DaySchema.describe('First day.'),
      to: DaySchema.describe('Last day.'),
    })
    .check(inOrder)
    .describe('By days, both ends counted; a bucket a calendar month.'),
  z
    .strictObject({
      method: z.literal('ramp').describe('Rising or falling.'),
      from: Month.describe('First month.'),
      to: Month.describe('Last month.'),
      r0: AmountSchema.describe("Amount of the first month, in the leg's currency or unit."),
      r1: AmountSchema.describe('Amount of the last month.'),
    })
    .check(inOrder)
    .describe('From r0 in the first month to r1 in the last, in equal steps.'),
  z
    .strictObject({
      method: z.literal('lump').describe('At once.'),
      period: PeriodSchema.describe('When; due on its last day.'),
    })
    .describe('All of it in one period.'),
  z
    .strictObject({
      method: z.literal('explicit').describe('As listed.'),
      lines: z
        .array(
          z.strictObject({
            period: PeriodSchema.describe('When; due on its last day.'),
            money: MoneyClaim.optional().describe('What of the money falls in it.'),
            quantity: QtyClaim.optional().describe('What of the quantity falls in it.'),
          }),
        )
        .min(1)
        .max(LINES_MAX)
        .describe('A line a period.'),
    })
    .describe('Line by line; the lines add up to the leg.'),
  z.strictObject({ method: z.literal('unscheduled').describe('Not known.') }).describe('Nobody said when.'),
]);

export type Schedule = z.output<typeof ScheduleSchema>;
export type ExplicitLine = Extract<Schedule, { method: 'explicit' }>['lines'][number];

/** What of a leg a schedule spreads. */
export type Side = 'money' | 'quantity';

/** Reports, below the key `schedule`, where the schedule's own amounts do not add up to the claim. */
export function judgeSchedule(schedule: Schedule, claim: Claim<Measured>, side: Side, report: Report): void {
  if (schedule.method === 'ramp') judgeRamp(schedule, claim, report);
  if (schedule.method === 'explicit') judgeLines(schedule.lines, claim, side, report);
}

// domain: a ramp of n months totals n(r0 + r1)/2
function judgeRamp(
  { from, to, r0, r1 }: Extract<Schedule, { method: 'ramp' }>,
  claim: Claim<Measured>,
  report: Report,
): void {
  const months = monthsBetween(from, to).length;
  const doubled = times(add(r0, r1), months);
  const stated = CLAIM_VALUES.flatMap((name) => claim[name] ?? []);
  if (stated.some((value) => compare(times(numberOf(value), 2), doubled) === 0)) return;
  const totals = stated.map((value) => grouped(numberOf(value))).join(', ');
  report(
    'SCHEDULE_SUM_MISMATCH',
    `Twice the ramp's total is ${grouped(doubled)} over ${months} months, the leg states ${totals === '' ? 'nothing' : totals}; ` +
      'r0 + r1 times the months, halved, must be one of its values.',
    ['schedule'],
  );
}

function judgeLines(lines: readonly ExplicitLine[], claim: Claim<Measured>, side: Side, report: Report): void {
  const measure = measureOfClaim(claim);
  for (const [index, line] of lines.entries()) {
    const stated = line[side];
    if (stated === undefined) continue;
    const path = ['schedule', 'lines', index, side];
    if (stated.undisclosed === true) {
      report(
        'SCHEDULE_SUM_MISMATCH',
        'An undisclosed line adds up to nothing; state its value or leave the line out.',
        path,
      );
      return;
    }
    if (measureOfClaim(stated) !== measure) {
      report(
        'SCHEDULE_SUM_MISMATCH',
        `The line is in ${measureOfClaim(stated)}, the leg in ${measure ?? 'nothing stated'}; use the same.`,
        path,
      );
      return;
    }
  }
  for (const name of CLAIM_VALUES) judgeSum(lines, claim, side, name, report);
}

function judgeSum(
  lines: readonly ExplicitLine[],
  claim: Claim<Measured>,
  side: Side,
  name: ClaimValue,
  report: Report,
): void {
  const values = lines.flatMap((line) => line[side]?.[name] ?? []);
  const [first] = values;
  if (first === undefined) return;
  const total = sum(values.map(numberOf));
  const stated = claim[name];
  if (stated !== undefined && compare(numberOf(stated), total) === 0) return;
  report(
    'SCHEDULE_SUM_MISMATCH',
    `The lines' ${name} adds up to ${grouped(total)} ${measureOf(first)}, the leg states ` +
      `${stated === undefined ? 'none' : `${grouped(numberOf(stated))} ${measureOf(stated)}`}; make them equal.`,
    ['schedule', 'lines'],
  );
}

import edtf from 'edtf';
import { LRUCache } from 'lru-cache';

/** A calendar day, `YYYY-MM-DD`. Days compare as text. */
export type Day = string;

/** A month, quarter, half-year or year: `2026-10`, `2026-36`, `2026-41`, `2026`. */
export type Period = string;

/** A date as stated, with the earliest and the latest day it may mean. */
export interface Effective {
  readonly edtf: string;
  readonly from: Day;
  readonly to: Day;
}

export const FIRST_YEAR = 1900;
export const LAST_YEAR = 2200;
export const EDTF_MAX_LENGTH = 64;

/** Dates, intervals and sub-year groupings of EDTF; no times of day, no years beyond four digits, no sets. */
export const EDTF_PATTERN = /^[0-9X~?%/-]*(?:-Q[1-4])?$/;

/** Year, month, quarter (`33`..`36`, or `Q1`..`Q4` as input) or half-year (`40`, `41`). */
export const PERIOD_PATTERN = /^\d{4}(?:-(?:0[1-9]|1[0-2]|3[3-6]|4[01]|Q[1-4]))?$/;

const DASH = '-'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const PLAIN = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/;
// Seasons (21 to 32) have no days of their own: spring in Seoul is autumn in Sydney.
// A third of a year (37 to 39) is refused because the library ends the first one in May.
const NO_DAYS = /(?:^|\/)[0-9X]{4}-(?:2[1-9]|3[0-27-9])/;
// The library takes the 29th of February 2025 for the 1st of March, and so with an unknown month.
// The library takes a run of digits for milliseconds, and the tens of an unknown day for one to twenty-one.
const NOT_A_DATE = /[0-9X]{5}|(?:^|\/)[~?%]*[0-9X]{1,3}(?![0-9X])|-X[0-9](?!\d)/;
const FULL_DAY = /\d{4}-\d\d-\d\d/g;
const LATE_DAY_OF_UNKNOWN_MONTH = /X[^/]*-(?:29|3[01])(?!\d)/;

const cache = new LRUCache<string, Effective | false>({ max: 10_000 });

/**
 * The days that an EDTF value may mean, or nothing when it is not EDTF, has an open end, or leaves
 * the years 1900 to 2200. `2025-10-0X` is the 1st to the 9th, `2026-41` the second half of 2026;
 * `2026-Q4` is read as `2026-36`.
 */
export function effectiveOf(text: string): Effective | undefined {
  if (isDay(text)) return { edtf: text, from: text, to: text };
  if (text.length > EDTF_MAX_LENGTH) return undefined;
  let known = cache.get(text);
  if (known === undefined) {
    known = read(normalEdtf(text)) ?? false;
    cache.set(text, known);
  }
  return known === false ? undefined : known;
}

/** The one way the ledger writes an EDTF value: quarters as `2026-36`. */
export function normalEdtf(text: string): string {
  if (!text.includes('Q')) return text;
  return text.replace(/-Q([1-4])$/, (_, quarter: string) => `-${32 + Number(quarter)}`);
}

/** Whether `text` is a calendar day that exists, within the years the ledger knows. */
export function isDay(text: string): boolean {
  if (text.length !== 10 || text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return false;
  const year = digits(text, 0, 4);
  const day = digits(text, 8, 10);
  return year >= FIRST_YEAR && year <= LAST_YEAR && day >= 1 && day <= daysInMonth(year, digits(text, 5, 7));
}

/** Whether `text` is a period in the form it is stored in or posted in. */
export function isPeriod(text: string): boolean {
  return PERIOD_PATTERN.test(text) && effectiveOf(text) !== undefined;
}

/** First day of a period or of any other EDTF value that is known to be valid. */
export function firstDay(period: Period): Day {
  return daysOf(period).from;
}

/** Last day of a period or of any other EDTF value that is known to be valid. */
export function lastDay(period: Period): Day {
  return daysOf(period).to;
}

/** The months from `from` to `to`, both counted, as `YYYY-MM`; none if `to` is earlier. */
export function monthsBetween(from: Period, to: Period): Period[] {
  const first = monthNumber(firstDay(from));
  const last = monthNumber(lastDay(to));
  const months: Period[] = [];
  for (let month = first; month <= last; month++) {
    months.push(`${Math.floor(month / 12)}-${pad((month % 12) + 1)}`);
  }
  return months;
}

/** Number of days from `from` to `to`, both counted. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
}

function daysOf(period: Period): Effective {
  const effective = effectiveOf(period);
  if (effective === undefined) throw new RangeError(`not a period: ${period}`);
  return effective;
}

function read(text: string): Effective | undefined {
  if (!EDTF_PATTERN.test(text) || NO_DAYS.test(text) || NOT_A_DATE.test(text)) return undefined;
  const simple = plain(text) ?? plainInterval(text);
  if (simple !== undefined) return simple;
  if (LATE_DAY_OF_UNKNOWN_MONTH.test(text) || !(text.replace(/[~?%]/g, '').match(FULL_DAY) ?? []).every(isDay))
    return undefined;
  try {
    const { min, max } = edtf(text);
    if (!Number.isFinite(min) || !Number.isFinite(max) || text.endsWith('/')) return undefined;
    return within(text, dayAt(min), dayAt(max));
  } catch {
    return undefined; // the library's only way to say that it is not EDTF
  }
}

// The library's parser takes a hundred times as long, and nearly all dates are plain.
function plain(text: string): Effective | undefined {
  const match = PLAIN.exec(text);
  if (match === null) return undefined;
  const [, year = '', month, day] = match;
  if (month === undefined) return within(text, `${year}-01-01`, `${year}-12-31`);
  if (day !== undefined) return isDay(text) ? within(text, text, text) : undefined;
  const length = daysInMonth(Number(year), Number(month));
  return length > 0 ? within(text, `${text}-01`, `${text}-${length}`) : undefined;
}

function plainInterval(text: string): Effective | undefined {
  const [first = '', last = '', ...more] = text.split('/');
  if (more.length > 0) return undefined;
  const from = plain(first)?.from;
  const to = plain(last)?.to;
  return from !== undefined && to !== undefined ? within(text, from, to) : undefined;
}

function within(text: string, from: Day, to: Day): Effective | undefined {
  const inRange = from >= `${FIRST_YEAR}-01-01` && to <= `${LAST_YEAR}-12-31` && from <= to;
  return inRange ? { edtf: text, from, to } : undefined;
}

/** 0 for what is no month. */
function daysInMonth(year: number, month: number): number {
  if (!(month >= 1 && month <= 12)) return 0;
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The number that the digits from `start` to before `end` make, NaN if one of them is no digit. */
function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function monthNumber(day: Day): number {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
}

function dayAt(ms: number): Day {
  const iso = new Date(ms).toISOString();
  // Years beyond four digits begin with a sign; no day starting so lies within the ledger's years.
  return iso.slice(0, iso.indexOf('T'));
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

import Table from 'cli-table3';
import { median } from './statistics';

/** What one line of the table compares: ours and its floor, measured in turns in the same run. */
export interface Line {
  readonly store: string;
  readonly row: string;
  /** `/s` is better when higher, `ms` and `MB` when lower. */
  readonly unit: '/s' | 'ms' | 'MB';
  /** A value a round. */
  readonly ours: readonly number[];
  readonly p50Ms?: readonly number[];
  readonly p99Ms?: readonly number[];
  /** What it is compared with; nothing where only its own value counts. */
  readonly floor?: string;
  /** A value a round, measured right after ours. */
  readonly floors?: readonly number[];
  readonly wanted?: Wanted;
}

export interface Wanted {
  /** Of the floor: at least so much for `/s`, at most so much for `ms`. */
  readonly ratio?: number;
  /** Ours itself, of `/s`. */
  readonly atLeast?: number;
  /** Ours itself, of `MB`, in every round. */
  readonly under?: number;
  /** What all but one of a hundred stay under. */
  readonly p99Ms?: number;
}

/** Ours to the floor, the median of the rounds' own ratios: what slows a whole round cancels out. */
export const ratioOf = ({ ours, floors = [] }: Line): number =>
  median(ours.map((value, round) => value / (floors[round] ?? NaN)));

/** The lines as aligned text. */
export function tableOf(lines: readonly Line[]): string {
  const table = new Table({
    head: ['store', 'row', 'ours', 'p50 ms', 'p99 ms', 'floor', 'its value', 'ratio', 'wanted'],
    chars: BLANK,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left', 'right', 'right', 'left'],
  });
  for (const line of lines) {
    const { store, row, unit, ours, p50Ms, p99Ms, floor, floors } = line;
    table.push([
      store,
      row,
      spread(ours, unit),
      p50Ms === undefined ? '' : number(median(p50Ms)),
      p99Ms === undefined ? '' : number(median(p99Ms)),
      ...(floor === undefined || floors === undefined
        ? ['', '', '']
        : [floor, spread(floors, unit), number(ratioOf(line))]),
      verdictsOf(line).join(', '),
    ]);
  }
  return table
    .toString()
    .split('\n')
    .map((text) => text.trimEnd())
    .join('\n');
}

/** What was wanted, and whether the medians are so. */
function verdictsOf(line: Line): string[] {
  const { wanted, unit, ours, p99Ms = [] } = line;
  if (wanted === undefined) return [];
  const verdict = (wish: string, isMet: boolean): string => `${wish} ${isMet ? 'met' : 'NOT MET'}`;
  const { ratio: share, atLeast, under: most, p99Ms: under } = wanted;
  const ratio = ratioOf(line);
  return [
    ...(share === undefined
      ? []
      : [unit === '/s' ? verdict(`>= ${share}`, ratio >= share) : verdict(`<= ${share}`, ratio <= share)]),
    ...(atLeast === undefined ? [] : [verdict(`>= ${number(atLeast)}/s`, median(ours) >= atLeast)]),
    ...(most === undefined ? [] : [verdict(`< ${number(most)} ${unit}`, Math.max(...ours) < most)]),
    ...(under === undefined ? [] : [verdict(`p99 < ${under} ms`, median(p99Ms) < under)]),
  ];
}

const spread = (values: readonly number[], unit: string): string =>
  `${number(median(values))} ${unit} (${number(Math.min(...values))}–${number(Math.max(...values))})`;

const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });

const BLANK = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
);

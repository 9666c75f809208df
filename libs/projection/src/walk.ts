import { orderOf, rowOf, type RawRow, type Row } from '@deal-ledger/reports';
import type { Pool } from 'pg';
import { callOf, Values } from './call';
import type { Question } from './question';

/** Answers about so many positions are read stretch by stretch, and not counted. */
export const LONG = 10_000;
const FIRST_STRETCH = 100;
/** Every position of it may be a commit of very many events. */
const SHORTEST_STRETCH = 10;
const LONGEST_STRETCH = 200_000;
/** Rows of a stretch, about: few enough to be worked out soon, so many that it is worth asking. */
const WORTHWHILE = 1_000;
const AT_MOST_LONGER = 8;

/** Where a row stands. */
export type Place = readonly [position: number, ordinal: number];

/** Of a row's key, as JSON. */
export const placeOf = (key: string): Place => JSON.parse(key) as Place;

/** Reads reports whose rows stand in the order of positions a stretch of the ledger at a time. */
export class Walk {
  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
  ) {}

  /** Whether a question is about too much to be worked out as a whole, and can be walked through. */
  suits(question: Question): boolean {
    const { definition, filter, sort, changedSince } = question;
    const { walked } = definition;
    if (walked === undefined || changedSince !== null || sort.length !== 1) return false;
    if (sort[0]?.replace(/^-/, '') !== 'position' || walked.unless.some((name) => filter[name] !== undefined))
      return false;
    const [first, last] = stretchOf(question);
    return last - first >= LONG;
  }

  /** The rows behind `after`, or all of them, some at a time; a stretch that has none is passed over. */
  async *rows(question: Question, after?: Place): AsyncGenerator<readonly Row[]> {
    const isDescending = question.sort[0] === '-position';
    let [first, last] = stretchOf(question);
    if (after !== undefined && isDescending) last = Math.min(last, after[0]);
    if (after !== undefined && !isDescending) first = Math.max(first, after[0]);
    for (let length = FIRST_STRETCH; first <= last;) {
      const stretch: Place = isDescending
        ? [Math.max(first, last - length + 1), last]
        : [first, Math.min(last, first + length - 1)];
      const read = await this.stretch(question, stretch);
      const rows = after === undefined ? read : read.filter((row) => isBehind(row, after, isDescending));
      if (rows.length > 0) yield rows;
      if (isDescending) last = stretch[0] - 1;
      else first = stretch[1] + 1;
      const longer = Math.min(AT_MOST_LONGER, WORTHWHILE / Math.max(1, read.length));
      length = Math.min(LONGEST_STRETCH, Math.max(SHORTEST_STRETCH, Math.floor(length * longer)));
    }
  }

  private async stretch(question: Question, [from, to]: Place): Promise<Row[]> {
    const { definition, filter, sort } = question;
    const values = new Values();
    const within = { ...filter, positionFrom: String(from), positionTo: String(to) };
    const call = callOf(this.schema, { ...question, filter: within }, values);
    const { rows } = await this.pool.query<RawRow>({
      text: `select * from ${call} order by ${orderOf(definition, sort)}`,
      values: values.all,
    });
    return rows.map((raw) => rowOf(definition.row, raw));
  }
}

function stretchOf({ position, filter }: Question): [first: number, last: number] {
  const { positionFrom = '0', positionTo = String(position) } = filter;
  return [Number(positionFrom), Math.min(Number(positionTo), position)];
}

function isBehind(row: Row, [position, ordinal]: Place, isDescending: boolean): boolean {
  const at = Number(row['position']);
  if (at === position) return Number(row['ordinal']) > ordinal;
  return isDescending ? at < position : at > position;
}

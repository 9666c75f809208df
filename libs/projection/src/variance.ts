import { compare, kindNameOf, scaleOf, subtract } from '@deal-ledger/domain';
import { atScale, columnsOf, count, decimal, id, list, rowOf, text, type Row } from '@deal-ledger/reports';
import { Problem } from '@deal-ledger/service';
import type { Pool } from 'pg';
import { z } from 'zod';
import { askedFor, keyText, restingOn } from './basis';
import { idsBetween } from './between';
import { callOf, Values } from './call';
import { narrowed, noSuchRow, refuseUnknownColumn } from './explanation';
import type { Question } from './question';
import { afterEach, readAsReports, type Step } from './stepwise';
import type { Watch } from './underway';

export const CAUSES = ['new', 'disclosure', 'amendment', 'correction', 'cancel', 'policy', 'fx'] as const;
export type Cause = (typeof CAUSES)[number];

/** What one event contributes to the difference of a figure between two states of knowledge. */
export const Contribution = z
  .object({
    measure: id('The column.'),
    key: id('The row: the parts of its key joined by /, those that are null left away.'),
    fromPosition: count('The earlier state of knowledge.'),
    toPosition: count('The later one.'),
    valueFrom: decimal('The figure as known then; null where there was none.'),
    valueTo: decimal('And as known later.'),
    delta: decimal('valueTo less valueFrom; null counts as zero. The contributions add up to it.'),
    eventId: id('The event.'),
    position: count('Where it stands in the ledger.'),
    ordinal: count('Its place in its commit, from 0.'),
    stream: id('kind/id.'),
    type: id('Type of the event.'),
    recordedAt: id('When it was recorded, UTC.'),
    effective: id('When it is true in the world, as EDTF.'),
    actor: id('Who posted it.'),
    cause: id(`${CAUSES.join(', ')}.`),
    contribution: decimal('The figure after the event less the figure before it.'),
    reason: text('Why it was posted; corrections and cancels always say.'),
    sourceIds: list('What it rests on.'),
  })
  .meta({ id: 'Contribution' });

/** At most so many events are looked at one by one. */
export const MAX_STEPS = 2_000;
/** Cells that are worked out in one statement. */
const CELLS_AT_ONCE = 20_000;
const STEPS_AT_ONCE = 50;
/** A statement is to take so long: it has to come to its end within the time that Postgres gives it. */
const STATEMENT_MS = 1_000;

const NUMBERS = ['money', 'quantity', 'ratio', 'decimal', 'count'];

export interface VarianceQuestion {
  /** As of the later position. */
  readonly question: Question;
  readonly from: number;
  readonly measure: string;
  /** Of all rows when it is left away. */
  readonly key: string | undefined;
}

interface Cell {
  readonly key: string;
  readonly value: string | null;
  readonly currency: string | null;
}

type Cells = ReadonlyMap<string, Cell>;

const NONE: Cells = new Map();

interface Moved {
  readonly key: string;
  readonly step: Step;
  readonly contribution: string;
}

/** Compares a figure as it was known at two positions, event by event. */
export class Variances {
  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    private readonly nowMs: () => number,
  ) {}

  /**
   * What each event between the positions contributed, the greatest contributions first. They add up
   * to the difference, because each is the difference between the figure before its event and after it.
   * @throws Problem when there is no such column or row, or too much to look at.
   */
  async of(asked: VarianceQuestion, watch: Watch): Promise<Row[]> {
    const { question, from, measure } = asked;
    const { definition, position: to } = question;
    const known = columnsOf(definition).filter(({ kind }) => NUMBERS.includes(kind));
    refuseUnknownColumn(
      definition,
      measure,
      known.map(({ name }) => name),
    );
    const [before, after] = [
      await this.cells(asked, [{ position: from, ordinal: null }]),
      await this.cells(asked, [{ position: to, ordinal: null }]),
    ].map(([first]) => first ?? new Map<string, Cell>()) as [Cells, Cells];
    if (asked.key !== undefined && !before.has(asked.key) && !after.has(asked.key)) {
      const all = await this.cells({ ...asked, key: undefined }, [{ position: to, ordinal: null }]);
      throw noSuchRow(question, asked.key, [...(all[0]?.keys() ?? [])]);
    }
    const moved = from === to ? [] : await this.moved(asked, before, after, watch);
    const events = await this.events(moved);
    return moved
      .map(({ key, step, contribution }) => {
        const [valueFrom, valueTo] = [before.get(key)?.value ?? null, after.get(key)?.value ?? null];
        const row = {
          measure,
          key,
          fromPosition: from,
          toPosition: to,
          valueFrom,
          valueTo,
          delta: less(valueTo, valueFrom),
          ...(events.get(placeOf(step)) as Row & { position: number; ordinal: number }),
          contribution,
        };
        return rowOf(Contribution, row) as Row & typeof row;
      })
      .sort(
        (a, b) =>
          compare(absolute(b.contribution), absolute(a.contribution)) ||
          a.position - b.position ||
          a.ordinal - b.ordinal ||
          (a.key < b.key ? -1 : 1),
      );
  }

  /** By event what it moved; of what the basis of the report foresees, or if that does not foot, of all. */
  private async moved(asked: VarianceQuestion, before: Cells, after: Cells, watch: Watch): Promise<Moved[]> {
    const foreseen = await this.movedBy(asked, await this.steps(asked, 'resting'), before, after, watch);
    if (foreseen !== undefined) return foreseen;
    const all = await this.movedBy(asked, await this.steps(asked, 'any'), before, after, watch);
    if (all === undefined) throw new Error(`${asked.question.definition.name} changes without a posting of its basis`);
    return all;
  }

  private async movedBy(
    asked: VarianceQuestion,
    steps: readonly Step[],
    before: Cells,
    after: Cells,
    watch: Watch,
  ): Promise<Moved[] | undefined> {
    if (steps.length > MAX_STEPS) throw tooMany(asked);
    const moved: Moved[] = [];
    const known = byRoot(before);
    const most = Math.max(1, Math.min(STEPS_AT_ONCE, Math.floor(CELLS_AT_ONCE / Math.max(1, after.size))));
    let portion = 1;
    for (let first = 0; first < steps.length;) {
      watch.refuseUnwanted();
      watch.progress = `${first} of ${steps.length} events have been looked at`;
      const beganMs = this.nowMs();
      const some = steps.slice(first, first + portion);
      const ids = await this.touchedBy(asked, some);
      const states = ids?.length === 0 ? [] : await this.cells(asked, some, ids);
      for (const [index, state] of states.entries())
        moved.push(...movedIn(asked, known, byRoot(state), ids, some[index] as Step));
      first += some.length;
      const msPerStep = (this.nowMs() - beganMs) / some.length;
      portion = Math.max(1, Math.min(most, portion * 4, Math.floor(STATEMENT_MS / msPerStep)));
    }
    const last = new Map([...known.values()].flatMap((cells) => [...cells]));
    const foots = [...new Set([...last.keys(), ...after.keys()])].every(
      (key) => compare(less(after.get(key)?.value ?? null, last.get(key)?.value ?? null), '0') === 0,
    );
    return foots ? moved : undefined;
  }

  /** The ids that come first in the keys of those rows for which the steps may matter; nothing when that may be any. */
  private async touchedBy(
    { question, key }: VarianceQuestion,
    steps: readonly Step[],
  ): Promise<readonly string[] | undefined> {
    const [first, last] = [steps[0], steps.at(-1)];
    if (key !== undefined || question.definition.carried?.bearings === undefined) return undefined;
    if (first === undefined || last === undefined) return [];
    return idsBetween(this.pool, { ...question, position: last.position }, first.position - 1);
  }

  /** Events between the positions that posted something which the figure rests on, or anything that its report reads. */
  private async steps({ question, from, measure, key }: VarianceQuestion, which: 'resting' | 'any'): Promise<Step[]> {
    const { definition, position } = question;
    const values = new Values();
    const first = values.add(from);
    const last = values.add(position);
    const between = `p.position > ${first} and p.position <= ${last} and (p.effective is null or p.effective <= asked.effective_on)`;
    const asked = askedFor(question, measure, values);
    const isNarrow = which === 'resting' && key !== undefined;
    const measures = definition.basis.flatMap((each) => each.measures);
    const rows = isNarrow
      ? [first, last]
          .map((at) => {
            const call = callOf(this.schema, narrowed(question, key), values, { position: at, ordinal: 'null' });
            return `select f.* from ${call} as f where ${keyText(definition, 'f')} = ${values.add(key)}`;
          })
          .join(' union all ')
      : '';
    const resting = isNarrow
      ? `r as materialized (${rows}), ${restingOn(definition, { measures: undefined, bearing: true }, between)}`
      : measures.length > 0
        ? `resting as (select p.* from postings as p cross join asked where ${between} and p.measure = any (${values.add(measures)}))`
        : // What rests on no posting is of the events themselves.
          `resting as (select position, ordinal from events where position > ${first} and position <= ${last})`;
    const { rows: steps } = await this.pool.query<{ position: string; ordinal: number }>({
      text: `with ${asked}, ${resting} select distinct position, ordinal from resting order by position, ordinal limit ${MAX_STEPS + 1}`,
      values: values.all,
    });
    return steps.map((step) => ({ position: Number(step.position), ordinal: step.ordinal }));
  }

  /** The cells of the column as known after each of these steps, if need be of the rows of some ids alone. */
  private async cells(
    { question, measure, key }: VarianceQuestion,
    steps: readonly Step[],
    ids?: readonly string[],
  ): Promise<Cells[]> {
    const { definition } = question;
    const values = new Values();
    const narrow =
      key !== undefined
        ? narrowed(question, key)
        : ids === undefined
          ? question
          : { ...question, filter: { ...question.filter, [definition.key[0] as string]: ids.join(',') } };
    const currency = 'currency' in definition.row.shape ? 'f.currency' : 'null';
    const text = `select f.step_number as step, ${keyText(definition, 'f')} as key, f."${measure}"::text as value, ${currency} as currency
      from ${afterEach(steps, narrow, values)} as f
      ${key === undefined ? '' : `where ${keyText(definition, 'f')} = ${values.add(key)}`}`;
    const rows = await readAsReports<Cell & { step: number }>(this.pool, text, values.all);
    const states = steps.map(() => new Map<string, Cell>());
    for (const { step, ...cell } of rows) states[step - 1]?.set(cell.key, cell);
    return states;
  }

  private async events(moved: readonly Moved[]): Promise<ReadonlyMap<string, Row>> {
    const steps = [...new Map(moved.map(({ step }) => [placeOf(step), step])).values()];
    const { rows } = await this.pool.query<Row & CausingEvent & { readonly change: string | null }>({
      text: EVENTS,
      values: [steps.map(({ position }) => position), steps.map(({ ordinal }) => ordinal)],
    });
    return new Map(
      rows.map(({ action, change, ...event }) => [
        `${event['position'] as number}/${event['ordinal'] as number}`,
        { ...event, cause: causeOf({ stream: event.stream, type: event.type, action, change }) },
      ]),
    );
  }
}

interface CausingEvent {
  readonly stream: string;
  readonly type: string;
  readonly action: string;
  /** Of changed terms and commitments, which kind of change it is. */
  readonly change: string | null;
}

/** Why an event moved a figure. What is learned of an agreement is told from what was agreed anew. */
export function causeOf({ stream, type, action, change }: CausingEvent): Cause {
  if (action === 'cancel') return 'cancel';
  if (action === 'correct') return 'correction';
  if (change === 'amendment' || change === 'disclosure') return change;
  if (kindNameOf(stream) === 'reference' && type === 'ProbabilityPolicySet') return 'policy';
  if (kindNameOf(stream) === 'reference' && type === 'FxRateRecorded') return 'fx';
  return 'new';
}

/** What a step moved of all that is known, or of the rows of these ids; they are known as after it from then on. */
function movedIn(
  { question, measure }: VarianceQuestion,
  known: Map<string, Cells>,
  state: ReadonlyMap<string, Cells>,
  ids: readonly string[] | undefined,
  step: Step,
): Moved[] {
  const moved: Moved[] = [];
  for (const root of ids ?? new Set([...known.keys(), ...state.keys()])) {
    const [before, after] = [known.get(root) ?? NONE, state.get(root) ?? NONE];
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      const [earlier, later] = [before.get(key), after.get(key)];
      refuseOtherCurrency(question.definition.name, measure, earlier, later);
      const contribution = less(later?.value ?? null, earlier?.value ?? null);
      if (compare(contribution, '0') !== 0) moved.push({ key, step, contribution });
    }
    known.set(root, after);
  }
  return moved;
}

/** By what comes first in their keys. */
function byRoot(cells: Cells): Map<string, Cells> {
  const roots = new Map<string, Map<string, Cell>>();
  for (const [key, cell] of cells) {
    const [root = ''] = key.split('/', 1);
    const own = roots.get(root) ?? new Map<string, Cell>();
    roots.set(root, own.set(key, cell));
  }
  return roots;
}

const placeOf = ({ position, ordinal }: Step): string => `${position}/${ordinal ?? ''}`;
const absolute = (number: string): string => number.replace('-', '');

/** The one less the other, with as many digits as they have; null counts as zero. */
function less(number: string | null, other: string | null): string {
  const [a, b] = [number ?? '0', other ?? '0'];
  return atScale(subtract(a, b), Math.max(scaleOf(a), scaleOf(b)));
}

function refuseOtherCurrency(
  report: string,
  measure: string,
  earlier: Cell | undefined,
  later: Cell | undefined,
): void {
  const [one, other] = [earlier?.currency ?? null, later?.currency ?? null];
  if (one === null || other === null || one === other || earlier?.value == null || later?.value == null) return;
  throw new Problem({
    status: 409,
    code: 'CURRENCY_CHANGED',
    detail: `${measure} of ${report} ${later.key} was in ${one} and became one in ${other}; these have no difference. Ask with reportingCurrency.`,
    members: { key: later.key, currencies: [one, other] },
  });
}

function tooMany({ from, question, key }: VarianceQuestion): Problem {
  return new Problem({
    status: 400,
    code: 'TOO_MANY_EVENTS',
    detail:
      `Between positions ${from} and ${question.position} there are more than ${MAX_STEPS} events to be looked at one by one, at most ${MAX_STEPS} are. ` +
      (key === undefined ? 'Ask for one key, or in parts' : 'Ask in parts') +
      ': from the first position to one between, and from there to the last.',
    members: { fromPosition: from, toPosition: question.position, maximum: MAX_STEPS },
  });
}

const EVENTS = `
select e.position::integer, e.ordinal, e.event_id as "eventId", e.stream, e.type, e.event ->> 'action' as action, e.event -> 'data' ->> 'changeType' as change,
  to_char(e.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "recordedAt", e.event -> 'effective' ->> 'edtf' as effective,
  e.event -> 'actor' ->> 'id' as actor, e.event ->> 'reason' as reason,
  array(select source ->> 'sourceId' from json_array_elements(e.event -> 'sources') as source) as "sourceIds"
from events as e
join unnest($1::bigint[], $2::integer[]) as s (position, ordinal) on e.position = s.position and e.ordinal = s.ordinal`;

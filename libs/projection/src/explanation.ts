import {
  columnsOf,
  columnTypesOf,
  count,
  decimal,
  id,
  list,
  text,
  type ReportDefinition,
  type Row,
} from '@deal-ledger/reports';
import { Problem } from '@deal-ledger/service';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Answers } from './answers';
import { askedFor, keyText, restingOn } from './basis';
import { callOf, Values } from './call';
import type { Question } from './question';

/** A posting that a figure rests on, and the event that made it. */
export const Explained = z
  .object({
    position: count('Where the event stands in the ledger.'),
    ordinal: count('Its place in its commit, from 0.'),
    eventId: id('The event.'),
    stream: id('kind/id.'),
    type: id('Type of the event.'),
    action: id('new, correct or cancel.'),
    recordedAt: id('When it was recorded, UTC.'),
    effective: id('When it is true in the world, as EDTF.'),
    actor: id('Who posted it.'),
    approvedBy: text('Who approved it.'),
    measure: id('What is measured.'),
    subject: id('Of what: ids joined by /.'),
    value: text('Of an attribute its value, of an amount what tells it from its like; JSON.'),
    period: text('The period that an amount is of.'),
    countsFrom: text('First day on which it counts; null: always.'),
    unit: text('Currency or unit of an amount; null of an attribute.'),
    amount: decimal('In that unit; of an attribute 1 where it began to hold and -1 where it ceased to.'),
    sourceIds: list('What the event rests on.'),
    reason: text('Why it was posted; corrections and cancels always say.'),
    corrects: text('The event that it corrects or cancels.'),
    correctedPosition: text('Where that one stands.'),
    correctedData: text('What that one said; JSON.'),
  })
  .meta({ id: 'ExplainedPosting' });

export interface Explanation {
  /** The cell as in the row. */
  readonly value: Row[string];
  readonly rows: readonly Row[];
}

/** More postings than this are not listed: the figure is a sum over too much to be read. */
const MAX_POSTINGS = 100_000;
const NEAREST = 5;

/** Opens figures into the postings that they rest on, and these into their events. */
export class Explanations {
  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    private readonly answers: Pick<Answers, 'whole'>,
  ) {}

  /**
   * What a cell rests on, in the order in which it was recorded: of amounts every posting, of
   * attributes those whose values hold.
   * @throws Problem when there is no such column or no such row.
   */
  async of(question: Question, key: string, column: string): Promise<Explanation> {
    const { definition } = question;
    refuseUnknownColumn(
      definition,
      column,
      columnsOf(definition).map(({ name }) => name),
    );
    const values = new Values();
    const row = await this.rowOf(question, key, values);
    const asked = askedFor(question, column, values);
    const upTo = `p.position <= ${values.add(question.position)} and (p.effective is null or p.effective <= asked.effective_on)`;
    const resting = restingOn(definition, { measures: definition.rests[column], bearing: false }, upTo);
    // The report is worked out once for the cell and what it rests on: a row without postings comes with the cell alone.
    const { rows } = await this.pool.query<Row & { readonly cell: Row[string]; readonly place: string | null }>({
      text: `with ${row}, ${asked}, ${resting}, ${STANDING}
        select cell, listed.* from (select r."${column}" as cell from r) as figure
        left join (${LISTED} limit ${MAX_POSTINGS}) as listed on true order by listed.place`,
      values: values.all,
    });
    const [first] = rows;
    if (first === undefined) throw noSuchRow(question, key, await this.keysOf(question));
    return {
      value: first.cell,
      rows: rows.filter(({ place }) => place !== null).map(({ cell: _, place: __, ...posting }) => posting),
    };
  }

  /** SQL for the CTE `r`, the row of the key. Of a report that adds up over much it is taken from the whole answer, which is kept. */
  private async rowOf(question: Question, key: string, values: Values): Promise<string> {
    const { definition, reportingCurrency } = question;
    // Which rates a row is converted by, the answer only says of all of them.
    if (definition.carried?.sums === undefined || reportingCurrency !== null)
      return `r as materialized (select f.* from ${callOf(this.schema, narrowed(question, key), values)} as f
        where ${keyText(definition, 'f')} = ${values.add(key)})`;
    const { lines, keys, policyEventId } = await this.answers.whole(question);
    const known = keys.map((each) => (JSON.parse(each) as unknown[]).filter((part) => part !== null).join('/'));
    const line = lines[known.indexOf(key)];
    if (line === undefined) throw noSuchRow(question, key, known);
    const row = { ...(JSON.parse(line) as Row), policyEventId, fxEventIds: [] };
    const columns = Object.entries(columnTypesOf(definition)).map(([name, type]) => `"${name}" ${type}`);
    return `r as materialized (select * from jsonb_to_record(${values.add(JSON.stringify(row))}::jsonb) as r (${columns.join(', ')}))`;
  }

  private async keysOf(question: Question): Promise<string[]> {
    const values = new Values();
    const { rows } = await this.pool.query<{ key: string }>({
      text: `select ${keyText(question.definition, 'f')} as key from ${callOf(this.schema, question, values)} as f`,
      values: values.all,
    });
    return rows.map(({ key }) => key);
  }
}

/** A question of which only the rows that begin with the key's first part are worked out, where the report can. */
export function narrowed(question: Question, key: string): Question {
  const [column] = question.definition.key;
  const [first] = key.split('/');
  if (column === undefined || first === undefined || question.definition.filters[column] === undefined) return question;
  return { ...question, filter: { [column]: first, ...question.filter } };
}

/** @throws Problem when the column is none of the known ones. */
export function refuseUnknownColumn(definition: ReportDefinition, column: string, known: readonly string[]): void {
  if (known.includes(column)) return;
  const { name } = definition;
  const isThere = columnsOf(definition).some((each) => each.name === column);
  const refused = isThere
    ? `The column "${column}" of ${name} has no numbers. Those that have are`
    : `${name} has no such column "${column.slice(0, 100)}". There are`;
  throw new Problem({
    status: 400,
    code: 'COLUMN_UNKNOWN',
    detail: `${refused}: ${known.join(', ')}.`,
    members: { column, columns: known },
  });
}

export function noSuchRow({ definition, effectiveOn }: Question, key: string, known: readonly string[]): Problem {
  const nearest = [...known].sort((a, b) => shared(b, key) - shared(a, key) || (a < b ? -1 : 1)).slice(0, NEAREST);
  return new Problem({
    status: 404,
    code: 'ROW_NOT_FOUND',
    detail:
      `${definition.name} has ${known.length} rows for ${effectiveOn} and none with the key "${key.slice(0, 200)}". A key is ${definition.key.join('/')}, what is null left away` +
      (nearest.length === 0 ? '.' : `; the nearest are ${nearest.join(', ')}.`),
    members: { key, nearest },
  });
}

/** How many characters two keys have in common from their beginning. */
function shared(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

// An attribute that came and went says nothing about the figure; an amount that did is part of its sum. Rates and
// policies that the row names are the ones it was made with.
const STANDING = `
standing as (
  select resting.*, sum(amount) over (partition by measure, subject, value, period, unit) as holds from resting
),
basis as (
  select * from standing
  where (unit is not null or holds <> 0)
    and (measure <> 'fx' or exists (select from r where value::jsonb ->> 'eventId' = any (r."fxEventIds")))
    and (measure <> 'policy' or exists (select from r where value::jsonb ->> 'eventId' = r."policyEventId"))
)`;

// An event is parsed once, and not once for each of its members.
const LISTED = `
select row_number() over (order by b.position, b.ordinal, b.line) as place, b.position::integer, b.ordinal, e.event_id as "eventId", e.stream, e.type, said ->> 'action' as action,
  to_char(e.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "recordedAt", said -> 'effective' ->> 'edtf' as effective,
  said -> 'actor' ->> 'id' as actor, said -> 'approvedBy' ->> 'id' as "approvedBy",
  b.measure, b.subject, b.value, b.period, to_char(b.effective, 'YYYY-MM-DD') as "countsFrom", b.unit, b.amount,
  array(select source ->> 'sourceId' from jsonb_array_elements(said -> 'sources') as source) as "sourceIds",
  said ->> 'reason' as reason, e.corrects, c.position::text as "correctedPosition", c.event ->> 'data' as "correctedData"
from basis as b
join events as e on e.position = b.position and e.ordinal = b.ordinal
cross join lateral (select e.event::jsonb as said offset 0) as parsed
-- Of an event that corrects nothing its stream is not looked through.
left join events as c on c.stream = case when e.corrects is not null then e.stream end and c.event_id = e.corrects
order by place`;

import type { Bearing, ReportDefinition } from '@deal-ledger/reports';
import type { Pool } from 'pg';
import type { Question } from './question';

/** More postings than this are not looked at: it would soon take as long as to work the answer out. */
const MAX_POSTINGS = 20_000;
/** Rows of so many ids are exchanged. */
const MAX_IDS = 250;

interface Found {
  readonly is_far: boolean;
  readonly is_anywhere: boolean;
  readonly ids: readonly string[];
}

/**
 * The ids to whose rows, or to the parts of which, it matters that the question is asked at one position and not at
 * another, which may be before or after it; nothing when that cannot be told, or is too much.
 */
export async function idsBetween(pool: Pool, question: Question, position: number): Promise<string[] | undefined> {
  const { definition, reportingCurrency } = question;
  const measures = new Set(definition.basis.flatMap((each) => each.measures));
  // Each amount is shown in its own currency.
  if (reportingCurrency === null) measures.delete('fx');
  const { rows } = await pool.query<Found>({
    name: `between-${definition.name}`,
    text: statementOf(definition),
    values: [Math.min(position, question.position), Math.max(position, question.position), [...measures]],
  });
  const [found] = rows;
  if (found === undefined || found.is_far || found.is_anywhere || found.ids.length > MAX_IDS) return undefined;
  return [...found.ids];
}

const statements = new WeakMap<ReportDefinition, string>();

function statementOf(definition: ReportDefinition): string {
  const made = statements.get(definition) ?? statementFor(definition);
  statements.set(definition, made);
  return made;
}

// In the order of the primary key, so that no more is read than is looked at.
const passed = (columns: string, table: string, order: string): string => `
  select ${columns} from ${table} where position > $1 and position <= $2 order by ${order} limit ${MAX_POSTINGS + 1}`;

function statementFor({ carried: { sums, bearings: onRows = [], kinds = [] } = {} }: ReportDefinition): string {
  const bearings = sums?.bearings ?? onRows;
  const measured = (measures: readonly string[]): string =>
    `measure = any (array[${measures.map((measure) => `'${measure}'`).join(', ')}]::text[])`;
  const bornOn = ({ measures, bearOn }: Bearing): string =>
    `select id from (${bearOn(`array(select distinct root from touched where ${measured(measures)})`)}) as bearing (id)`;
  const streams = `
    select split_part(stream, '/', 2) as id from streamed
    where split_part(stream, '/', 1) = any (array[${kinds.map((kind) => `'${kind}'`).join(', ')}]::text[])`;
  const concerned = [...bearings.map(bornOn), ...(kinds.length === 0 ? [] : [streams])];
  return `
with posted as materialized (${passed('measure, subject', 'postings', 'position, ordinal, line')}
),
${kinds.length === 0 ? '' : `streamed as materialized (${passed('stream', 'events', 'position, ordinal')}),`}
touched as materialized (
  select distinct measure, split_part(subject, '/', 1) as root from posted where measure = any ($3::text[])
)
select (select count(*) from posted) > ${MAX_POSTINGS}${kinds.length === 0 ? '' : ` or (select count(*) from streamed) > ${MAX_POSTINGS}`} as is_far,
  exists (select from touched where not ${measured(bearings.flatMap(({ measures }) => measures))}) as is_anywhere,
  array(${
    concerned.length === 0
      ? 'select null::text limit 0'
      : `select id from (${concerned.join('\nunion\n')}) as concerned where id is not null limit ${MAX_IDS + 1}`
  }) as ids`;
}

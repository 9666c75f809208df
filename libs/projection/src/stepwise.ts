import { argumentTypesOf, PLANNED_WITH, snake, statementOf } from '@deal-ledger/reports';
import type { Pool, QueryResultRow } from 'pg';
import type { Values } from './call';
import type { Question } from './question';

/** A place in the ledger: of a commit all events up to an ordinal, or all of them. */
export interface Step {
  readonly position: number;
  readonly ordinal: number | null;
}

/**
 * SQL for the rows of a report as known after each of some steps, with the number of the step from 1:
 * the statement of its function, which is planned once for all of them and not anew for each.
 */
export function afterEach(steps: readonly Step[], question: Question, values: Values): string {
  return stepped(statementOf(question.definition), steps, question, values);
}

/** The same of any statement over the arguments of a report, and over `more` ones. */
export function stepped(
  statement: string,
  steps: readonly Step[],
  { definition, effectiveOn, reportingCurrency, fxPolicy, filter, options }: Question,
  values: Values,
  more: readonly string[] = [],
): string {
  const types = argumentTypesOf(definition);
  const positions = values.add(steps.map(({ position }) => position));
  const ordinals = values.add(steps.map(({ ordinal }) => ordinal));
  const args = [
    `${values.add(effectiveOn)}::date as effective_on`,
    `${values.add(reportingCurrency)}::text as reporting_currency`,
    `${values.add(fxPolicy)}::text as fx_policy`,
    `${values.add(JSON.stringify(filter))}::jsonb as filter`,
    ...Object.entries(options).map(
      ([name, value]) => `${values.add(value)}::${types[snake(name)] ?? 'text'} as ${snake(name)}`,
    ),
    ...more,
  ];
  return `(
    select stepwise.step_number, stepped.*
    from (
      select known.as_of, known.as_of_ordinal, known.step_number::integer, ${args.join(', ')}
      from unnest(${positions}::bigint[], ${ordinals}::integer[]) with ordinality as known (as_of, as_of_ordinal, step_number)
    ) as stepwise
    cross join lateral (${statement}) as stepped
  )`;
}

/** The rows of a statement that is planned as those of the reports are. */
export async function readAsReports<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const client = await pool.connect();
  let isDone = false;
  try {
    await client.query(`begin read only; ${PLANNED_WITH.map((setting) => `set local ${setting}`).join('; ')}`);
    const { rows } = await client.query<Row>({ text, values });
    await client.query('commit');
    isDone = true;
    return rows;
  } finally {
    client.release(!isDone);
  }
}

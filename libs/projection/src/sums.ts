import { add, subtract } from '@deal-ledger/domain';
import { BY_GROUP, BY_ROOT, orderOf, statementOverSums, type RawRow, type Sums } from '@deal-ledger/reports';
import type { Pool } from 'pg';
import { Values } from './call';
import type { Question } from './question';
import { readAsReports, stepped, type Step } from './stepwise';

/** By group, as JSON, what is added to its rows, as JSON: few groups are ever opened. */
export type Added = ReadonlyMap<string, string>;

/** What is told apart in a group: how many rows of how many roots it is of, and of how many of these nobody knows the amount. */
type Part = readonly [key: readonly (string | null)[], sum: string, unknown: number, rows: number];

interface GroupRow {
  readonly step_number: number;
  readonly group: string;
  readonly parts: string;
}

const wholeCommit = (position: number): Step => ({ position, ordinal: null });

/** What all roots add as known at the question's position. */
export async function addedBy(pool: Pool, sums: Sums, question: Question): Promise<Added> {
  const rows = await groupRows(pool, sums, question, [question.position], {});
  return new Map(rows.map(({ group, parts }) => [inShort(group), parts]));
}

/** What becomes of what is added when some roots add what they do at the question's position, and no more what they did at another. */
export async function exchangedSums(
  pool: Pool,
  sums: Sums,
  question: Question,
  { position, added, roots }: { readonly position: number; readonly added: Added; readonly roots: readonly string[] },
): Promise<{ readonly added: Added; readonly groups: readonly string[] }> {
  const filter = { [BY_ROOT]: roots.join(',') };
  const rows = await groupRows(pool, sums, question, [position, question.position], filter);
  const after = new Map(added);
  const groups = new Map<string, Map<string, Part>>();
  for (const row of rows) {
    const name = inShort(row.group);
    const group = groups.get(name) ?? partsIn(after.get(name) ?? '[]');
    groups.set(name, group);
    for (const part of JSON.parse(row.parts) as Part[]) count(group, part, row.step_number === 1 ? -1 : 1);
  }
  for (const [name, parts] of groups) {
    if (parts.size === 0) after.delete(name);
    else after.set(name, JSON.stringify([...parts.values()]));
  }
  return { added: after, groups: [...groups.keys()] };
}

/** The rows of some groups, in the order of the question. */
export async function rowsOf(
  pool: Pool,
  sums: Sums,
  question: Question,
  { added, groups }: { readonly added: Added; readonly groups: readonly string[] },
): Promise<RawRow[]> {
  const { definition, position, filter, sort } = question;
  const values = new Values();
  const given = groups.flatMap((group) => {
    const parts = added.get(group);
    return parts === undefined ? [] : [`[${group},${parts}]`];
  });
  const ids = new Set(groups.map((group) => (JSON.parse(group) as (string | null)[])[0] ?? ''));
  const statement = statementOverSums(definition, sums);
  const asked = { ...question, filter: { ...filter, [BY_GROUP]: [...ids].join(',') } };
  const rows = stepped(statement, [wholeCommit(position)], asked, values, [
    `${values.add(`[${given.join(',')}]`)}::jsonb as sums`,
  ]);
  return readAsReports<RawRow>(pool, `select * from ${rows} as made order by ${orderOf(definition, sort)}`, values.all);
}

async function groupRows(
  pool: Pool,
  sums: Sums,
  question: Question,
  positions: readonly number[],
  filter: Readonly<Record<string, string>>,
): Promise<GroupRow[]> {
  const values = new Values();
  const rows = stepped(sums.parts, positions.map(wholeCommit), { ...question, filter }, values);
  return readAsReports<GroupRow>(pool, `select * from ${rows} as added`, values.all);
}

/** As keys of rows are written. */
const inShort = (group: string): string => JSON.stringify(JSON.parse(group));

const partsIn = (parts: string): Map<string, Part> =>
  new Map((JSON.parse(parts) as Part[]).map((part) => [JSON.stringify(part[0]), part]));

function count(group: Map<string, Part>, [key, sum, unknown, rows]: Part, times: 1 | -1): void {
  const name = JSON.stringify(key);
  const [, hadSum, hadUnknown, hadRows] = group.get(name) ?? [key, '0', 0, 0];
  const left = hadRows + times * rows;
  if (left === 0) group.delete(name);
  else
    group.set(name, [key, times === 1 ? add(hadSum, sum) : subtract(hadSum, sum), hadUnknown + times * unknown, left]);
}

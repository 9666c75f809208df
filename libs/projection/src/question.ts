import { createHash } from 'node:crypto';
import { catalogue } from '@deal-ledger/domain';
import { REPORTS_VERSION, SQL_LIBRARY, sqlFunctionOf, type ReportDefinition } from '@deal-ledger/reports';
import { filterOf, sortOf, type FxPolicy, type ReportQuery } from './reading';

/** What is asked of a report, with nothing left open: the same question has the same answer for ever. */
export interface Question {
  readonly definition: ReportDefinition;
  readonly position: number;
  readonly effectiveOn: string;
  readonly reportingCurrency: string | null;
  readonly fxPolicy: FxPolicy;
  readonly filter: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  readonly sort: readonly string[];
  /** Only what is not as it was at this position. */
  readonly changedSince: number | null;
}

/** The question of a query, at a position and for a day. */
export function questionOf(
  definition: ReportDefinition,
  query: ReportQuery,
  { position, effectiveOn }: Pick<Question, 'position' | 'effectiveOn'>,
): Question {
  return {
    definition,
    position,
    effectiveOn,
    reportingCurrency: query.reportingCurrency ?? null,
    fxPolicy: query.fxPolicy,
    filter: filterOf(definition, query),
    options: Object.fromEntries(Object.keys(definition.options).map((name) => [name, query[name] ?? null])),
    sort: sortOf(definition, query),
    changedSince: query.changedSince ?? null,
  };
}

/** Text that two questions share only if they have one answer. */
export function keyOf({ definition, ...rest }: Question): string {
  return JSON.stringify([
    definition.name,
    ...inOrder({ ...rest, filter: inOrder(rest.filter), options: inOrder(rest.options) }),
  ]);
}

/** Text that questions share only if they differ in nothing but their positions; none of a question for what has changed. */
export function familyOf({ position: _, ...question }: Question): string | undefined {
  return question.changedSince === null ? keyOf({ ...question, position: -1 }) : undefined;
}

const inOrder = (record: object): [string, unknown][] => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** The query that asks just this, parameter by parameter; all of it, however little of it was said. */
export function textsOf(question: Question): Readonly<Record<string, string>> {
  const { position, effectiveOn, reportingCurrency, fxPolicy, filter, options, sort, changedSince } = question;
  const all = {
    asOf: position,
    effectiveOn,
    reportingCurrency,
    fxPolicy,
    sort: sort.join(','),
    changedSince,
    ...options,
    ...filter,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
  );
}

/** Changes whenever the rules by which the report's answers are made do. */
export function ruleVersionOf(definition: ReportDefinition): string {
  const { signature, statements } = sqlFunctionOf(definition, { schema: 'any', reportsSchema: 'any' });
  return hashOf([REPORTS_VERSION, SQL_LIBRARY, knownShapes(), signature, statements]);
}

/** Every type of event with the version of its schema: an answer counts those alone. */
const knownShapes = (): unknown[] =>
  Object.values(catalogue).map(({ name, events }) => [
    name,
    ...Object.entries(events).map(([type, { schemaVersion }]) => [type, schemaVersion]),
  ]);

export const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 32);

/** A filter by an id that the subjects of these measures begin with. */
export interface Narrowing {
  readonly filter: string;
  readonly measures: readonly string[];
}

/**
 * The CTE `line`: the sums that stand at the position and the date asked for, one row per measure,
 * subject, value, period and unit. Sums of nothing are left away: an attribute whose value no longer
 * holds is gone. With a narrowing, only subjects that may pass its filter are read at all.
 */
export const linesOf = (measures: readonly string[], narrowing?: Narrowing): string =>
  standing('line', chosen(measures, narrowing));

/** The CTE `name` of the sums of these postings that stand at the position and the date asked for. */
export const standing = (name: string, postings: string): string => `
  ${name} as materialized (
    select measure, subject, value, period, unit, sum(amount) as amount
    from postings
    where ${postings}
      and (as_of is null or (position, ordinal) <= (as_of, coalesce(as_of_ordinal, 2147483647)))
      and (effective is null or effective <= effective_on)
    group by measure, subject, value, period, unit
    having sum(amount) <> 0
  )`;

const oneOf = (measures: readonly string[]): string =>
  `measure in (${measures.map((measure) => `'${measure}'`).join(', ')})`;

function chosen(measures: readonly string[], narrowing: Narrowing | undefined): string {
  if (narrowing === undefined) return oneOf(measures);
  const id = `filter ->> '${narrowing.filter}'`;
  // "0" comes right after "/": between the two are the id itself and all that begins with it and a "/".
  const begins = `(${id} is null or (subject >= ${id} and subject < (${id}) || '0'))`;
  const others = measures.filter((measure) => !narrowing.measures.includes(measure));
  const narrowed = `${oneOf(narrowing.measures)} and ${begins}`;
  return others.length === 0 ? narrowed : `(${oneOf(others)} or (${narrowed}))`;
}

/** Of the lines of one subject: the value of an attribute, the sum of a number, the unit it is in; only subjects that have it. */
export const valueOf = (measure: string): string => `(max(value) filter (where measure = '${measure}'))::jsonb`;
export const sumOf = (measure: string): string => `coalesce(sum(amount) filter (where measure = '${measure}'), 0)`;
export const ifAny = (measure: string): string => `having bool_or(measure = '${measure}')`;
export const unitOf = (measure: string): string => `max(unit) filter (where measure = '${measure}')`;

/** What a report that neither weighs nor converts rests on. */
export const RESTS_ON_NOTHING = `null as "policyEventId", null::text[] as "fxEventIds"`;

/** The names that apply of `condition, name` pairs, as the column \`flags\`. */
export const flagsOf = (conditions: Readonly<Record<string, string>>): string =>
  `array_remove(array[${Object.entries(conditions)
    .map(([name, condition]) => `case when ${condition} then '${name}' end`)
    .join(', ')}]::text[], null) as flags`;

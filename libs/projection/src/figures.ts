import { compare } from '@deal-ledger/domain';
import type { ReportDefinition, Row } from '@deal-ledger/reports';
import { Problem, validQuery, type Clock } from '@deal-ledger/service';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { Answers } from './answers';
import { decodeCursor, encodeCursor, notOurs, refuseOtherThan } from './cursor';
import { Explanations } from './explanation';
import { explainSchema, varianceSchema, type ExplainQuery, type VarianceQuery } from './figure-query';
import type { Positions } from './positions';
import { keyOf, questionOf, textsOf, type Question } from './question';
import { DEFAULT_LIMIT, HOW_TO_ANSWER, type ReportQuery } from './reading';
import { Underway, type Watch } from './underway';
import { Variances } from './variance';

/** Rows about a figure, one page or all, with what is said of all of them. */
export interface Listed {
  readonly rows: readonly Row[];
  readonly meta: Readonly<Record<string, unknown>> & { readonly rowCount: number; readonly nextCursor: string | null };
}

interface Pinned<Query> {
  readonly query: Query;
  /** How many rows the page comes after. */
  readonly after: number;
}

/** Answers that are kept, so that pages of one are worked out once. */
const KEPT = 20;

/** What a figure of a report rests on, and what moved it. The same question has the same answer for ever. */
export class Figures {
  private readonly explanations: Explanations;
  private readonly variances: Variances;
  private readonly kept = new LRUCache<string, Promise<{ rows: readonly Row[]; value?: Row[string] }>>({ max: KEPT });
  private readonly underway = new Underway<readonly Row[]>();

  constructor(
    pool: Pool,
    schema: string,
    answers: Answers,
    private readonly positions: Positions,
    private readonly clock: Clock,
  ) {
    this.explanations = new Explanations(pool, schema, answers);
    this.variances = new Variances(pool, schema, () => performance.now());
  }

  /** Opens a cell of a report; without a limit `all` of it. */
  async explain(definition: ReportDefinition, query: ExplainQuery, given: object, all: boolean): Promise<Listed> {
    const name = `${definition.name}/explain`;
    const pinned = pin(name, explainSchema(definition), query, given);
    const { key, column } = pinned.query;
    const question = await this.question(definition, pinned.query, pinned.query.asOf);
    const work = () => this.explanations.of(question, key, column);
    const { rows, value = null } = await this.once([name, keyOf(question), key, column], work);
    const { position, effectiveOn, reportingCurrency, fxPolicy } = question;
    const asked = { key, column };
    const meta = { ...asked, value, asOfPosition: position, effectiveOn, reportingCurrency, fxPolicy };
    return page(name, rows, meta, { ...textsWithoutSort(question), ...asked }, pinned, all);
  }

  /** Compares a column as known at two positions; without a limit `all` of it. */
  async variance(definition: ReportDefinition, query: VarianceQuery, given: object, all: boolean): Promise<Listed> {
    const name = `${definition.name}/variance`;
    const pinned = pin(name, varianceSchema(definition), query, given);
    const { measure, key, cause, minAbs } = pinned.query;
    const from = await this.positions.asked({ ...pinned.query, asOf: pinned.query.from });
    // Its own parameters may have the names of filters, of which there are none here.
    const question = { ...(await this.question(definition, pinned.query, pinned.query.to)), filter: {} };
    const { position: to, effectiveOn, reportingCurrency, fxPolicy } = question;
    if (from > to) throw backwards(from, to);
    const work = (watch: Watch) => this.variances.of({ question, from, measure, key }, watch);
    const rows = await this.inTheEnd([name, keyOf(question), from, measure, key], work);
    const wanted = rows.filter(
      (row) =>
        (cause === undefined || row['cause'] === cause) &&
        (minAbs === undefined || compare(String(row['contribution']).replace('-', ''), minAbs) >= 0),
    );
    const { asOf: _, ...texts } = textsWithoutSort(question);
    const meta = {
      measure,
      key: key ?? null,
      fromPosition: from,
      toPosition: to,
      effectiveOn,
      reportingCurrency,
      fxPolicy,
    };
    const own = { measure, key, from, to, cause, minAbs };
    return page(name, wanted, meta, { ...texts, ...own }, pinned, all);
  }

  private async question(definition: ReportDefinition, query: ReportQuery, asOf: string): Promise<Question> {
    const position = await this.positions.asked({ ...query, asOf });
    const effectiveOn = query.effectiveOn ?? new Date(this.clock.nowMs()).toISOString().slice(0, 10);
    return questionOf(definition, query, { position, effectiveOn });
  }

  private async inTheEnd(asked: unknown, work: (watch: Watch) => Promise<readonly Row[]>): Promise<readonly Row[]> {
    const name = JSON.stringify(asked);
    const kept = await this.kept.get(name);
    if (kept !== undefined) return kept.rows;
    return this.underway.of(name, async (watch) => {
      const rows = await work(watch);
      this.kept.set(name, Promise.resolve({ rows }));
      return rows;
    });
  }

  private once<Result extends { rows: readonly Row[]; value?: Row[string] }>(
    asked: unknown,
    work: () => Promise<Result>,
  ): Promise<{ rows: readonly Row[]; value?: Row[string] }> {
    const name = JSON.stringify(asked);
    const kept = this.kept.get(name);
    if (kept !== undefined) return kept;
    const made = work();
    this.kept.set(name, made);
    made.catch(() => this.kept.delete(name));
    return made;
  }
}

function textsWithoutSort(question: Question): Readonly<Record<string, string>> {
  const { sort: _, ...texts } = textsOf(question);
  return texts;
}

/** What is asked, by the cursor if there is one: it goes on with what it holds, and with nothing else. */
function pin<Query extends ReportQuery>(
  name: string,
  schema: ReturnType<typeof explainSchema>,
  query: Query,
  given: object,
): Pinned<Query> {
  if (query.cursor === undefined) return { query, after: 0 };
  const cursor = decodeCursor(name, query.cursor);
  const asked = Object.entries(given).filter(([parameter]) => !HOW_TO_ANSWER.includes(parameter));
  refuseOtherThan(cursor, Object.fromEntries(asked));
  const after = Number(cursor.after);
  if (!Number.isSafeInteger(after) || after < 1) throw notOurs(name);
  const pinned = validQuery(schema, cursor.query) as unknown as Query;
  return { query: { ...pinned, minPosition: query.minPosition, limit: query.limit }, after };
}

function page(
  name: string,
  rows: readonly Row[],
  meta: Readonly<Record<string, unknown>>,
  texts: Readonly<Record<string, string | number | undefined>>,
  { query, after }: Pinned<ReportQuery>,
  all: boolean,
): Listed {
  const to = all && query.limit === undefined ? rows.length : after + (query.limit ?? DEFAULT_LIMIT);
  const said = Object.fromEntries(
    Object.entries(texts).flatMap(([parameter, value]) => (value === undefined ? [] : [[parameter, String(value)]])),
  );
  const cursor = { report: name, query: said, asOf: String(said['asOf'] ?? said['to']), after: String(to) };
  return {
    rows: rows.slice(after, to),
    meta: { ...meta, rowCount: rows.length, nextCursor: to < rows.length ? encodeCursor(cursor) : null },
  };
}

function backwards(from: number, to: number): Problem {
  return new Problem({
    status: 400,
    code: 'POSITIONS_REVERSED',
    detail: `from is position ${from} and to is ${to}, which is before it. Ask from the earlier to the later one.`,
    members: { fromPosition: from, toPosition: to },
  });
}

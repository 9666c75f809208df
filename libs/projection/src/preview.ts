import { randomInt } from 'node:crypto';
import {
  kindNameOf,
  kindOf,
  parseEvent,
  scaleOf,
  subtract,
  type LedgerEvent,
  type PostedEvent,
  type Refusal,
} from '@deal-ledger/domain';
import { commitId, JudgedFact } from '@deal-ledger/ledger';
import {
  atScale,
  columnsOf,
  orderOf,
  rowOf,
  type ReportDefinition,
  type ReportSet,
  type Row,
} from '@deal-ledger/reports';
import { Problem } from '@deal-ledger/service';
import type { Pool, PoolClient } from 'pg';
import { eventOf, eventText, type Projected } from './batch';
import { callOf, Values } from './call';
import { Folder, UnprojectableEvent } from './fold';
import type { Question } from './question';

/** Events as they would be posted to several streams at once. */
export interface ProposedCommit {
  readonly events: readonly (Record<string, unknown> & { readonly stream: string })[];
}

/** What a preview is asked for. */
export type PreviewQuestion = Pick<Question, 'effectiveOn' | 'reportingCurrency' | 'fxPolicy'>;

/** A row that would change; nothing before where it would be new, nothing after where it would be gone. */
export interface Change {
  readonly key: Row;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly difference: Row;
}

export interface ChangesOfReport {
  readonly report: string;
  /** How many rows would change. */
  readonly rowCount: number;
  /** The first of them. */
  readonly rows: readonly Change[];
}

/** Rows of a report that a preview compares, and rows that it answers. */
const MAX_COMPARED = 20_000;
const MAX_CHANGES = 1_000;
const TIMEOUT = '20s';

// Far behind whatever is projected, and each preview elsewhere, so that none waits for another or is waited for.
const FIRST_POSITION = 2 ** 50;
const FIRST_VERSION = 1_000_000_000;
const NUMBERS = ['money', 'quantity', 'ratio', 'decimal', 'count'];

/** Shows what events would do to the figures, in a transaction that is rolled back. */
export class Previews {
  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
  ) {}

  /** The position that the events would come after, and per report the rows that they would change. */
  async of(
    { rules, reports }: Pick<ReportSet, 'rules' | 'reports'>,
    commit: ProposedCommit,
    asked: PreviewQuestion,
  ): Promise<{ readonly position: number; readonly reports: readonly ChangesOfReport[] }> {
    const posted = read(commit);
    const client = await this.pool.connect();
    let isDone = false;
    try {
      // What the projection adds meanwhile is not seen, and so is no difference.
      await client.query('begin isolation level repeatable read');
      await client.query(`set local statement_timeout = '${TIMEOUT}'`);
      const { rows } = await client.query<{ next: string }>('select next_position as next from progress');
      const position = Number(rows[0]?.next ?? 0) - 1;
      const projected = await this.fold(client, rules, posted, position + 1);
      const compared = reports.filter(({ basis }) => basis.length > 0);
      const before: Rows[] = [];
      for (const definition of compared) before.push(await this.rows(client, definition, asked));
      await add(client, projected);
      const changes: ChangesOfReport[] = [];
      for (const [index, definition] of compared.entries())
        changes.push(changesOf(definition, before[index] as Rows, await this.rows(client, definition, asked)));
      await client.query('rollback');
      isDone = true;
      return { position, reports: changes };
    } finally {
      client.release(!isDone);
    }
  }

  private async fold(
    client: PoolClient,
    rules: ReportSet['rules'],
    posted: readonly (PostedEvent & { readonly stream: string })[],
    position: number,
  ): Promise<Projected> {
    const streams = [...new Set(posted.map(({ stream }) => stream))];
    const { rows } = await client.query<{ stream: string; version: number }>(
      'select stream, max(version) as version from events where stream = any ($1) group by stream',
      [streams],
    );
    const versions = new Map(rows.map(({ stream, version }) => [stream, version]));
    const events = posted.map((event, index): LedgerEvent => {
      const version = (versions.get(event.stream) ?? 0) + 1;
      versions.set(event.stream, version);
      return { ...event, id: event.id ?? `preview-${index + 1}`, version, actor: { id: 'local' } };
    });
    const folder = new Folder(rules, async (wanted) => {
      const { rows: recorded } = await client.query<Parameters<typeof eventOf>[0]>(
        'select stream, version, event_id, type, event from events where stream = any ($1) order by stream, version',
        [wanted],
      );
      return recorded.map(eventOf);
    });
    const writer = 'preview';
    const record = new JudgedFact(
      { position, recordedAt: new Date(0).toISOString(), appendedAtMs: 0 },
      { writer, n: 1, id: commitId(writer, 1), heads: new Map(), streams, events },
    );
    try {
      const [projected] = await folder.project([record]);
      return projected as Projected;
    } catch (error) {
      if (!(error instanceof UnprojectableEvent)) throw error;
      throw new Problem({
        status: 409,
        code: 'PREVIEW_IMPOSSIBLE',
        detail: `On top of position ${position - 1} this cannot be folded: ${error.message}. Ask a recording service with dryRun=true what is wrong.`,
        members: { position: position - 1 },
        cause: error,
      });
    }
  }

  private async rows(client: PoolClient, definition: ReportDefinition, asked: PreviewQuestion): Promise<Rows> {
    const values = new Values();
    const options = Object.fromEntries(
      Object.entries(definition.options).map(([name, { schema }]) => [name, schema.parse(undefined) ?? null]),
    );
    const question = { ...asked, definition, position: 0, filter: {}, options, sort: [], changedSince: null };
    const call = callOf(this.schema, question, values, { position: 'null', ordinal: 'null' });
    const { rows } = await client.query<Row>({
      text: `select * from ${call} order by ${orderOf(definition)} limit ${MAX_COMPARED + 1}`,
      values: values.all,
    });
    if (rows.length > MAX_COMPARED) {
      throw new Problem({
        status: 400,
        code: 'TOO_MANY_ROWS',
        detail: `${definition.name} has more than ${MAX_COMPARED} rows, which is more than a preview compares. Record the events, and ask for what changedSince the position before them.`,
        members: { maximum: MAX_COMPARED },
      });
    }
    return new Map(
      rows.map((raw) => {
        const row = rowOf(definition.row, raw);
        return [JSON.stringify(definition.key.map((column) => row[column])), row];
      }),
    );
  }
}

type Rows = ReadonlyMap<string, Row>;

function read({ events }: ProposedCommit): (PostedEvent & { readonly stream: string })[] {
  const refusals: Refusal[] = [];
  const parsed = events.flatMap(({ stream, ...event }, index) => {
    const kind = kindOf(stream);
    if (kind === undefined) {
      throw new Problem({
        status: 422,
        code: 'VALIDATION_FAILED',
        detail: `"${stream.slice(0, 120)}" is not a stream that can be written: ${kindNameOf(stream).slice(0, 60)} is no kind of this ledger.`,
        errors: [{ code: 'VALIDATION_FAILED', message: 'No such kind of stream.', pointer: `/events/${index}/stream` }],
      });
    }
    const result = parseEvent(kind, event, `/events/${index}`);
    if (result.ok) return [{ ...result.event, stream }];
    refusals.push(...result.refusals);
    return [];
  });
  const [first] = refusals;
  if (first === undefined) return parsed;
  throw new Problem({
    status: 422,
    code: refusals.length === 1 ? first.code : 'VALIDATION_FAILED',
    detail:
      refusals.length === 1
        ? first.message
        : `${refusals.length} things are wrong with the body; each is listed under errors.`,
    errors: refusals
      .slice(0, 100)
      .map(({ code, message, pointer }) => ({ code, message, ...(pointer === undefined ? {} : { pointer }) })),
  });
}

async function add(client: PoolClient, { record, postings }: Projected): Promise<void> {
  if (record.verdict !== 'fact') return;
  const position = FIRST_POSITION + randomInt(2 ** 40);
  const moved = FIRST_VERSION + randomInt(FIRST_VERSION / 2);
  const events = record.commit.events.map((event, ordinal) => ({
    ordinal,
    stream: event.stream,
    version: moved + event.version,
    event_id: event.id,
    type: event.type,
    event: JSON.parse(eventText(event)) as object,
  }));
  await client.query(
    `insert into events (position, ordinal, stream, version, event_id, type, writer, n, recorded_at, known, event)
     select $1, ordinal, stream, version, event_id, type, 'preview', 1, now(), true, event
     from jsonb_to_recordset($2) as e (ordinal integer, stream text, version integer, event_id text, type text, event json)`,
    [position, JSON.stringify(events)],
  );
  const lines = postings.flatMap((each, ordinal) => each.map((posting, line) => ({ ...posting, ordinal, line })));
  await client.query(
    `insert into postings (position, ordinal, line, measure, subject, value, period, effective, unit, amount)
     select $1, ordinal, line, measure, subject, value, period, effective, unit, amount
     from jsonb_to_recordset($2) as p (ordinal integer, line integer, measure text, subject text, value text, period text, effective date, unit text, amount numeric)`,
    [position, JSON.stringify(lines)],
  );
}

function changesOf(definition: ReportDefinition, before: Rows, after: Rows): ChangesOfReport {
  const keys = [...new Set([...after.keys(), ...before.keys()])];
  const changed = keys.filter((key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)));
  const numbers = columnsOf(definition).filter(
    ({ kind, name }) => NUMBERS.includes(kind) && !definition.key.includes(name),
  );
  return {
    report: definition.name,
    rowCount: changed.length,
    rows: changed.slice(0, MAX_CHANGES).map((key) => {
      const [earlier, later] = [before.get(key) ?? null, after.get(key) ?? null];
      const known = later ?? earlier ?? {};
      const differences = numbers.flatMap(({ name }) => {
        const [one, other] = [String(earlier?.[name] ?? '0'), String(later?.[name] ?? '0')];
        if (earlier?.[name] === later?.[name]) return [];
        return [[name, atScale(subtract(other, one), Math.max(scaleOf(one), scaleOf(other)))] as const];
      });
      return {
        key: Object.fromEntries(definition.key.map((column) => [column, known[column] ?? null])),
        before: earlier,
        after: later,
        difference: Object.fromEntries(differences),
      };
    }),
  };
}

import { Client } from 'pg';
import { columnsOf, textsSql, type DerivedTable } from './verify-derived';
import type { Findings } from './verify-report';

const CONNECT_TIMEOUT_MS = 5_000;

/** A schema as it was at one moment, however long it is read. Nothing is written, and nobody waits for it. */
export class Snapshot {
  private last: Promise<unknown> = Promise.resolve();
  private cursors = 0;

  private constructor(
    private readonly client: Client,
    readonly schema: string,
  ) {}

  static async open(connectionString: string, schema: string): Promise<Snapshot> {
    const client = new Client({
      connectionString,
      application_name: 'deal-ledger verify',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      options: `-c search_path=${schema} -c datestyle=ISO -c timezone=UTC -c statement_timeout=0 -c cursor_tuple_fraction=1`,
    });
    client.on('error', () => undefined);
    await client.connect();
    const snapshot = new Snapshot(client, schema);
    try {
      await snapshot.rows('begin isolation level repeatable read read only');
      return snapshot;
    } catch (error) {
      await snapshot.close();
      throw error;
    }
  }

  /** Rows of a statement, each an array of texts. */
  rows(text: string): Promise<(string | null)[][]> {
    // One after the other: the cursors of a snapshot share its connection.
    const asked = this.last.then(async () => {
      const { rows } = await this.client.query<(string | null)[]>({ text, rowMode: 'array', types: AS_TEXT });
      return rows;
    });
    this.last = asked.catch(() => undefined);
    return asked;
  }

  async texts(table: DerivedTable, where: string): Promise<Texts> {
    this.cursors += 1;
    const name = `rows_${this.cursors}`;
    await this.rows(`declare ${name} no scroll cursor for ${textsSql(table, where)}`);
    return new Texts(() => this.rows(`fetch forward ${table.fetched} from ${name}`));
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

const AS_TEXT = { getTypeParser: () => (value: unknown) => value } as never;

/** The rows of a table one after the other; the next ones are fetched while these are looked at. */
class Texts {
  private rows: (string | null)[][] = [];
  private at = 0;
  private coming: Promise<(string | null)[][]>;

  constructor(private readonly fetch: () => Promise<(string | null)[][]>) {
    this.coming = this.ask();
  }

  /** The next row, or nothing after the last; only once {@link ready}. */
  get next(): string | undefined {
    return this.rows[this.at]?.[0] ?? undefined;
  }

  skip(): void {
    this.at += 1;
  }

  /** Whether {@link next} can be asked without waiting. */
  get isReady(): boolean {
    return this.at < this.rows.length;
  }

  async ready(): Promise<void> {
    if (this.isReady) return;
    this.rows = await this.coming;
    this.at = 0;
    this.coming = this.rows.length > 0 ? this.ask() : Promise.resolve([]);
  }

  private ask(): Promise<(string | null)[][]> {
    const asked = this.fetch();
    // Whoever waits for it hears of it.
    asked.catch(() => undefined);
    return asked;
  }
}

/** Holds the rows of a table against those that must stand in it, key by key. */
export class RowComparison {
  private constructor(
    private readonly table: DerivedTable,
    private readonly schema: string,
    private readonly texts: Texts,
    private readonly findings: Findings,
  ) {}

  static async open(
    snapshot: Snapshot,
    table: DerivedTable,
    where: string,
    findings: Findings,
  ): Promise<RowComparison> {
    return new RowComparison(table, snapshot.schema, await snapshot.texts(table, where), findings);
  }

  /** Compares the rows whose key begins below `end` and that were not compared yet. */
  async compare(expected: readonly string[], end: number): Promise<void> {
    const { texts } = this;
    for (const row of expected) {
      for (;;) {
        if (!texts.isReady) await texts.ready();
        const { next } = texts;
        if (next === row) {
          texts.skip();
          break;
        }
        const order = next === undefined ? 1 : this.order(next, row);
        if (order <= 0) texts.skip();
        if (order < 0) this.added(next as string);
        else {
          if (order > 0) this.missing(row);
          else this.altered(next as string, row);
          break;
        }
      }
    }
    this.findings.tally(`${this.schema}.${this.table.name} rows`, expected.length);
    for (;;) {
      if (!texts.isReady) await texts.ready();
      const { next } = texts;
      if (next === undefined || Number(columnsOf(next)[0]) >= end) return;
      texts.skip();
      this.added(next);
    }
  }

  /** Below zero where the first key comes before the second. */
  private order(first: string, second: string): number {
    const [a, b] = [columnsOf(first), columnsOf(second)];
    for (let column = 0; column < this.table.keyColumns; column += 1) {
      const difference = Number(a[column]) - Number(b[column]);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  private added(row: string): void {
    this.findings.add({
      ...this.place(row),
      found: this.shown(row),
      message: `${this.name(row)} stands there, and nothing in the log makes it`,
    });
  }

  private missing(row: string): void {
    this.findings.add({
      ...this.place(row),
      expected: this.shown(row),
      message: `${this.name(row)} is missing, and the log makes it`,
    });
  }

  private altered(row: string, due: string): void {
    const [is, must] = [columnsOf(row), columnsOf(due)];
    const { columns } = this.table;
    const at = columns.findIndex((_, index) => is[index] !== must[index]);
    const column = columns[at] ?? 'the whole row';
    const { row: place, ...rest } = this.place(due);
    const [found, expected] = [this.value(is[at], column), this.value(must[at], column)];
    this.findings.add({
      ...rest,
      row: { ...place, column },
      expected,
      found,
      message: `${this.name(due)} has another ${column} than the log makes`,
    });
  }

  private place(row: string) {
    const { part, name, keyColumns, keyPrefix = '', standsApart = false } = this.table;
    const key = columnsOf(row).slice(0, keyColumns);
    return {
      part,
      ...(standsApart ? {} : { position: Number(key[0]) }),
      row: { schema: this.schema, table: name, key: `${keyPrefix}${key.join('/')}` },
    };
  }

  private name(row: string): string {
    return `row ${this.place(row).row.key} of ${this.schema}.${this.table.name}`;
  }

  private shown(row: string): string {
    const values = columnsOf(row);
    return this.table.columns.map((column, index) => `${column}: ${this.value(values[index], column)}`).join(', ');
  }

  private value(text: string | undefined, column: string): string {
    if (!this.table.nullable.includes(column)) return text ?? 'null';
    return text === undefined || text === '' ? 'null' : text.slice(1);
  }
}

import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual, promisify } from 'node:util';
import { createGzip, gunzip } from 'node:zlib';
import { inForce, type ReportRunData } from '@deal-ledger/domain';
import { Problem } from '@deal-ledger/service';
import type { Client, Pool } from 'pg';
import { eventOf } from './batch';

/** What is kept of one report, before it is compressed. */
export const MAX_RUN_BYTES = 64 * 1024 * 1024;

const unzipped = promisify(gunzip);

/** A report that is kept as it was given out. */
export interface ReportRun {
  /** The request that made it, as it came. */
  readonly asked: object;
  /** What the event `ReportPublished` says of it. */
  readonly published: ReportRunData;
}

/** Bytes, compressed, with the fingerprint that they have when they are not. */
export interface Fingerprinted {
  readonly sha256: string;
  readonly zipped: Buffer;
}

/** Whether the ledger says that a run was given out, and says the same of it as is kept here. */
export type Standing = 'no' | 'yes' | 'differs' | 'cancelled';

/**
 * Where a projection's runs are kept: beside its tables and not among them, for those can be dropped
 * and made again from the ledger, and these cannot.
 */
export const keptSchemaOf = (schema: string): string => `${schema}_kept`;

/** Makes the table of runs where there is none. */
export async function prepareRuns(client: Client, schema: string): Promise<void> {
  const kept = keptSchemaOf(schema);
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `${kept}.report_runs`,
  ]);
  if (rows[0]?.there === true) return;
  // Several statements in one query are one transaction.
  await client.query(`
    create schema if not exists ${kept};
    create table ${kept}.report_runs (
      ledger_id text,
      run_id text collate "C",
      asked json not null,
      published json not null,
      bytes bytea not null,
      primary key (ledger_id, run_id)
    );
    comment on table ${kept}.report_runs is 'Reports as they were given out: bytes in gzip. Nothing can make them again, so they belong in a backup.';
    alter table ${kept}.report_runs alter column bytes set storage external;
    create or replace function ${kept}.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% of % is refused: what was given out is never changed', tg_op, tg_table_name
        using errcode = 'restrict_violation';
    end $$;
    create trigger append_only before update or delete or truncate on ${kept}.report_runs
      for each statement execute function ${kept}.refuse_change()`);
}

/** Keeps reports as they were given out, each under the id of its run, and tells what the ledger says of them. */
export class ReportRuns {
  private readonly table: string;

  constructor(
    private readonly pool: Pool,
    schema: string,
  ) {
    this.table = `${keptSchemaOf(schema)}.report_runs`;
  }

  /** The run of this id, of whichever report. */
  async find(runId: string): Promise<ReportRun | undefined> {
    const { rows } = await this.pool.query<ReportRun>(
      `select asked, published from ${this.table} where ledger_id = $1 and run_id = $2`,
      [await this.ledgerId(), runId],
    );
    return rows[0];
  }

  /** The bytes of a run that was found. */
  async bytesOf({ published }: ReportRun): Promise<Fingerprinted & { readonly plain: Buffer }> {
    const { runId, sha256 } = published;
    const { rows } = await this.pool.query<{ bytes: Buffer }>(
      `select bytes from ${this.table} where ledger_id = $1 and run_id = $2`,
      [await this.ledgerId(), runId],
    );
    const zipped = rows[0]?.bytes ?? Buffer.of();
    const plain = await unzipped(zipped);
    if (hexOf(plain) !== sha256)
      throw new Error(`the bytes kept of the report run ${runId} are not those with the fingerprint ${sha256}`);
    return { sha256, zipped, plain };
  }

  /** Keeps a run and gives nothing, unless one of its id is kept already: gives that. */
  async keep(run: ReportRun, { zipped }: Fingerprinted): Promise<ReportRun | undefined> {
    const { runId } = run.published;
    const { rowCount } = await this.pool.query(
      `insert into ${this.table} (ledger_id, run_id, asked, published, bytes)
       values ($1, $2, $3, $4, $5) on conflict do nothing`,
      [await this.ledgerId(), runId, JSON.stringify(run.asked), JSON.stringify(run.published), zipped],
    );
    if (rowCount === 1) return undefined;
    const kept = await this.find(runId);
    if (kept === undefined) throw new Error(`the report run ${runId} was kept and is not there`);
    return kept;
  }

  /** What the ledger, as far as it is projected, says of a run. */
  async standingOf(published: ReportRunData): Promise<Standing> {
    const { said, isCancelled } = await this.recorded(published.runId);
    if (said === undefined) return isCancelled ? 'cancelled' : 'no';
    return Object.entries(published).every(([name, value]) => isDeepStrictEqual(said[name], value)) ? 'yes' : 'differs';
  }

  /** The report that the ledger, as far as it is projected, has the id of a run for. */
  async ownerOf(runId: string): Promise<string | undefined> {
    const { said } = await this.recorded(runId);
    return said === undefined ? undefined : String(said['report']);
  }

  private async recorded(
    runId: string,
  ): Promise<{ readonly said: Readonly<Record<string, unknown>> | undefined; readonly isCancelled: boolean }> {
    const { rows } = await this.pool.query<Parameters<typeof eventOf>[0]>({
      name: 'report-run',
      text: 'select stream, version, event_id, type, event from events where stream = $1 order by version',
      values: [`report-run/${runId}`],
    });
    const [event] = inForce(rows.map(eventOf));
    return {
      said: event?.data as Readonly<Record<string, unknown>> | undefined,
      isCancelled: rows.length > 0 && event === undefined,
    };
  }

  private async ledgerId(): Promise<string> {
    const { rows } = await this.pool.query<{ ledger_id: string | null }>('select ledger_id from progress');
    const ledgerId = rows[0]?.ledger_id;
    if (ledgerId != null) return ledgerId;
    throw new Problem({
      status: 503,
      code: 'PROJECTION_BEHIND',
      detail: 'Nothing is projected yet, so it is not known here which ledger a run belongs to. Ask again.',
    });
  }
}

/** Compresses texts as they come, and takes the fingerprint of their bytes; so many of them at most. */
export async function fingerprinted(texts: AsyncIterable<string>, maxBytes: number): Promise<Fingerprinted> {
  const hash = createHash('sha256');
  let size = 0;
  const zipped = await pipeline(
    texts,
    async function* (source: AsyncIterable<string>) {
      for await (const text of source) {
        const bytes = Buffer.from(text);
        size += bytes.length;
        if (size > maxBytes) throw tooLarge(maxBytes);
        hash.update(bytes);
        yield bytes;
      }
    },
    createGzip(),
    (source) => buffer(source),
  );
  return { sha256: hash.digest('hex'), zipped };
}

const hexOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function tooLarge(maxBytes: number): Problem {
  return new Problem({
    status: 400,
    code: 'REPORT_TOO_LARGE',
    detail: `The report has more than ${maxBytes} bytes, which is more than is kept of one run. Give it out in parts by a filter, each under a run id of its own.`,
    members: { maximumBytes: maxBytes },
  });
}

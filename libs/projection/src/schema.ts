import type { ReportDefinition } from '@deal-ledger/reports';
import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { migrated } from './database';
import { prepareReports } from './report-functions';
import { prepareRuns } from './report-runs';

/** The tables of a projection, in a Postgres schema of its own. */
class CreateProjection1760000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...GUARDS, ...FUNCTIONS]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table progress, writers, skipped, events, postings');
    await runner.query('drop function refuse_change, month_of, period_first, period_last, bucket');
  }
}

/** What the functions of the reports were made from, by which a start tells whether they have to be made again. */
class CreateReportFunctions1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table report_functions (name text collate "C" primary key, signature text not null, hash text not null)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table report_functions');
  }
}

/** Events of a type or shape that was not known here when they were added; until now there were none. */
class MarkUnknownEvents1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table events add column known boolean not null default true');
    await runner.query('create index unknown_events on events (position) where not known');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table events drop column known');
  }
}

/** Reads about one deal, funding, pool … find its postings, whatever part of it these are of, and what names it. */
class IndexPostingsByRoot1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index postings_by_root on postings (measure, split_part(subject, '/', 1))`);
    await runner.query(
      `create index postings_by_deal on postings ((value::jsonb ->> 'dealId')) where measure in ('request', 'funding')`,
    );
    await runner.query('drop index postings_by_measure');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create index postings_by_measure on postings (measure, subject)');
    await runner.query('drop index postings_by_root, postings_by_deal');
  }
}

/** What an auditor is told of records that are no facts; and corrections, which are few, found without looking at all events. */
class KeepHistory1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table skipped add column record json');
    // By the database itself, so that no version that adds events can leave it away. Few have it, and only these are opened.
    await runner.query(
      `alter table events add column corrects text generated always as (
         case when strpos(event::text, '"corrects"') > 0 then event ->> 'corrects' end
       ) stored`,
    );
    await runner.query('create index corrections on events (stream, corrects) where corrects is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table events drop column corrects');
    await runner.query('alter table skipped drop column record');
  }
}

/** Reads about a pool find the requests that ever named it, and figures between parties the legs that ever did, without looking at all of them. */
class IndexPostingsByNamed1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // What is pending in such an index is looked through by every read.
    const index = (name: string, measure: string, ...named: readonly string[]): string =>
      `create index ${name} on postings using gin (${named.map((each) => `(value::jsonb -> '${each}')`).join(', ')})
       with (fastupdate = off) where measure = '${measure}'`;
    await runner.query(index('postings_by_pool', 'request', 'poolIds'));
    await runner.query(index('postings_by_sides', 'leg', 'providers', 'receivers'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index postings_by_pool, postings_by_sides');
  }
}

/** What was recorded under a name of the poster's is found by it. Few events have one, and only these are opened. */
class IndexCorrelations1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index correlations on events ((event ->> 'correlationId')) where strpos(event::text, '"correlationId"') > 0`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index correlations');
  }
}

/** Of several forecasts of an entity one counts, so all of them are read together. */
class IndexForecastsByEntity1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index postings_by_forecaster on postings ((value::jsonb ->> 'entityId')) where measure = 'forecast'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index postings_by_forecaster');
  }
}

const TABLES = [
  // One row: how far the ledger has been projected, and what tells that ledger from another.
  `create table progress (
     only_one boolean primary key default true check (only_one),
     ledger_id text,
     next_position bigint not null,
     last_hash text not null,
     last_time_ms bigint not null
   )`,
  `insert into progress (next_position, last_hash, last_time_ms) values (0, '', 0)`,
  // The highest number of each writer, of void commits too: what the next commit is judged by.
  `create table writers (writer text primary key, n bigint not null)`,
  // Positions without a fact.
  `create table skipped (
     position bigint primary key,
     recorded_at timestamptz not null,
     verdict text not null check (verdict in ('void', 'foreign')),
     reason text not null
   )`,
  // Ids and words compare byte by byte, the same in every database.
  `create table events (
     position bigint,
     ordinal integer,
     stream text collate "C" not null,
     version integer not null,
     event_id text not null,
     type text not null,
     writer text not null,
     n bigint not null,
     recorded_at timestamptz not null,
     event json not null,
     primary key (position, ordinal),
     unique (stream, version)
   )`,
  `create table postings (
     position bigint,
     ordinal integer,
     line integer,
     measure text collate "C" not null,
     subject text collate "C" not null,
     value text collate "C",
     period text collate "C",
     effective date,
     unit text collate "C",
     amount numeric not null,
     primary key (position, ordinal, line)
   )`,
  'create index postings_by_measure on postings (measure, subject)',
];

const GUARDS = [
  `create function refuse_change() returns trigger language plpgsql as $$
   begin
     raise exception '% of % is refused: what was recorded is never changed, a difference is posted instead', tg_op, tg_table_name
       using errcode = 'restrict_violation';
   end $$`,
  ...['events', 'postings'].map(
    (table) =>
      `create trigger append_only before update or delete or truncate on ${table} for each statement execute function refuse_change()`,
  ),
];

// Periods are EDTF: a year, a month, a quarter (33 to 36) or a half-year (40, 41).
const FUNCTIONS = [
  `create function month_of(period text, edge text) returns integer immutable language sql return
     case
       when length(period) = 4 then case edge when 'first' then 1 else 12 end
       when substr(period, 6)::integer <= 12 then substr(period, 6)::integer
       when substr(period, 6)::integer <= 36 then (substr(period, 6)::integer - 33) * 3 + case edge when 'first' then 1 else 3 end
       else (substr(period, 6)::integer - 40) * 6 + case edge when 'first' then 1 else 6 end
     end`,
  `create function period_first(period text) returns date immutable language sql return
     make_date(left(period, 4)::integer, month_of(period, 'first'), 1)`,
  `create function period_last(period text) returns date immutable language sql return
     (make_date(left(period, 4)::integer, month_of(period, 'last'), 1) + interval '1 month' - interval '1 day')::date`,
  // The year, quarter or month that a day is in.
  `create function bucket(day date, granularity text) returns text immutable language sql return
     case granularity
       when 'year' then lpad(extract(year from day)::text, 4, '0')
       when 'quarter' then lpad(extract(year from day)::text, 4, '0') || '-' || (32 + extract(quarter from day))::text
       else lpad(extract(year from day)::text, 4, '0') || '-' || lpad(extract(month from day)::text, 2, '0')
     end`,
];

/**
 * Makes the projection's schema and the functions that its reports are read by, or brings them up to
 * date. Instances that start at the same moment wait for each other.
 */
export async function prepareSchema(
  connectionString: string,
  schema: string,
  reports: readonly ReportDefinition[],
  warn: (message: string) => void,
): Promise<void> {
  const migrations = [
    CreateProjection1760000000000,
    CreateReportFunctions1764000000000,
    MarkUnknownEvents1764000000001,
    IndexPostingsByRoot1764100000000,
    KeepHistory1764200000000,
    IndexPostingsByNamed1764300000000,
    IndexCorrelations1764400000000,
    IndexForecastsByEntity1764500000000,
  ];
  await migrated(connectionString, schema, migrations, async (client) => {
    await prepareRuns(client, schema);
    await prepareReports(client, schema, reports, warn);
  });
}

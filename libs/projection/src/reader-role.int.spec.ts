import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { columnsOf, PROJECTIONS, rowOf, snake, spendForecast, type RawRow } from '@deal-ledger/reports';
import { Client } from 'pg';
import { describeWithPostgres } from '../../../tests/harness';
import { READER } from './reader-role';
import { reportsSchemaOf } from './report-functions';
import { prepareSchema } from './schema';
import { projected, type TestProjection } from './testing-projection';
import { RENTAL } from './testing-reports';
import type { PostedLine } from './testing';

/** The article, and what it lacks for every report to have a row. */
const LINES: readonly PostedLine[] = [
  ...readFileSync(join(__dirname, '../../../apps/standalone/data/article.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .flatMap((text) => (JSON.parse(text) as { events: PostedLine[] }).events),
  ...RENTAL.map((line) => (line.id === 'policy-1' ? { ...line, id: 'policy-2' } : line)),
  {
    stream: 'reservation/r',
    type: 'CapacityRequested',
    data: {
      reservationId: 'r',
      buyerId: 'openai',
      supplierIds: ['samsung'],
      itemId: 'hbm',
      rate: { ceiling: { unit: 'WFR', value: '900.50' } },
      per: 'P1M',
      poolIds: [],
      priorityAsked: true,
    },
  },
  {
    stream: 'reservation/r',
    type: 'RampScheduled',
    data: { rampVersion: 1, lines: [{ period: '2026-11', qty: { unit: 'WFR', value: '100.50' } }] },
  },
  {
    stream: 'site/uae',
    type: 'SiteAnnounced',
    data: {
      siteId: 'uae',
      name: 'Stargate UAE',
      country: 'AE',
      partnerIds: ['g42'],
      dealIds: [],
      power: { undisclosed: true },
    },
  },
];

describeWithPostgres('a reader of the reports in SQL', (url) => {
  const login = `reader_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  let projections: TestProjection[];
  let admin: Client;
  let reader: Client;

  beforeAll(async () => {
    projections = await Promise.all(PROJECTIONS.map(async (set) => (await projected(url, set, LINES)).projection));
    admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query(`create role ${login} login password '${password}' in role ${READER}`);
    const as = new URL(url);
    as.username = login;
    as.password = password;
    reader = new Client({ connectionString: as.href });
    await reader.connect();
  });
  afterAll(async () => {
    await reader.end();
    await admin.query(`drop role ${login}`);
    await admin.end();
    for (const projection of projections) await projection.stop();
  });

  const reports = () =>
    projections.flatMap((projection, index) =>
      (PROJECTIONS[index]?.reports ?? []).map((definition) => ({
        projection,
        definition,
        name: `${reportsSchemaOf(projection.schema)}.${snake(definition.name)}`,
      })),
    );
  const position = LINES.length;

  it('has the rows of every route, from the view and from the function', async () => {
    const today = new Date().toISOString().slice(0, 10);
    for (const { projection, definition, name } of reports()) {
      const shown = async (from: string) =>
        (await reader.query<RawRow>(`select * from ${from}`)).rows.map((row) => rowOf(definition.row, row));
      const latest = await projection.read(definition, { effectiveOn: today });
      expect([name, latest.rows.length > 0]).toEqual([name, true]);
      expect(await shown(name)).toEqual(latest.rows);
      expect(await shown(`${name}()`)).toEqual(latest.rows);
      const at = await projection.read(definition, {
        asOf: String(position),
        effectiveOn: '2026-12-31',
        reportingCurrency: 'USD',
      });
      expect(
        await shown(`${name}(as_of => ${position}, effective_on => '2026-12-31', reporting_currency => 'USD')`),
      ).toEqual(at.rows);
      expect(await shown(`${name}(as_of => 0)`)).toEqual(
        (await projection.read(definition, { asOf: '0', effectiveOn: today })).rows,
      );
    }
  });

  it('filters by the names of the route, and is told of one that there is not', async () => {
    const name = `${reportsSchemaOf(projections[0]?.schema ?? '')}.funding_position`;
    const rows = async (filter: object) => (await reader.query(`select * from ${name}(filter => $1)`, [filter])).rows;
    expect(await rows({ fundingId: 'nvda-openai' })).toHaveLength(1);
    expect(await rows({ fundingId: 'g' })).toHaveLength(0);
    await expect(rows({ fundngId: 'nvda-openai' })).rejects.toThrow('there is no filter fundngId');
  });

  it.each([
    [`as_of => 99`, 'position 99 was asked for, the ledger is projected up to'],
    [`as_of_ordinal => 0`, 'as_of_ordinal is a place within the commit at as_of'],
    [`effective_on => null`, 'effective_on is null'],
    [`reporting_currency => 'XYZ'`, 'XYZ is no active ISO 4217 currency'],
    [`fx_policy => 'best'`, 'there is no fx_policy best'],
    [`granularity => 'week'`, 'there is no granularity week'],
  ])('is refused %s, which has no answer', async (argument, message) => {
    const name = `${reportsSchemaOf(projections[0]?.schema ?? '')}.spend_outlook`;
    await expect(reader.query(`select * from ${name}(${argument})`)).rejects.toThrow(message);
  });

  it('reads no table and writes nothing', async () => {
    const { schema } = projections[0] as TestProjection;
    const shown = reportsSchemaOf(schema);
    for (const statement of [
      `select * from ${schema}.postings`,
      `select * from ${schema}.events`,
      `select ${schema}.half_even(1, 2)`,
      `insert into ${schema}.postings select * from ${schema}.postings`,
      `update ${schema}.progress set next_position = 0`,
      `delete from ${shown}.spend_outlook`,
      `create table ${shown}.mine (id integer)`,
      `create table public.mine (id integer)`,
      `create or replace view ${shown}.spend_outlook as select 1 as one`,
      `drop function ${shown}.spend_outlook`,
      `create schema mine`,
      `create temporary table mine (id integer)`,
      `select lo_creat(-1)`,
      `select lo_create(0)`,
      `select lo_from_bytea(0, 'mine')`,
      `select lo_unlink(1)`,
    ])
      // Not allowed, or a view that nobody can write to.
      await expect(reader.query(statement)).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|55000)$/) as string,
      });
  });

  it('is nobody who was not granted the role', async () => {
    const name = `${reportsSchemaOf(projections[0]?.schema ?? '')}.spend_outlook`;
    await admin.query(`revoke ${READER} from ${login}`);
    for (const from of [name, `${name}()`])
      await expect(reader.query(`select * from ${from}`)).rejects.toMatchObject({ code: '42501' });
    await admin.query(`grant ${READER} to ${login}`);
  });

  it('is not fooled by tables of its own', async () => {
    const name = `${reportsSchemaOf(projections[0]?.schema ?? '')}.funding_position`;
    const before = (await reader.query(`select * from ${name}`)).rows;
    const database = (await admin.query<{ name: string }>('select current_database() as name')).rows[0]?.name ?? '';
    await admin.query(`grant temporary on database ${database} to ${login}`);
    await reader.query('create temporary table postings (nothing integer)');
    expect((await reader.query(`select * from ${name}`)).rows).toEqual(before);
    await admin.query(`revoke temporary on database ${database} from ${login}`);
  });

  it('finds what every view and column means, and the version', async () => {
    for (const { definition, name } of reports()) {
      const { rows } = await reader.query<{ name: string; meaning: string | null }>(
        `select attname as name, col_description(attrelid, attnum) as meaning from pg_attribute
         where attrelid = $1::regclass and attnum > 0 order by attnum`,
        [name],
      );
      expect(rows.map((each) => each.name)).toEqual([
        ...columnsOf(definition).map((each) => each.name),
        'policyEventId',
        'fxEventIds',
        'unconverted',
      ]);
      expect(rows.filter(({ meaning }) => !meaning)).toEqual([]);
      const [about] = (
        await reader.query<{ view: string; function: string; schema: string }>(
          `select obj_description($1::regclass) as view, obj_description($2::regproc) as function, obj_description($3::regnamespace) as schema`,
          [name, name, name.split('.')[0]],
        )
      ).rows;
      expect(about?.view).toContain(definition.summary);
      expect(about?.function).toContain('effective_on');
      for (const column of Object.keys(definition.summedOnly?.shape ?? {})) expect(about?.function).toContain(column);
      expect(about?.schema).toContain('reports version 1');
    }
  });
});

describeWithPostgres('the functions of the reports', (url) => {
  it('are made once, by whichever instance starts first, and again only when their text has changed', async () => {
    const { projection } = await projected(url, spendForecast, []);
    const { schema } = projection;
    const made = () =>
      projection.query<object>(
        `select oid, xmin from pg_proc where pronamespace = '${reportsSchemaOf(schema)}'::regnamespace order by oid`,
      );
    const before = await made();
    const start = (reports = spendForecast.reports) => prepareSchema(url, schema, reports, () => undefined);
    await Promise.all([start(), start(), start()]);
    expect(await made()).toEqual(before);
    const [outlook, ...others] = spendForecast.reports;
    if (outlook === undefined) throw new Error('no report');
    await start([{ ...outlook, summary: 'Other words.' }, ...others]);
    const after = await made();
    expect(after).toHaveLength(before.length);
    expect(after.filter((each) => !before.some((one) => JSON.stringify(one) === JSON.stringify(each)))).toHaveLength(1);
    await start(others);
    expect(await made()).toHaveLength(before.length - 1);
    await projection.stop();
  });
});

describeWithPostgres('a database that belongs to a service which is no superuser', (url) => {
  const suffix = randomBytes(6).toString('hex');
  const [database, service, other, login] = ['ledger', 'service', 'other', 'reader'].map(
    (name) => `${name}_${suffix}`,
  ) as [string, string, string, string];
  const password = randomBytes(12).toString('hex');
  const addressOf = (role: string): string => {
    const address = new URL(url);
    address.pathname = `/${database}`;
    [address.username, address.password] = [role, password];
    return address.href;
  };
  const inside = (() => {
    const address = new URL(url);
    address.pathname = `/${database}`;
    return address.href;
  })();
  const run = async (connectionString: string, ...statements: string[]): Promise<void> => {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const start = async (): Promise<string[]> => {
    const warnings: string[] = [];
    await prepareSchema(addressOf(service), 'test', spendForecast.reports, (message) => warnings.push(message));
    return warnings;
  };
  const REFUSED = { code: '42501' };

  beforeAll(async () => {
    for (const role of [service, other, login]) await run(url, `create role ${role} login password '${password}'`);
    await run(
      url,
      `do $$ begin create role ${READER} nologin; exception when duplicate_object then null; end $$`,
      `create database ${database} owner ${service}`,
    );
    await run(inside, `create schema other authorization ${other}`);
  });
  afterAll(async () => {
    await run(url, `drop database ${database} with (force)`);
    for (const role of [service, other, login]) await run(url, `drop role ${role}`);
  });

  it('lets readers make no tables, and says what an administrator has to run for the rest', async () => {
    const [warning = '', ...further] = await start();
    expect(further).toEqual([]);
    expect(warning).toContain('can make large objects, readers with ledger_reader too');
    await run(url, `grant ${READER} to ${login}`);
    await expect(run(addressOf(login), 'create temporary table mine (id integer)')).rejects.toMatchObject(REFUSED);
    await run(addressOf(login), 'select lo_create(0)');
    await run(inside, /"(.*)"/.exec(warning)?.[1] ?? '');
    await expect(run(addressOf(login), 'select lo_create(0)')).rejects.toMatchObject(REFUSED);
    expect(await start()).toEqual([]);
  });

  it.each([
    ['itself', service],
    ['whoever owns something else in it', other],
  ])('keeps what %s had', (_, role) =>
    run(addressOf(role), 'create temporary table mine (id integer)', 'select lo_create(0)'),
  );
});

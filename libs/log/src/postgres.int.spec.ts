import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { describeWithPostgres } from '../../../tests/harness/suites';
import { startPostgres, type RunningPostgres } from '../../../tests/harness/postgres';
import { canConnect } from './can-connect';
import { logContract, restartContract } from './contract';
import { follow, record, type LogUnderTest } from './contract-support';
import { PostgresLog } from './postgres';
import { encodeHeaders, LOG_SCHEMA } from './postgres-table';

const underTest = async (url: string): Promise<LogUnderTest> => {
  const table = `log-${randomUUID().slice(0, 8)}`;
  const name = `${LOG_SCHEMA}."${table}"`;
  const pool = new Pool({ connectionString: url });
  pool.on('error', () => undefined);
  /** As only somebody could who is allowed everything. */
  const tamper = (sql: string) => pool.query(`BEGIN; SET LOCAL session_replication_role = replica; ${sql}; COMMIT`);
  return {
    open: () => PostgresLog.open({ connectionString: url, table }),
    foreign: async ({ key, value, headers }) => {
      await pool.query(
        `WITH head AS (UPDATE ${LOG_SCHEMA}.heads SET next = next + 1 WHERE log = $1 RETURNING next - 1 AS position)
         INSERT INTO ${name} SELECT position, 1, $2, $3, $4 FROM head`,
        [table, key, value, encodeHeaders(headers)],
      );
    },
    lose: async (position) => {
      await tamper(`DELETE FROM ${name} WHERE position = ${position}`);
    },
    lossIs: 'LOG_GAP',
    recreate: async () => {
      await pool.query(`DROP TABLE ${name}; DELETE FROM ${LOG_SCHEMA}.heads WHERE log = '${table}'`);
      await (await PostgresLog.open({ connectionString: url, table })).close();
    },
    dispose: async () => {
      await pool.query(`DROP TABLE IF EXISTS ${name}; DELETE FROM ${LOG_SCHEMA}.heads WHERE log = '${table}'`);
      await pool.end();
    },
  };
};

describeWithPostgres('PostgresLog', (url) => {
  logContract('Postgres', () => underTest(url));

  it('gives the append time that its clock says', async () => {
    const table = `log-${randomUUID().slice(0, 8)}`;
    const log = await PostgresLog.open({ connectionString: url, table, clock: () => Date.UTC(2026, 0, 31) });
    const end = new AbortController();
    await log.append(record('a'));
    const [only] = await follow(log, 0, end.signal).until(1);
    expect(only?.timeMs).toBe(Date.UTC(2026, 0, 31));
    const other = await PostgresLog.open({ connectionString: url, table });
    expect(await follow(other, 0, end.signal).until(1)).toEqual([only]);
    await Promise.all([log.close(), other.close()]);
  });

  it('is opened by several processes at the same moment', async () => {
    const table = `log-${randomUUID().slice(0, 8)}`;
    const logs = await Promise.all(Array.from({ length: 6 }, () => PostgresLog.open({ connectionString: url, table })));
    const given = await Promise.all(logs.map((log) => log.append(record('a'))));
    expect(given.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    await Promise.all(logs.map((log) => log.close()));
  });

  it('refuses every change of what was appended', async () => {
    const table = `log-${randomUUID().slice(0, 8)}`;
    const log = await PostgresLog.open({ connectionString: url, table });
    await log.append(record('a'));
    await log.close();
    const pool = new Pool({ connectionString: url });
    for (const change of ['UPDATE %s SET time_ms = 0', 'DELETE FROM %s', 'TRUNCATE %s']) {
      await expect(pool.query(change.replace('%s', `${LOG_SCHEMA}."${table}"`))).rejects.toThrow(
        'only ever appended to',
      );
    }
    await pool.end();
  });

  it('refuses a name that would not do as a table’s', async () => {
    await expect(PostgresLog.open({ connectionString: url, table: 'a"; DROP' })).rejects.toThrow(RangeError);
  });

  it('knows whether it can connect', async () => {
    expect(await canConnect(url)).toBe(true);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    expect(await canConnect(wrong.href)).toBe(false);
  });
});

describeWithPostgres('PostgresLog on a database that goes away', () => {
  let postgres: RunningPostgres;
  beforeAll(async () => {
    postgres = await startPostgres({ restartable: true, durable: false });
  }, 120_000);
  afterAll(() => postgres.stop());

  restartContract('Postgres', async () => ({
    ...(await underTest(postgres.url)),
    stop: () => postgres.kill9(),
    start: () => postgres.start(),
  }));
});

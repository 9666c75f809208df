import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { describeWithEmbeddedPostgres } from './harness';
import { startPostgres, type RunningPostgres } from './harness/postgres';
import { startService, type RunningService } from './harness/services';
import { seeded } from './simulation/world';
import { post, record, send } from './support/client';
import { fundingReady, fundsCalled, groundwork } from './support/events';

jest.setTimeout(120_000);

const KILLS = 5;
/** Where the machine is so busy that it gets nowhere between two of them. */
const MOST_KILLS = 15;
/** Reports given out, of which each is killed while it is made and again once it is posted. */
const RUNS = 3;
/** The longest that it works between two kills. */
const WORKS_MS = 800;
const CLIENTS = 8;
const EVENTS_PER_COMMIT = 5;
const FUNDINGS = Array.from({ length: 20 }, (_, index) => `f${index}`);
const TABLES = ['postings', 'events', 'skipped', 'writers', 'progress'];

const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 2 ** 31);

describeWithEmbeddedPostgres(`a projection that is killed at any moment (seed ${seed})`, () => {
  const random = seeded(seed);
  let postgres: RunningPostgres;
  let recorder: RunningService;
  let projection: RunningService;
  let client: Client;

  const rows = async <Row extends object>(sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows;
  const projectedTo = async (): Promise<number> => {
    const [progress] = await rows<{ next: number }>(
      'select next_position::integer as next from spend_forecast.progress',
    );
    return progress?.next ?? 0;
  };

  beforeAll(async () => {
    postgres = await startPostgres({ restartable: true, durable: false });
    client = new Client({ connectionString: postgres.url });
    await client.connect();
    const environment = { DATABASE_URL: postgres.url, KAFKA_BROKERS: '' };
    recorder = await startService({ service: 'funding', environment });
    await record(`${recorder.url}/v1/commits`, { events: groundwork() });
    for (const funding of FUNDINGS)
      await record(`${recorder.url}/v1/commits`, { events: fundingReady(funding, 10_000_000) });
    projection = await startService({ service: 'spend-forecast', environment });
  });
  afterAll(async () => {
    await client?.end();
    await Promise.all([recorder?.stop(), projection?.stop()]);
    await postgres?.stop();
  });

  /** Clients that call funds as fast as they are answered, until `isOver`. */
  async function load(isOver: () => boolean): Promise<number> {
    let last = 0;
    const one = async (name: number): Promise<void> => {
      for (let count = 0; !isOver(); count += 1) {
        const events = Array.from({ length: EVENTS_PER_COMMIT }, (_, index) =>
          fundsCalled(
            FUNDINGS[(name * 7 + count * 3 + index) % FUNDINGS.length] as string,
            `call-${name}-${count}-${index}`,
            1,
          ),
        );
        const { status, json } = await post(`${recorder.url}/v1/commits`, { events });
        if (status === 201) last = Math.max(last, Number(json['position']));
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, name) => one(name)));
    return last;
  }

  it('has written every record once, as one that never was', async () => {
    let isOver = false;
    const loading = load(() => isOver);
    const reached: number[] = [];
    const isEnough = (): boolean => reached.length >= KILLS && new Set(reached).size > 2;
    for (let kill = 0; !isEnough() && kill < MOST_KILLS; kill += 1) {
      await sleep(random() * WORKS_MS);
      await projection.kill9();
      reached.push(await projectedTo());
      const starting = projection.start();
      if (kill % 3 < 2) await starting;
      // Now and then it is killed before it is ready.
      else starting.catch(() => undefined);
    }
    isOver = true;
    const last = await loading;
    await projection.kill9();
    await projection.start();
    expect(new Set(reached).size).toBeGreaterThan(2);

    const query = `?minPosition=${last}`;
    const report = `${projection.url}/v1/reports/funding-position${query}&asOf=${last}&effectiveOn=2026-12-31`;
    const before = await send(report);
    expect(before.status).toBe(200);

    const end = await projectedTo();
    expect(end).toBeGreaterThan(last);
    const missing = await rows(
      `select position from generate_series(0, ${end - 1}) as position
       except (select position from spend_forecast.events union select position from spend_forecast.skipped) order by position limit 20`,
    );
    expect(missing).toEqual([]);

    await projection.stop();
    await rows('alter schema spend_forecast rename to killed');
    await projection.start();
    const fresh = await send(report);
    expect(await projectedTo()).toBe(end);
    expect(fresh.text).toBe(before.text);
    for (const table of TABLES) {
      const [killed, built] = [
        `select line::text from killed.${table} as line`,
        `select line::text from spend_forecast.${table} as line`,
      ];
      expect([table, await rows(`${killed} except all ${built} limit 5`)]).toEqual([table, []]);
      expect([table, await rows(`${built} except all ${killed} limit 5`)]).toEqual([table, []]);
    }
  });

  it('keeps a report that it gives out whole or not at all, and knows it as given out once the event is posted', async () => {
    const asOf = (await projectedTo()) - 1;
    const runs = `${projection.url}/v1/reports/funding-position/runs`;
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    let begun = 0;
    for (let kill = 0; kill < RUNS; kill += 1) {
      const runId = `pack-${kill}`;
      const wanted = { runId, asOf, effectiveOn: '2026-12-31', format: 'csv' };
      const first = post(runs, wanted).catch(() => undefined);
      // At some moment while it is made; the last time when it is made and answered.
      if (kill < RUNS - 1) await sleep(random() * 60);
      else await first;
      await projection.kill9();
      const answer = await first;
      const [{ kept }] = (await rows(
        `select count(*)::integer as kept from spend_forecast_kept.report_runs where run_id = '${runId}'`,
      )) as [{ kept: number }];
      if (answer !== undefined) expect([answer.status, kept]).toEqual([201, 1]);
      begun += kept;
      await projection.start();

      const again = await post(runs, wanted);
      expect([again.status, answer?.text ?? again.text]).toEqual([kept === 1 ? 200 : 201, again.text]);
      const once = await post(runs, wanted);
      expect([once.status, once.text]).toEqual([200, again.text]);
      const bytes = await send(`${runs}/${runId}`);
      expect([bytes.headers.get('report-published'), sha256(bytes.text)]).toEqual(['no', again.json['sha256']]);

      const sources = [{ sourceId: 'contract', attribution: 'official', confidence: 'high' }];
      const event = { id: runId, type: 'ReportPublished', effective: '2026-01-01', sources, data: again.json };
      const posted = await record(`${recorder.url}/v1/report-runs/${runId}/events`, { events: [event] });
      await projection.kill9();
      await projection.start();
      await send(`${projection.url}/v1/reports/funding-position?minPosition=${Number(posted.json['position'])}`);
      const given = await send(`${runs}/${runId}`);
      expect([given.headers.get('report-published'), given.text]).toEqual(['yes', bytes.text]);
    }
    expect(begun).toBeGreaterThan(0);
  });
});

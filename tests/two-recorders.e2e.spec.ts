import { randomUUID } from 'node:crypto';
import { KafkaLog } from '@deal-ledger/log';
import { Client } from 'pg';
import { startKafka, type RunningKafka } from './harness/kafka';
import { startPostgres, type RunningPostgres } from './harness/postgres';
import { startService, type RunningService } from './harness/services';
import { describeWithLocalKafka } from './harness';
import { post, record, send, type Answered } from './support/client';
import { dealOpened, fundingReady, fundsCalled, groundwork, partyRegistered, type StreamEvent } from './support/events';
import { positionsOf, readLedger } from './support/ledger';
import { refold } from './support/refold';

const LOAD_SECONDS = Number(process.env['LOAD_SECONDS'] ?? 6);
jest.setTimeout(180_000);

const CLIENTS = 64;
const STREAMS = 50;
/** Small enough to be used up under load, so that the last calls fight for what is left. */
const CONTENDED_USD = 500;

/** A request that was made until it got an answer, and all its answers. */
interface Asked {
  readonly event: StreamEvent;
  readonly answers: Answered[];
  /** Some attempt got no answer, or 503. */
  unknown: boolean;
}

describeWithLocalKafka('two deals processes on one Kafka', () => {
  let kafka: RunningKafka;
  let topic: string;
  let one: RunningService;
  let two: RunningService;

  const commits = (service: RunningService): string => `${service.url}/v1/commits`;

  let postgres: RunningPostgres;

  beforeAll(async () => {
    [kafka, postgres] = await Promise.all([
      startKafka({ restartable: true }),
      startPostgres({ restartable: true, durable: false }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([kafka?.stop(), postgres?.stop()]);
  });

  beforeEach(async () => {
    topic = `ledger-${randomUUID()}`;
    const environment = { KAFKA_BROKERS: kafka.brokers.join(','), LEDGER_TOPIC: topic };
    [one, two] = await Promise.all([
      startService({ service: 'deals', environment }),
      startService({ service: 'deals', environment }),
    ]);
    await record(commits(one), { events: groundwork() });
  });
  afterEach(() => Promise.all([one?.stop(), two?.stop()]));

  async function wholeLedger() {
    const log = await KafkaLog.open({ brokers: kafka.brokers, topic });
    try {
      return await readLedger(log);
    } finally {
      await log.close();
    }
  }

  /** Asks until there is an answer that is not about availability; half of the time the other process. */
  async function ask(asked: Asked[], event: StreamEvent, giveUpMs: number): Promise<void> {
    const question: Asked = { event, answers: [], unknown: false };
    asked.push(question);
    while (Date.now() < giveUpMs) {
      try {
        const answer = await post(commits(Math.random() < 0.5 ? one : two), { events: [event] });
        question.answers.push(answer);
        if (answer.status !== 503) return;
      } catch {
        // The process died before it answered.
      }
      question.unknown = true;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }

  /** Clients that call funds from shared tranches, as fast as they are answered. */
  async function load(seconds: number, during: () => Promise<void>): Promise<Asked[]> {
    const fundings = Array.from({ length: STREAMS }, (_, index) => `f${index}`);
    for (const [index, funding] of fundings.entries())
      await record(commits(one), { events: fundingReady(funding, index === 0 ? CONTENDED_USD : 10_000_000) });
    const asked: Asked[] = [];
    const untilMs = Date.now() + seconds * 1_000;
    const client = async (name: number): Promise<void> => {
      for (let count = 1; Date.now() < untilMs; count += 1) {
        const funding = Math.random() < 0.2 ? 'f0' : (fundings[Math.floor(Math.random() * STREAMS)] as string);
        await ask(
          asked,
          fundsCalled(funding, `call-${name}-${count}`, 1 + Math.floor(Math.random() * 20)),
          untilMs + 20_000,
        );
      }
    };
    await Promise.all([...Array.from({ length: CLIENTS }, (_, name) => client(name)), during()]);
    return asked;
  }

  /** Holds the log against every answer that was given. */
  async function expectNothingLostNothingDoubled(asked: readonly Asked[]) {
    const ledger = await wholeLedger();
    const positions = positionsOf(ledger.facts);
    const wrong: string[] = [];
    let acknowledged = 0;
    for (const { event, answers, unknown } of asked) {
      const at = positions.get(`${event.stream} ${event.id}`) ?? [];
      if (at.length > 1) wrong.push(`${event.id} is a fact ${at.length} times`);
      const recorded = answers.filter(({ status }) => status === 201 || status === 200);
      if (recorded.length > 0) acknowledged += 1;
      for (const { json } of recorded)
        if (json['position'] !== at[0])
          wrong.push(`${event.id} was answered with ${String(json['position'])}, the log has it at ${at.join()}`);
      if (recorded.length === 0 && at.length > 0 && !unknown) wrong.push(`${event.id} was refused and is a fact`);
      for (const { status, json } of answers)
        if (![200, 201, 409, 503].includes(status))
          wrong.push(`${event.id} was answered ${status} ${String(json['code'])}`);
    }
    expect(wrong).toEqual([]);
    expect(refold(ledger.facts)).toEqual([]);
    const called = ledger.facts
      .flatMap(({ facts }) => facts)
      .filter(({ stream, type }) => stream === 'funding/f0' && type === 'FundsCalled');
    const sum = called.reduce(
      (total, { data }) => total + Number((data as { money: { amount: string } }).money.amount),
      0,
    );
    expect(sum).toBeLessThanOrEqual(CONTENDED_USD);
    return { ledger, acknowledged, contended: sum };
  }

  async function expectAgreement(ledger: Awaited<ReturnType<typeof wholeLedger>>) {
    const facts = ledger.facts.length;
    for (const service of [one, two]) {
      const { json } = await send(`${service.url}/health/ready`);
      expect(JSON.stringify(json)).toContain(
        `has read ${facts} facts, ${ledger.voids} void commits and ${ledger.foreign} foreign records`,
      );
    }
    const states = (service: RunningService): Promise<unknown[]> =>
      Promise.all(
        ['parties/lender', 'parties/borrower'].map(async (path) => (await send(`${service.url}/v1/${path}`)).text),
      );
    expect(await states(one)).toEqual(await states(two));
  }

  /** Starts both projections on the ledger and holds what they wrote against the log. */
  async function expectProjectionsToAgree(ledger: Awaited<ReturnType<typeof wholeLedger>>) {
    const last = ledger.judge.nextPosition - 1;
    const facts = ledger.facts.map(({ position, commit }) => `${position} ${commit.id}`);
    const heads = new Map(
      ledger.facts.flatMap(({ commit }) =>
        commit.events.map(({ stream, version }) => [stream, `${commit.id} ${version}`]),
      ),
    );
    const environment = { KAFKA_BROKERS: kafka.brokers.join(','), LEDGER_TOPIC: topic, DATABASE_URL: postgres.url };
    for (const [service, schema, report] of [
      ['spend-forecast', 'spend_forecast', 'funding-position'],
      ['supplier-commitments', 'supplier_commitments', 'commitment-lines'],
    ] as const) {
      const projection = await startService({ service, environment });
      const client = new Client({ connectionString: postgres.url });
      try {
        expect((await send(`${projection.url}/v1/reports/${report}?minPosition=${last}`)).status).toBe(200);
        await client.connect();
        const rows = async (sql: string): Promise<string[]> =>
          (await client.query<{ line: string }>(sql.replaceAll('$', schema))).rows.map(({ line }) => line);
        expect(
          await rows(
            `select distinct position, position || ' ' || writer || '/' || n as line from $.events order by position`,
          ),
        ).toEqual(facts);
        expect((await rows(`select position::text as line from $.skipped`)).length).toBe(ledger.voids + ledger.foreign);
        const projected = await rows(
          `select distinct on (stream) stream || ' ' || writer || '/' || n || ' ' || version as line from $.events order by stream, version desc`,
        );
        expect(projected.sort()).toEqual([...heads].map(([stream, head]) => `${stream} ${head}`).sort());
      } finally {
        await client.end();
        await projection.stop();
      }
    }
  }

  it('loses nothing and doubles nothing when one is killed under load and started again', async () => {
    const asked = await load(LOAD_SECONDS, async () => {
      await new Promise((resume) => setTimeout(resume, (LOAD_SECONDS * 1_000) / 2));
      await one.kill9();
      await one.start();
    });
    const { ledger, acknowledged, contended } = await expectNothingLostNothingDoubled(asked);
    await expectAgreement(ledger);
    await expectProjectionsToAgree(ledger);
    console.info(
      `${asked.length} asked, ${acknowledged} recorded, ${ledger.voids} void commits, ${contended} of ${CONTENDED_USD} USD called from the contended tranche`,
    );
    expect(acknowledged).toBeGreaterThan(CLIENTS);
    expect(contended).toBeGreaterThan(CONTENDED_USD - 20);
  });

  it('answers late or 503 while the broker is away, and goes on by itself', async () => {
    const asked = await load(Math.max(LOAD_SECONDS, 9), async () => {
      await new Promise((resume) => setTimeout(resume, 1_500));
      await kafka.kill9();
      await new Promise((resume) => setTimeout(resume, 5_000));
      await kafka.start();
    });
    const { ledger } = await expectNothingLostNothingDoubled(asked);
    await expectAgreement(ledger);
    expect((await record(commits(two), { events: [partyRegistered('afterwards')] })).status).toBe(201);
  });

  it('makes one event of five equal requests at once, whoever they are sent to', async () => {
    const { id: _, stream, ...event } = partyRegistered('only-once');
    const answers = await Promise.all(
      [one, two, one, two, one].map((service) =>
        post(`${service.url}/v1/parties/only-once/events`, { events: [event] }, { 'idempotency-key': 'five-at-once' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const ledger = await wholeLedger();
    expect(ledger.facts.flatMap(({ facts }) => facts).filter((fact) => fact.stream === stream)).toHaveLength(1);
  });

  it('never calls unknown what the other has just recorded', async () => {
    await record(commits(one), { events: [partyRegistered('partner')] });
    for (let count = 0; count < 1_000; count += 1) {
      const [first, second] = count % 2 === 0 ? [one, two] : [two, one];
      await record(commits(first), { events: [partyRegistered(`party-${count}`)] });
      const answer = await post(commits(second), {
        events: [dealOpened(`deal-${count}`, 'partner', `party-${count}`)],
      });
      expect(answer.text).toContain('"position"');
      expect(answer.status).toBe(201);
    }
  });

  it('shares one stream fairly', async () => {
    await record(commits(one), { events: fundingReady('hot', 1_000_000_000) });
    const seconds = Math.max(LOAD_SECONDS, 10);
    const untilMs = Date.now() + seconds * 1_000;
    const recorded = [0, 0];
    await Promise.all(
      [one, two].flatMap((service, which) =>
        Array.from({ length: 8 }, async (_, name) => {
          for (let count = 0; Date.now() < untilMs; count += 1) {
            const { status } = await post(commits(service), {
              events: [fundsCalled('hot', `hot-${which}-${name}-${count}`, 1)],
            });
            if (status === 201) recorded[which] = (recorded[which] ?? 0) + 1;
          }
        }),
      ),
    );
    const share = Math.min(...recorded) / (recorded[0]! + recorded[1]!);
    console.info(`one hot stream, ${seconds} s: ${recorded.join(' and ')} recorded`);
    expect(share).toBeGreaterThan(1 / 3);
  });
});

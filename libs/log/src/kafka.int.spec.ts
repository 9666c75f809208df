import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { startKafka, type RunningKafka } from '../../../tests/harness/kafka';
import { describeWithKafka, describeWithLocalKafka } from '../../../tests/harness/suites';
import { logContract, restartContract } from './contract';
import { follow, record, texts, upTo, type LogUnderTest } from './contract-support';
import { KafkaLog } from './kafka';

const client = (brokers: string[]): Kafka => new Kafka({ brokers, clientId: 'test', logLevel: logLevel.NOTHING });

const asAdmin = async <T>(brokers: string[], work: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

const newTopic = (): string => `log-${randomUUID()}`;

const underTest = async (brokers: string[]): Promise<LogUnderTest> => {
  const topic = newTopic();
  const remove = (): Promise<void> => asAdmin(brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
  return {
    open: () => KafkaLog.open({ brokers, topic }),
    foreign: async ({ key, value, headers }) => {
      const producer = client(brokers).producer({ createPartitioner: () => () => 0 });
      await producer.connect();
      const values = (name: string): Buffer[] => headers.filter(([other]) => other === name).map(([, each]) => each);
      const grouped = Object.fromEntries(headers.map(([name]) => [name, values(name)]));
      await producer.send({ topic, messages: [{ key, value, headers: grouped }] });
      await producer.disconnect();
    },
    lose: (position) =>
      asAdmin(brokers, async (admin) => {
        // It deletes only from topics it has been asked about before.
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(position + 1) }] });
      }),
    lossIs: 'LOG_POSITION_GONE',
    recreate: async () => {
      await remove();
      await (await KafkaLog.open({ brokers, topic })).close();
    },
    dispose: remove,
  };
};

describeWithKafka('KafkaLog', (brokers) => {
  logContract('Kafka', () => underTest(brokers));

  it('refuses a topic that could lose or alter records, and says all that is wrong with it', async () => {
    const topic = newTopic();
    const configEntries = [
      { name: 'retention.ms', value: '604800000' },
      { name: 'cleanup.policy', value: 'compact' },
    ];
    await asAdmin(brokers, (admin) => admin.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] }));
    const opening = KafkaLog.open({ brokers, topic });
    await expect(opening).rejects.toMatchObject({ name: 'LogHalted', code: 'LOG_MISCONFIGURED' });
    for (const fault of [
      'it has 2 partitions and must have 1',
      'retention.ms is 604800000 and must be -1',
      'cleanup.policy is compact and must be delete',
      'message.timestamp.type is CreateTime and must be LogAppendTime',
    ]) {
      await expect(opening).rejects.toThrow(fault);
    }
  });

  it('refuses a topic that is missing and not to be made', async () => {
    await expect(KafkaLog.open({ brokers, topic: newTopic(), createIfMissing: false })).rejects.toMatchObject({
      code: 'LOG_MISCONFIGURED',
    });
  });

  it('is opened by several processes at the same moment', async () => {
    const topic = newTopic();
    const logs = await Promise.all(upTo(4).map(() => KafkaLog.open({ brokers, topic })));
    const given = await Promise.all(logs.map((log) => log.append(record('a'))));
    expect(given.toSorted()).toEqual(upTo(4));
    await Promise.all(logs.map((log) => log.close()));
  });

  it('shows what a transaction left behind: its records, and its markers as records without content', async () => {
    const topic = newTopic();
    const log = await KafkaLog.open({ brokers, topic });
    const end = new AbortController();
    const live = follow(log, 0, end.signal);
    const producer = client(brokers).producer({
      createPartitioner: () => () => 0,
      transactionalId: topic,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (const finish of ['commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: 'a', value: finish }] });
      await transaction[finish]();
    }
    await producer.disconnect();
    expect(await log.append(record('ours'))).toBe(4);
    const expected = ['commit', undefined, 'abort', undefined, 'ours'];
    expect(texts(await live.until(5))).toEqual(expected);
    const afterwards = await follow(log, 0, end.signal).until(5);
    expect(afterwards).toEqual(live.records);
    expect(afterwards[1]).toEqual({ position: 1, timeMs: expect.any(Number), key: null, value: null, headers: [] });
    expect(texts(await follow(log, 3, end.signal).until(2))).toEqual(expected.slice(3));
    await log.close();
  });
});

describeWithLocalKafka('KafkaLog on a broker that goes away', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka({ restartable: true });
  }, 120_000);
  afterAll(() => kafka.stop());

  restartContract('Kafka', async () => ({
    ...(await underTest(kafka.brokers)),
    stop: () => kafka.kill9(),
    start: () => kafka.start(),
  }));

  it('answers with a failure, rather than never, while a broker says nothing', async () => {
    const log = await KafkaLog.open({ brokers: kafka.brokers, topic: newTopic() });
    await log.append(record('a'));
    kafka.pause();
    try {
      const outcomes = await Promise.allSettled([log.append(record('b')), log.append(record('c')), log.end()]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    } finally {
      kafka.resume();
    }
    // What was sent while it was silent may still come to stand in the log.
    for (let tries = 0; tries < 20; tries += 1) {
      const position = await log.append(record('d')).catch(() => undefined);
      if (position === undefined) continue;
      expect(await log.end()).toBeGreaterThan(position);
      break;
    }
    expect.assertions(2);
    await log.close();
  });
});

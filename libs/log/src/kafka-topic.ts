import { ConfigResourceTypes, type Admin } from 'kafkajs';
import { LogHalted } from './log';
import { MAX_BATCH_BYTES } from './limits';
import { kafkaClient, type KafkaSettings } from './kafka-connection';
import { backoffMs, pause } from './waiting';

export interface TopicWishes {
  readonly createIfMissing: boolean;
  /** Whether a lone broker has to write every produce request through to its disk. */
  readonly flushEveryMessage: boolean;
}

const REPLICAS = 3;
const TOPIC_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 5_000;

/** Room for the largest batch and what the broker wraps around it. */
const MAX_MESSAGE_BYTES = 2 * MAX_BATCH_BYTES;

const TIMESTAMPS = 'message.timestamp.type';
const GIVEN_TIMES = 'CreateTime';
const ANY_TIME = '9223372036854775807';

interface Requirement {
  readonly name: string;
  /** Given to a topic that is made here. */
  readonly value: string;
  readonly wanted: string;
  readonly holds: (value: string) => boolean;
}

/** What a topic must be like, so that nothing in it is ever lost, moved, or dated by anybody but the broker. */
function requirements(replicas: number, flushEveryMessage: boolean): Requirement[] {
  const exactly = (name: string, value: string): Requirement => ({
    name,
    value,
    wanted: value,
    holds: (actual) => actual === value,
  });
  const atLeast = (name: string, value: number): Requirement => ({
    name,
    value: String(value),
    wanted: `at least ${value}`,
    holds: (actual) => Number(actual) >= value,
  });
  return [
    exactly('cleanup.policy', 'delete'),
    exactly('retention.ms', '-1'),
    exactly('retention.bytes', '-1'),
    exactly(TIMESTAMPS, 'LogAppendTime'),
    exactly('unclean.leader.election.enable', 'false'),
    atLeast('max.message.bytes', MAX_MESSAGE_BYTES),
    // Otherwise a stranger's batch could come in a compression that the client cannot undo.
    {
      name: 'compression.type',
      value: 'uncompressed',
      wanted: 'uncompressed or gzip',
      holds: (actual) => ['uncompressed', 'gzip'].includes(actual),
    },
    ...(replicas > 1 ? [atLeast('min.insync.replicas', 2)] : []),
    ...(replicas === 1 && flushEveryMessage ? [exactly('flush.messages', '1')] : []),
  ];
}

/**
 * Makes the topic if it is missing, and refuses one that could lose or alter what is in it.
 * Several processes may do this at the same moment.
 * @throws LogHalted `LOG_MISCONFIGURED`
 */
export async function ensureTopic(settings: KafkaSettings, wishes: TopicWishes): Promise<void> {
  const admin = kafkaClient(settings, REQUEST_TIMEOUT_MS).admin();
  const signal = AbortSignal.timeout(TOPIC_TIMEOUT_MS);
  try {
    await admin.connect();
    for (let failures = 1; ; failures += 1) {
      try {
        await makeOrCheck(admin, settings.topic, wishes);
        return;
      } catch (error) {
        if (error instanceof LogHalted || signal.aborted) throw error;
        settings.logger.debug({ err: error }, 'the topic is not ready');
        await pause(backoffMs(failures), signal);
      }
    }
  } finally {
    await admin.disconnect();
  }
}

/** What is in a topic, if there is one. */
export async function recordsInTopic(
  settings: KafkaSettings,
): Promise<{ readonly records: number; readonly isUnfinished: boolean } | undefined> {
  const { topic } = settings;
  return withAdmin(settings, async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) return undefined;
    const offsets = await admin.fetchTopicOffsets(topic);
    const records = offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    return { records, isUnfinished: (await configOf(admin, topic)).get(TIMESTAMPS) === GIVEN_TIMES };
  });
}

/** Makes a topic into which records are put with the times that they have. It cannot hold a log as long as it is so. */
export async function createRestoredTopic(settings: KafkaSettings, flushEveryMessage: boolean): Promise<void> {
  const { topic } = settings;
  await withAdmin(settings, async (admin) => {
    const { brokers } = await admin.describeCluster();
    const replicas = Math.min(REPLICAS, brokers.length);
    const kept = entriesOf(replicas, flushEveryMessage).filter(({ name }) => name !== TIMESTAMPS);
    const configEntries = [
      ...kept,
      { name: TIMESTAMPS, value: GIVEN_TIMES },
      // Times of a ledger are what they are, also where a clock of tests was ahead.
      { name: 'message.timestamp.after.max.ms', value: ANY_TIME },
    ];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: replicas, configEntries }] });
  });
}

/**
 * Makes a topic that was restored one that can hold a log: the broker dates what comes from now on.
 * @throws LogHalted `LOG_MISCONFIGURED` when it cannot for another reason
 */
export async function handOverTopic(settings: KafkaSettings, flushEveryMessage: boolean): Promise<void> {
  const { topic } = settings;
  await withAdmin(settings, async (admin) => {
    const { brokers } = await admin.describeCluster();
    const configEntries = entriesOf(Math.min(REPLICAS, brokers.length), flushEveryMessage);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    });
  });
  await ensureTopic(settings, { createIfMissing: false, flushEveryMessage });
}

async function withAdmin<Result>(settings: KafkaSettings, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = kafkaClient(settings, REQUEST_TIMEOUT_MS).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

const entriesOf = (replicas: number, flushEveryMessage: boolean): { name: string; value: string }[] =>
  requirements(replicas, flushEveryMessage).map(({ name, value }) => ({ name, value }));

async function configOf(admin: Admin, topic: string): Promise<ReadonlyMap<string, string>> {
  const { resources } = await admin.describeConfigs({
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    includeSynonyms: false,
  });
  return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
}

async function makeOrCheck(
  admin: Admin,
  topic: string,
  { createIfMissing, flushEveryMessage }: TopicWishes,
): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const replicas = Math.min(REPLICAS, brokers.length);
  if (!(await admin.listTopics()).includes(topic)) {
    if (!createIfMissing) throw new LogHalted('LOG_MISCONFIGURED', `topic ${topic} does not exist`);
    const configEntries = entriesOf(replicas, flushEveryMessage);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: replicas, configEntries }] });
  }
  const faults = await faultsOf(admin, topic, replicas, flushEveryMessage);
  if (faults.length > 0)
    throw new LogHalted('LOG_MISCONFIGURED', `topic ${topic} cannot hold a log: ${faults.join('; ')}`);
}

async function faultsOf(
  admin: Admin,
  topic: string,
  wantedReplicas: number,
  flushEveryMessage: boolean,
): Promise<string[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  const [partition] = partitions;
  if (!partition || partition.leader < 0) throw new Error(`topic ${topic} has no leader yet`);
  const faults: string[] = [];
  if (partitions.length !== 1) faults.push(`it has ${partitions.length} partitions and must have 1`);
  const replicas = partition.replicas.length;
  if (replicas < wantedReplicas) faults.push(`it has ${replicas} replicas and must have ${wantedReplicas}`);

  const actual = await configOf(admin, topic);
  for (const { name, wanted, holds } of requirements(replicas, flushEveryMessage)) {
    const value = actual.get(name) ?? '(unknown)';
    if (!holds(value)) faults.push(`${name} is ${value} and must be ${wanted}`);
  }
  return faults;
}

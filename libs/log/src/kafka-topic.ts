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
    exactly('message.timestamp.type', 'LogAppendTime'),
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

async function makeOrCheck(
  admin: Admin,
  topic: string,
  { createIfMissing, flushEveryMessage }: TopicWishes,
): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const replicas = Math.min(REPLICAS, brokers.length);
  if (!(await admin.listTopics()).includes(topic)) {
    if (!createIfMissing) throw new LogHalted('LOG_MISCONFIGURED', `topic ${topic} does not exist`);
    const configEntries = requirements(replicas, flushEveryMessage).map(({ name, value }) => ({ name, value }));
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

  const { resources } = await admin.describeConfigs({
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    includeSynonyms: false,
  });
  const actual = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  for (const { name, wanted, holds } of requirements(replicas, flushEveryMessage)) {
    const value = actual.get(name) ?? '(unknown)';
    if (!holds(value)) faults.push(`${name} is ${value} and must be ${wanted}`);
  }
  return faults;
}

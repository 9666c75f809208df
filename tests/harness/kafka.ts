import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { fetchKafkaJars, KAFKA_VERSION, missingForJava } from './kafka-jars';
import { NotAvailable, startContainer } from './containers';
import { eventually, freePorts, startServer, type Server } from './processes';
import { ROOT } from './root';

export interface KafkaOptions {
  readonly brokers?: 1 | 3;
  /** Kept when given; else a temporary folder that goes with `stop`. */
  readonly dataDir?: string;
  /** Of the first broker. */
  readonly port?: number;
  readonly jarsDir?: string;
  /** Only a Kafka of our own, whose brokers can be killed and started again. */
  readonly restartable?: boolean;
}

/** A Kafka to test against. Only one that runs on the local Java can be killed, paused and started again. */
export interface RunningKafka {
  readonly brokers: string[];
  readonly origin: 'environment' | 'docker' | 'java';
  /** As a crash would. */
  kill9(broker?: number): Promise<void>;
  /** The same data and port again; resolves when it serves. */
  start(broker?: number): Promise<void>;
  /** It stays connected and says nothing. */
  pause(broker?: number): void;
  resume(broker?: number): void;
  /** Leaves no process behind, and no data unless `dataDir` was given. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 90_000;
const DEFAULT_JARS_DIR = join(ROOT, '.cache', `kafka-${KAFKA_VERSION}`);

/**
 * Finds or starts a Kafka: the one `KAFKA_BROKERS` names, else one in Docker, else a real one on the local Java.
 * @throws NotAvailable saying what is missing
 */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const jarsDir = options.jarsDir ?? DEFAULT_JARS_DIR;
  if (!options.restartable) {
    const { KAFKA_BROKERS } = process.env;
    if (KAFKA_BROKERS) return unbreakable('environment', KAFKA_BROKERS.split(','), async () => {});
    if ((options.brokers ?? 1) === 1) {
      const container = await startKafkaContainer(options.port);
      if (container) return container;
    }
  }
  const missing = missingForJava(jarsDir);
  if (missing)
    throw new NotAvailable(
      `no Kafka: ${options.restartable ? '' : 'KAFKA_BROKERS is not set, Docker does not run, and '}${missing}`,
    );
  fetchKafkaJars(jarsDir);
  return startOnJava(options, jarsDir);
}

/** What a Kafka of our own, one that can be killed and started again, lacks here; nothing if it can be had. */
export function missingToRunLocally(jarsDir: string = DEFAULT_JARS_DIR): string | undefined {
  return missingForJava(jarsDir);
}

async function startOnJava(options: KafkaOptions, jarsDir: string): Promise<RunningKafka> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'deal-ledger-kafka-'));
  const count = options.brokers ?? 1;
  const ports = await freePorts(2 * count);
  if (options.port !== undefined) ports[0] = options.port;
  const brokerPorts = ports.slice(0, count);
  const voters = ports.slice(count).map((port, index) => `${index + 1}@127.0.0.1:${port}`);
  const brokers = brokerPorts.map((port) => `127.0.0.1:${port}`);
  const clusterId = newClusterId();
  const servers: (Server | undefined)[] = [];

  const folder = (index: number): string => join(dataDir, `broker-${index + 1}`);
  const launch = async (index: number): Promise<void> => {
    const java = [
      '-Xmx512m',
      '-Xms128m',
      '-XX:+UseSerialGC',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      join(jarsDir, 'libs', '*'),
    ];
    if (!existsSync(join(folder(index), 'data', 'meta.properties'))) {
      mkdirSync(folder(index), { recursive: true });
      writeFileSync(
        join(folder(index), 'server.properties'),
        properties(index, brokerPorts[index] as number, voters, join(folder(index), 'data')),
      );
      const format = spawnSync(
        'java',
        [...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', 'server.properties'],
        { cwd: folder(index), encoding: 'utf8' },
      );
      if (format.status !== 0)
        throw new Error(`Kafka's folder could not be formatted: ${format.stdout}${format.stderr}`);
    }
    servers[index] = await startServer('java', [...java, 'kafka.Kafka', 'server.properties'], folder(index));
  };
  const ready = async (awaited: readonly number[]): Promise<void> => {
    const running = (): boolean => awaited.every((index) => servers[index]?.running);
    try {
      for (const index of awaited)
        await eventually(
          () => describe(brokers[index] as string, servers.filter((server) => server?.running).length),
          READY_WITHIN_MS,
          running,
        );
    } catch (error) {
      const output = awaited.map((index) => servers[index]?.output()).join('\n');
      throw new Error(`Kafka did not become ready: ${String(error)}\n${output}`);
    }
  };
  const stop = async (): Promise<void> => {
    for (const server of servers) server?.signal('SIGCONT');
    await Promise.all(servers.map(async (server) => server?.end(options.dataDir ? 'SIGTERM' : 'SIGKILL')));
    if (!options.dataDir) rmSync(dataDir, { recursive: true, force: true });
  };

  const all = Array.from({ length: count }, (_, index) => index);
  try {
    for (const index of all) await launch(index);
    await ready(all);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers,
    origin: 'java',
    kill9: async (index = 0) => servers[index]?.end('SIGKILL'),
    start: async (index = 0) => {
      await launch(index);
      await ready([index]);
    },
    pause: (index = 0) => servers[index]?.signal('SIGSTOP'),
    resume: (index = 0) => servers[index]?.signal('SIGCONT'),
    stop,
  };
}

/**
 * A cluster's id as Kafka makes them: 16 bytes in base64url, never with a dash in front, which the storage tool would
 * take for the name of an option. With the highest bit unset the first letter is one of A to f.
 */
export function newClusterId(bytes: Buffer = randomBytes(16)): string {
  const id = Buffer.from(bytes);
  id[0] = (id[0] as number) & 0x7f;
  return id.toString('base64url');
}

/** Small, quick to be ready, and with nothing that waits for more members to come. */
function properties(index: number, port: number, voters: readonly string[], logDir: string): string {
  const replicas = voters.length;
  const controllerPort = (voters[index] as string).split(':')[1];
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': index + 1,
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'log.dirs': logDir,
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'default.replication.factor': replicas,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': Math.min(2, replicas),
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.enable': false,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function describe(broker: string, members: number): Promise<void> {
  const kafka = new Kafka({
    brokers: [broker],
    clientId: 'harness',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    if (cluster.brokers.length < members || cluster.controller === null)
      throw new Error(`${cluster.brokers.length} of ${members} brokers have joined`);
  } finally {
    await admin.disconnect();
  }
}

async function startKafkaContainer(wantedPort: number | undefined): Promise<RunningKafka | undefined> {
  const port = wantedPort ?? ((await freePorts(1))[0] as number);
  const container = await startContainer((host) => ({
    image: `apache/kafka:${KAFKA_VERSION}`,
    ports: [{ container: 9092, host: port }],
    environment: {
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${host}:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    },
  }));
  if (!container) return undefined;
  const address = `${container.host}:${port}`;
  try {
    await eventually(() => describe(address, 1), READY_WITHIN_MS);
  } catch (error) {
    await container.stop();
    throw error;
  }
  return unbreakable('docker', [address], container.stop);
}

function unbreakable(origin: RunningKafka['origin'], brokers: string[], stop: () => Promise<void>): RunningKafka {
  const refuse = (): never => {
    throw new Error(
      `a Kafka of origin "${origin}" cannot be killed, paused or started again: ask for a restartable one`,
    );
  };
  return {
    brokers,
    origin,
    stop,
    kill9: async () => refuse(),
    start: async () => refuse(),
    pause: refuse,
    resume: refuse,
  };
}

import { isIP, connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel, type Broker, type Cluster, type KafkaConfig } from 'kafkajs';
import { within, type LogLogger } from './waiting';

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly clientId: string;
  readonly logger: LogLogger;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
}

const CONNECTION_TIMEOUT_MS = 1_500;
const KEEP_ALIVE_MS = 60_000;
const ENDED = 'the connection was ended';

/**
 * The client library, told to retry little and briefly: what to do about a failure is decided by
 * those who know what they asked for.
 */
export function kafkaClient(
  settings: KafkaSettings,
  requestTimeoutMs: number,
  socketFactory?: KafkaConfig['socketFactory'],
): Kafka {
  const { brokers, clientId, ssl, sasl, logger } = settings;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: 2 * CONNECTION_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    retry: { initialRetryTime: 30, maxRetryTime: 250, retries: brokers.length },
    logLevel: logLevel.WARN,
    // It reports as an error what it then retries.
    logCreator:
      () =>
      ({ namespace, log: { message } }) =>
        logger.debug({ namespace }, `kafkajs: ${message}`),
    ...(socketFactory ? { socketFactory } : {}),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  });
}

/** The sockets of one connection, so that it can be ended at once, whatever it waits for. */
class Sockets {
  private readonly open = new Set<Socket>();
  private ended = false;

  readonly factory: NonNullable<KafkaConfig['socketFactory']> = ({ host, port, ssl, onConnect }) => {
    if (this.ended) throw new Error(ENDED);
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  };

  end(): void {
    this.ended = true;
    for (const socket of this.open) socket.destroy(new Error(ENDED));
  }
}

/**
 * A connection to the broker that leads the topic's only partition.
 *
 * kafkajs offers no consumer outside a group, and a group's coordinator, rebalances and silent
 * resets are all in the way of a reader that knows its position. It does hand its `Cluster` to
 * partition assigners, and a `Cluster`'s brokers can be asked to fetch and produce: no more is needed.
 */
export class KafkaConnection {
  private constructor(
    private readonly cluster: Cluster,
    private readonly sockets: Sockets,
    private readonly topic: string,
  ) {}

  /** Connects to whichever broker leads at the moment; rejects within `timeoutMs`. */
  static async open(settings: KafkaSettings, requestTimeoutMs: number, timeoutMs: number): Promise<KafkaConnection> {
    const sockets = new Sockets();
    const kafka = kafkaClient(settings, requestTimeoutMs, sockets.factory);
    const connection = new KafkaConnection(clusterOf(kafka, settings.clientId), sockets, settings.topic);
    const work = connection.connect();
    const what = `connecting to Kafka at ${settings.brokers.join(', ')}`;
    try {
      await within(timeoutMs, what, work, () => connection.destroy());
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  private async connect(): Promise<void> {
    await this.cluster.connect();
    await this.cluster.addTargetTopic(this.topic);
    await this.leader();
  }

  /** The broker to ask; it may have ceased to lead since, and will say so. */
  async leader(): Promise<Broker> {
    const [nodeId] = Object.keys(this.cluster.findLeaderForPartitions(this.topic, [0]));
    if (nodeId === undefined) throw new Error(`nobody leads topic ${this.topic}`);
    return this.cluster.findBroker({ nodeId });
  }

  /** Sends the body of a produce request to the leader; the offset of its first record. */
  async produce(leader: Broker, body: Buffer): Promise<number> {
    const { topics } = (await withBody(leader, body).produce({ topicData: [], acks: -1 })) as {
      topics: readonly { partitions: readonly { baseOffset: string }[] }[];
    };
    return Number(topics[0]?.partitions[0]?.baseOffset);
  }

  /** The offset after the last record that can be read. */
  async endOffset(): Promise<number> {
    const [topic] = await this.cluster.fetchTopicsOffset([
      { topic: this.topic, partitions: [{ partition: 0 }], fromBeginning: false },
    ]);
    const offset = topic?.partitions[0]?.offset;
    if (offset === undefined) throw new Error(`nobody knows the end of topic ${this.topic}`);
    return Number(offset);
  }

  /** Ends it at once; requests under way reject. */
  destroy(): void {
    this.sockets.end();
    // The sockets are gone, so it only tidies up, and there is nobody to tell if that fails.
    this.cluster.disconnect().catch(() => undefined);
  }
}

interface BrokerLookup extends Broker {
  lookupRequest(
    apiKey: number,
    versions: unknown,
  ): (plan: unknown) => { readonly request: { readonly apiVersion: number }; readonly response: unknown };
}

/**
 * The broker as the library has it, but for what it makes a request's body of: sending, versions,
 * time limits, answers and errors remain the library's.
 */
function withBody(broker: Broker, body: Buffer): Broker {
  const lookupRequest: BrokerLookup['lookupRequest'] = (apiKey, versions) => (plan) => {
    const { request, response } = (broker as BrokerLookup).lookupRequest(apiKey, versions)(plan);
    return { request: { ...request, encode: async () => ({ buf: body, buffer: body }) }, response };
  };
  return Object.create(broker, { lookupRequest: { value: lookupRequest } }) as Broker;
}

/** Makes a consumer that is never run, for the cluster that it hands out. */
function clusterOf(kafka: Kafka, groupId: string): Cluster {
  let handedOut: Cluster | undefined;
  kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    // Readers see what stands in the log, whatever became of a transaction that put it there.
    readUncommitted: true,
    partitionAssigners: [
      ({ cluster }) => {
        handedOut = cluster;
        return {
          name: '',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: '', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (!handedOut) throw new Error('kafkajs did not hand out its cluster');
  return handedOut;
}

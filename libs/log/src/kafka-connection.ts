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

/**
 * A connection to the broker that leads the topic's only partition.
 *
 * kafkajs offers no consumer outside a group, and a group's coordinator, rebalances and silent
 * resets are all in the way of a reader that knows its position. It does hand its `Cluster` to
 * partition assigners, and a `Cluster`'s brokers can be asked to fetch and produce: no more is needed.
 */
export class KafkaConnection {
  private readonly sockets = new Set<Socket>();
  private destroyed = false;

  private constructor(
    private readonly cluster: Cluster,
    private readonly topic: string,
  ) {}

  /** Connects to whichever broker leads at the moment; rejects within `timeoutMs`. */
  static async open(settings: KafkaSettings, requestTimeoutMs: number, timeoutMs: number): Promise<KafkaConnection> {
    // Made further down, and not needed before the first socket is.
    let connection: KafkaConnection | undefined = undefined as KafkaConnection | undefined;
    const kafka = kafkaClient(settings, requestTimeoutMs, (args) => (connection as KafkaConnection).socket(args));
    let cluster: Cluster | undefined;
    kafka.consumer({
      groupId: settings.clientId,
      allowAutoTopicCreation: false,
      // Readers see what stands in the log, whatever became of a transaction that put it there.
      readUncommitted: true,
      partitionAssigners: [
        (given) => {
          cluster = given.cluster;
          return {
            name: '',
            version: 0,
            assign: async () => [],
            protocol: () => ({ name: '', metadata: Buffer.alloc(0) }),
          };
        },
      ],
    });
    if (!cluster) throw new Error('kafkajs did not hand out its cluster');
    const opened = new KafkaConnection(cluster, settings.topic);
    connection = opened;
    try {
      await within(timeoutMs, `connecting to Kafka at ${settings.brokers.join(', ')}`, opened.connect(), () =>
        opened.destroy(),
      );
      return opened;
    } catch (error) {
      opened.destroy();
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
    if (this.destroyed) return;
    this.destroyed = true;
    for (const socket of this.sockets) socket.destroy(new Error('the connection was ended'));
    // The sockets are gone, so it only tidies up, and there is nobody to tell if that fails.
    this.cluster.disconnect().catch(() => {});
  }

  private socket({ host, port, ssl, onConnect }: Parameters<NonNullable<KafkaConfig['socketFactory']>>[0]): Socket {
    if (this.destroyed) throw new Error('the connection was ended');
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }
}

import { startKafka, type RunningKafka } from './kafka';
import { startPostgres, type RunningPostgres } from './postgres';
import { freePorts, isTaken } from './processes';
import { SERVICES, startService, type RunningService, type ServiceName } from './services';

export interface ClusterOptions {
  /** Of the front door; a free one unless given. */
  readonly port?: number;
  /** Whether the broker and the database must be ones that can be killed and started again. */
  readonly restartable?: boolean;
  /** Settings of every service. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly durable?: boolean;
  /** Told what is being started. */
  readonly progress?: (line: string) => void;
}

/** Every service as a process of its own, on a real Kafka and a real Postgres. */
export interface Cluster {
  /** Of the front door: everything is behind it. */
  readonly url: string;
  readonly kafka: RunningKafka;
  readonly postgres: RunningPostgres;
  readonly services: ReadonlyMap<ServiceName, RunningService>;
  /** Leaves no process and no data behind. */
  stop(): Promise<void>;
}

/**
 * Starts them one after the other; what was started is stopped again if one of them fails. Nothing is started
 * where the front door's port is taken.
 */
export async function startCluster({
  port,
  restartable = false,
  environment = {},
  durable = true,
  progress = () => undefined,
}: ClusterOptions = {}): Promise<Cluster> {
  const running: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const one of running.splice(0).reverse()) await one.stop();
  };
  const begun = async <One extends { stop(): Promise<void> }>(what: string, starting: Promise<One>): Promise<One> => {
    progress(`starting ${what}`);
    const one = await starting;
    running.push(one);
    return one;
  };
  if (port !== undefined && (await isTaken(port))) throw new Error(portTaken(port));
  try {
    const kafka = await begun('Kafka', startKafka({ restartable }));
    const postgres = await begun('PostgreSQL', startPostgres({ restartable, durable }));
    const ports = await freePorts(SERVICES.length);
    const addresses = Object.fromEntries(
      SERVICES.map((service, index) => [addressVariable(service), `http://127.0.0.1:${ports[index]}`]),
    );
    const settings = {
      KAFKA_BROKERS: kafka.brokers.join(','),
      DATABASE_URL: postgres.url,
      ...addresses,
      WITNESS_URLS: addresses[addressVariable('witness')] as string,
      WITNESS_LOGS: `${addresses[addressVariable('audit')]}/v1/audit/vkey`,
      ...environment,
    };
    const services = new Map<ServiceName, RunningService>();
    for (const [index, service] of SERVICES.entries()) {
      const own = service === 'front-door' ? (port ?? ports[index]) : ports[index];
      services.set(
        service,
        await begun(service, startService({ service, environment: settings, port: own as number })),
      );
    }
    return { url: (services.get('front-door') as RunningService).url, kafka, postgres, services, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const portTaken = (port: number): string =>
  `port ${port} of 127.0.0.1 is taken, perhaps by a ledger that runs already. Stop it, or choose another: npm run cluster -- --port ${port + 1}`;

/** The front door's setting for where a service is: `SPEND_FORECAST_URL`; others are named alike. */
const addressVariable = (service: ServiceName): string => `${service.toUpperCase().replaceAll('-', '_')}_URL`;

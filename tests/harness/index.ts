export { NotAvailable } from './containers';
export { startKafka, type KafkaOptions, type RunningKafka } from './kafka';
export { startPostgres, type PostgresOptions, type RunningPostgres } from './postgres';
export { eventually, freePorts, startServer, type Server } from './processes';
export {
  describeWithEmbeddedPostgres,
  describeWithKafka,
  describeWithLocalKafka,
  describeWithPostgres,
} from './suites';

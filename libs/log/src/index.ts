export * from './log';
export * from './limits';
export { KafkaLog, type KafkaLogOptions } from './kafka';
export * from './memory';
export { canConnect } from './can-connect';
export { PostgresLog, type PostgresLogOptions } from './postgres';
export { StoreTimeout, type LogLogger } from './waiting';
export { openExistingLog, openLog, refusalsTopicOf, type OpenLogOptions } from './open';
export {
  borrowEmbeddedPostgres,
  EmbeddedPostgresFailed,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
export { embeddedPostgresMissing } from './postgres-package';
export { psqlCommand } from './psql';
export { superviseEmbeddedPostgres, type SupervisedPostgres } from './supervised-postgres';
export { beginRestore, type RestorePlace } from './begin-restore';
export { RestoreRefused, type LogRestore } from './restore';

export * from './log';
export * from './limits';
export { KafkaLog, type KafkaLogOptions } from './kafka';
export * from './memory';
export { StoreTimeout, type LogLogger } from './waiting';

export * from './log';
export * from './limits';
export * from './memory';

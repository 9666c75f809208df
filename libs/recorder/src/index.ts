export * from './recorder';
export { contentHash, decide, type Decision, type PostRequest, type ProposedEvent } from './decision';

export * from './commit';
export * from './follow';
export * from './genesis';
export * from './judge';
export { CommitTooLarge, decodeRecord, encodeCommit, type CommitDraft, type DraftEvent } from './record';

export * from './commit';
export * from './follow';
export * from './genesis';
export * from './judge';
export { CommitTooLarge, decodeRecord, encodeCommit, type CommitDraft, type DraftEvent } from './record';
export { decodeRefusal, encodeRefusal, type RecordedRefusal, type RefusedPost } from './refused-post';

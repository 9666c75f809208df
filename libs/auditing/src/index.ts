export { AuditingModule, type AuditingOptions } from './auditing.module';
export { AUDITING_SCHEMA, prepareAuditing } from './schema';
export { CheckpointSigner } from './checkpoint-signer';
export { TreeGrower } from './tree-grower';
export { TreeStore } from './tree-store';
export { TreeDamaged } from './tree-nodes';
export { type SignedCheckpoint, type TreeState } from './tree-check';

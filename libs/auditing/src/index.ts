export { AuditingModule, type AuditingOptions } from './auditing.module';
export { AUDITING_SCHEMA, prepareAuditing } from './schema';
export { CheckpointSigner } from './checkpoint-signer';
export { TreeGrower } from './tree-grower';
export { TreeStore } from './tree-store';
export { TreeDamaged } from './tree-nodes';
export { type SignedCheckpoint, type TreeState } from './tree-check';
export { verifyLedger, type VerifyOptions } from './verify';
export {
  type Finding,
  type RowPlace,
  type Unchecked,
  type VerifiedPart,
  type VerifyReport,
  type VerifyVerdict,
} from './verify-report';
export { AUDITING_SETTINGS, signingOf } from './settings';
export { TreeModule, type TreeOptions } from './tree.module';
export { RefusalsModule, type RefusalsModuleOptions } from './refusals.module';
export { backupLedger, BackupRefused, type BackupOptions, type BackupResult } from './backup';
export { BackupDamaged } from './backup-frames';
export {
  restoreLedger,
  type CheckedBackup,
  type RestoreOptions,
  type RestoreStep,
  type RestoreTarget,
} from './restore';
export { ledgerIdIn } from './growth';
export { CheckpointKeyUnusable, verifierKeyIn } from './checkpoint-key';
export { signedFor } from './signed-for';

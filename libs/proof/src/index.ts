export { EMPTY_ROOT, HASH_BYTES, hashOfLeaf, hashOfNode } from './hash';
export { type NodeSource, type Subtree } from './subtrees';
export { Frontier, type CompletedSubtree } from './frontier';
export { MemoryNodes } from './memory-nodes';
export { consistencyProof, inclusionProof, rootAt } from './tree-proofs';
export { verifyConsistency, verifyInclusion, type ConsistencyClaim, type InclusionClaim } from './verify';
export { leafOf, type StoredRecord } from './leaf';
export {
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  isKeyName,
  MalformedKey,
  parseSignerKey,
  parseVerifierKey,
  type SignatureType,
  type SignerKey,
  type VerifierKey,
} from './keys';
export { type SignatureLine, type VerifiedSignature } from './signatures';
export { openNote, parseNote, signNote, type NoteProblem, type OpenedNote, type SignedNote } from './notes';
export {
  addCosignatures,
  checkpointText,
  cosignCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type Checkpoint,
  type CheckpointProblem,
  type OpenedCheckpoint,
  type Trust,
} from './checkpoints';
export {
  formatLogProof,
  parseLogProof,
  verifyLogProof,
  type LogProof,
  type LogProofProblem,
  type VerifiedLogProof,
} from './log-proof';

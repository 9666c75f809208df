export { EMPTY_ROOT, HASH_BYTES, hashOfLeaf, hashOfNode } from './hash';
export { perfectSubtrees, type NodeSource, type Subtree } from './subtrees';
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
  hashesOfTile,
  newTiles,
  parseTilePath,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileBytes,
  TileNodes,
  tilePath,
} from './tiles';
export { type ReadTile, type Tile } from './tiles';
export {
  formatLogProof,
  parseLogProof,
  verifyLogProof,
  type LogProof,
  type LogProofProblem,
  type VerifiedLogProof,
} from './log-proof';
export {
  formatAddCheckpoint,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  TLOG_SIZE_TYPE,
  type AddCheckpoint,
  type Verdict,
  type WitnessedLog,
} from './witness';

import { openCheckpoint, type Checkpoint, type CheckpointProblem, type Trust } from './checkpoints';
import { hashOfLeaf } from './hash';
import type { VerifiedSignature } from './signatures';
import { fromBase64, fromDecimal, hashesFromLines, toBase64 } from './text-forms';
import { verifyInclusion } from './verify';

const HEADER = 'c2sp.org/tlog-proof@v1';

/** That a leaf is in a log, for who knows the log's key and has nothing else of it. C2SP tlog-proof. */
export interface LogProof {
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, word for word. */
  readonly checkpoint: string;
  /** Whatever its maker adds. Nothing vouches for it. */
  readonly extra?: Uint8Array | undefined;
}

export type LogProofProblem =
  | CheckpointProblem
  /** The checkpoint is right, but the leaf is not in its tree at that index. */
  | 'NOT_INCLUDED';

export type VerifiedLogProof =
  | {
      readonly ok: true;
      readonly index: number;
      readonly checkpoint: Checkpoint;
      readonly cosignatures: readonly VerifiedSignature[];
    }
  | { readonly ok: false; readonly problem: LogProofProblem };

/** The text of a proof, for a file that ends in `.tlog-proof`. C2SP tlog-proof "Format". */
export function formatLogProof({ index, proof, checkpoint, extra }: LogProof): string {
  const lines = [
    HEADER,
    ...(extra ? [`extra ${toBase64(extra)}`] : []),
    `index ${index}`,
    ...proof.map(toBase64),
    '',
    checkpoint,
  ];
  return lines.join('\n');
}

/** The proof in a text, or undefined when it is none. Its checkpoint is not looked at. */
export function parseLogProof(text: string): LogProof | undefined {
  const end = text.indexOf('\n\n');
  if (end < 0) return undefined;
  const [header, ...lines] = text.slice(0, end).split('\n');
  if (header !== HEADER) return undefined;
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift()?.slice('extra '.length) ?? '') : null;
  const [, decimal] = /^index (.*)$/.exec(lines.shift() ?? '') ?? [];
  const index = fromDecimal(decimal ?? '');
  const proof = hashesFromLines(lines);
  if (extra === undefined || index === undefined || !proof) return undefined;
  return { index, proof, checkpoint: text.slice(end + 2), extra: extra ?? undefined };
}

/** Whether the text proves to who trusts these keys that a leaf of these bytes is in the log, and where. */
export function verifyLogProof(text: string, leaf: Uint8Array, trust: Trust): VerifiedLogProof {
  const parsed = parseLogProof(text);
  if (!parsed) return { ok: false, problem: 'MALFORMED' };
  const opened = openCheckpoint(parsed.checkpoint, trust);
  if (!opened.ok) return opened;
  const { index, proof } = parsed;
  const { checkpoint, cosignatures } = opened;
  const { size, root } = checkpoint;
  if (!verifyInclusion({ leafHash: hashOfLeaf(leaf), index, size, root, proof }))
    return { ok: false, problem: 'NOT_INCLUDED' };
  return { ok: true, index, checkpoint, cosignatures };
}

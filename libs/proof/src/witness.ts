import { isUtf8 } from 'node:buffer';
import { parseCheckpoint, type Checkpoint } from './checkpoints';
import { EMPTY_ROOT, sameHash } from './hash';
import type { VerifierKey } from './keys';
import { openNote, parseNote } from './notes';
import { fromDecimal, hashesFromLines, toBase64 } from './text-forms';
import { verifyConsistency } from './verify';

const MAX_PROOF_LINES = 63;

/** The media type of an answer 409 that says the size of the latest checkpoint cosigned. */
export const TLOG_SIZE_TYPE = 'text/x.tlog.size';

/** What a log asks of a witness, C2SP tlog-witness "add-checkpoint". */
export interface AddCheckpoint {
  readonly oldSize: number;
  /** The consistency proof from the old size to that of the checkpoint. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, word for word. */
  readonly note: string;
}

/** What a witness knows of a log. */
export interface WitnessedLog {
  readonly keys: readonly VerifierKey[];
  /** The latest checkpoint that it cosigned, if it ever did. */
  readonly latest?: Pick<Checkpoint, 'size' | 'root'> | undefined;
}

/** The answer of a witness. A 422, and a 409 without a size, may show that the log has two histories. */
export type Verdict =
  /** To be kept as the latest in the same transaction in which the last one was read, and then to be cosigned. */
  | { readonly status: 200; readonly checkpoint: Checkpoint; readonly note: string }
  /** `size` is that of the latest checkpoint cosigned, when the log started out from another one. */
  | { readonly status: 409; readonly reason: string; readonly size?: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string };

/** The body of the request. */
export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  return [`old ${oldSize}`, ...proof.map(toBase64), '', note].join('\n');
}

/** The request in a body, with the checkpoint it is about, or undefined when it is malformed. */
export function parseAddCheckpoint(body: Buffer): (AddCheckpoint & { readonly checkpoint: Checkpoint }) | undefined {
  if (!isUtf8(body)) return undefined;
  const text = body.toString();
  const end = text.indexOf('\n\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\n');
  const [, decimal] = /^old (.*)$/.exec(first) ?? [];
  const oldSize = fromDecimal(decimal ?? '');
  const proof = lines.length > MAX_PROOF_LINES ? undefined : hashesFromLines(lines);
  const note = text.slice(end + 2);
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  return oldSize === undefined || !proof || !checkpoint ? undefined : { oldSize, proof, note, checkpoint };
}

/**
 * Judges a request by the rules of C2SP tlog-witness v1.0.0 in their order. `logs` are the logs known, by origin.
 * Beyond these rules the root of a checkpoint of size 0 must be that of the empty tree.
 */
export function judgeAddCheckpoint(body: Buffer, logs: ReadonlyMap<string, WitnessedLog>): Verdict {
  const request = parseAddCheckpoint(body);
  if (!request) return { status: 400, reason: 'The request is malformed.' };
  const { oldSize, proof, note, checkpoint } = request;
  const { origin, size: newSize, root: newRoot } = checkpoint;

  const log = logs.get(origin);
  if (!log) return { status: 404, reason: `No log with the origin ${origin} is known here.` };
  const opened = openNote(note, log.keys);
  if (!opened.ok) return { status: 403, reason: `No known key of ${origin} has rightly signed the checkpoint.` };
  if (oldSize > newSize)
    return { status: 400, reason: `The old size ${oldSize} is above the size ${newSize} of the checkpoint.` };

  const { size: latestSize, root: oldRoot } = log.latest ?? { size: 0, root: EMPTY_ROOT };
  if (oldSize !== latestSize)
    return {
      status: 409,
      reason: `The latest checkpoint cosigned has size ${latestSize}, not ${oldSize}.`,
      size: latestSize,
    };
  if (newSize === 0 && !sameHash(newRoot, EMPTY_ROOT))
    return { status: 422, reason: 'A checkpoint of size 0 has the root of the empty tree.' };
  if (oldSize === newSize && !sameHash(oldRoot, newRoot))
    return { status: 409, reason: `Another root was cosigned for size ${newSize}.` };
  if (!verifyConsistency({ oldSize, oldRoot, newSize, newRoot, proof }))
    return {
      status: 422,
      reason: `The proof does not show that the tree of ${newSize} leaves extends that of ${oldSize}.`,
    };
  return { status: 200, checkpoint, note };
}

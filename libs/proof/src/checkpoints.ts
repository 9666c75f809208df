import { isHash } from './hash';
import type { SignerKey, VerifierKey } from './keys';
import { formatNote, openNote, parseNote, signNote, type NoteProblem } from './notes';
import {
  cosignText,
  formatSignatureLine,
  parseSignatureLine,
  verifySignature,
  type SignatureLine,
  type VerifiedSignature,
} from './signatures';
import { mustBeCount } from './subtrees';
import { fromDecimal, hashFromBase64, toBase64 } from './text-forms';

/** The head of a log's tree, C2SP tlog-checkpoint "Note text". */
export interface Checkpoint {
  /** Which log it is of. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** Further lines, of which nothing is known. */
  readonly extensions: readonly string[];
}

/** Whom somebody believes about a log. */
export interface Trust {
  readonly origin: string;
  /** The keys of the log: one of them must have signed. */
  readonly keys: readonly VerifierKey[];
  /** The keys of witnesses whose cosignatures are counted. */
  readonly witnesses?: readonly VerifierKey[];
}

export type CheckpointProblem =
  | NoteProblem
  /** It is of another log. */
  | 'OTHER_ORIGIN';

export type OpenedCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly cosignatures: readonly VerifiedSignature[] }
  | { readonly ok: false; readonly problem: CheckpointProblem };

/** The text of a checkpoint, to be signed. */
export function checkpointText({ origin, size, root, extensions }: Checkpoint): string {
  mustBeCount(size, 'the size of the tree');
  if (!isHash(root)) throw new RangeError(`the root of a tree has 32 bytes, not ${root.length}`);
  const lines = [origin, String(size), toBase64(root), ...extensions];
  if (lines.some((line) => line === '' || line.includes('\n')))
    throw new RangeError('the origin and the extensions of a checkpoint are lines that are not empty');
  return `${lines.join('\n')}\n`;
}

/** The checkpoint in the text of a note, or undefined when it is none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined;
  const lines = text.slice(0, -1).split('\n');
  if (lines.includes('')) return undefined;
  const [origin, decimal, base64, ...extensions] = lines;
  const [size, root] = [fromDecimal(decimal ?? ''), hashFromBase64(base64 ?? '')];
  if (origin === undefined || size === undefined || !root) return undefined;
  return { origin, size, root, extensions };
}

/** A checkpoint as a note signed by the log. */
export function signCheckpoint(checkpoint: Checkpoint, ...keys: readonly SignerKey[]): string {
  return signNote(checkpointText(checkpoint), ...keys);
}

/** Reads a signed checkpoint and says whose signatures on it are right. */
export function openCheckpoint(note: string, { origin, keys, witnesses = [] }: Trust): OpenedCheckpoint {
  const opened = openNote(note, [...keys, ...witnesses]);
  if (!opened.ok) return opened;
  const checkpoint = parseCheckpoint(opened.text);
  if (!checkpoint) return { ok: false, problem: 'MALFORMED' };
  if (checkpoint.origin !== origin) return { ok: false, problem: 'OTHER_ORIGIN' };
  if (!opened.signatures.some(({ key }) => keys.includes(key))) return { ok: false, problem: 'NOT_SIGNED' };
  return { ok: true, checkpoint, cosignatures: opened.signatures.filter(({ key }) => witnesses.includes(key)) };
}

/**
 * A witness's line on a signed checkpoint, with its newline: that at this time (in seconds since 1970) this was the
 * largest consistent tree of the log it knew (C2SP tlog-cosignature). Throws a RangeError when it is no checkpoint.
 */
export function cosignCheckpoint(note: string, key: SignerKey, timeS: number): string {
  const parsed = parseNote(note);
  if (!parsed || !parseCheckpoint(parsed.text)) throw new RangeError('what is to be cosigned is no signed checkpoint');
  return `${formatSignatureLine(cosignText(parsed.text, key, timeS))}\n`;
}

/**
 * The signed checkpoint with those lines of a witness's answer that are right (C2SP tlog-witness: what other keys
 * signed is ignored). A line stands in for an earlier one by the same key. Undefined when the note is malformed.
 */
export function addCosignatures(note: string, answer: string, witnesses: readonly VerifierKey[]): string | undefined {
  const parsed = parseNote(note);
  if (!parsed) return undefined;
  const added = answer
    .split('\n')
    .map(parseSignatureLine)
    .filter((line) => line !== undefined)
    .filter((line) => witnesses.some((key) => isBy(key, line) && verifySignature(parsed.text, line, key)));
  const kept = parsed.signatures.filter((line) => !added.some((other) => isBy(other, line)));
  return formatNote({ text: parsed.text, signatures: [...kept, ...added] });
}

function isBy({ name, id }: Pick<VerifierKey, 'name' | 'id'>, line: SignatureLine): boolean {
  return line.name === name && line.id === id;
}

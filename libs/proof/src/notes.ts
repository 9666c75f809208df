import type { SignerKey, VerifierKey } from './keys';
import {
  formatSignatureLine,
  parseSignatureLine,
  signText,
  verifySignature,
  type SignatureLine,
  type VerifiedSignature,
} from './signatures';

/** More than anybody needs, so that nobody is kept busy with a note of endless signatures. */
const MAX_SIGNATURES = 100;
/** Control characters but the newline, and halves of characters that UTF-8 does not have. */
const FORBIDDEN = /[\0-\x09\x0b-\x1f]|\p{Cs}/u;

/** A note and its signatures, none of them verified. C2SP signed-note "Format". */
export interface SignedNote {
  /** What is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly SignatureLine[];
}

export type NoteProblem =
  /** It is not of the form of a note. */
  | 'MALFORMED'
  /** No known key has signed it. */
  | 'NOT_SIGNED'
  /** A signature of a known key is wrong. */
  | 'SIGNATURE_WRONG';

export type OpenedNote =
  | { readonly ok: true; readonly text: string; readonly signatures: readonly VerifiedSignature[] }
  | { readonly ok: false; readonly problem: NoteProblem };

/** The note in a text, or undefined when it is none. The text is that of its bytes, decoded as strict UTF-8. */
export function parseNote(note: string): SignedNote | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n') || FORBIDDEN.test(note)) return undefined;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return undefined;
  const signatures = lines.map(parseSignatureLine).filter((line) => line !== undefined);
  return signatures.length === lines.length ? { text: note.slice(0, end + 1), signatures } : undefined;
}

export function formatNote({ text, signatures }: SignedNote): string {
  if (!text.endsWith('\n') || FORBIDDEN.test(text))
    throw new RangeError('the text of a note ends with a newline and has no other control characters');
  return `${text}\n${signatures.map((line) => `${formatSignatureLine(line)}\n`).join('')}`;
}

/** A text signed by each of these keys. */
export function signNote(text: string, ...keys: readonly SignerKey[]): string {
  return formatNote({ text, signatures: keys.map((key) => signText(text, key)) });
}

/**
 * Reads a note for who knows these keys, C2SP signed-note "Signatures": signatures of other keys are ignored, one of
 * them at least must be there, and none of theirs may be wrong. What a key has signed twice counts once.
 */
export function openNote(note: string, known: readonly VerifierKey[]): OpenedNote {
  const parsed = parseNote(note);
  if (!parsed) return { ok: false, problem: 'MALFORMED' };
  const verified = new Map<VerifierKey, VerifiedSignature>();
  for (const line of parsed.signatures) {
    const keys = known.filter(({ name, id }) => name === line.name && id === line.id);
    if (keys.length === 0) continue;
    const right = keys.map((key) => verifySignature(parsed.text, line, key)).find((found) => found !== undefined);
    if (!right) return { ok: false, problem: 'SIGNATURE_WRONG' };
    if (!verified.has(right.key)) verified.set(right.key, right);
  }
  if (verified.size === 0) return { ok: false, problem: 'NOT_SIGNED' };
  return { ok: true, text: parsed.text, signatures: [...verified.values()] };
}

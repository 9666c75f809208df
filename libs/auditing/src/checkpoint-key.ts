import {
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  MalformedKey,
  openCheckpoint,
  parseSignerKey,
  type SignerKey,
  type VerifierKey,
} from '@deal-ledger/proof';
import { keepSecret, readSecret } from '@deal-ledger/service';
import { claimOf } from './backup';
import type { KeyOf } from './checkpoint-signer';

export interface CheckpointKeyOptions {
  /** Of the private key of this ledger. */
  readonly file: (ledgerId: string) => string;
  /** The log's name in its checkpoints; by default made of the ledger's id. */
  readonly origin?: string | undefined;
  readonly info: (message: string) => void;
}

/** Nothing can be signed with what is, or is not, in the file; once that is mended it goes on by itself. */
export class CheckpointKeyUnusable extends Error {
  override readonly name = 'CheckpointKeyUnusable';
}

/** The key in the file; made there if nothing was ever signed and the file is missing. */
export function keyInFile({ file: fileOf, origin: given, info }: CheckpointKeyOptions): KeyOf {
  return async ({ ledgerId, signedSize, signedBefore }) => {
    if (ledgerId === null) throw new RangeError('a tree without records has no key');
    const file = fileOf(ledgerId);
    const origin = given ?? `deal-ledger/${ledgerId}`;
    const found = await readSecret(file);
    if (found !== undefined) return sameAsBefore(checked(parsed(found, file), origin, file), signedBefore, file);
    if (signedBefore !== null)
      throw new CheckpointKeyUnusable(
        `there is no file ${file}, and this ledger was signed before it was restored here, by the key ${signerOf(signedBefore)}: put the file of that key there, or name it in CHECKPOINT_KEY_FILE. ${IF_LOST}`,
      );
    if (signedSize > 0)
      throw new CheckpointKeyUnusable(
        `there is no file ${file}, and a checkpoint for ${signedSize} leaves was signed before: put the key back that signed it, or name its file in CHECKPOINT_KEY_FILE. ${IF_LOST}`,
      );
    const made = await make(origin, file);
    info(`made a key for the checkpoints of ${origin} in ${file}: keep a copy. Its vkey is ${formatVerifierKey(made)}`);
    return checked(made, origin, file);
  };
}

const IF_LOST =
  'If it is lost for good, drop the schema of these tables: they are made anew from the log and signed with a new key, and earlier checkpoints can still be held against them';

/** The key, if a ledger that was restored here was signed with it before. */
function sameAsBefore(key: SignerKey, signedBefore: string | null, file: string): SignerKey {
  if (signedBefore === null || openCheckpoint(signedBefore, { origin: key.name, keys: [key] }).ok) return key;
  throw new CheckpointKeyUnusable(
    `the key in ${file} is ${key.name}+${key.id}, and this ledger was signed before it was restored here, by the key ${signerOf(signedBefore)}: put the file of that key there, or name it in CHECKPOINT_KEY_FILE. ${IF_LOST}`,
  );
}

function signerOf(note: string): string {
  const { signedBy } = claimOf(note, undefined);
  return signedBy === undefined ? 'of whoever signed it' : `${signedBy.name}+${signedBy.id}`;
}

/** The public key that belongs to the private one in a file; nothing when there is no file. @throws CheckpointKeyUnusable */
export async function verifierKeyIn(file: string): Promise<VerifierKey | undefined> {
  const found = await readSecret(file);
  return found === undefined ? undefined : parsed(found, file);
}

async function make(origin: string, file: string): Promise<SignerKey> {
  const text = formatSignerKey(generateSignerKey(origin, 'ed25519'));
  try {
    return parsed(await keepSecret(file, text), file);
  } catch (error) {
    if (error instanceof CheckpointKeyUnusable) throw error;
    throw new CheckpointKeyUnusable(
      `the key for checkpoints cannot be kept in ${file} (${(error as Error).message}): let this user write there, or name another file in CHECKPOINT_KEY_FILE`,
      { cause: error },
    );
  }
}

function parsed(text: string, file: string): SignerKey {
  try {
    return parseSignerKey(text);
  } catch (error) {
    if (!(error instanceof MalformedKey)) throw error;
    throw new CheckpointKeyUnusable(`the file ${file} holds no key for checkpoints: ${error.message}`);
  }
}

function checked(key: SignerKey, origin: string, file: string): SignerKey {
  if (key.type !== 'ed25519')
    throw new CheckpointKeyUnusable(`the key in ${file} is one of a witness: name another in CHECKPOINT_KEY_FILE`);
  if (key.name !== origin)
    throw new CheckpointKeyUnusable(
      `the key in ${file} is for ${key.name}, and this log is ${origin}: name another file in CHECKPOINT_KEY_FILE, or set CHECKPOINT_ORIGIN=${key.name} if that is this log's name`,
    );
  return key;
}

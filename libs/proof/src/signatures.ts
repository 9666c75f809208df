import { sign, verify } from 'node:crypto';
import { isKeyName, type SignatureType, type SignerKey, type VerifierKey } from './keys';
import { fromBase64, toBase64 } from './text-forms';

const ID_BYTES = 4;
const TIME_BYTES = 8;
const ED25519_BYTES = 64;
const LINE = /^— ([^ ]+) ([^ ]+)$/u;

/** A signature line of a note, C2SP signed-note "Format". */
export interface SignatureLine {
  readonly name: string;
  /** The key id, 8 hexadecimal digits. */
  readonly id: string;
  /** What follows the key id: the signature itself, after its time when it is a cosignature. */
  readonly signature: Buffer;
}

/** A signature that is right, by a key that is known. */
export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** Of a cosignature the time that it vouches for, in seconds since 1970. */
  readonly timeS: number | undefined;
  readonly line: SignatureLine;
}

/** The line without its newline, or undefined when it is not one. */
export function parseSignatureLine(text: string): SignatureLine | undefined {
  const [, name, base64] = LINE.exec(text) ?? [];
  if (name === undefined || base64 === undefined || !isKeyName(name)) return undefined;
  const bytes = fromBase64(base64);
  if (!bytes || bytes.length <= ID_BYTES) return undefined;
  return { name, id: bytes.toString('hex', 0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}

export function formatSignatureLine({ name, id, signature }: SignatureLine): string {
  return `— ${name} ${toBase64(Buffer.concat([Buffer.from(id, 'hex'), signature]))}`;
}

/** Signs the text of a note, C2SP signed-note "Ed25519 signatures". */
export function signText(text: string, key: SignerKey): SignatureLine {
  mustBe('ed25519', key);
  return { name: key.name, id: key.id, signature: sign(null, Buffer.from(text), key.privateKey) };
}

/** Cosigns the text of a checkpoint at a time in seconds since 1970, C2SP tlog-cosignature "Ed25519 signed message". */
export function cosignText(text: string, key: SignerKey, timeS: number): SignatureLine {
  mustBe('cosignature/v1', key);
  if (!Number.isSafeInteger(timeS) || timeS < 0)
    throw new RangeError(`${timeS} is no time in whole seconds since 1970`);
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(timeS));
  const signature = Buffer.concat([time, sign(null, cosignedMessage(text, String(timeS)), key.privateKey)]);
  return { name: key.name, id: key.id, signature };
}

/** What the line shows about the text when it is of this key, or undefined when it is wrong. */
export function verifySignature(text: string, line: SignatureLine, key: VerifierKey): VerifiedSignature | undefined {
  const { signature } = line;
  switch (key.type) {
    case 'ed25519':
      return isSigned(Buffer.from(text), signature, key) ? { key, timeS: undefined, line } : undefined;
    case 'cosignature/v1': {
      if (signature.length !== TIME_BYTES + ED25519_BYTES) return undefined;
      const timeS = signature.readBigUInt64BE();
      if (timeS > Number.MAX_SAFE_INTEGER) return undefined;
      const right = isSigned(cosignedMessage(text, String(timeS)), signature.subarray(TIME_BYTES), key);
      return right ? { key, timeS: Number(timeS), line } : undefined;
    }
  }
}

function cosignedMessage(text: string, timeS: string): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`);
}

function isSigned(message: Buffer, signature: Buffer, { publicKey }: VerifierKey): boolean {
  return verify(null, message, publicKey, signature);
}

function mustBe(type: SignatureType, { name, id, type: actual }: SignerKey): void {
  if (actual !== type) throw new TypeError(`key ${name}+${id} is for ${actual} signatures, not for ${type}`);
}

import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { fromBase64, toBase64 } from './text-forms';

/** How a key signs: a note as it is (C2SP signed-note), or a checkpoint with the time (C2SP tlog-cosignature). */
export type SignatureType = 'ed25519' | 'cosignature/v1';

const TYPE_BYTES: Readonly<Record<SignatureType, number>> = { ed25519: 0x01, 'cosignature/v1': 0x04 };
const KEY_BYTES = 32;
/** Before an Ed25519 seed in PKCS #8 (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public key that signatures are verified with, C2SP signed-note "Signatures". */
export interface VerifierKey {
  readonly name: string;
  /** The key id, 8 hexadecimal digits. */
  readonly id: string;
  readonly type: SignatureType;
  readonly publicKey: KeyObject;
}

export interface SignerKey extends VerifierKey {
  readonly privateKey: KeyObject;
}

/** Says what is wrong with the text of a key, and never repeats it. */
export class MalformedKey extends Error {
  override readonly name = 'MalformedKey';
}

/** Whether a key may have the name: not empty, no Unicode spaces, no plus, no control characters. */
export function isKeyName(name: string): boolean {
  return /^[^\p{White_Space}\p{Cs}\0-\x1f+]+$/u.test(name);
}

/** A new key, of a log for notes or of a witness for cosignatures. */
export function generateSignerKey(name: string, type: SignatureType): SignerKey {
  return signerKey(name, type, generateKeyPairSync('ed25519').privateKey);
}

/**
 * Reads a vkey, `<name>+<key id>+<base64 of type and public key>`, as golang.org/x/mod/sumdb/note has it.
 * @throws MalformedKey
 */
export function parseVerifierKey(text: string): VerifierKey {
  const { name, id, type, material } = split(text, 'a verifier key is <name>+<id>+<base64>');
  const x = material.toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return checked(verifierKey(name, type, publicKey), id);
}

/**
 * Reads a private key, `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`, as golang.org/x/mod/sumdb/note has it.
 * @throws MalformedKey
 */
export function parseSignerKey(text: string): SignerKey {
  const form = 'a signer key is PRIVATE+KEY+<name>+<id>+<base64>';
  const [, rest] = /^PRIVATE\+KEY\+(.*)$/su.exec(text) ?? [];
  if (rest === undefined) throw new MalformedKey(form);
  const { name, id, type, material } = split(rest, form);
  const key = Buffer.concat([PKCS8, material]);
  return checked(signerKey(name, type, createPrivateKey({ key, format: 'der', type: 'pkcs8' })), id);
}

/** The vkey to hand out. */
export function formatVerifierKey({ name, id, type, publicKey }: VerifierKey): string {
  return `${name}+${id}+${toBase64(typed(type, publicBytes(publicKey)))}`;
}

/** The private key to keep, and to show nobody. */
export function formatSignerKey({ name, id, type, privateKey }: SignerKey): string {
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8.length);
  return `PRIVATE+KEY+${name}+${id}+${toBase64(typed(type, seed))}`;
}

function signerKey(name: string, type: SignatureType, privateKey: KeyObject): SignerKey {
  return { ...verifierKey(name, type, createPublicKey(privateKey)), privateKey };
}

function verifierKey(name: string, type: SignatureType, publicKey: KeyObject): VerifierKey {
  if (!isKeyName(name)) throw new MalformedKey('the name of a key is not empty and has no spaces and no plus');
  return { name, id: idOf(name, type, publicKey), type, publicKey };
}

/** SHA-256(name || 0x0A || type || public key)[:4] */
function idOf(name: string, type: SignatureType, publicKey: KeyObject): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed(type, publicBytes(publicKey))])).slice(0, 8);
}

function typed(type: SignatureType, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(TYPE_BYTES[type]), bytes]);
}

function publicBytes(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function split(text: string, form: string) {
  const [, name, id, base64] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text) ?? [];
  const bytes = fromBase64(base64 ?? '');
  if (name === undefined || id === undefined || !bytes) throw new MalformedKey(form);
  const type = Object.entries(TYPE_BYTES).find(([, byte]) => byte === bytes[0])?.[0] as SignatureType | undefined;
  if (!type) throw new MalformedKey(`the type of key ${name}+${id} is neither 0x01 nor 0x04`);
  const material = bytes.subarray(1);
  if (material.length !== KEY_BYTES)
    throw new MalformedKey(`key ${name}+${id} has ${material.length} bytes, an Ed25519 key has ${KEY_BYTES}`);
  return { name, id, type, material };
}

function checked<T extends VerifierKey>(key: T, id: string): T {
  if (key.id !== id) throw new MalformedKey(`the text of key ${key.name}+${id} belongs to id ${key.id}`);
  return key;
}

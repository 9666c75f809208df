import { logKey, witnessVkey } from './examples.testing';
import {
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  MalformedKey,
  parseSignerKey,
  parseVerifierKey,
} from './keys';
import { openNote, signNote } from './notes';

const NEUMANN = {
  skey: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
};

/** Everything that becomes of a text by leaving out an end or changing a character. */
function manglings(text: string): string[] {
  const places = [...text].map((_, at) => at);
  return [
    ...places.flatMap((at) => [text.slice(0, at), text.slice(at + 1)]),
    ...places.map((at) => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) + 1) + text.slice(at + 1)),
  ];
}

describe('a key', () => {
  it('is read and written in the form of golang.org/x/mod/sumdb/note', () => {
    expect(formatSignerKey(parseSignerKey(NEUMANN.skey))).toBe(NEUMANN.skey);
    expect(formatVerifierKey(parseSignerKey(NEUMANN.skey))).toBe(NEUMANN.vkey);
    expect(parseVerifierKey(NEUMANN.vkey)).toMatchObject({ name: 'PeterNeumann', id: 'c74f20a3', type: 'ed25519' });
  });

  it('of the checksum database of Go is read', () => {
    const vkey = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
    expect(formatVerifierKey(parseVerifierKey(vkey))).toBe(vkey);
  });

  it.each(['ed25519', 'cosignature/v1'] as const)('for %s signatures can be made, kept and handed out', (type) => {
    const made = generateSignerKey('ledger.example/new', type);
    expect(parseSignerKey(formatSignerKey(made))).toMatchObject({ name: made.name, id: made.id, type });
    expect(parseVerifierKey(formatVerifierKey(made))).toMatchObject({ name: made.name, id: made.id, type });
    expect(formatSignerKey(generateSignerKey('ledger.example/new', type))).not.toBe(formatSignerKey(made));
  });

  it('has another id for another type of signature, so that one cannot pass for the other', () => {
    const both = [0x01, 0x04].map((type) => {
      const text = formatVerifierKey(witnessVkey).split('+');
      return Buffer.concat([Buffer.of(type), Buffer.from(text.slice(2).join('+'), 'base64').subarray(1)]);
    });
    expect(() => parseVerifierKey(`${witnessVkey.name}+${witnessVkey.id}+${both[0]!.toString('base64')}`)).toThrow(
      MalformedKey,
    );
    expect(parseVerifierKey(`${witnessVkey.name}+${witnessVkey.id}+${both[1]!.toString('base64')}`).id).toBe(
      '37de2426',
    );
  });

  it('is not read when anything of it is changed or missing', () => {
    for (const text of manglings(NEUMANN.vkey)) expect(() => parseVerifierKey(text)).toThrow(MalformedKey);
    for (const text of manglings(NEUMANN.skey)) expect(() => parseSignerKey(text)).toThrow(MalformedKey);
  });

  it.each([
    ['of a wrong length', 'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==', '<base64>'],
    [
      'of an unknown type',
      'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
      'neither 0x01 nor 0x04',
    ],
    ['without an id', 'PeterNeumann++ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', '<name>+<id>+<base64>'],
    ['of another name', NEUMANN.vkey.replace('Peter', 'Paul'), 'PaulNeumann+c74f20a3 belongs to id'],
    ['that is too short', 'PeterNeumann+c74f20a3+ARpc', 'has 2 bytes, an Ed25519 key has 32'],
  ])('%s is refused', (_, text, message) => {
    expect(() => parseVerifierKey(text)).toThrow(message);
  });

  it('is never repeated in what is wrong with it', () => {
    for (const text of [NEUMANN.skey.replace('c74f', 'c74e'), NEUMANN.skey.slice(0, -4), `${NEUMANN.skey}=`])
      expect(() => parseSignerKey(text)).toThrow(
        expect.not.objectContaining({ message: expect.stringMatching('AYEKF') }),
      );
  });

  it.each(['', 'two words', 'a+b', 'no\u00a0break', 'new\nline', '\ud800'])('cannot have the name %j', (name) => {
    expect(() => generateSignerKey(name, 'ed25519')).toThrow(MalformedKey);
  });

  it('signs only what it is for', () => {
    expect(() => signNote('a\n', generateSignerKey('w', 'cosignature/v1'))).toThrow(
      'is for cosignature/v1 signatures, not for ed25519',
    );
  });

  it('stands for who has the private half', () => {
    const opened = openNote(signNote('a\n', logKey), [parseVerifierKey(formatVerifierKey(logKey))]);
    expect(opened).toMatchObject({ ok: true, text: 'a\n', signatures: [{ key: { name: 'ledger.example/deals' } }] });
  });
});

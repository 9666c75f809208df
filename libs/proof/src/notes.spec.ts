import fc from 'fast-check';
import { generateSignerKey, parseSignerKey, parseVerifierKey } from './keys';
import { formatNote, openNote, parseNote, signNote } from './notes';

const neumann = parseSignerKey('PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz');
const neumannVkey = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
const stranger = generateSignerKey('PeterNeumann', 'ed25519');

const TEXT = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.
`;
const LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const NOTE = `${TEXT}\n${LINE}`;

describe('a note', () => {
  it('is signed byte by byte as golang.org/x/mod/sumdb/note signs it', () => {
    expect(signNote(TEXT, neumann)).toBe(NOTE);
  });

  it('is opened by who knows the key', () => {
    expect(openNote(NOTE, [neumannVkey])).toMatchObject({
      ok: true,
      text: TEXT,
      signatures: [{ key: neumannVkey, timeS: undefined, line: { name: 'PeterNeumann', id: 'c74f20a3' } }],
    });
  });

  it.each([
    [
      30_055_305,
      'mXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=',
      'Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=',
    ],
    [
      65_664_258,
      'WVVNVD2qx+fTq31zkj6UAqxT5X6HvGphGM+o8Thnbsg=',
      'Az3grligJmgX7KGyGPKybykNTh3VgsbLvUuvOwrM5zLVlulmFp2wdvbxOw74/gcNxURShXEpb7RXcs3+BYflYN+w0gQ=',
    ],
  ])('of the checksum database of Go at size %i is opened', (size, root, signature) => {
    const vkey = parseVerifierKey('sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8');
    const note = `go.sum database tree\n${size}\n${root}\n\n— sum.golang.org ${signature}\n`;
    expect(openNote(note, [vkey])).toMatchObject({ ok: true });
    expect(openNote(note.replace(String(size), String(size + 1)), [vkey])).toEqual({
      ok: false,
      problem: 'SIGNATURE_WRONG',
    });
  });

  it('may have blank lines in its text', () => {
    const text = 'Ognuno sta solo\n\ned è subito sera.\n';
    expect(openNote(signNote(text, neumann), [neumann])).toMatchObject({ ok: true, text });
  });

  it('may have signatures of others, also of another key with the same name', () => {
    const note = signNote(TEXT, stranger, neumann);
    expect(openNote(note, [neumannVkey])).toMatchObject({ ok: true, signatures: [{ key: neumannVkey }] });
    expect(openNote(note, [neumannVkey, stranger])).toMatchObject({
      ok: true,
      signatures: [{ key: stranger }, { key: neumannVkey }],
    });
  });

  it('may be signed twice by the same key, which counts once', () => {
    const opened = openNote(NOTE + LINE, [neumannVkey]);
    expect(opened.ok && opened.signatures).toHaveLength(1);
  });

  it('is no note to who knows none of its keys', () => {
    expect(openNote(NOTE, [stranger])).toEqual({ ok: false, problem: 'NOT_SIGNED' });
    expect(openNote(NOTE, [])).toEqual({ ok: false, problem: 'NOT_SIGNED' });
  });

  it('is rejected for one wrong signature of a known key, whatever else is right', () => {
    const wrong = signNote('another text\n', neumann).split('\n').at(-2);
    expect(openNote(`${NOTE}${wrong}\n`, [neumannVkey])).toEqual({ ok: false, problem: 'SIGNATURE_WRONG' });
    const other = signNote(TEXT, stranger).split('\n').at(-2);
    expect(openNote(`${TEXT}\n${wrong}\n${other}\n`, [neumannVkey, stranger])).toEqual({
      ok: false,
      problem: 'SIGNATURE_WRONG',
    });
  });

  it('is rejected when a signature is too short for its key', () => {
    const short = `— PeterNeumann ${Buffer.from('c74f20a301', 'hex').toString('base64')}\n`;
    expect(openNote(`${TEXT}\n${short}`, [neumannVkey])).toEqual({ ok: false, problem: 'SIGNATURE_WRONG' });
  });

  it.each([
    ['nothing', ''],
    ['no blank line', TEXT + LINE],
    ['no signature', `${TEXT}\n`],
    ['no newline at the end', NOTE.slice(0, -1)],
    ['a line that is no signature', `${NOTE}and more\n`],
    ['a blank line at the end', `${NOTE}\n`],
    ['a hyphen for the dash', NOTE.replace('—', '-')],
    ['no space after the dash', NOTE.replace('— ', '—')],
    ['two spaces', NOTE.replace('PeterNeumann ', 'PeterNeumann  ')],
    ['a plus in a name', NOTE.replace('PeterNeumann', 'Peter+Neumann')],
    ['a space of another kind in a name', NOTE.replace('PeterNeumann', 'Peter\u2003Neumann')],
    ['base64 without its padding', NOTE.replace('JnAM=', 'JnAM')],
    ['base64 with spare bits set', NOTE.replace('JnAM=', 'JnAN=')],
    ['base64 for URLs', NOTE.replaceAll('/', '_')],
    ['a key id alone', `${TEXT}\n— PeterNeumann x08gow==\n`],
    ['a carriage return', NOTE.replaceAll('\n', '\r\n')],
    ['a tab', `\t${NOTE}`],
    ['a NUL', `\0${NOTE}`],
    ['half a character', `\ud83d${NOTE}`],
    ['more than a hundred signatures', NOTE + LINE.repeat(100)],
  ])('is malformed with %s', (_, note) => {
    expect(openNote(note, [neumannVkey])).toEqual({ ok: false, problem: 'MALFORMED' });
  });

  it.each(['no newline at the end', 'a\ttab\n', ''])('cannot have the text %j', (text) => {
    expect(() => signNote(text, neumann)).toThrow(RangeError);
  });
});

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describe(`any note (seed ${seed})`, () => {
  const text = fc
    .string({ unit: fc.constantFrom('a', ' ', '\n', '—', '+', 'é', '😀'), maxLength: 30 })
    .map((content) => `${content}\n`);

  it('is opened with the text that was signed, and is written as it was read', () =>
    fc.assert(
      fc.property(text, (signed) => {
        const note = signNote(signed, neumann, stranger);
        expect(openNote(note, [neumannVkey])).toMatchObject({ ok: true, text: signed });
        expect(formatNote(parseNote(note)!)).toBe(note);
      }),
      { seed, numRuns: 200 },
    ));

  it('is not opened when any one character of it is another', () =>
    fc.assert(
      fc.property(fc.nat(NOTE.length - 1), fc.constantFrom('a', 'B', '\n', ' ', '=', '+', '😀'), (at, character) => {
        const changed = NOTE.slice(0, at) + character + NOTE.slice(at + 1);
        expect(openNote(changed, [neumannVkey]).ok).toBe(changed === NOTE);
      }),
      { seed, numRuns: 1000 },
    ));
});

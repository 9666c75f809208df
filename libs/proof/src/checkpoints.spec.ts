import { sign } from 'node:crypto';
import {
  addCosignatures,
  checkpointText,
  cosignCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type Checkpoint,
} from './checkpoints';
import { BY_GO, logKey, logVkey, ORIGIN, witnessKey, witnessVkey } from './examples.testing';
import { generateSignerKey } from './keys';
import { signNote } from './notes';

const checkpoint: Checkpoint = {
  origin: ORIGIN,
  size: 70_000,
  root: Buffer.from(BY_GO.roots[70000], 'hex'),
  extensions: [],
};
const COSIGNED = BY_GO.checkpoint + BY_GO.cosignature;
const trust = { origin: ORIGIN, keys: [logVkey], witnesses: [witnessVkey] };
const stranger = generateSignerKey('witness.example/w2', 'cosignature/v1');

describe('a checkpoint', () => {
  it('is signed byte by byte as Go signs it', () => {
    expect(signCheckpoint(checkpoint, logKey)).toBe(BY_GO.checkpoint);
  });

  it('is opened by who trusts the key of the log', () => {
    expect(openCheckpoint(BY_GO.checkpoint, trust)).toEqual({ ok: true, checkpoint, cosignatures: [] });
  });

  it('may have further lines, and may be that of an empty tree', () => {
    const other = { ...checkpoint, size: 0, extensions: ['one more', 'and another'] };
    expect(parseCheckpoint(checkpointText(other))).toEqual(other);
  });

  it('of another log is not taken for that of this one', () => {
    const other = signCheckpoint({ ...checkpoint, origin: 'ledger.example/other' }, logKey);
    expect(openCheckpoint(other, trust)).toEqual({ ok: false, problem: 'OTHER_ORIGIN' });
  });

  it("is not believed to be the log's because a witness has signed it", () => {
    const note = BY_GO.checkpoint.replace(/— .*\n/, BY_GO.cosignature);
    expect(openCheckpoint(note, trust)).toEqual({ ok: false, problem: 'NOT_SIGNED' });
  });

  it('signed by another key of the same name is not believed', () => {
    const forged = signCheckpoint(checkpoint, generateSignerKey(ORIGIN, 'ed25519'));
    expect(openCheckpoint(forged, trust)).toEqual({ ok: false, problem: 'NOT_SIGNED' });
  });

  it('is not believed once its size or root is another', () => {
    for (const note of [BY_GO.checkpoint.replace('70000', '70001'), BY_GO.checkpoint.replace('2gUy', '2gUz')])
      expect(openCheckpoint(note, trust)).toEqual({ ok: false, problem: 'SIGNATURE_WRONG' });
  });

  const root = '2gUy/3su5W9AZxEPyWTp8ntZWflSe//z+lAap1hN6vM=';
  it.each([
    ['two lines', `${ORIGIN}\n70000\n`],
    ['no origin', `\n70000\n${root}\n`],
    ['a leading zero', `${ORIGIN}\n070000\n${root}\n`],
    ['a sign', `${ORIGIN}\n+70000\n${root}\n`],
    ['a size beyond 2^53', `${ORIGIN}\n9007199254740992\n${root}\n`],
    ['a size that is no decimal', `${ORIGIN}\n7e4\n${root}\n`],
    ['a root that is too short', `${ORIGIN}\n70000\n${root.slice(4)}\n`],
    ['a root with spare bits set', `${ORIGIN}\n70000\n${root.replace('M=', 'N=')}\n`],
    ['a blank line', `${ORIGIN}\n70000\n${root}\n\nmore\n`],
    ['no newline at the end', `${ORIGIN}\n70000\n${root}`],
  ])('is malformed with %s', (_, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
    if (text.endsWith('\n'))
      expect(openCheckpoint(signNote(text, logKey), trust)).toEqual({ ok: false, problem: 'MALFORMED' });
  });

  it.each<[string, Partial<Checkpoint>]>([
    ['without an origin', { origin: '' }],
    ['with an origin of two lines', { origin: 'a\nb' }],
    ['with a blank extension', { extensions: [''] }],
    ['of half a leaf', { size: 0.5 }],
    ['with a root that is no hash', { root: Buffer.alloc(31) }],
  ])('%s is not made', (_, change) => {
    expect(() => signCheckpoint({ ...checkpoint, ...change }, logKey)).toThrow(RangeError);
  });
});

describe('a cosignature', () => {
  it('is made byte by byte as C2SP tlog-cosignature says', () => {
    expect(cosignCheckpoint(BY_GO.checkpoint, witnessKey, BY_GO.cosignedAtS)).toBe(BY_GO.cosignature);
  });

  it('says when the witness vouched for the checkpoint', () => {
    expect(openCheckpoint(COSIGNED, trust)).toMatchObject({
      ok: true,
      checkpoint,
      cosignatures: [{ key: witnessVkey, timeS: BY_GO.cosignedAtS }],
    });
  });

  it('is ignored by who does not know the witness', () => {
    expect(openCheckpoint(COSIGNED, { origin: ORIGIN, keys: [logVkey] })).toEqual({
      ok: true,
      checkpoint,
      cosignatures: [],
    });
  });

  it('is wrong once its time is another', () => {
    const bytes = Buffer.from(BY_GO.cosignature.split(' ')[2]!, 'base64');
    bytes[11]! ^= 1;
    const changed = `${BY_GO.checkpoint}— witness.example/w1 ${bytes.toString('base64')}\n`;
    expect(openCheckpoint(changed, trust)).toEqual({ ok: false, problem: 'SIGNATURE_WRONG' });
  });

  it.each([
    ['without its time', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4), bytes.subarray(12)])],
    ['of three bytes', (bytes: Buffer) => bytes.subarray(0, 7)],
    ['with a byte more', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
    [
      'with a time beyond all calendars',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(8, 255), bytes.subarray(12)]),
    ],
  ])('%s is wrong', (_, change) => {
    const bytes = change(Buffer.from(BY_GO.cosignature.split(' ')[2]!, 'base64'));
    const changed = `${BY_GO.checkpoint}— witness.example/w1 ${bytes.toString('base64')}\n`;
    expect(openCheckpoint(changed, trust)).toEqual({ ok: false, problem: 'SIGNATURE_WRONG' });
  });

  it('with a time that cannot be told exactly is wrong, even if the witness has signed it', () => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(2n ** 53n);
    const message = `cosignature/v1\ntime ${2n ** 53n}\n${checkpointText(checkpoint)}`;
    const signature = sign(null, Buffer.from(message), witnessKey.privateKey);
    const bytes = Buffer.concat([Buffer.from(witnessKey.id, 'hex'), time, signature]);
    const note = `${BY_GO.checkpoint}— witness.example/w1 ${bytes.toString('base64')}\n`;
    expect(openCheckpoint(note, trust)).toEqual({ ok: false, problem: 'SIGNATURE_WRONG' });
  });

  it('counts once for each witness, by its first line', () => {
    const twice = COSIGNED + cosignCheckpoint(COSIGNED, witnessKey, BY_GO.cosignedAtS + 60);
    const opened = openCheckpoint(twice, trust);
    expect(opened.ok && opened.cosignatures.map(({ timeS }) => timeS)).toEqual([BY_GO.cosignedAtS]);
  });

  it('is made of checkpoints alone, at whole seconds, by keys for it', () => {
    expect(() => cosignCheckpoint(signNote('a\n', logKey), witnessKey, 1)).toThrow('no signed checkpoint');
    expect(() => cosignCheckpoint(BY_GO.checkpoint, witnessKey, 0.5)).toThrow('0.5 is no time in whole seconds');
    expect(() => cosignCheckpoint(BY_GO.checkpoint, logKey, 1)).toThrow('is for ed25519 signatures');
  });

  it('covers the further lines too', () => {
    const note = signCheckpoint({ ...checkpoint, extensions: ['more'] }, logKey);
    const line = cosignCheckpoint(note, witnessKey, 1);
    expect(openCheckpoint(note + line, trust).ok).toBe(true);
    expect(openCheckpoint(BY_GO.checkpoint + line, trust)).toEqual({ ok: false, problem: 'SIGNATURE_WRONG' });
  });
});

describe("a witness's answer", () => {
  it('is added to the checkpoint', () => {
    expect(addCosignatures(BY_GO.checkpoint, BY_GO.cosignature, [witnessVkey])).toBe(COSIGNED);
  });

  it('is left out as far as it is of others, wrong or no signature at all', () => {
    const strange = cosignCheckpoint(BY_GO.checkpoint, stranger, 1);
    const wrong = cosignCheckpoint(signCheckpoint({ ...checkpoint, size: 1 }, logKey), witnessKey, 1);
    const named = BY_GO.cosignature.replace('/w1', '/w9');
    const answer = `hello\n${strange}${wrong}${named}${BY_GO.cosignature}\n\n`;
    expect(addCosignatures(BY_GO.checkpoint, answer, [witnessVkey])).toBe(COSIGNED);
    expect(addCosignatures(BY_GO.checkpoint, strange, [witnessVkey])).toBe(BY_GO.checkpoint);
  });

  it('stands in for an earlier one of the same witness', () => {
    const later = cosignCheckpoint(COSIGNED, witnessKey, BY_GO.cosignedAtS + 60);
    expect(addCosignatures(COSIGNED, later, [witnessVkey])).toBe(BY_GO.checkpoint + later);
  });

  it('is not added to what is no note', () => {
    expect(addCosignatures('a\n', BY_GO.cosignature, [witnessVkey])).toBeUndefined();
  });
});

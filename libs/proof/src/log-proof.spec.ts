import { createHash } from 'node:crypto';
import { cosignCheckpoint, signCheckpoint } from './checkpoints';
import { BY_GO, leafText, logKey, logVkey, ORIGIN, treeOf, witnessKey, witnessVkey } from './examples.testing';
import { formatLogProof, parseLogProof, verifyLogProof } from './log-proof';
import { inclusionProof, rootAt } from './tree-proofs';

const trust = { origin: ORIGIN, keys: [logVkey], witnesses: [witnessVkey] };
const tree = treeOf(300);

async function proofOf(index: number, size: number): Promise<string> {
  const checkpoint = signCheckpoint({ origin: ORIGIN, size, root: await rootAt(size, tree), extensions: [] }, logKey);
  return formatLogProof({ index, proof: await inclusionProof(index, size, tree), checkpoint });
}

describe('a tlog-proof', () => {
  it('is written byte by byte as github.com/transparency-dev/formats writes it', async () => {
    const proof = await inclusionProof(66_000, 70_000, treeOf(70_000));
    const text = formatLogProof({
      index: 66_000,
      proof,
      checkpoint: BY_GO.checkpoint,
      extra: Buffer.from('deal/a'),
    });
    expect(createHash('sha256').update(text).digest('hex')).toBe(BY_GO.logProofSha256);
    expect(parseLogProof(text)).toEqual({
      index: 66_000,
      proof,
      checkpoint: BY_GO.checkpoint,
      extra: Buffer.from('deal/a'),
    });
    expect(verifyLogProof(text, leafText(66_000), trust)).toMatchObject({ ok: true, index: 66_000 });
  });

  it('shows with the keys alone that a leaf is in the log, where, and who has witnessed it', async () => {
    for (const [index, size] of [
      [0, 1],
      [0, 300],
      [123, 256],
      [299, 300],
    ] as const) {
      const text = await proofOf(index, size);
      const cosigned = text + cosignCheckpoint(parseLogProof(text)!.checkpoint, witnessKey, 7);
      expect(verifyLogProof(cosigned, leafText(index), trust)).toMatchObject({
        ok: true,
        index,
        checkpoint: { origin: ORIGIN, size },
        cosignatures: [{ timeS: 7 }],
      });
    }
  });

  it('does not show it of another leaf, at another index or in another tree', async () => {
    const text = await proofOf(123, 256);
    const notIncluded = { ok: false, problem: 'NOT_INCLUDED' };
    expect(verifyLogProof(text, leafText(124), trust)).toEqual(notIncluded);
    expect(verifyLogProof(text.replace('index 123', 'index 122'), leafText(123), trust)).toEqual(notIncluded);
    expect(verifyLogProof(text.replace('index 123', 'index 256'), leafText(123), trust)).toEqual(notIncluded);
    const otherTree = text.slice(0, text.indexOf('\n\n') + 2) + parseLogProof(await proofOf(0, 300))!.checkpoint;
    expect(verifyLogProof(otherTree, leafText(123), trust)).toEqual(notIncluded);
  });

  it('is not believed on the word of another key or of another log', async () => {
    const text = await proofOf(123, 256);
    const problem = (mine: Partial<typeof trust>) => verifyLogProof(text, leafText(123), { ...trust, ...mine });
    expect(problem({ keys: [witnessVkey] })).toEqual({ ok: false, problem: 'NOT_SIGNED' });
    expect(problem({ origin: 'ledger.example/other' })).toEqual({ ok: false, problem: 'OTHER_ORIGIN' });
  });

  it('is not believed once any one of its characters is another', async () => {
    const text = await proofOf(5, 9);
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at] === 'A' ? 'B' : 'A';
      expect(verifyLogProof(text.slice(0, at) + character + text.slice(at + 1), leafText(5), trust).ok).toBe(false);
      expect(verifyLogProof(text.slice(0, at) + text.slice(at + 1), leafText(5), trust).ok).toBe(false);
    }
  });

  it.each<[string, (text: string) => string]>([
    ['another header', (text) => text.replace('@v1', '@v2')],
    ['no index', (text) => text.replace(/index .*\n/, '')],
    ['a leading zero', (text) => text.replace('index ', 'index 0')],
    ['extra data after the index', (text) => text.replace(/(index .*\n)/, '$1extra AAAA\n')],
    ['extra data that is no base64', (text) => text.replace('index', 'extra ?\nindex')],
    ['a hash that is too short', (text) => text.replace(/(index .*\n)/, '$1AAAA\n')],
    ['no blank line', (text) => text.replace('\n\n', '\n')],
    ['carriage returns', (text) => text.replaceAll('\n', '\r\n')],
    ['nothing', () => ''],
  ])('is malformed with %s', async (_, change) => {
    expect(verifyLogProof(change(await proofOf(5, 9)), leafText(5), trust)).toEqual({
      ok: false,
      problem: 'MALFORMED',
    });
  });
});

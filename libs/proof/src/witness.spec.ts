import { addCosignatures, cosignCheckpoint, openCheckpoint, signCheckpoint } from './checkpoints';
import { logKey, logVkey, ORIGIN, treeOf, witnessKey, witnessVkey } from './examples.testing';
import { EMPTY_ROOT } from './hash';
import { generateSignerKey, type SignerKey } from './keys';
import { consistencyProof, rootAt } from './tree-proofs';
import {
  formatAddCheckpoint,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  type Verdict,
  type WitnessedLog,
} from './witness';

const tree = treeOf(300);
const forked = treeOf(300, (index) => Buffer.from(index === 41 ? 'another leaf' : `leaf ${index}`));

interface Request {
  readonly oldSize: number;
  readonly size: number;
  readonly proof?: readonly Buffer[];
  readonly root?: Buffer;
  readonly origin?: string;
  readonly key?: SignerKey;
  readonly of?: typeof tree;
}

async function bodyOf(request: Request): Promise<string> {
  const { oldSize, size, origin = ORIGIN, key = logKey, of = tree } = request;
  const root = request.root ?? (await rootAt(size, of));
  const note = signCheckpoint({ origin, size, root, extensions: [] }, key);
  const proof = request.proof ?? (oldSize > size ? [] : await consistencyProof(oldSize, size, of));
  return formatAddCheckpoint({ oldSize, proof, note });
}

/** A witness that has cosigned the checkpoint of this size, or none. */
async function knowing(size?: number): Promise<ReadonlyMap<string, WitnessedLog>> {
  const latest = size === undefined ? undefined : { size, root: await rootAt(size, tree) };
  return new Map([[ORIGIN, { keys: [logVkey], latest }]]);
}

async function verdict(latest: number | undefined, request: Request): Promise<Verdict> {
  return judgeAddCheckpoint(Buffer.from(await bodyOf(request)), await knowing(latest));
}

describe('a witness', () => {
  it.each([
    [undefined, 0, 1],
    [undefined, 0, 300],
    [undefined, 0, 0],
    [0, 0, 7],
    [1, 1, 2],
    [64, 64, 65],
    [100, 100, 300],
    [300, 300, 300],
  ])('cosigns what extends the latest it knows: knowing %s, from %i to %i', async (latest, oldSize, size) => {
    expect(await verdict(latest, { oldSize, size })).toMatchObject({
      status: 200,
      checkpoint: { origin: ORIGIN, size, root: await rootAt(size, tree) },
    });
  });

  it('gives back the checkpoint word for word, to be cosigned', async () => {
    const answer = await verdict(100, { oldSize: 100, size: 300 });
    if (answer.status !== 200) throw new Error('not cosigned');
    const line = cosignCheckpoint(answer.note, witnessKey, 7);
    const cosigned = addCosignatures(answer.note, line, [witnessVkey]);
    expect(openCheckpoint(cosigned ?? '', { origin: ORIGIN, keys: [logVkey], witnesses: [witnessVkey] })).toMatchObject(
      {
        ok: true,
        cosignatures: [{ timeS: 7 }],
      },
    );
  });

  it.each([
    [undefined, 100, 300, 0],
    [100, 0, 300, 100],
    [100, 99, 300, 100],
    [300, 100, 200, 300],
  ])(
    'says which size it knows when it is not that one: knowing %s, from %i to %i',
    async (latest, oldSize, size, known) => {
      expect(await verdict(latest, { oldSize, size })).toEqual({
        status: 409,
        size: known,
        reason: `The latest checkpoint cosigned has size ${known}, not ${oldSize}.`,
      });
    },
  );

  it('refuses a fork of the tree it knows', async () => {
    expect(await verdict(100, { oldSize: 100, size: 300, of: forked })).toEqual({
      status: 422,
      reason: 'The proof does not show that the tree of 300 leaves extends that of 100.',
    });
  });

  it('refuses another root for the size it knows, without a size that would invite to try again', async () => {
    expect(await verdict(100, { oldSize: 100, size: 100, of: forked })).toEqual({
      status: 409,
      reason: 'Another root was cosigned for size 100.',
    });
  });

  it('refuses a log that was rolled back', async () => {
    expect(await verdict(300, { oldSize: 300, size: 200 })).toEqual({
      status: 400,
      reason: 'The old size 300 is above the size 200 of the checkpoint.',
    });
  });

  it('refuses a proof that is missing, too long or of another pair of sizes', async () => {
    const right = await consistencyProof(100, 300, tree);
    for (const proof of [[], right.slice(1), [...right, EMPTY_ROOT], await consistencyProof(101, 300, tree)])
      expect(await verdict(100, { oldSize: 100, size: 300, proof })).toMatchObject({ status: 422 });
    expect(await verdict(undefined, { oldSize: 0, size: 300, proof: [EMPTY_ROOT] })).toMatchObject({ status: 422 });
    expect(await verdict(100, { oldSize: 100, size: 100, proof: [EMPTY_ROOT] })).toMatchObject({ status: 422 });
  });

  it('refuses a root that an empty tree cannot have', async () => {
    const root = await rootAt(1, tree);
    expect(await verdict(undefined, { oldSize: 0, size: 0, root })).toEqual({
      status: 422,
      reason: 'A checkpoint of size 0 has the root of the empty tree.',
    });
  });

  it('does not know every log', async () => {
    expect(await verdict(100, { oldSize: 100, size: 300, origin: 'ledger.example/other' })).toEqual({
      status: 404,
      reason: 'No log with the origin ledger.example/other is known here.',
    });
  });

  it('believes nobody but the log', async () => {
    const key = generateSignerKey(ORIGIN, 'ed25519');
    const reason = `No known key of ${ORIGIN} has rightly signed the checkpoint.`;
    expect(await verdict(100, { oldSize: 100, size: 300, key })).toEqual({ status: 403, reason });
    const changed = (await bodyOf({ oldSize: 100, size: 300 })).replace('\n300\n', '\n301\n');
    expect(judgeAddCheckpoint(Buffer.from(changed), await knowing(100))).toEqual({ status: 403, reason });
  });

  it('looks at the signature before it tells what it knows', async () => {
    const key = generateSignerKey(ORIGIN, 'ed25519');
    expect(await verdict(300, { oldSize: 100, size: 200, key })).toMatchObject({ status: 403 });
  });

  it.each<[string, (body: string) => string]>([
    ['nothing', () => ''],
    ['no old size', (body) => body.replace(/^old .*\n/, '')],
    ['a leading zero', (body) => body.replace('old ', 'old 0')],
    ['a negative size', (body) => body.replace('old ', 'old -')],
    ['two spaces', (body) => body.replace('old ', 'old  ')],
    ['a hash that is too short', (body) => body.replace(/\n/, '\nAAAA\n')],
    ['a hash that is no base64', (body) => body.replace(/\n/, '\n????\n')],
    ['64 hashes', (body) => body.replace(/\n/, `\n${`${EMPTY_ROOT.toString('base64')}\n`.repeat(64)}`)],
    ['no blank line', (body) => body.replaceAll('\n\n', '\n')],
    ['no checkpoint', (body) => body.slice(0, body.indexOf('\n\n') + 2)],
    ['no newline at the end', (body) => body.slice(0, -1)],
  ])('refuses a request with %s', async (_, change) => {
    const body = Buffer.from(change(await bodyOf({ oldSize: 100, size: 300 })));
    expect(judgeAddCheckpoint(body, await knowing(100))).toEqual({ status: 400, reason: 'The request is malformed.' });
  });

  it('refuses bytes that are no UTF-8, though they would be read as what was signed', async () => {
    const checkpoint = { origin: ORIGIN, size: 300, root: await rootAt(300, tree), extensions: ['\ufffd'] };
    const note = signCheckpoint(checkpoint, logKey);
    const right = Buffer.from(formatAddCheckpoint({ oldSize: 0, proof: [], note }));
    const at = right.indexOf('\ufffd');
    const wrong = Buffer.concat([right.subarray(0, at), Buffer.of(0xff), right.subarray(at + 3)]);
    expect(wrong.toString()).toBe(right.toString());
    expect(judgeAddCheckpoint(right, await knowing())).toMatchObject({ status: 200 });
    expect(judgeAddCheckpoint(wrong, await knowing())).toMatchObject({ status: 400 });
  });

  it('reads the example of C2SP tlog-witness', () => {
    const example = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;
    const request = parseAddCheckpoint(Buffer.from(example));
    expect(request).toMatchObject({
      oldSize: 20_852_014,
      checkpoint: { origin: 'example.com/behind-the-sofa', size: 20_852_163 },
    });
    expect(formatAddCheckpoint(request!)).toBe(example);
  });

  it('follows a log step by step and never back', async () => {
    const logs = new Map<string, WitnessedLog>([[ORIGIN, { keys: [logVkey] }]]);
    let size = 0;
    for (const next of [1, 2, 3, 50, 64, 64, 65, 299, 300]) {
      const body = Buffer.from(await bodyOf({ oldSize: size, size: next }));
      const answer = judgeAddCheckpoint(body, logs);
      if (answer.status !== 200) throw new Error(answer.reason);
      logs.set(ORIGIN, { keys: [logVkey], latest: answer.checkpoint });
      if (next > size) expect(judgeAddCheckpoint(body, logs)).toMatchObject({ status: 409, size: next });
      size = next;
    }
  });
});

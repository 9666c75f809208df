import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MemoryLog } from '@deal-ledger/log';
import {
  cosignCheckpoint,
  formatVerifierKey,
  generateSignerKey,
  judgeAddCheckpoint,
  openCheckpoint,
  TLOG_SIZE_TYPE,
  type Checkpoint,
} from '@deal-ledger/proof';
import { describeWithPostgres, eventually } from '../../../tests/harness';
import { append, logOf, ORIGIN, TestTree } from './testing-tree';
import { Witnesses } from './witnesses';

const witnessKey = generateSignerKey('witness.example/one', 'cosignature/v1');

describeWithPostgres('the cosignatures of witnesses', (connectionString) => {
  let log: MemoryLog;
  let tree: TestTree;
  let server: Server;
  let witnesses: Witnesses;
  let latest: Pick<Checkpoint, 'size' | 'root'> | undefined;
  let said: string[];
  /** What the witness answers instead of a verdict. */
  let instead: { status: number; text: string } | undefined;

  beforeEach(async () => {
    [latest, instead, said] = [undefined, undefined, []];
    log = await logOf(300);
    tree = await TestTree.start(log, { connectionString, signed: () => witnesses?.wake() });
    server = createServer({}, (incoming, answer) => {
      void (async () => {
        const body = Buffer.concat((await incoming.toArray()) as Buffer[]);
        if (instead !== undefined) return answer.writeHead(instead.status).end(instead.text);
        if (incoming.url === '/vkey') return answer.end(`${formatVerifierKey(witnessKey)}\n`);
        const verdict = judgeAddCheckpoint(body, new Map([[ORIGIN, { keys: [tree.key], latest }]]));
        if (verdict.status === 200) {
          latest = verdict.checkpoint;
          return answer.end(cosignCheckpoint(verdict.note, witnessKey, 1_767_225_600));
        }
        if (verdict.status === 409 && verdict.size !== undefined)
          return answer.writeHead(409, { 'content-type': TLOG_SIZE_TYPE }).end(`${verdict.size}\n`);
        return answer.writeHead(verdict.status).end(verdict.reason);
      })();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    witnesses = begin();
    await tree.caughtUp();
  });
  afterEach(async () => {
    await witnesses.stop();
    server.closeAllConnections();
    server.close();
    await tree.stop();
  });

  const begin = (): Witnesses => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const made = new Witnesses({
      addresses: [{ url, vkey: undefined }],
      store: tree.store,
      warn: (message) => said.push(message),
      firstBackoffMs: 20,
    });
    made.start();
    return made;
  };
  const cosignedFor = (size: number): Promise<void> =>
    eventually(async () => {
      const opened = openCheckpoint((await tree.store.lastCosigned(1)) ?? '', {
        origin: ORIGIN,
        keys: [tree.key],
        witnesses: [witnessKey],
      });
      expect(opened).toMatchObject({ ok: true, checkpoint: { size }, cosignatures: [{ timeS: 1_767_225_600 }] });
    }, 5_000);

  it('come to every checkpoint', async () => {
    await cosignedFor(300);
    await append(log, 30);
    await cosignedFor(330);
    expect(witnesses.states).toEqual([expect.stringMatching(/^witness http:\S+ has cosigned 330$/)]);
  });

  it('come again after a restart, from where the witness is', async () => {
    await cosignedFor(300);
    await witnesses.stop();
    await append(log, 30);
    await tree.caughtUp();
    witnesses = begin();
    await cosignedFor(330);
    expect(said).toEqual([]);
  });

  it('are not waited for while a witness is away, and come when it is back', async () => {
    await cosignedFor(300);
    instead = { status: 503, text: 'not now' };
    await append(log, 30);
    await eventually(async () => expect(witnesses.states[0]).toMatch(/is away: it answers 503: "not now"$/), 5_000);
    await append(log, 30);
    await eventually(async () => expect((await tree.store.lastCheckpoint())?.size).toBe(360), 5_000);
    instead = undefined;
    await cosignedFor(360);
    await eventually(async () => expect(said.at(-1)).toMatch(/cosigns again$/), 5_000);
  });

  it('are refused loudly for a tree that does not extend what the witness knows', async () => {
    await cosignedFor(300);
    latest = { size: 300, root: Buffer.alloc(32, 7) };
    await append(log, 30);
    await eventually(
      async () => expect(witnesses.states[0]).toMatch(/REFUSES to cosign: it answers 422 .* extends that of 300/),
      5_000,
    );
    expect(said.length).toBeGreaterThan(0);
    for (const line of said) expect(line).toMatch(/REFUSES to cosign: it answers 422/);
    expect(tree.grower.notWorkingBecause).toBeUndefined();
  });

  it('are missed loudly when the witness knows more than was signed here', async () => {
    await cosignedFor(300);
    latest = { size: 400, root: Buffer.alloc(32, 7) };
    await append(log, 30);
    await eventually(
      async () =>
        expect(witnesses.states[0]).toMatch(
          /REFUSES to cosign: it has cosigned a checkpoint for 400 leaves, and the last one here is for 330: checkpoints were rolled back/,
        ),
      5_000,
    );
  });

  it('are not taken for ones when they are by another key', async () => {
    await cosignedFor(300);
    instead = {
      status: 200,
      text: cosignCheckpoint(
        (await tree.store.lastCheckpoint())?.note ?? '',
        generateSignerKey('w', 'cosignature/v1'),
        1,
      ),
    };
    await append(log, 30);
    await eventually(
      async () => expect(witnesses.states[0]).toMatch(/is no cosignature of witness.example\/one/),
      5_000,
    );
    await cosignedFor(300);
  });
});

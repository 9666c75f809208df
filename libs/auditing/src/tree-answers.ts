import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerForked } from '@deal-ledger/ledger';
import { LogHalted, type Log } from '@deal-ledger/log';
import { isTransient } from '@deal-ledger/projection';
import {
  consistencyProof,
  inclusionProof,
  rootAt,
  TILE_WIDTH,
  leafOf,
  type NodeSource,
  hashOfLeaf,
  verifyConsistency,
  verifyInclusion,
  type Tile,
} from '@deal-ledger/proof';
import { Problem } from '@deal-ledger/service';
import type { SignedCheckpoint } from './tree-check';
import { TreeDamaged } from './tree-nodes';
import type { TreeGrower } from './tree-grower';
import type { TreeStore } from './tree-store';

/** So long a question about a record waits for a checkpoint that has it. */
const WAIT_MS = 5_000;
const POLL_MS = 50;
const HALTED_RETRY_S = 60;

export interface Inclusion {
  readonly position: number;
  readonly size: number;
  readonly root: Buffer;
  readonly leaf: Buffer;
  readonly leafHash: Buffer;
  readonly proof: readonly Buffer[];
  /** The one of just this size, if it was signed. */
  readonly checkpoint: string | undefined;
}

export interface Consistency {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Buffer;
  readonly toRoot: Buffer;
  readonly proof: readonly Buffer[];
}

/** What is answered of the tree. Nothing that is not signed for is shown. */
export class TreeAnswers {
  constructor(
    private readonly store: TreeStore,
    private readonly grower: TreeGrower,
    private readonly log: Log,
    /** The schema of the projection that knows where events are. */
    private readonly projection: string,
  ) {}

  /** The last checkpoint that has so many cosignatures, with all of them. */
  async checkpoint(cosignatures: number): Promise<string> {
    const found = await this.store.lastCosigned(cosignatures);
    if (found !== undefined) return found;
    const last = await this.signed();
    throw new Problem({
      status: 404,
      code: 'NOT_COSIGNED',
      detail: `No checkpoint has ${cosignatures} cosignatures; the last one is for ${last.size} leaves. Ask for fewer, or see to it that as many witnesses answer.`,
      members: { cosignatures, size: last.size },
    });
  }

  /** The last checkpoint. @throws Problem 503 while none was signed */
  private async signed(): Promise<SignedCheckpoint> {
    const last = await this.store.lastCheckpoint();
    if (last !== undefined) return last;
    throw new Problem({
      status: 503,
      code: 'NOTHING_SIGNED_YET',
      detail: `No checkpoint was signed yet${this.because()}.`,
    });
  }

  async tile(tile: Tile): Promise<Buffer> {
    const { level, index, width } = tile;
    const { size } = await this.signed();
    const hashes = Math.floor(size / TILE_WIDTH ** level);
    if (index * TILE_WIDTH + width > hashes)
      throw new Problem({
        status: 404,
        code: 'NOT_IN_TREE',
        detail: `The tree of ${size} leaves has ${hashes} hashes on level ${level} of its tiles; this tile ends with hash ${index * TILE_WIDTH + width - 1}.`,
        members: { size, hashes },
      });
    return this.store.tile(tile);
  }

  async inclusion(position: number, wanted: number | undefined): Promise<Inclusion> {
    const last = await this.covering(position);
    const size = wanted ?? last.size;
    if (size > last.size) throw notSigned(size, last.size);
    if (position >= size)
      throw new Problem({
        status: 400,
        code: 'NOT_IN_TREE',
        detail: `Position ${position} is not in the tree of ${size} leaves, which ends with ${size - 1}. Ask for a size above ${position}.`,
        members: { position, size },
      });
    const [record] = await this.log.at([position]);
    const leaf = leafOf(record as NonNullable<typeof record>);
    const leafHash = hashOfLeaf(leaf);
    const nodes = this.store.nodes(size);
    const root = await this.rootOf(size, nodes);
    const proof = await inclusionProof(position, size, nodes);
    if (!verifyInclusion({ leafHash, index: position, size, root, proof }))
      throw new TreeDamaged(await this.unproven(position, leafHash));
    return { position, size, root, leaf, leafHash, proof, checkpoint: await this.store.checkpointOf(size) };
  }

  async consistency(from: number, wanted: number | undefined): Promise<Consistency> {
    const last = await this.signed();
    const to = wanted ?? last.size;
    for (const size of [from, to]) if (size > last.size) throw notSigned(size, last.size);
    if (from > to)
      throw new Problem({
        status: 400,
        code: 'SIZES_REVERSED',
        detail: `A tree of ${to} leaves does not extend one of ${from}. Give the smaller size as from.`,
        members: { from, to },
      });
    const nodes = this.store.nodes(to);
    const [fromRoot, toRoot] = [await this.rootOf(from, nodes), await this.rootOf(to, nodes)];
    const proof = await consistencyProof(from, to, nodes);
    if (!verifyConsistency({ oldSize: from, oldRoot: fromRoot, newSize: to, newRoot: toRoot, proof }))
      throw new TreeDamaged(await this.store.damage());
    return { from, to, fromRoot, toRoot, proof };
  }

  /** The root of the tree of this size: the one that was signed for, if it was, and else as the tables have it. */
  private async rootOf(size: number, nodes: NodeSource): Promise<Buffer> {
    return (await this.store.signedRoot(size)) ?? rootAt(size, nodes);
  }

  /** Why there is no proof of a record, in words. */
  private async unproven(position: number, leafHash: Buffer): Promise<string> {
    const kept = await this.store.leafHash(position);
    if (kept?.equals(leafHash) !== false) return this.store.damage();
    return (
      `record ${position} of the log has the leaf hash ${leafHash.toString('hex')}, and the tree has ${kept.toString('hex')} for it: ` +
      'the record was changed in the log, or its leaf in table tree_hashes'
    );
  }

  /** The position of an event. Ids are unique within a stream. */
  async positionOf(eventId: string, stream: string | undefined): Promise<number> {
    const found = await this.store.placesOf(this.projection, eventId, stream);
    const [only, other] = found;
    if (only !== undefined && other === undefined) return only.position;
    const where = stream === undefined ? 'the ledger' : stream;
    if (only === undefined)
      throw new Problem({
        status: 404,
        code: 'EVENT_NOT_FOUND',
        detail: `There is no event ${eventId} in ${where}, as far as it is projected. Ask by position, or again in a moment.`,
      });
    throw new Problem({
      status: 400,
      code: 'EVENT_AMBIGUOUS',
      detail: `Events ${eventId} are in several streams, among them ${found.map((place) => place.stream).join(', ')}. Name one in stream.`,
    });
  }

  /** The last checkpoint, once it has the record; waits for a record that the log has already. */
  private async covering(position: number): Promise<SignedCheckpoint> {
    const deadlineMs = performance.now() + WAIT_MS;
    for (;;) {
      const last = await this.signed();
      if (position < last.size) return last;
      const end = await this.log.end();
      if (position >= end)
        throw new Problem({
          status: 400,
          code: 'POSITION_UNKNOWN',
          detail: `Position ${position} lies beyond the end of the log, whose last position is ${end - 1}. Ask for that or an earlier one.`,
          members: { position, lastPosition: end - 1 },
        });
      if (this.grower.notWorkingBecause !== undefined || performance.now() > deadlineMs)
        throw new Problem({
          status: 503,
          code: 'NOT_SIGNED_YET',
          detail: `Position ${position} is not signed for yet, the last checkpoint is for ${last.size} leaves${this.because()}.`,
          members: { position, size: last.size },
        });
      await sleep(POLL_MS);
    }
  }

  private because(): string {
    const reason = this.grower.notWorkingBecause;
    return reason === undefined ? '' : `: ${reason}`;
  }
}

const notSigned = (size: number, signed: number): Problem =>
  new Problem({
    status: 404,
    code: 'NOT_SIGNED',
    detail: `The last checkpoint is for ${signed} leaves; nothing is shown of a tree of ${size}. Ask for at most ${signed}.`,
    members: { size, signed },
  });

/** What keeps it from answering is said as a problem. */
export async function answered<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof TreeDamaged || error instanceof LogHalted || error instanceof LedgerForked)
      throw new Problem({
        status: 503,
        code: error.code,
        detail: `Nothing can be vouched for: ${error.message}.`,
        retryAfterS: HALTED_RETRY_S,
        cause: error,
      });
    if (error instanceof Problem || !isTransient(error)) throw error;
    throw new Problem({
      status: 503,
      code: 'UNAVAILABLE',
      detail: 'The database or the log did not answer in time. Ask again.',
      cause: error,
    });
  }
}

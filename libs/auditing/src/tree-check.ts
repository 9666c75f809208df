import {
  consistencyProof,
  Frontier,
  HASH_BYTES,
  openCheckpoint,
  perfectSubtrees,
  TILE_HEIGHT,
  TILE_WIDTH,
  tilePath,
  verifyConsistency,
  type NodeSource,
  type VerifierKey,
} from '@deal-ledger/proof';
import { readTile, storedNodes, TreeDamaged, type Queryable } from './tree-nodes';

/** The tree as its one row has it. */
export interface TreeState {
  /** Nothing while it is empty. */
  readonly ledgerId: string | null;
  readonly size: number;
  readonly edge: Buffer;
  /** Of the last checkpoint that was signed; 0 when none was. */
  readonly signedSize: number;
  /** The checkpoint that the ledger came with, if it was restored from elsewhere. */
  readonly signedBefore: string | null;
}

/** A checkpoint as it was signed. */
export interface SignedCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly signedAt: Date;
}

/** How many leaves there are below a hash of each level of tiles. */
const leavesBelow = (level: number): number => TILE_WIDTH ** level;

/** The edge as it is kept. @throws TreeDamaged when it cannot be one of a tree of this size */
export function frontierOf({ size, edge }: Pick<TreeState, 'size' | 'edge'>): Frontier {
  const hashes = Array.from({ length: Math.ceil(edge.length / HASH_BYTES) }, (_, at) =>
    edge.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
  try {
    return Frontier.of(size, hashes);
  } catch (error) {
    throw new TreeDamaged(`table tree was changed: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Holds what is stored of the tree against itself and against the last checkpoint signed: its hashes give the edge,
 * and the tree extends the one signed for, by the same proof that an auditor would ask for. Answers the edge.
 * @throws TreeDamaged naming sizes and roots, and the place
 */
export async function checkTree(db: Queryable, tree: TreeState, key: VerifierKey): Promise<Frontier> {
  const { size, signedSize } = tree;
  const edge = frontierOf(tree);
  const signed = await lastSigned(db, tree, key);
  await refuseLeavesBeyond(db, size);
  const nodes = storedNodes(db, size);
  const computed = await Frontier.at(size, nodes);
  const root = computed.root();
  if (!root.equals(edge.root()))
    throw new TreeDamaged(
      `the hashes of the tree of ${size} leaves give the root ${hex(root)}, and its edge the root ${hex(edge.root())}: ${await placeOfDamage(db, tree)}`,
    );
  if (signed === undefined) return edge;
  const claim = { oldSize: signedSize, oldRoot: signed.root, newSize: size, newRoot: root };
  const proof = await consistencyProof(signedSize, size, nodes);
  if (!verifyConsistency({ ...claim, proof }))
    throw new TreeDamaged(
      `the tree of ${size} leaves with the root ${hex(root)} does not extend the one of ${signedSize} leaves with the root ${hex(signed.root)} that was signed for: ${await placeOfDamage(db, tree)}`,
    );
  return edge;
}

/** The last checkpoint that was signed, held against its own signature; nothing when none was. */
async function lastSigned(
  db: Queryable,
  { signedSize }: TreeState,
  key: VerifierKey,
): Promise<SignedCheckpoint | undefined> {
  const last = await readLastCheckpoint(db);
  if ((last?.size ?? 0) !== signedSize)
    throw new TreeDamaged(
      `the last checkpoint in table checkpoints is for ${last?.size ?? 0} leaves, and one for ${signedSize} was signed: a checkpoint was rolled back, removed or put in. ${RESTORE}`,
    );
  if (last === undefined) return undefined;
  const opened = openCheckpoint(last.note, { origin: key.name, keys: [key] });
  if (!opened.ok)
    throw new TreeDamaged(
      `the checkpoint for ${signedSize} leaves was not signed as ${key.name} by the key ${key.id} (${opened.problem}): put back the key that signed it, or the checkpoint`,
    );
  const { size, root } = opened.checkpoint;
  if (size !== last.size || !root.equals(last.root))
    throw new TreeDamaged(
      `the checkpoint for ${last.size} leaves with the root ${hex(last.root)} is signed for ${size} leaves with the root ${hex(root)}: table checkpoints was changed. ${RESTORE}`,
    );
  return last;
}

async function refuseLeavesBeyond(db: Queryable, size: number): Promise<void> {
  const { rows } = await db.query<{ last: string | null }>({
    name: 'lastLeaf',
    text: 'select max(index) as last from tree_hashes where level = 0',
  });
  const leaves = Number(rows[0]?.last ?? -1) + 1;
  if (leaves > size)
    throw new TreeDamaged(
      `table tree_hashes has ${leaves} leaves, and table tree says that the tree has ${size}: table tree was set back. ${RESTORE}`,
    );
}

/**
 * Where the stored hashes first disagree with one another, in words: tile by tile, each full one against the hash that
 * stands for it on the next level, then the edge against the hashes that it is made of.
 */
export async function placeOfDamage(db: Queryable, { size, edge }: Pick<TreeState, 'size' | 'edge'>): Promise<string> {
  for (let number = 0; number < fullTiles(size); number += 1) {
    const fault = await faultOfTile(db, size, number);
    if (fault !== undefined) return fault;
  }
  const atEdge = await placeAtEdge(storedNodes(db, size), size, edge);
  return atEdge ?? `all its hashes agree with one another, so they were made anew of other records. ${RESTORE}`;
}

/** How many full tiles a tree has on all levels. */
export function fullTiles(size: number): number {
  let count = 0;
  for (let level = 1; leavesBelow(level) <= size; level += 1) count += Math.floor(size / leavesBelow(level));
  return count;
}

/** What is wrong with one of the full tiles, which are numbered level by level: that it does not hash to the one above. */
export async function faultOfTile(db: Queryable, size: number, number: number): Promise<string | undefined> {
  let [level, index] = [0, number];
  for (let count = Math.floor(size / TILE_WIDTH); index >= count; count = Math.floor(count / TILE_WIDTH))
    [level, index] = [level + 1, index - count];
  const tile = { level, index, width: TILE_WIDTH };
  const [above] = await storedNodes(db, size).hashes([{ level: TILE_HEIGHT * (level + 1), index }]);
  if (above !== undefined && hashOfTile(await readTile(db, tile)).equals(above)) return undefined;
  const [from, to] = [index * leavesBelow(level + 1), (index + 1) * leavesBelow(level + 1) - 1];
  return `a hash of ${tilePath(tile)} (over the leaves ${from} to ${to}) was changed in table tree_hashes, or the one that stands for it, ${index} of level ${level + 1}. ${RESTORE}`;
}

async function placeAtEdge(nodes: NodeSource, size: number, edge: Buffer): Promise<string | undefined> {
  const parts = perfectSubtrees({ from: 0, to: size });
  const hashes = await nodes.hashes(parts);
  const at = parts.findIndex(
    (_, part) => !edge.subarray(part * HASH_BYTES, (part + 1) * HASH_BYTES).equals(hashes[part] ?? Buffer.alloc(0)),
  );
  const part = parts[at];
  if (part === undefined) return undefined;
  const [from, to] = [part.index * 2 ** part.level, (part.index + 1) * 2 ** part.level - 1];
  return `a hash over the leaves ${from} to ${to} was changed in table tree_hashes, or the edge in table tree. ${RESTORE}`;
}

function hashOfTile(bytes: Buffer): Buffer {
  const tree = Frontier.empty();
  for (let at = 0; at < bytes.length; at += HASH_BYTES) tree.append(bytes.subarray(at, at + HASH_BYTES));
  return tree.root();
}

/** The checkpoint of the largest size, if there is one. */
export async function readLastCheckpoint(db: Queryable): Promise<SignedCheckpoint | undefined> {
  const { rows } = await db.query<CheckpointRow>({
    name: 'lastCheckpoint',
    text: 'select size, root, note, signed_at from checkpoints order by size desc limit 1',
  });
  return rows.map(checkpointOf)[0];
}

export interface CheckpointRow {
  readonly size: string;
  readonly root: Buffer;
  readonly note: string;
  readonly signed_at: Date;
}

export const checkpointOf = ({ size, root, note, signed_at }: CheckpointRow): SignedCheckpoint => ({
  size: Number(size),
  root,
  note,
  signedAt: signed_at,
});

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

const RESTORE =
  'Nothing is signed any more until the tables are restored from a backup, or made anew from the log and held against a checkpoint kept elsewhere';

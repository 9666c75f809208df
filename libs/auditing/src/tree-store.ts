import { poolIn } from '@deal-ledger/projection';
import type { NodeSource, Tile, VerifierKey } from '@deal-ledger/proof';
import { type Pool, type PoolClient } from 'pg';
import type { CheckpointSigner } from './checkpoint-signer';
import { remainder, type Growth } from './growth';
import {
  checkpointOf,
  checkTree,
  placeOfDamage,
  readLastCheckpoint,
  type CheckpointRow,
  type SignedCheckpoint,
  type TreeState,
} from './tree-check';
import { readTile, storedNodes, TreeDamaged, type Queryable } from './tree-nodes';

const MAX_CONNECTIONS = 4;

/** The tree went back behind what was known of it here, or is of another ledger: start over from the tables. */
export class TreeMoved extends Error {
  override readonly name = 'TreeMoved';
}

/** The tables of the tree. Every step is one transaction that holds the tree's row: instances take turns. */
export class TreeStore {
  private readonly pool: Pool;

  constructor(connectionString: string, schema: string, onIdleError: (error: Error) => void) {
    this.pool = poolIn({
      connectionString,
      schema,
      name: schema,
      max: MAX_CONNECTIONS,
      onIdleError,
    });
  }

  state(): Promise<TreeState> {
    return readTree(this.pool);
  }

  /** The nodes of the tree of this size, which it must have reached. */
  nodes(size: number): NodeSource {
    return storedNodes(this.pool, size);
  }

  /** The hash of a leaf, or nothing when the tree has not grown so far or the row is gone. */
  async leafHash(position: number): Promise<Buffer | undefined> {
    const { rows } = await this.pool.query<{ hash: Buffer }>({
      name: 'leafHash',
      text: 'select hash from tree_hashes where level = 0 and index = $1',
      values: [position],
    });
    return rows[0]?.hash;
  }

  /** The content of a tile. @throws TreeDamaged when a hash of it is missing */
  tile(tile: Tile): Promise<Buffer> {
    return readTile(this.pool, tile);
  }

  /** The checkpoint of just this size with its cosignatures, if there is one. */
  async checkpointOf(size: number): Promise<string | undefined> {
    const { rows } = await this.pool.query<{ note: string }>({
      name: 'checkpointOf',
      text: `select note || coalesce(cosigned.lines, '') as note from checkpoints, ${COSIGNED} where size = $1`,
      values: [size],
    });
    return rows[0]?.note;
  }

  /** The root of the checkpoint of just this size, if there is one. */
  async signedRoot(size: number): Promise<Buffer | undefined> {
    const { rows } = await this.pool.query<{ root: Buffer }>({
      name: 'signedRoot',
      text: 'select root from checkpoints where size = $1',
      values: [size],
    });
    return rows[0]?.root;
  }

  /** Where the tree is damaged, in words. */
  async damage(): Promise<string> {
    return placeOfDamage(this.pool, await this.state());
  }

  /** The last checkpoint that has at least so many cosignatures, with all of them. */
  async lastCosigned(cosignatures: number): Promise<string | undefined> {
    const { rows } = await this.pool.query<{ note: string }>({
      name: 'lastCosigned',
      text: `select note || coalesce(cosigned.lines, '') as note from checkpoints, ${COSIGNED}
             where cosigned.count >= $1 order by size desc limit 1`,
      values: [cosignatures],
    });
    return rows[0]?.note;
  }

  /** Adds a witness's line to a checkpoint, once. */
  async addCosignature(size: number, witness: string, line: string): Promise<void> {
    await this.pool.query({
      name: 'addCosignature',
      text: 'insert into cosignatures (size, witness, line) values ($1, $2, $3) on conflict do nothing',
      values: [size, witness, line],
    });
  }

  /** Where events of this id are, by the projection in that schema; two of them when there are several. */
  async placesOf(
    projection: string,
    eventId: string,
    stream: string | undefined,
  ): Promise<{ position: number; stream: string }[]> {
    const { rows } = await this.pool.query<{ position: string; stream: string }>({
      text: `select position, stream from ${projection}.events
             where event_id = $1 and ($2::text is null or stream = $2) limit 2`,
      values: [eventId, stream ?? null],
    });
    return rows.map(({ position, stream: found }) => ({ position: Number(position), stream: found }));
  }

  lastCheckpoint(): Promise<SignedCheckpoint | undefined> {
    return readLastCheckpoint(this.pool);
  }

  /** Every checkpoint ever signed, by size. */
  async *checkpoints(): AsyncGenerator<SignedCheckpoint> {
    for (let from = 0; ;) {
      const { rows } = await this.pool.query<CheckpointRow>({
        name: 'checkpoints',
        text: 'select size, root, note, signed_at from checkpoints where size >= $1 order by size limit 1000',
        values: [from],
      });
      const page = rows.map(checkpointOf);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      from = last.size + 1;
    }
  }

  /** The tree, once it was held against itself and its last checkpoint. @throws TreeDamaged */
  checked(keyOf: (tree: TreeState) => Promise<VerifierKey>): Promise<TreeState> {
    return this.within('begin isolation level repeatable read read only', async (db) => {
      const tree = await readTree(db);
      if (tree.size > 0) await checkTree(db, tree, await keyOf(tree));
      return tree;
    });
  }

  /**
   * Adds what is not there yet, and with a signer a checkpoint of the new size, if it is sound.
   * @throws TreeMoved when the tree does not reach to where the growth begins, TreeDamaged
   */
  extend(growth: Growth, signer: CheckpointSigner | undefined): Promise<void> {
    return this.within('begin', async (db) => {
      const before = await lockTree(db);
      const { ledgerId, from, size, edge } = growth;
      if (before.size < from || (before.ledgerId !== null && before.ledgerId !== ledgerId))
        throw new TreeMoved(
          `the tree has ${before.size} leaves of ledger ${before.ledgerId ?? 'none'}, ${from} of ${ledgerId} were due`,
        );
      let tree = before;
      if (before.size < size) {
        // What is not signed for can be computed again; what is signed for is on disk before anybody sees it.
        if (signer === undefined) await db.query('set local synchronous_commit = off');
        await addHashes(db, before.size > from ? remainder(growth, before.size) : growth);
        await db.query({
          name: 'grown',
          text: 'update tree set ledger_id = $1, size = $2, edge = $3',
          values: [ledgerId, size, edge],
        });
        tree = { ...before, ledgerId, size, edge };
      } else if (before.size === size && !before.edge.equals(edge)) {
        throw new TreeDamaged(
          `another instance has grown another tree of ${size} leaves in the same tables: it reads another log, or the edge in table tree was changed`,
        );
      }
      await signer?.sign(db, tree);
    });
  }

  /** Signs the tree as it stands, if it was not yet. @throws TreeDamaged */
  sign(signer: CheckpointSigner): Promise<void> {
    return this.within('begin', async (db) => signer.sign(db, await lockTree(db)));
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async within<Result>(begin: string, work: (db: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    try {
      await client.query(begin);
      const result = await work(client);
      await client.query('commit');
      client.release();
      return result;
    } catch (error) {
      // It is rolled back with the connection.
      client.release(true);
      throw error;
    }
  }
}

async function addHashes(db: Queryable, { hashes }: Growth): Promise<void> {
  for (const { level, first, hashes: added } of hashes) {
    await db
      .query({
        name: 'addHashes',
        text: `insert into tree_hashes (level, index, hash)
               select $1, $2::bigint + at, substr($3::bytea, at * 32 + 1, 32)
               from generate_series(0, octet_length($3::bytea) / 32 - 1) as at`,
        values: [level, first, added],
      })
      .catch((error: { readonly code?: string; readonly message: string }) => {
        if (error.code !== UNIQUE_VIOLATION) throw error;
        throw new TreeDamaged(
          `table tree_hashes has hash ${first} of level ${level} already, or one after it, and table tree says that the tree does not: table tree was set back`,
        );
      });
  }
}

const UNIQUE_VIOLATION = '23505';

/** Of each checkpoint the lines of its witnesses. */
const COSIGNED = `lateral (
  select count(*), string_agg(line, '' order by witness) as lines from cosignatures where cosignatures.size = checkpoints.size
) as cosigned`;

const readTree = (db: Queryable): Promise<TreeState> => selectTree(db, '');
const lockTree = (db: Queryable): Promise<TreeState> => selectTree(db, ' for update');

interface TreeRow {
  readonly ledger_id: string | null;
  readonly size: string;
  readonly edge: Buffer;
  readonly signed_size: string;
  readonly signed_before: string | null;
}

async function selectTree(db: Queryable, lock: '' | ' for update'): Promise<TreeState> {
  const { rows } = await db.query<TreeRow>(
    `select ledger_id, size, edge, signed_size, (select note from signed_before) as signed_before from tree${lock}`,
  );
  const [row] = rows;
  if (row === undefined) throw new TreeDamaged('table tree is empty: its row was removed');
  const { ledger_id: ledgerId, size, edge, signed_size: signedSize, signed_before: signedBefore } = row;
  return { ledgerId, size: Number(size), edge, signedSize: Number(signedSize), signedBefore };
}

import { TILE_WIDTH, TileNodes, tilePath, type NodeSource, type Tile } from '@deal-ledger/proof';
import type { Pool, PoolClient } from 'pg';

/** The tables of the tree are not what they were when it was signed for. Nothing is signed on top of them. */
export class TreeDamaged extends Error {
  override readonly name = 'TreeDamaged';
  readonly code = 'TREE_DAMAGED';
}

/** Whatever statements are sent to: a pool, or the connection of a transaction. */
export type Queryable = Pick<Pool | PoolClient, 'query'>;

/**
 * The content of a tile, as it stands in the tables.
 * @throws TreeDamaged naming the first hash that is missing
 */
export async function readTile(db: Queryable, tile: Tile): Promise<Buffer> {
  const first = tile.index * TILE_WIDTH;
  const { rows } = await db.query<{ index: string; hash: Buffer }>({
    name: 'tile',
    text: 'select index, hash from tree_hashes where level = $1 and index >= $2 and index < $3 order by index',
    values: [tile.level, first, first + tile.width],
  });
  for (let at = 0; at < tile.width; at += 1) {
    if (Number(rows[at]?.index) === first + at) continue;
    const what = tile.level === 0 ? `leaf ${first + at}` : `hash ${first + at} of level ${tile.level}`;
    throw new TreeDamaged(
      `table tree_hashes has no ${what} any more, which ${tilePath(tile)} needs: it was removed. ` +
        'Nothing is signed any more until the tables are restored from a backup, or made anew from the log and held against a checkpoint kept elsewhere',
    );
  }
  return Buffer.concat(rows.map(({ hash }) => hash));
}

/** The nodes of the tree of this size out of the tables, each tile read once, one after the other. */
export function storedNodes(db: Queryable, size: number): NodeSource {
  const tiles = new Map<string, Promise<Buffer>>();
  let reading: Promise<unknown> = Promise.resolve();
  return new TileNodes(size, (tile) => {
    const path = tilePath(tile);
    const known = tiles.get(path);
    if (known) return known;
    // A connection takes one statement at a time.
    const content = reading.then(() => readTile(db, tile));
    reading = content.catch(() => undefined);
    tiles.set(path, content);
    return content;
  });
}

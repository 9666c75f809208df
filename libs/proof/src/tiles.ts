import { HASH_BYTES, hashOfNode } from './hash';
import { isCount, mustBeCount, type NodeSource, type Subtree } from './subtrees';
import { fromDecimal } from './text-forms';

/** Hashes in a full tile, C2SP tlog-tiles "Merkle Tree". */
export const TILE_WIDTH = 256;
/** How many levels of the tree a tile stands for. */
export const TILE_HEIGHT = 8;
const MAX_LEVEL = 63;

/** A tile: `width` hashes side by side, from the subtree `level * 8 / index * 256` on. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  /** 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

/** Where the tile is served, `tile/<L>/<N>[.p/<W>]`. */
export function tilePath({ level, index, width }: Tile): string {
  const partial = width === TILE_WIDTH ? '' : `.p/${width}`;
  return `tile/${level}/${indexPath(index)}${partial}`;
}

/** The tile that is served there, or undefined when there can be none. */
export function parseTilePath(path: string): Tile | undefined {
  const [, levelText = '', index = '', widthText] =
    /^tile\/([0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path) ?? [];
  const tile = {
    level: fromDecimal(levelText) ?? -1,
    index: Number(index.replaceAll(/[x/]/g, '')),
    width: widthText === undefined ? TILE_WIDTH : (fromDecimal(widthText) ?? 0),
  };
  const { level, width } = tile;
  if (level < 0 || level > MAX_LEVEL || width < 1 || width > TILE_WIDTH || !isCount(tile.index)) return undefined;
  // Only the one right way to write it: a full tile is not a partial one, and no index has empty groups before it.
  return tilePath(tile) === path ? tile : undefined;
}

/**
 * The tiles that a tree of `newSize` leaves has and one of `oldSize` has not, lowest level first. Throws a RangeError
 * when the new tree is the smaller one.
 */
export function newTiles(oldSize: number, newSize: number): Tile[] {
  mustBeCount(oldSize, 'the old size');
  mustBeCount(newSize, 'the new size');
  if (oldSize > newSize) throw new RangeError(`a tree of ${newSize} leaves is not an extension of one of ${oldSize}`);
  const tiles: Tile[] = [];
  for (let level = 0, span = 1; span <= newSize; level += 1, span *= TILE_WIDTH) {
    const [oldHashes, newHashes] = [Math.floor(oldSize / span), Math.floor(newSize / span)];
    if (oldHashes === newHashes) continue;
    for (let index = Math.floor(oldHashes / TILE_WIDTH); index * TILE_WIDTH < newHashes; index += 1)
      tiles.push({ level, index, width: Math.min(TILE_WIDTH, newHashes - index * TILE_WIDTH) });
  }
  return tiles;
}

/** The content of a tile: its hashes one after the other. */
export async function tileBytes({ level, index, width }: Tile, source: NodeSource): Promise<Buffer> {
  const first = index * TILE_WIDTH;
  const wanted = Array.from({ length: width }, (_, at) => ({ level: level * TILE_HEIGHT, index: first + at }));
  return Buffer.concat(await source.hashes(wanted));
}

/** Gives the content of a tile, from a folder, a table or a server. Rejects when it does not have it. */
export type ReadTile = (tile: Tile) => Promise<Uint8Array>;

/**
 * The nodes of a tree of this size out of its tiles. What it gives is only as good as the tiles: whoever does not
 * trust them holds the roots and proofs made of it against a signed checkpoint.
 */
export class TileNodes implements NodeSource {
  constructor(
    private readonly size: number,
    private readonly read: ReadTile,
  ) {}

  async hashes(wanted: readonly Subtree[]): Promise<readonly Buffer[]> {
    const contents = new Map<string, Promise<Uint8Array>>();
    return Promise.all(
      wanted.map(async (subtree) => {
        const tile = tileOf(subtree, this.size);
        const path = tilePath(tile);
        const content = contents.get(path) ?? this.read(tile);
        contents.set(path, content);
        const bytes = await content;
        if (bytes.length !== tile.width * HASH_BYTES)
          throw new Error(`${path} has ${bytes.length} bytes, not the ${tile.width * HASH_BYTES} of its hashes`);
        return subtreeHash(subtree, tile, bytes);
      }),
    );
  }
}

/** The tile of a tree of this size that the subtree is made of. */
function tileOf({ level, index }: Subtree, size: number): Tile {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const first = index * 2 ** (level % TILE_HEIGHT);
  const tileIndex = Math.floor(first / TILE_WIDTH);
  const hashes = Math.floor(size / TILE_WIDTH ** tileLevel);
  const needed = first + 2 ** (level % TILE_HEIGHT);
  if (needed > hashes) throw new RangeError(`a tree of ${size} leaves has no complete subtree ${level}/${index}`);
  return { level: tileLevel, index: tileIndex, width: Math.min(TILE_WIDTH, hashes - tileIndex * TILE_WIDTH) };
}

function subtreeHash({ level, index }: Subtree, tile: Tile, bytes: Uint8Array): Buffer {
  const width = 2 ** (level % TILE_HEIGHT);
  const first = index * width - tile.index * TILE_WIDTH;
  let row = Array.from({ length: width }, (_, at) => hashAt(bytes, first + at));
  while (row.length > 1) row = pairs(row);
  return row[0] as Buffer;
}

/** The hashes of a tile. */
export function hashesOfTile(bytes: Uint8Array): Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, at) => hashAt(bytes, at));
}

function hashAt(bytes: Uint8Array, at: number): Buffer {
  return Buffer.from(bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}

function pairs(row: readonly Buffer[]): Buffer[] {
  return Array.from({ length: row.length / 2 }, (_, at) =>
    hashOfNode(row[at * 2] as Buffer, row[at * 2 + 1] as Buffer),
  );
}

/** Three digits at a time, so that no folder gets large: 1234067 is `x001/x234/067`. */
function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/[0-9]{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { BY_GO, leafText, treeOf } from './examples.testing';
import { hashOfLeaf } from './hash';
import { hashesOfTile, newTiles, parseTilePath, tileBytes, TileNodes, tilePath, type Tile } from './tiles';
import { consistencyProof, inclusionProof, rootAt } from './tree-proofs';

const SIZE = 70_000;
const tree = treeOf(SIZE);
const paths = (oldSize: number, newSize: number): string[] => newTiles(oldSize, newSize).map(tilePath);

describe('the path of a tile', () => {
  it.each<[string, Tile]>([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/000.p/1', { level: 0, index: 0, width: 1 }],
    ['tile/1/999', { level: 1, index: 999, width: 256 }],
    ['tile/0/x001/000', { level: 0, index: 1000, width: 256 }],
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/63/x001/x234/067.p/255', { level: 63, index: 1_234_067, width: 255 }],
    ['tile/0/x100/x000/000', { level: 0, index: 100_000_000, width: 256 }],
  ])('%s is written and read', (path, tile) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it.each([
    'tile/0',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/x000/001',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/entries/000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/000\n',
    'tile/0/x999/x999/x999/x999/x999/999',
  ])('%j is none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});

describe('the tiles of a tree', () => {
  it.each<[number, string[]]>([
    [0, []],
    [1, ['tile/0/000.p/1']],
    [255, ['tile/0/000.p/255']],
    [256, ['tile/0/000', 'tile/1/000.p/1']],
    [257, ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']],
    [513, ['tile/0/000', 'tile/0/001', 'tile/0/002.p/1', 'tile/1/000.p/2']],
  ])('of size %i', (size, expected) => {
    expect(paths(0, size)).toEqual(expected);
  });

  it.each([
    [65_535, 256, 255, 'tile/0/255.p/255', 'tile/1/000.p/255'],
    [65_536, 256, 256, 'tile/0/255', 'tile/1/000', 'tile/2/000.p/1'],
    [65_537, 257, 256, 'tile/0/256.p/1', 'tile/1/000', 'tile/2/000.p/1'],
  ])('around 65,536: of size %i', (size, lowest, _, ...some) => {
    const all = paths(0, size);
    expect(all.filter((path) => path.startsWith('tile/0/'))).toHaveLength(lowest);
    expect(all).toEqual(expect.arrayContaining(some));
    expect(all).toHaveLength(lowest + some.length - 1);
  });

  it('are those of the example in C2SP tlog-tiles', () => {
    const tiles = newTiles(0, SIZE);
    const found = (level: number, full: boolean): number[] =>
      tiles.filter((tile) => tile.level === level && (tile.width === 256) === full).map(({ width }) => width);
    expect(found(0, true)).toHaveLength(273);
    expect([found(0, false), found(1, true), found(1, false), found(2, false)]).toEqual([[112], [256], [17], [1]]);
    expect(tiles).toHaveLength(277);
  });

  it('are byte by byte those of Go', async () => {
    const all = createHash('sha256');
    for (const tile of newTiles(0, SIZE)) {
      all.update(tilePath(tile).replace('tile/', 'tile/8/') + '\n');
      all.update(await tileBytes(tile, tree));
    }
    expect(newTiles(0, SIZE)).toHaveLength(BY_GO.tiles.count);
    expect(all.digest('hex')).toBe(BY_GO.tiles.sha256);
  });

  it('that are new are those with a hash more', () => {
    expect(paths(255, 256)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
    expect(paths(256, 257)).toEqual(['tile/0/001.p/1']);
    expect(paths(300, 300)).toEqual([]);
    expect(paths(65_535, 65_536)).toEqual(['tile/0/255', 'tile/1/000', 'tile/2/000.p/1']);
    expect(() => newTiles(2, 1)).toThrow('a tree of 1 leaves is not an extension of one of 2');
  });

  it('consist of the hashes of their leaves, at level 0', async () => {
    const hashes = hashesOfTile(await tileBytes({ level: 0, index: 1, width: 44 }, tree));
    expect(hashes).toEqual(Array.from({ length: 44 }, (_, at) => hashOfLeaf(leafText(256 + at))));
  });
});

describe('a store of tiles', () => {
  const folder = new Map<string, Buffer>();
  let reads = 0;
  const read = async (tile: Tile): Promise<Buffer> => {
    reads += 1;
    const bytes = folder.get(tilePath(tile));
    if (!bytes) throw new Error(`${tilePath(tile)} is not there`);
    return bytes;
  };

  beforeAll(async () => {
    for (const size of [1, 255, 256, 257, 65_535, 65_536, 65_537, SIZE])
      for (const tile of newTiles(0, size)) folder.set(tilePath(tile), await tileBytes(tile, tree));
  });

  it.each([1, 255, 256, 257, 65_535, 65_536, 65_537, SIZE])('gives root and proofs of a tree of %i', async (size) => {
    const tiles = new TileNodes(size, read);
    expect(await rootAt(size, tiles)).toEqual(await rootAt(size, tree));
    for (const index of [0, Math.floor(size / 3), size - 1]) {
      expect(await inclusionProof(index, size, tiles)).toEqual(await inclusionProof(index, size, tree));
      expect(await consistencyProof(index, size, tiles)).toEqual(await consistencyProof(index, size, tree));
    }
  });

  const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

  it(`gives every proof that the tree gives (seed ${seed})`, async () => {
    const tiles = new TileNodes(SIZE, read);
    await fc.assert(
      fc.asyncProperty(fc.nat(SIZE - 1), fc.nat(SIZE - 1), async (a, b) => {
        const [index, size] = [Math.min(a, b), Math.max(a, b) + 1];
        expect(await inclusionProof(index, size, tiles)).toEqual(await inclusionProof(index, size, tree));
        expect(await consistencyProof(index, size, tiles)).toEqual(await consistencyProof(index, size, tree));
      }),
      { seed, numRuns: 200 },
    );
  });

  it('is read once for all nodes of a tile', async () => {
    reads = 0;
    await inclusionProof(SIZE - 1, SIZE, new TileNodes(SIZE, read));
    expect(reads).toBeLessThanOrEqual(4);
  });

  it('gives another root once a bit in a tile that the root is made of is another', async () => {
    const changed = async (tile: Tile): Promise<Buffer> => {
      const bytes = Buffer.from(await read(tile));
      if (tilePath(tile) === 'tile/0/273.p/112') bytes[100]! ^= 1;
      return bytes;
    };
    expect(await rootAt(SIZE, new TileNodes(SIZE, changed))).not.toEqual(await rootAt(SIZE, tree));
  });

  it('is not believed when a tile has another length', async () => {
    const short = async (tile: Tile): Promise<Buffer> => (await read(tile)).subarray(1);
    await expect(rootAt(256, new TileNodes(256, short))).rejects.toThrow('tile/1/000.p/1 has 31 bytes, not the 32');
  });

  it('does not have what is beyond its size', async () => {
    await expect(rootAt(257, new TileNodes(256, read))).rejects.toThrow('a tree of 256 leaves has no complete subtree');
  });
});

import { signCheckpoint, type SignerKey } from '@deal-ledger/proof';
import { checkTree, faultOfTile, fullTiles, type TreeState } from './tree-check';
import { TreeDamaged, type Queryable } from './tree-nodes';

/** Where the key comes from that this tree is signed with; it is asked for once the ledger is known. */
export type KeyOf = (tree: TreeState) => Promise<SignerKey>;

/** So many full tiles are looked at with each checkpoint, in turn: the proof itself takes none but the last ones apart. */
const TILES_IN_TURN = 8;

/** Signs the tree, and never one that does not extend what was signed before. */
export class CheckpointSigner {
  private known: SignerKey | undefined;
  private turn = 0;

  constructor(private readonly source: KeyOf) {}

  /** The key, once something was signed or found signed. */
  get key(): SignerKey | undefined {
    return this.known;
  }

  async keyOf(tree: TreeState): Promise<SignerKey> {
    this.known ??= await this.source(tree);
    return this.known;
  }

  /**
   * Signs the tree in the transaction that holds its row, unless it is signed already.
   * @throws TreeDamaged
   */
  async sign(db: Queryable, tree: TreeState): Promise<void> {
    if (tree.size === tree.signedSize) return;
    const key = await this.keyOf(tree);
    const { size } = tree;
    const root = (await checkTree(db, tree, key)).root();
    await this.checkTilesInTurn(db, size);
    const note = signCheckpoint({ origin: key.name, size, root, extensions: [] }, key);
    await db.query({
      name: 'addCheckpoint',
      text: 'insert into checkpoints (size, root, note) values ($1, $2, $3)',
      values: [size, root, note],
    });
    await db.query('update tree set signed_size = size');
  }

  private async checkTilesInTurn(db: Queryable, size: number): Promise<void> {
    const count = fullTiles(size);
    for (let looked = 0; looked < Math.min(count, TILES_IN_TURN); looked += 1) {
      const fault = await faultOfTile(db, size, this.turn % count);
      if (fault !== undefined) throw new TreeDamaged(`the tree of ${size} leaves cannot be signed for: ${fault}`);
      this.turn += 1;
    }
  }
}

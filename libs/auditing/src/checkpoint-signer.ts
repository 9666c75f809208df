import { signCheckpoint, type SignerKey } from '@deal-ledger/proof';
import { checkTree, type TreeState } from './tree-check';
import type { Queryable } from './tree-nodes';

/** Where the key comes from that this tree is signed with; it is asked for once the ledger is known. */
export type KeyOf = (tree: TreeState) => Promise<SignerKey>;

/** Signs the tree, and never one that does not extend what was signed before. */
export class CheckpointSigner {
  private known: SignerKey | undefined;

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
    const note = signCheckpoint({ origin: key.name, size, root, extensions: [] }, key);
    await db.query({
      name: 'addCheckpoint',
      text: 'insert into checkpoints (size, root, note) values ($1, $2, $3)',
      values: [size, root, note],
    });
    await db.query('update tree set signed_size = size');
  }
}

import { randomBytes, randomUUID } from 'node:crypto';
import { ensureGenesis } from '@deal-ledger/ledger';
import { MemoryLog, type Log } from '@deal-ledger/log';
import { generateSignerKey, hashOfLeaf, leafOf, MemoryNodes, type SignerKey } from '@deal-ledger/proof';
import { Client } from 'pg';
import { CheckpointSigner } from './checkpoint-signer';
import { prepareAuditing } from './schema';
import { TreeGrower } from './tree-grower';
import { TreeStore } from './tree-store';

const ignore = (): void => {};

export const ORIGIN = 'ledger.example/deals';

/** A log in memory that begins a ledger and has so many records. */
export async function logOf(records: number): Promise<MemoryLog> {
  const log = new MemoryLog();
  await ensureGenesis(log, { ledgerId: randomUUID(), writer: randomUUID(), source: '/test', nowMs: 0 });
  await append(log, records - 1);
  return log;
}

/** Appends records that are no commits: the tree is over those as well. */
export async function append(log: Log, records: number): Promise<void> {
  for (let count = 0; count < records; count += 1)
    await log.append({ key: 'any', value: randomBytes(20), headers: { n: String(count) } });
}

/** The tree over these records, computed in memory. */
export function treeOver(log: MemoryLog): MemoryNodes {
  const nodes = new MemoryNodes();
  for (const record of log.records) nodes.append(hashOfLeaf(leafOf(record)));
  return nodes;
}

export interface TestTreeOptions {
  readonly connectionString: string;
  /** A schema that exists already; by default one of its own. */
  readonly schema?: string;
  readonly key?: SignerKey;
  readonly checkpointEveryMs?: number;
  readonly signed?: () => void;
}

/** A tree on a real Postgres that grows over a log. */
export class TestTree {
  private constructor(
    readonly grower: TreeGrower,
    readonly store: TreeStore,
    readonly key: SignerKey,
    readonly schema: string,
    private readonly connectionString: string,
    private readonly log: Log,
  ) {}

  static async start(log: Log, options: TestTreeOptions): Promise<TestTree> {
    const {
      connectionString,
      key = generateSignerKey(ORIGIN, 'ed25519'),
      checkpointEveryMs = 0,
      signed = ignore,
    } = options;
    const schema = options.schema ?? `test_${randomBytes(6).toString('hex')}`;
    await prepareAuditing(connectionString, schema);
    const store = new TreeStore(connectionString, schema, ignore);
    const signer = new CheckpointSigner(async () => key);
    const grower = new TreeGrower({ log, store, signer, warn: ignore, checkpointEveryMs, signed });
    grower.start();
    return new TestTree(grower, store, key, schema, connectionString, log);
  }

  /** Resolves when the tree has all that the log holds now; rejects with the reason when it has halted. */
  async caughtUp(): Promise<void> {
    const end = await this.log.end();
    if (await this.grower.progress.includes(end - 1, 30_000)) return;
    throw this.grower.halted ?? new Error(`the tree has ${this.grower.progress.nextPosition} of ${end} leaves`);
  }

  /** Rows of a statement in the tree's schema, whatever guards its tables. */
  async tamper<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.connectionString, options: `-c search_path=${this.schema}` });
    await client.connect();
    try {
      await client.query('set session_replication_role = replica');
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** As a process that ends, or for good. */
  async stop({ keep = false } = {}): Promise<void> {
    await this.grower.stop();
    await this.store.close();
    if (!keep) await this.tamper(`drop schema ${this.schema} cascade`);
  }
}

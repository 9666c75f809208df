import { Judge, LedgerForked } from '@deal-ledger/ledger';
import type { Log, LogRecord } from '@deal-ledger/log';
import { HASH_BYTES, hashOfLeaf, leafOf, TILE_HEIGHT, TILE_WIDTH, type Frontier } from '@deal-ledger/proof';

/** Hashes of one level of tiles, side by side from `first` on. */
export interface NewHashes {
  readonly level: number;
  readonly first: number;
  readonly hashes: Buffer;
}

/** What some more records add to the tree. */
export interface Growth {
  readonly ledgerId: string;
  readonly from: number;
  readonly size: number;
  /** The hashes at the right edge from then on, one after the other. */
  readonly edge: Buffer;
  readonly hashes: readonly NewHashes[];
}

/** The tree as it grows record by record, in memory: its right edge and the ledger it is of. */
export class GrowingTree {
  constructor(
    private readonly frontier: Frontier,
    private ledgerId: string | undefined,
  ) {}

  get size(): number {
    return this.frontier.size;
  }

  /**
   * Appends records, and says what of it has to be kept.
   * @throws LedgerForked when they are not the next ones, or the log does not begin as a ledger does
   */
  append(records: readonly LogRecord[]): Growth {
    const from = this.size;
    const levels = new Map<number, { readonly first: number; readonly hashes: Buffer[] }>();
    for (const record of records) {
      if (record.position !== this.size)
        throw new LedgerForked(
          `record ${record.position} came where ${this.size} was due: the log has lost records or was made anew`,
        );
      this.ledgerId ??= ledgerIdOf(record);
      for (const { level, index, hash } of this.frontier.append(hashOfLeaf(leafOf(record)))) {
        if (level % TILE_HEIGHT !== 0) continue;
        const known = levels.get(level / TILE_HEIGHT);
        if (known) known.hashes.push(hash);
        else levels.set(level / TILE_HEIGHT, { first: index, hashes: [hash] });
      }
    }
    return {
      ledgerId: this.ledgerId ?? '',
      from,
      size: this.size,
      edge: Buffer.concat(this.frontier.hashes),
      hashes: [...levels].map(([level, { first, hashes }]) => ({ level, first, hashes: Buffer.concat(hashes) })),
    };
  }
}

/** What of a growth is left to be kept, where another instance has kept the first of it already. */
export function remainder(growth: Growth, reached: number): Growth {
  const hashes = growth.hashes.map(({ level, first, hashes: all }) => {
    const kept = Math.max(first, Math.floor(reached / TILE_WIDTH ** level));
    return { level, first: kept, hashes: all.subarray((kept - first) * HASH_BYTES) };
  });
  return { ...growth, from: reached, hashes: hashes.filter((each) => each.hashes.length > 0) };
}

/**
 * The id of the ledger that begins with this record.
 * @throws LedgerForked when none does
 */
export function ledgerIdOf(first: LogRecord): string {
  const judge = new Judge();
  judge.judge(first);
  return judge.checkpoint().ledgerId;
}

/** The id of the ledger in a log; nothing when the log is empty, or of something else. */
export async function ledgerIdIn(log: Log): Promise<string | undefined> {
  const [first] = (await log.end()) > 0 ? await log.at([0]) : [];
  try {
    return first && ledgerIdOf(first);
  } catch (error) {
    if (error instanceof LedgerForked) return undefined;
    throw error;
  }
}

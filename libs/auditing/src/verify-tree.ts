import { setTimeout as sleep } from 'node:timers/promises';
import type { LogRecord } from '@deal-ledger/log';
import {
  Frontier,
  hashOfLeaf,
  leafOf,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  TILE_HEIGHT,
  TILE_WIDTH,
  type VerifierKey,
} from '@deal-ledger/proof';
import { hashesOf, hashRow } from './verify-derived';
import { RowComparison, Snapshot } from './verify-rows';
import type { Findings } from './verify-report';

const POLL_MS = 100;
const NO_SUCH = new Set(['42P01', '3F000']);
const CHECKPOINTS_FETCHED = 1_000;

/** A checkpoint that the log is held against, and whence it comes. */
interface Claimed {
  readonly size: number;
  readonly root: string;
  readonly whence: string;
}

/** Makes the tree over the log anew, and holds it against everything that was signed for, and stored. */
export class TreeVerification {
  private readonly frontier = Frontier.empty();
  private readonly claims = new Map<number, Claimed[]>();
  private stored: StoredTree | undefined;
  private departed = false;

  /** @param key by which checkpoints must be signed; without it their roots are compared, and the lack is said */
  constructor(
    private readonly findings: Findings,
    private readonly key: VerifierKey | undefined,
  ) {}

  readonly name = 'the stored tree';

  /** The size of the stored tree, or 0. */
  get end(): number {
    return this.stored?.size ?? 0;
  }

  /** Takes in a checkpoint that an auditor has kept. */
  claim(note: string, whence: string): void {
    const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
    if (checkpoint === undefined) {
      this.findings.add({
        part: 'tree',
        message: `${whence} is no signed checkpoint: it was damaged, or never was one`,
      });
      return;
    }
    const [size, root] = [checkpoint.size, checkpoint.root.toString('hex')];
    // What nobody has signed says nothing of the log.
    if (!this.checkSignature(note, size, root, whence)) return;
    this.claims.set(size, [...(this.claims.get(size) ?? []), { size, root, whence }]);
  }

  /** Opens what is stored of the tree, once it reaches to `end` or the waiting is over. */
  async open(connectionString: string, schema: string, end: number, waitMs: number): Promise<void> {
    const { findings } = this;
    this.stored = await StoredTree.open(connectionString, schema, end, { waitMs, findings });
    if (this.stored === undefined) return;
    const { size, signedSize } = this.stored;
    const held = [...this.claims.values()].flat();
    let last = 0;
    for await (const [text = '', root = '', note = ''] of this.stored.checkpoints()) {
      last = Number(text);
      const whence = `row ${last} of ${schema}.checkpoints`;
      this.checkSignature(note, last, root, whence);
      this.claims.set(last, [...(this.claims.get(last) ?? []), { size: last, root, whence }]);
    }
    if (last !== signedSize)
      findings.add({
        part: 'tree',
        row: { schema, table: 'tree', key: 'only_one', column: 'signed_size' },
        expected: String(last),
        found: String(signedSize),
        message: `a tree of ${signedSize} leaves was signed, and the last checkpoint in ${schema}.checkpoints is of ${last}: one was rolled back, removed or put in`,
      });
    if (last < end) findings.leaveOut('tree', `${last} of ${end} records are signed for, and ${size} are in the tree`);
    for (const { size: kept, whence } of held.filter((claim) => claim.size > last))
      findings.add({
        part: 'tree',
        row: { schema, table: 'checkpoints', key: String(last) },
        expected: `a checkpoint of ${kept} leaves or more`,
        found: `${last} leaves`,
        message: `${whence} was signed for ${kept} leaves, and the last checkpoint in ${schema}.checkpoints is of ${last}: it was rolled back`,
      });
  }

  /** Appends consecutive records, and compares what is then complete. */
  async append(records: readonly LogRecord[]): Promise<void> {
    const completed = new Map<number, string[]>();
    for (const record of records) {
      const size = this.frontier.size + 1;
      for (const { level, index, hash } of this.frontier.append(hashOfLeaf(leafOf(record)))) {
        if (level % TILE_HEIGHT !== 0 || size > this.end) continue;
        const rows = completed.get(level / TILE_HEIGHT) ?? [];
        rows.push(hashRow(index, hash));
        completed.set(level / TILE_HEIGHT, rows);
      }
      this.compareRoots(size);
      if (size === this.end) this.stored?.compareEdge(this.frontier.hashes);
    }
    await this.stored?.compare(completed, Math.min(this.frontier.size, this.end));
  }

  /** Says what was signed for and is not in the log. */
  async finish(): Promise<void> {
    if (this.end <= this.frontier.size) await this.stored?.finish();
    const { size } = this.frontier;
    for (const claim of [...this.claims.values()].flat().filter((each) => each.size > size))
      this.findings.add({
        part: 'tree',
        position: size,
        expected: `${claim.size} records or more`,
        found: `${size} records`,
        message: `${claim.whence} was signed for ${claim.size} records, and the log has ${size}: it has lost its tail`,
      });
    if (this.claims.size === 0) this.findings.leaveOut('tree', 'there is no signed checkpoint to hold the log against');
    else if (this.key === undefined)
      this.findings.leaveOut('tree', 'no key was named, so it was not checked who has signed the checkpoints');
  }

  async close(): Promise<void> {
    await this.stored?.close();
  }

  private compareRoots(size: number): void {
    const claims = this.claims.get(size);
    if (claims === undefined) return;
    const root = this.frontier.root().toString('hex');
    for (const claim of claims) {
      this.findings.tally('checkpoints');
      // Of a log that has departed from what was signed, everything that was signed later differs as well.
      if (claim.root === root || this.departed) continue;
      this.departed = true;
      this.findings.add({
        part: 'tree',
        position: size - 1,
        expected: claim.root,
        found: root,
        message: `the first ${size} records of the log are not those that ${claim.whence} was signed for`,
      });
    }
  }

  private checkSignature(note: string, size: number, root: string, whence: string): boolean {
    if (this.key === undefined) return true;
    const opened = openCheckpoint(note, { origin: this.key.name, keys: [this.key] });
    const problem = opened.ok
      ? opened.checkpoint.size === size && opened.checkpoint.root.toString('hex') === root
        ? undefined
        : `is signed for ${opened.checkpoint.size} leaves with the root ${opened.checkpoint.root.toString('hex')}`
      : `is not signed as ${this.key.name} by the key ${this.key.id} (${opened.problem})`;
    this.findings.tally('signatures');
    if (problem === undefined) return true;
    this.findings.add({ part: 'tree', found: `${size} leaves, root ${root}`, message: `${whence} ${problem}` });
    return false;
  }
}

/** What the auditors' service keeps of the tree, as it was at one moment. */
class StoredTree {
  private constructor(
    private readonly snapshot: Snapshot,
    readonly size: number,
    readonly signedSize: number,
    private readonly edge: string,
    private readonly levels: readonly RowComparison[],
    private readonly findings: Findings,
  ) {}

  static async open(
    connectionString: string,
    schema: string,
    end: number,
    { waitMs, findings }: { readonly waitMs: number; readonly findings: Findings },
  ): Promise<StoredTree | undefined> {
    const deadlineMs = Date.now() + waitMs;
    for (;;) {
      const snapshot = await Snapshot.open(connectionString, schema);
      try {
        const [tree] = await snapshot.rows(`select size, signed_size, encode(edge, 'hex') from tree`);
        const [size, signedSize, edge = ''] = [Number(tree?.[0] ?? 0), Number(tree?.[1] ?? 0), tree?.[2] ?? ''];
        if (signedSize < end && Date.now() < deadlineMs) {
          await snapshot.close();
          await sleep(POLL_MS);
          continue;
        }
        const levels: RowComparison[] = [];
        for (let leaves = 1; leaves === 1 || leaves <= size; leaves *= TILE_WIDTH) {
          const level = levels.length;
          levels.push(await RowComparison.open(snapshot, hashesOf(level), `level = ${level}`, findings));
        }
        return new StoredTree(snapshot, size, signedSize, edge ?? '', levels, findings);
      } catch (error) {
        await snapshot.close();
        if (!NO_SUCH.has((error as { code?: string }).code ?? '')) throw error;
        findings.leaveOut('tree', `start the services first: there are no tables of ${schema} yet`);
        return undefined;
      }
    }
  }

  /** Size, root in hexadecimal digits and note of every checkpoint, by size. */
  async *checkpoints(): AsyncGenerator<(string | undefined)[]> {
    for (let from = 0; ;) {
      const rows = await this.snapshot.rows(
        `select size, encode(root, 'hex'), note from checkpoints where size >= ${from} order by size limit ${CHECKPOINTS_FETCHED}`,
      );
      for (const row of rows) yield row.map((value) => value ?? undefined);
      const last = rows.at(-1);
      if (last === undefined) return;
      from = Number(last[0]) + 1;
    }
  }

  /** Compares the hashes over the first `size` leaves that were not compared yet; those given are new. */
  async compare(completed: ReadonlyMap<number, readonly string[]>, size: number): Promise<void> {
    for (const [level, comparison] of this.levels.entries())
      await comparison.compare(completed.get(level) ?? [], Math.floor(size / TILE_WIDTH ** level));
  }

  compareEdge(hashes: readonly Buffer[]): void {
    const due = Buffer.concat(hashes).toString('hex');
    if (due === this.edge) return;
    this.findings.add({
      part: 'tree',
      row: { schema: this.snapshot.schema, table: 'tree', key: 'only_one', column: 'edge' },
      expected: due,
      found: this.edge,
      message: `row only_one of ${this.snapshot.schema}.tree has another edge than the log makes`,
    });
  }

  async finish(): Promise<void> {
    for (const comparison of this.levels) await comparison.compare([], Infinity);
  }

  close(): Promise<void> {
    return this.snapshot.close();
  }
}

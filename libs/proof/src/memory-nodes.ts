import { Frontier } from './frontier';
import type { NodeSource, Subtree } from './subtrees';

/** A tree with all its nodes in memory: for tests, and for a tree that is computed to be compared. */
export class MemoryNodes implements NodeSource {
  private readonly frontier = Frontier.empty();
  private readonly levels: Buffer[][] = [];

  get size(): number {
    return this.frontier.size;
  }

  append(leafHash: Buffer): void {
    for (const { level, hash } of this.frontier.append(leafHash)) (this.levels[level] ??= []).push(hash);
  }

  async hashes(wanted: readonly Subtree[]): Promise<readonly Buffer[]> {
    return wanted.map(({ level, index }) => {
      const hash = this.levels[level]?.[index];
      if (!hash) throw new RangeError(`a tree of ${this.size} leaves has no complete subtree ${level}/${index}`);
      return hash;
    });
  }
}

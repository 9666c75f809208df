import type { Row } from '@deal-ledger/reports';
import type { RefusalsFollower } from './refusals-follower';
import { refusalRows, type RefusalsAsked } from './refusals-rows';
import type { RefusalsStore } from './refusals-store';

/** The refusals as far as they are read from their log. */
export class RefusalsReader {
  constructor(
    private readonly store: RefusalsStore,
    private readonly follower: RefusalsFollower,
    /** Schema of the projection that has the accepted events. */
    private readonly events: string,
  ) {}

  /** The last position of the log of refusals that is read; -1 before the first. */
  get position(): number {
    return this.follower.progress.nextPosition - 1;
  }

  rows(asked: RefusalsAsked, limit: number): Promise<Row[]> {
    return refusalRows(this.store, this.events, asked, limit);
  }
}

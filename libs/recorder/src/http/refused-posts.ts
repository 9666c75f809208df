import type { StreamKind } from '@deal-ledger/domain';
import type { Clock, Problem, Problems } from '@deal-ledger/service';
import type { Recorder } from '../recorder';
import type { Refusals } from '../refusals';
import { IMPORT, isRefusal, postOf, recordingRoutes, refusedPost, type Post } from './refused-post';

export interface RefusedPostsOptions {
  readonly service: string;
  readonly kinds: readonly StreamKind[];
  readonly refusals: Refusals;
  readonly recorder: Pick<Recorder, 'position'>;
  readonly clock: Clock;
}

/** Notes the posts that are refused here, when they have been answered. */
export class RefusedPosts {
  constructor(private readonly options: RefusedPostsOptions) {}

  /** Requests as a whole; a line of an import is answered otherwise. */
  listenTo(problems: Problems): void {
    const routes = recordingRoutes(this.options.kinds);
    problems.listen((answered) => {
      const post = postOf(answered, routes);
      if (post) this.note(post, answered.problem);
    });
  }

  /** A line of an import. */
  line(bytes: Buffer | undefined, body: unknown, problem: Problem): void {
    if (!isRefusal(problem)) return;
    const key = (body as { idempotencyKey?: unknown } | undefined)?.idempotencyKey;
    this.note({ route: IMPORT, bytes, body, key }, problem);
  }

  private note(post: Post, problem: Problem): void {
    const { service, refusals, recorder, clock } = this.options;
    refusals.note(refusedPost(post, problem, { service, nowMs: clock.nowMs(), ledgerPosition: recorder.position }));
  }
}

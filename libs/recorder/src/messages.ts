import { Command, Query } from '@nestjs/cqrs';
import type { PostRequest } from './decision';
import type { Recorder } from './recorder';
import type { PostResult } from './results';
import type { Sequence } from './sequence';

/** Record events, or with `dryRun` only say what would come of it. */
export class PostEvents extends Command<PostResult> {
  constructor(
    readonly request: PostRequest,
    readonly dryRun: boolean,
    /** The posts it is one of. */
    readonly sequence?: Sequence,
  ) {
    super();
  }
}

/** One stream, as of now or later. */
export class ReadStream extends Query<Awaited<ReturnType<Recorder['read']>>> {
  constructor(readonly stream: string) {
    super();
  }
}

/** The streams of one kind, as of now or later. */
export class ListStreams extends Query<Awaited<ReturnType<Recorder['list']>>> {
  constructor(readonly kind: string) {
    super();
  }
}

import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { CommandHandler, CqrsModule, QueryHandler, type ICommandHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { StreamKind } from '@deal-ledger/domain';
import type { Log } from '@deal-ledger/log';
import { CLOCK, Problems, Readiness, SETTINGS, type Clock, type Settings } from '@deal-ledger/service';
import { v4, v7 } from 'uuid';
import { CommitsController } from './http/commits.controller';
import { RefusedPosts } from './http/refused-posts';
import { streamsController } from './http/streams.controller';
import { ListStreams, PostEvents, ReadStream } from './messages';
import { Recorder } from './recorder';
import { Refusals } from './refusals';
import type { PostResult } from './results';

export interface RecorderModuleOptions {
  /** Stands as `source` in what is recorded here, for example `/deals`. */
  readonly source: string;
  /** The kinds of streams that have routes of their own here; commits and imports take every kind. */
  readonly kinds: readonly StreamKind[];
  readonly log: Log;
  /** Where refused posts are kept. */
  readonly refusals: Log;
  /** Called when nothing uses the logs here any more. */
  readonly released?: () => Promise<void>;
}

const OPTIONS = Symbol('recorder options');

@CommandHandler(PostEvents)
class PostEventsHandler implements ICommandHandler<PostEvents> {
  constructor(@Inject(Recorder) private readonly recorder: Recorder) {}

  execute({ request, dryRun, sequence }: PostEvents): Promise<PostResult> {
    return dryRun ? this.recorder.dryRun(request) : this.recorder.post(request, sequence);
  }
}

@QueryHandler(ReadStream)
class ReadStreamHandler implements IQueryHandler<ReadStream> {
  constructor(@Inject(Recorder) private readonly recorder: Recorder) {}

  execute({ stream }: ReadStream): ReturnType<Recorder['read']> {
    return this.recorder.read(stream);
  }
}

@QueryHandler(ListStreams)
class ListStreamsHandler implements IQueryHandler<ListStreams> {
  constructor(@Inject(Recorder) private readonly recorder: Recorder) {}

  execute({ kind }: ListStreams): ReturnType<Recorder['list']> {
    return this.recorder.list(kind);
  }
}

/** A recording service: the HTTP face of its stream kinds, and the recorder behind it. */
@Module({})
export class RecorderModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(Recorder) private readonly recorder: Recorder,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(RefusedPosts) private readonly refused: RefusedPosts,
    @Inject(Problems) private readonly problems: Problems,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(OPTIONS) private readonly options: RecorderModuleOptions,
  ) {}

  static of(options: RecorderModuleOptions): DynamicModule {
    return {
      module: RecorderModule,
      imports: [CqrsModule.forRoot()],
      controllers: [...options.kinds.map(streamsController), CommitsController],
      providers: [
        { provide: OPTIONS, useValue: options },
        {
          provide: Recorder,
          inject: [CLOCK, SETTINGS],
          useFactory: (clock: Clock, settings: Settings) => recorderOf(options, clock, settings),
        },
        { provide: Refusals, useFactory: () => refusalsOf(options) },
        {
          provide: RefusedPosts,
          inject: [Refusals, Recorder, CLOCK],
          useFactory: (refusals: Refusals, recorder: Recorder, clock: Clock) =>
            new RefusedPosts({ service: options.source, kinds: options.kinds, refusals, recorder, clock }),
        },
        PostEventsHandler,
        ReadStreamHandler,
        ListStreamsHandler,
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.recorder.start();
    this.refused.listenTo(this.problems);
    this.readiness.register('recorder', () => {
      const reason = this.recorder.unavailableBecause() ?? this.recorder.unwritableBecause();
      if (reason !== undefined) throw new Error(reason);
      const { fact, void: voided, foreign } = this.recorder.counts;
      return `has read ${fact} facts, ${voided} void commits and ${foreign} foreign records`;
    });
  }

  async onApplicationShutdown(): Promise<void> {
    // Of the answers that have only just gone out it is told in the next turn.
    await new Promise(setImmediate);
    await Promise.all([this.recorder.stop(), this.refusals.stop()]);
    await this.options.released?.();
  }
}

function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

function refusalsOf({ refusals: log }: RecorderModuleOptions): Refusals {
  const logger = new Logger('Refusals');
  return new Refusals({ log, writer: v4(), after, warn: (message, error) => logger.warn(message, error) });
}

function recorderOf({ source, log }: RecorderModuleOptions, clock: Clock, settings: Settings): Recorder {
  const logger = new Logger('Recorder');
  return new Recorder(
    {
      log,
      nowMs: () => clock.nowMs(),
      newId: v7,
      newWriter: v4,
      after,
      warn: (message, error) => logger.warn(message, error),
    },
    // A clock that is set by hand says nothing about the log's.
    { source, checkClock: settings.LEDGER_CLOCK === undefined },
  );
}

import { fold, History, kindOf, type LedgerEvent } from '@deal-ledger/domain';
import { decodeRecord, type Commit } from '@deal-ledger/ledger';
import { LogHalted, type Log, type LogRecord } from '@deal-ledger/log';
import { LogUnreachable } from './barrier';
import type { PostRequest } from './decision';
import type { Streams } from './streams';

/** Records asked for at once. */
const PIECE = 100;
/** Streams corrected lately whose events are kept, and how many events of them at the most. */
const KEPT_STREAMS = 100;
const KEPT_EVENTS = 50_000;

/**
 * What was recorded in a stream, read back from the log. Only a correction asks for it, so it is not
 * kept for every stream: where a stream's events stand is known, and so only those are read.
 */
export class Histories {
  /** Those asked for last come last. */
  private readonly kept = new Map<string, History>();

  constructor(
    private readonly log: Log,
    private readonly streams: Streams,
  ) {}

  /**
   * The history of a stream as it was when this was called, or later. It goes on with the stream
   * when it is asked for again; whoever needs it to stay as it is decides before he waits for anything.
   * @throws LogUnreachable, LogHalted
   */
  async load(stream: string): Promise<History> {
    const history = this.kept.get(stream) ?? new History();
    const version = this.streams.get(stream)?.version ?? 0;
    const positions = this.streams.positionsOf(stream, history.version);
    for (let from = 0; from < positions.length; from += PIECE) {
      for (const record of await this.recordsAt(positions.slice(from, from + PIECE))) {
        const commit = decodeRecord(record);
        if (typeof commit === 'string')
          throw new Error(`position ${record.position} was a commit and is none: ${commit}`);
        // Whoever asked at the same time may have brought them already.
        for (const event of commit.events)
          if (event.stream === stream && event.version > history.version) history.add(event);
      }
    }
    if (history.version < version)
      throw new Error(`${stream} is at version ${version}, and the log has ${history.version} events of it`);
    this.keep(stream, history);
    return history;
  }

  /**
   * The states to which the next commit leads in those streams in which it corrects something.
   * @throws LogUnreachable, LogHalted
   */
  async statesAfter({ events }: Commit): Promise<ReadonlyMap<string, { readonly state: unknown }>> {
    const states = new Map<string, { readonly state: unknown }>();
    for (const stream of correctedIn(events)) {
      const kind = kindOf(stream);
      if (!kind) continue;
      const history = (await this.load(stream)).copy();
      for (const event of events) if (event.stream === stream) history.add(event);
      states.set(stream, { state: fold(kind, history.inForce) });
    }
    return states;
  }

  private async recordsAt(positions: readonly number[]): Promise<readonly LogRecord[]> {
    try {
      return await this.log.at(positions);
    } catch (error) {
      if (error instanceof LogHalted) throw error;
      throw new LogUnreachable(
        `what was recorded cannot be read back from the log: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }

  private keep(stream: string, history: History): void {
    this.kept.delete(stream);
    this.kept.set(stream, history);
    let events = [...this.kept.values()].reduce((sum, { version }) => sum + version, 0);
    for (const [oldest, { version }] of this.kept) {
      if (events <= KEPT_EVENTS && this.kept.size <= KEPT_STREAMS) break;
      this.kept.delete(oldest);
      events -= version;
    }
  }
}

/** The streams in which one of these events corrects or cancels another. */
export function correctedIn(events: readonly Pick<LedgerEvent, 'action' | 'stream'>[]): Set<string> {
  const streams = new Set<string>();
  for (const { action, stream } of events) if (action !== 'new') streams.add(stream);
  return streams;
}

/** The histories that one request needs: those of the streams in which it corrects something. */
export class NeededHistories {
  private readonly found = new Map<string, History>();
  readonly streams: ReadonlySet<string>;

  constructor(
    request: PostRequest,
    private readonly sources: { readonly histories: Histories; readonly streams: Streams },
  ) {
    this.streams = correctedIn(request.events);
  }

  /** Those that were loaded; all of them when none is {@link missing}. */
  get loaded(): ReadonlyMap<string, History> {
    return this.found;
  }

  /** A stream whose history has not been loaded, or not as far as the stream has come by now. */
  get missing(): string | undefined {
    for (const stream of this.streams) {
      const version = this.sources.streams.get(stream)?.version ?? 0;
      if (this.found.get(stream)?.version !== version) return stream;
    }
    return undefined;
  }

  async load(stream: string): Promise<void> {
    this.found.set(stream, await this.sources.histories.load(stream));
  }
}

import { current, keyAsCompared, kindOf, knows } from '@deal-ledger/domain';
import type { JudgedFact, RecordedEvent } from '@deal-ledger/ledger';
import { isKeyEvent, keyAfter } from './keys';

/** What was answered when a commit was recorded, kept so that a repeated request gets the same answer. */
export interface Recorded {
  readonly position: number;
  readonly events: readonly RecordedPost[];
}
export interface RecordedPost {
  readonly stream: string;
  readonly id: string;
  readonly version: number;
  readonly type: string;
  readonly contentHash: string | undefined;
}

/** A stream as the settled part of the log has it. */
export interface Stream {
  readonly head: string;
  readonly version: number;
  readonly state: unknown;
  /** Position of the commit that wrote it last. */
  readonly position: number;
}

interface StreamEntry {
  stream: Stream;
  /** By event id. */
  readonly events: Map<string, Recorded>;
  /** By `Idempotency-Key`; only in the first stream of a commit. */
  commands?: Map<string, Recorded>;
}

/** Every stream of the ledger, folded from facts alone. */
export class Streams {
  private readonly entries = new Map<string, StreamEntry>();
  /** Names of key streams, by what they are sought under, where that differs. */
  private readonly formerKeys = new Map<string, string>();
  private unknown = 0;

  get(stream: string): Stream | undefined {
    return this.entries.get(stream)?.stream;
  }

  /** The name of the stream that has a key, if it was taken; otherwise the one that will. */
  keyStream(key: string): string {
    return this.entries.has(key) ? key : (this.formerKeys.get(key) ?? key);
  }

  recordedEvent(stream: string, id: string): Recorded | undefined {
    return this.entries.get(stream)?.events.get(id);
  }

  recordedCommand(stream: string, commandId: string): Recorded | undefined {
    return this.entries.get(stream)?.commands?.get(commandId);
  }

  /** Positions of the commits that wrote the stream's events after version `after`, rising. */
  positionsOf(stream: string, after: number): number[] {
    const recorded = [...(this.entries.get(stream)?.events.values() ?? [])];
    return [...new Set(recorded.slice(after).map(({ position }) => position))];
  }

  /** Events of kinds or types that this version does not know: kept in the log, not folded. */
  get unknownEvents(): number {
    return this.unknown;
  }

  /** Ids of the streams of a kind, in code unit order. */
  idsOf(kind: string): string[] {
    const prefix = `${kind}/`;
    return [...this.entries.keys()]
      .filter((stream) => stream.startsWith(prefix))
      .map((stream) => stream.slice(prefix.length))
      .sort();
  }

  /**
   * Folds a commit that was judged a fact. `known` has states it leads to. Where it was decided here
   * they need no second folding: the heads are those it was decided on, or it were no fact. Those of
   * streams in which it corrects something must be among them, since a state alone does not tell them.
   */
  apply({ commit, position }: JudgedFact, known?: ReadonlyMap<string, { readonly state: unknown }>): void {
    const recorded: Recorded = { position, events: commit.events.filter((event) => !isKeyEvent(event)).map(postOf) };
    for (const event of commit.events) {
      const entry = this.entries.get(event.stream);
      const found = known?.get(event.stream);
      const state = found ? found.state : stateAfter(entry?.stream.state, event);
      this.heed(event);
      const stream: Stream = { head: commit.id, version: event.version, state, position };
      if (entry) {
        entry.stream = stream;
        entry.events.set(event.id, recorded);
      } else this.entries.set(event.stream, { stream, events: new Map([[event.id, recorded]]) });
    }
    const commandId = commit.events[0]?.commandId;
    const first = this.entries.get(commit.streams[0] as string);
    if (commandId !== undefined && first) (first.commands ??= new Map()).set(commandId, recorded);
  }

  private heed(event: RecordedEvent): void {
    if (isKeyEvent(event)) {
      const key = keyAsCompared(event.stream);
      if (key !== event.stream) this.formerKeys.set(key, event.stream);
      return;
    }
    const kind = kindOf(event.stream);
    if (kind === undefined || !knows(kind, event)) this.unknown += 1;
  }
}

function stateAfter(state: unknown, event: RecordedEvent): unknown {
  if (isKeyEvent(event)) return keyAfter(event);
  const kind = kindOf(event.stream);
  const present = kind && current(kind, event);
  if (kind === undefined || present === undefined) return state;
  if (event.action !== 'new') throw new Error(`${event.id} ${event.action}s what stands before the state it is given`);
  return kind.evolve(state, present);
}

const postOf = (event: RecordedEvent): RecordedPost => ({
  stream: event.stream,
  id: event.id,
  version: event.version,
  type: event.type,
  contentHash: event.contentHash,
});

import type { JudgedRecord } from '@deal-ledger/ledger';
import type { Decision, Seen, View } from './decision';
import type { Streams } from './streams';

/** How long a winner leaves a stream to a rival whose attempt it saw fail. */
export const YIELD_MS = 20;
/** Rivals remembered at the most; forgetting one costs fairness, never safety. */
const MAX_RIVALS = 10_000;

interface Lane {
  /** The stream as it will be if everything in flight becomes a fact. */
  tip: Seen;
  inFlight: number;
  /** Something in flight lost, so what was built on it is lost too: nothing more is built here. */
  broken: boolean;
}

/**
 * What this writer has in flight, stream by stream. Commits to one stream are decided on top of
 * those still on their way, so they need not wait for each other; when a rival's commit comes
 * between, the lane is broken until the rest of it has come back void.
 *
 * Two writers that both do this could starve one another: the one that is ahead keeps its lane full,
 * and the other's commits are always a round trip old. So who sees a rival's attempt fail against
 * its own leaves the stream to the rival until that one has won, or for {@link YIELD_MS}.
 */
export class Lanes implements View {
  private readonly lanes = new Map<string, Lane>();
  private readonly owedUntilMs = new Map<string, number>();
  /** How many wait for a stream to be settled. */
  private readonly held = new Map<string, number>();
  private waiting: (() => void)[] = [];

  constructor(
    private readonly settled: Streams,
    private readonly nowMs: () => number,
    private readonly after: (delayMs: number, run: () => void) => void,
  ) {}

  get(stream: string): Seen | undefined {
    return this.lanes.get(stream)?.tip ?? this.settledView.get(stream);
  }

  keyStream(key: string): string {
    return this.settled.keyStream(key);
  }

  /** The streams as facts alone have them. */
  readonly settledView: View = {
    keyStream: (key) => this.settled.keyStream(key),
    get: (stream) => {
      const found = this.settled.get(stream);
      return found && { head: found.head, version: found.version, state: found.state, settled: true };
    },
  };

  /** Whether any of these streams has commits in flight. */
  anyInFlight(streams: Iterable<string>): boolean {
    for (const stream of streams) if (this.lanes.has(stream)) return true;
    return false;
  }

  /**
   * Whether nothing more may be built on one of these streams just now. Those that somebody holds are
   * open to whoever is `about` to hold them himself.
   */
  closed(streams: Iterable<string>, about?: ReadonlySet<string>): boolean {
    for (const stream of streams) {
      if (this.lanes.get(stream)?.broken) return true;
      if (this.held.has(stream) && about?.has(stream) !== true) return true;
      const owedUntilMs = this.owedUntilMs.get(stream);
      if (owedUntilMs === undefined) continue;
      if (this.nowMs() < owedUntilMs) return true;
      this.owedUntilMs.delete(stream);
    }
    return false;
  }

  /** Until the answer is called nobody else builds on these streams, so that what is in flight comes to an end. */
  hold(streams: ReadonlySet<string>): () => void {
    for (const stream of streams) this.held.set(stream, (this.held.get(stream) ?? 0) + 1);
    return () => {
      for (const stream of streams) {
        const others = (this.held.get(stream) ?? 0) - 1;
        if (others > 0) this.held.set(stream, others);
        else this.held.delete(stream);
      }
      if (streams.size > 0) this.wake();
    };
  }

  /** Resolves when a lane was cleared or released, or a rival was given its time: ask again then. */
  change(): Promise<void> {
    return new Promise((wake) => this.waiting.push(wake));
  }

  sent(id: string, decision: Decision): void {
    for (const [stream, { version, state }] of decision.written) {
      const tip: Seen = { head: id, version, state, settled: false };
      const lane = this.lanes.get(stream);
      if (lane) {
        lane.tip = tip;
        lane.inFlight += 1;
      } else this.lanes.set(stream, { tip, inFlight: 1, broken: false });
    }
  }

  /** One of ours is settled, or given up: `lost` says that nothing can be built on it. */
  back(decision: Decision, lost: boolean): void {
    let cleared = false;
    for (const stream of decision.written.keys()) {
      const lane = this.lanes.get(stream);
      if (!lane) continue;
      lane.inFlight -= 1;
      lane.broken ||= lost;
      if (lane.inFlight > 0) continue;
      this.lanes.delete(stream);
      cleared = true;
    }
    if (cleared) this.wake();
  }

  /** Somebody else's record was judged. */
  rival(record: JudgedRecord): void {
    if (record.verdict === 'foreign') return;
    for (const stream of record.commit.streams) {
      if (record.verdict === 'fact') {
        const lane = this.lanes.get(stream);
        if (lane) lane.broken = true;
        if (this.owedUntilMs.delete(stream)) this.wake();
      } else if (record.reason === 'HEAD' && this.lanes.has(stream) && this.owedUntilMs.size < MAX_RIVALS) {
        const untilMs = this.nowMs() + YIELD_MS;
        this.owedUntilMs.set(stream, untilMs);
        // The timer ends the waiting, not the clock: a timer may be early by the clock.
        this.after(YIELD_MS, () => {
          if (this.owedUntilMs.get(stream) === untilMs) this.owedUntilMs.delete(stream);
          this.wake();
        });
      }
    }
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}

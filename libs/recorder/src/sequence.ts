/**
 * One sender's posts, in the order they came. What they write to a stream is recorded in that order,
 * whatever is lost on the way: a post that has to be decided later, or again, holds up the later ones
 * to its streams until it is sent. All others travel together.
 */
export class Sequence {
  private count = 0;
  /** Posts without an answer, in order. */
  private readonly unanswered = new Set<Turn>();
  /** By stream, the posts that are still to be decided. */
  private readonly undecided = new Map<string, Set<Turn>>();

  /** The turn of a post that writes these streams. */
  next(streams: ReadonlySet<string>): Turn {
    const turn = new Turn((this.count += 1), streams, this.unanswered, this.undecided);
    this.unanswered.add(turn);
    return turn;
  }
}

/** A post's place in its sequence. Unless it is postponed it is taken to be sent before the next one comes. */
export class Turn {
  private postponed = false;
  private passed: (() => void)[] = [];
  private becameFirst: (() => void) | undefined;

  constructor(
    private readonly number: number,
    private readonly streams: ReadonlySet<string>,
    private readonly unanswered: Set<Turn>,
    private readonly undecided: Map<string, Set<Turn>>,
  ) {}

  /** Whether an earlier post to one of the streams is still to be decided; resolves when it no longer is. */
  blocked(): Promise<void> | undefined {
    if (this.undecided.size === 0) return undefined;
    for (const stream of this.streams) {
      // The nearest, so that whoever passes lets go of one and not of all.
      let nearest: Turn | undefined;
      for (const other of this.undecided.get(stream) ?? [])
        if (other.number < this.number && other.number > (nearest?.number ?? 0)) nearest = other;
      if (nearest) return new Promise((wake) => nearest.passed.push(wake));
    }
    return undefined;
  }

  /** Holds up the later posts to its streams. */
  postpone(): void {
    if (this.postponed) return;
    this.postponed = true;
    for (const stream of this.streams) {
      const turns = this.undecided.get(stream);
      if (turns) turns.add(this);
      else this.undecided.set(stream, new Set([this]));
    }
  }

  /** It was sent, or will never be. */
  pass(): void {
    if (!this.postponed) return;
    this.postponed = false;
    for (const stream of this.streams) {
      const turns = this.undecided.get(stream);
      turns?.delete(this);
      if (turns?.size === 0) this.undecided.delete(stream);
    }
    const { passed } = this;
    this.passed = [];
    for (const wake of passed) wake();
  }

  /** Resolves when every earlier post is answered. */
  async first(): Promise<void> {
    if (firstOf(this.unanswered) !== this) await new Promise<void>((wake) => (this.becameFirst = wake));
  }

  /** It is answered. */
  end(): void {
    this.pass();
    this.unanswered.delete(this);
    firstOf(this.unanswered)?.becameFirst?.();
  }
}

const firstOf = <Item>(items: ReadonlySet<Item>): Item | undefined => items.values().next().value;

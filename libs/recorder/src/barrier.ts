/** The log did not answer. Nothing was recorded. */
export class LogUnreachable extends Error {
  override readonly name = 'LogUnreachable';
}

/**
 * Asks the log for its end on behalf of everyone who waits, but never answers with a call that
 * began before the question: an answer about the ledger must not be older than the request.
 */
export class EndBarrier {
  private running: Promise<number> | undefined;
  private next: Promise<number> | undefined;

  constructor(private readonly end: () => Promise<number>) {}

  /** The end of the log as of now or later. */
  ask(): Promise<number> {
    if (!this.running) return this.start();
    this.next ??= this.running.then(
      () => this.start(),
      () => this.start(),
    );
    return this.next;
  }

  private start(): Promise<number> {
    this.next = undefined;
    const call = this.end().catch((error: unknown) => {
      throw new LogUnreachable(
        `the end of the log cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    });
    this.running = call;
    const done = (): void => {
      if (this.running === call) this.running = undefined;
    };
    call.then(done, done);
    return call;
  }
}

/** People who wait for the reader to have judged everything below a position. */
export class Progress {
  private waiting: { readonly position: number; readonly wake: () => void }[] = [];
  private reached = 0;

  /** Position after the last record that was taken in. */
  get nextPosition(): number {
    return this.reached;
  }

  advance(nextPosition: number): void {
    this.reached = nextPosition;
    if (this.waiting.length === 0) return;
    const ready = this.waiting.filter(({ position }) => position <= nextPosition);
    if (ready.length === 0) return;
    this.waiting = this.waiting.filter(({ position }) => position > nextPosition);
    for (const { wake } of ready) wake();
  }

  until(nextPosition: number): Promise<void> {
    if (nextPosition <= this.reached) return Promise.resolve();
    return new Promise((wake) => this.waiting.push({ position: nextPosition, wake }));
  }
}

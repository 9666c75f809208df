/** Thrown into a wait that outlasted its deadline. */
export class Late extends Error {
  override readonly name = 'Late';
}

/** The time a request has. */
export class Deadline {
  private late = false;
  private wake: (() => void) | undefined;

  constructor(afterMs: number, after: (delayMs: number, run: () => void) => () => void) {
    this.cancel = after(afterMs, () => {
      this.late = true;
      this.wake?.();
    });
  }

  /** Call it when the request is answered. */
  readonly cancel: () => void;

  get over(): boolean {
    return this.late;
  }

  /** Runs `onLate` should the deadline pass before `promise` is settled; then waits for it on. */
  async orElse<Value>(promise: Promise<Value>, onLate: () => void): Promise<Value> {
    if (this.late) onLate();
    else this.wake = onLate;
    try {
      return await promise;
    } finally {
      this.wake = undefined;
    }
  }

  /** @throws Late */
  wait<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.orElse(promise, () => reject(new Late('deadline passed'))).then(resolve, reject);
    });
  }
}

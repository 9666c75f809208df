/** mulberry32: a small generator whose whole state is its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Appointment {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** A world with one clock that stands still while anything happens: the same seed, the same history. */
export class World {
  private readonly appointments: Appointment[] = [];
  private order = 0;
  private ms: number;

  constructor(
    readonly random: () => number,
    startMs: number,
  ) {
    this.ms = startMs;
  }

  readonly nowMs = (): number => this.ms;

  /** Runs something later; answers how to cancel it. */
  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const appointment: Appointment = { atMs: this.ms + Math.max(0, delayMs), order: (this.order += 1), run };
    const index = this.appointments.findIndex((other) => other.atMs > appointment.atMs);
    if (index < 0) this.appointments.push(appointment);
    else this.appointments.splice(index, 0, appointment);
    return () => {
      appointment.run = undefined;
    };
  };

  readonly pause = (delayMs: number): Promise<void> => new Promise((resume) => this.after(delayMs, resume));

  between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length - 1)] as Item;
  }

  /** Lets time pass until `done` resolves. Throws when nothing can happen any more before that. */
  async runUntil(done: Promise<unknown>): Promise<void> {
    let finished = false;
    const outcome = done.then(
      () => (finished = true),
      (error: unknown) => {
        finished = true;
        throw error;
      },
    );
    outcome.catch(() => undefined);
    for (;;) {
      // Everything that can happen at this instant happens before time goes on.
      await new Promise((resume) => setImmediate(resume));
      if (finished) return void (await outcome);
      const next = this.appointments.shift();
      if (!next) throw new Error('the world stands still: somebody waits for something that will never happen');
      if (!next.run) continue;
      this.ms = next.atMs;
      next.run();
    }
  }
}

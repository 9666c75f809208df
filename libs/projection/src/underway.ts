import { Problem } from '@deal-ledger/service';

/** How long a request waits for what is being worked out. */
export const PATIENCE_MS = 20_000;
/** So long after it was last asked for is it worked on. */
const WANTED_MS = 60_000;
/** So much is worked on at the same time; whatever else is asked for has to wait. */
export const MAX_AT_ONCE = 4;
const RETRY_AFTER_S = 2;

/** What a work says of itself while it goes on. */
export interface Watch {
  /** How far it has come, for whoever does not wait any longer. */
  progress: string;
  /** @throws Error when nobody has asked for it for a while. */
  refuseUnwanted(): void;
}

interface Work<Result> {
  readonly result: Promise<Result>;
  readonly watch: Watch;
  askedAtMs: number;
}

/**
 * Work that may take longer than a request waits. It goes on all the same, so that whoever asks
 * again has the answer in the end: how busy the machine is decides when, and not whether.
 */
export class Underway<Result> {
  private readonly works = new Map<string, Work<Result>>();

  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /**
   * What the work of this name gives; begins it, unless it is under way.
   * @throws Problem 503 `TOO_SLOW` when that takes longer than a request waits.
   */
  async of(name: string, begin: (watch: Watch) => Promise<Result>): Promise<Result> {
    const { result, watch } = this.joined(name) ?? this.begun(name, begin);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooSlow(watch.progress)), this.patienceMs);
    });
    try {
      return await Promise.race([result, patience]);
    } finally {
      clearTimeout(timer);
    }
  }

  private joined(name: string): Work<Result> | undefined {
    const work = this.works.get(name);
    if (work !== undefined) work.askedAtMs = this.nowMs();
    return work;
  }

  private begun(name: string, begin: (watch: Watch) => Promise<Result>): Work<Result> {
    if (this.works.size >= MAX_AT_ONCE) throw tooSlow(`${this.works.size} others are being worked out before it`);
    const watch: Watch = {
      progress: 'it has just begun',
      refuseUnwanted: () => {
        const askedAtMs = this.works.get(name)?.askedAtMs ?? -Infinity;
        if (this.nowMs() - askedAtMs > WANTED_MS) throw new Error('nobody asks for this any more');
      },
    };
    const result = Promise.resolve()
      .then(() => begin(watch))
      .finally(() => this.works.delete(name));
    // Who waited for it may have gone.
    result.catch(() => undefined);
    const work = { result, watch, askedAtMs: this.nowMs() };
    this.works.set(name, work);
    return work;
  }
}

function tooSlow(progress: string): Problem {
  return new Problem({
    status: 503,
    code: 'TOO_SLOW',
    detail: `This takes longer than a request waits: ${progress}. It is worked on; ask the same again. Asking for one key, or in parts, is faster.`,
    retryAfterS: RETRY_AFTER_S,
  });
}

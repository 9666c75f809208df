import { setTimeout as sleep } from 'node:timers/promises';

/** How far something is, and whoever waits for it to get further. */
export class Progress {
  private readonly waiters = new Set<{ readonly beyond: number; readonly wake: () => void }>();
  private next = 0;

  /** Everything before this position is done. */
  get nextPosition(): number {
    return this.next;
  }

  reach(nextPosition: number): void {
    this.next = nextPosition;
    for (const waiter of this.waiters) if (waiter.beyond < nextPosition) waiter.wake();
  }

  /** Wakes all who wait: what they wait for will not come soon. */
  giveUp(): void {
    for (const waiter of this.waiters) waiter.wake();
  }

  /** Resolves when `position` is done, and anyway after `timeoutMs` or when all is given up. Says whether it is. */
  async includes(position: number, timeoutMs: number): Promise<boolean> {
    if (position >= this.next) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          resolve();
        };
        const waiter = { beyond: position, wake };
        const timer = setTimeout(wake, timeoutMs);
        this.waiters.add(waiter);
      });
    }
    return position < this.next;
  }
}

const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 5_000;

/** Waits before something is tried again that has failed so many times in a row, or until `signal` aborts. */
export async function backOff(failures: number, signal: AbortSignal): Promise<void> {
  const delayMs = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10));
  await sleep(delayMs, undefined, { signal }).catch(() => {});
}

import type { LogRecord } from './log';

export type Page = readonly LogRecord[];

const KEPT_PAGES = 32;
const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Reading for many readers in one process: who asks for the same position at the same moment shares
 * one query, and the latest pages are kept, since readers that follow the live end ask for the same.
 */
export class Pages {
  private readonly asked = new Map<number, Promise<Page>>();
  private readonly kept = new Map<number, { page: Page; bytes: number }>();
  private keptBytes = 0;
  private readonly waiting = new Set<() => void>();
  private wakings = 0;

  constructor(private readonly query: (from: number) => Promise<Page>) {}

  /** Grows whenever there may be something new. */
  get version(): number {
    return this.wakings;
  }

  /** The records from a position on, or none if there are none yet. */
  get(from: number): Promise<Page> {
    const known = this.kept.get(from);
    if (known) return Promise.resolve(known.page);
    let answer = this.asked.get(from);
    if (!answer) {
      answer = this.query(from);
      this.asked.set(from, answer);
      const done = (): void => {
        if (this.asked.get(from) === answer) this.asked.delete(from);
      };
      answer.then((page) => {
        done();
        this.keep(page);
      }, done);
    }
    return answer;
  }

  /** Keeps records for those who will ask for them in a moment. */
  keep(page: Page): void {
    const [first] = page;
    if (!first || this.kept.has(first.position)) return;
    const bytes = page.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    this.kept.set(first.position, { page, bytes });
    this.keptBytes += bytes;
    for (const [position, oldest] of this.kept) {
      if (this.kept.size <= KEPT_PAGES && this.keptBytes <= KEPT_BYTES) break;
      this.kept.delete(position);
      this.keptBytes -= oldest.bytes;
    }
  }

  /** There may be something new: an answer on its way may be too old for whoever asks from now on. */
  wake(): void {
    this.wakings += 1;
    this.asked.clear();
    for (const wake of [...this.waiting]) wake();
  }

  /** Nothing that was kept is to be believed any more. */
  forget(): void {
    this.kept.clear();
    this.keptBytes = 0;
    this.wake();
  }

  /** Resolves when the version is no longer `seen`, or `signal` aborts. */
  async wakened(seen: number, signal: AbortSignal): Promise<void> {
    if (this.wakings !== seen || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** Where an adapter reports what it gets over by itself; pino's loggers fit. */
export interface LogLogger {
  debug(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export const SILENT: LogLogger = { debug: () => {}, warn: () => {} };

/** Tells of the first failure loudly and of those that follow it quietly: a store that is away fails every time. */
export function reportFailure(logger: LogLogger, failures: number, details: object, message: string): void {
  if (failures === 1) logger.warn(details, message);
  else logger.debug({ ...details, failures }, message);
}

/** The store did not answer in time. */
export class StoreTimeout extends Error {
  override readonly name = 'StoreTimeout';
}

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
  });
}

/** What `work` gives, unless `timeoutMs` pass first: then `abandon` is called to free what it holds. */
export async function within<T>(timeoutMs: number, what: string, work: Promise<T>, abandon: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StoreTimeout(`${what} took more than ${timeoutMs} ms`));
      abandon();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 1_000;

/** How long to wait after so many failures in a row. */
export function backoffMs(failures: number): number {
  return Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10)) * (0.75 + Math.random() / 2);
}

/**
 * Asks the same question for all who ask at the same moment. Whoever asks while an answer is on its
 * way gets the next one, so that an answer is never older than its question.
 */
export class SharedQuestion<T> {
  private running: Promise<T> | undefined;
  private next: Promise<T> | undefined;

  constructor(private readonly question: () => Promise<T>) {}

  ask(): Promise<T> {
    if (!this.running) {
      this.running = this.question().finally(() => {
        this.running = undefined;
      });
      return this.running;
    }
    this.next ??= this.running
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        this.next = undefined;
        return this.ask();
      });
    return this.next;
  }
}

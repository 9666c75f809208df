import { Injectable } from '@nestjs/common';

/** Resolves (with a word about it, if there is one) when all is well; rejects with the reason when not. */
export type ReadinessCheck = () => Promise<string | void> | string | void;

export interface CheckResult {
  readonly name: string;
  readonly status: 'up' | 'down';
  readonly detail?: string;
}

const CHECK_TIMEOUT_MS = 2_000;

/** Whether this process should be sent requests. Libraries register what they depend on. */
@Injectable()
export class Readiness {
  private readonly checks = new Map<string, ReadinessCheck>();
  private stopping = false;

  /** Adds a check under a name that is shown; a second one of the same name replaces the first. */
  register(name: string, check: ReadinessCheck): void {
    this.checks.set(name, check);
  }

  /** From now on not ready: the process is about to end. */
  stop(): void {
    this.stopping = true;
  }

  /** Runs every check, all at once and each within two seconds. */
  async results(): Promise<CheckResult[]> {
    const own: CheckResult = this.stopping
      ? { name: 'process', status: 'down', detail: 'is being stopped' }
      : { name: 'process', status: 'up' };
    return [own, ...(await Promise.all([...this.checks].map(([name, check]) => run(name, check))))];
  }
}

async function run(name: string, check: ReadinessCheck): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    const detail = await Promise.race([Promise.resolve().then(check), timeout]);
    return { name, status: 'up', ...(typeof detail === 'string' ? { detail } : {}) };
  } catch (error) {
    return { name, status: 'down', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

import { hash } from 'node:crypto';
import { join } from 'node:path';
import { parseVerifierKey, type VerifierKey } from '@deal-ledger/proof';
import { keepSecret, readSecret } from '@deal-ledger/service';
import type { LogName } from './settings';

const TIMEOUT_MS = 2_000;

/** The keys of the logs that are witnessed. One that is named by its address is asked once, and believed from then on. */
export class WitnessedLogs {
  private readonly keys: VerifierKey[] = [];
  private unknown: readonly string[];

  constructor(
    names: readonly LogName[],
    private readonly folder: string,
    private readonly warn: (message: string) => void,
  ) {
    for (const name of names) if ('vkey' in name) this.keys.push(name.vkey);
    this.unknown = names.flatMap((name) => ('url' in name ? [name.url] : []));
  }

  /** Addresses that have not shown a key yet. */
  get withoutKey(): readonly string[] {
    return this.unknown;
  }

  /** The keys of the log of this name; none when it is not witnessed. */
  async keysOf(origin: string): Promise<readonly VerifierKey[]> {
    if (!this.keys.some(({ name }) => name === origin)) await this.askForKeys();
    return this.keys.filter(({ name }) => name === origin);
  }

  /** Asks those for their key that have not shown one yet. */
  async askForKeys(): Promise<void> {
    const found = await Promise.all(this.unknown.map(async (url) => [url, await this.keyAt(url)] as const));
    for (const [url, key] of found) {
      if (key === undefined || !this.unknown.includes(url)) continue;
      this.keys.push(key);
      this.unknown = this.unknown.filter((other) => other !== url);
    }
  }

  private async keyAt(url: string): Promise<VerifierKey | undefined> {
    const file = join(this.folder, `${hash('sha256', url)}.vkey`);
    const kept = await readSecret(file);
    if (kept !== undefined) return parseVerifierKey(kept);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!answer.ok) return undefined;
      const shown = (await answer.text()).trim();
      parseVerifierKey(shown);
      const key = await keepSecret(file, shown);
      this.warn(`${url} shows the key ${key}, which is believed from now on: hold it against what its operator says`);
      return parseVerifierKey(key);
    } catch {
      // It is asked again when the next checkpoint comes.
      return undefined;
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import {
  addCosignatures,
  consistencyProof,
  formatAddCheckpoint,
  parseVerifierKey,
  TLOG_SIZE_TYPE,
  type VerifierKey,
} from '@deal-ledger/proof';
import type { SignedCheckpoint } from './tree-check';
import type { TreeStore } from './tree-store';

/** A witness that is asked to cosign. */
export interface WitnessAddress {
  readonly url: string;
  /** What its cosignatures are verified with; it is asked for it where it is not given. */
  readonly vkey: VerifierKey | undefined;
}

export interface WitnessesOptions {
  readonly addresses: readonly WitnessAddress[];
  readonly store: TreeStore;
  readonly warn: (message: string) => void;
  /** How long at first to wait after a failure. */
  readonly firstBackoffMs?: number;
}

const TIMEOUT_MS = 5_000;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 60_000;
/** Another instance may have asked in between, so that the size that a witness starts from has moved on. */
const TRIES = 3;
const MAX_SHOWN = 300;

/** It does not cosign what was signed here: one of the two does not see the log that it should. */
class WitnessRefusal extends Error {
  override readonly name = 'WitnessRefusal';
}

/**
 * Has the last checkpoint cosigned by every witness there is. Whatever a witness does, nothing waits for it; one that
 * is away is asked again after ever longer pauses, and a refusal is said loudly.
 */
export class Witnesses {
  private readonly each: readonly Witness[];

  constructor(options: WitnessesOptions) {
    this.each = options.addresses.map((address) => new Witness(address, options));
  }

  start(): void {
    for (const witness of this.each) witness.start();
  }

  /** A checkpoint may have been signed. */
  wake(): void {
    for (const witness of this.each) witness.wake();
  }

  /** What became of each, in words. */
  get states(): string[] {
    return this.each.map(({ state }) => state);
  }

  async stop(): Promise<void> {
    await Promise.all(this.each.map((witness) => witness.stop()));
  }
}

class Witness {
  private readonly stopping = new AbortController();
  private waking = new AbortController();
  private running: Promise<void> | undefined;
  private vkey: VerifierKey | undefined;
  /** Of the last checkpoint that it has cosigned for us. */
  private cosigned = 0;
  /** Of the last checkpoint that it knows, whoever had asked. */
  private latest = 0;
  private trouble: string | undefined;

  constructor(
    private readonly address: WitnessAddress,
    private readonly options: WitnessesOptions,
  ) {
    this.vkey = address.vkey;
  }

  get state(): string {
    const { url } = this.address;
    if (this.trouble !== undefined) return `witness ${url} ${this.trouble}`;
    return this.cosigned === 0 ? `witness ${url} was not asked yet` : `witness ${url} has cosigned ${this.cosigned}`;
  }

  start(): void {
    this.running ??= this.run();
  }

  wake(): void {
    this.waking.abort();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { warn, firstBackoffMs = FIRST_BACKOFF_MS } = this.options;
    for (let failures = 0; !this.stopping.signal.aborted;) {
      this.waking = new AbortController();
      try {
        await this.cosignLast();
        if (this.trouble !== undefined) warn(`witness ${this.address.url} cosigns again`);
        this.trouble = undefined;
        failures = 0;
        await pause(undefined, AbortSignal.any([this.waking.signal, this.stopping.signal]));
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        failures += 1;
        const isRefusal = error instanceof WitnessRefusal;
        const reason = error instanceof Error ? error.message : String(error);
        const trouble = isRefusal ? `REFUSES to cosign: ${reason}` : `is away: ${reason}`;
        if (trouble !== this.trouble) warn(`witness ${this.address.url} ${trouble}`);
        this.trouble = trouble;
        const delayMs = Math.min(LAST_BACKOFF_MS, firstBackoffMs * 2 ** Math.min(failures - 1, 10));
        await pause(delayMs, this.stopping.signal);
      }
    }
  }

  private async cosignLast(): Promise<void> {
    const { store } = this.options;
    this.vkey ??= await this.fetchVkey();
    for (let tries = 1; ; tries += 1) {
      const last = await store.lastCheckpoint();
      if (last === undefined || last.size === this.cosigned) return;
      if (this.latest > last.size)
        throw new WitnessRefusal(
          `it has cosigned a checkpoint for ${this.latest} leaves, and the last one here is for ${last.size}: checkpoints were rolled back, or somebody else signs with this key`,
        );
      this.latest = await this.ask(last, this.vkey);
      if (this.cosigned === last.size) return;
      if (tries >= TRIES) throw new Error(`it starts from another size each time, at last from ${this.latest}`);
    }
  }

  /** Asks for a cosignature, and answers the size of the latest checkpoint that the witness knows then. */
  private async ask({ size, note }: SignedCheckpoint, vkey: VerifierKey): Promise<number> {
    const { store } = this.options;
    const proof = await consistencyProof(this.latest, size, store.nodes(size));
    const answer = await this.send(
      `${this.address.url}/add-checkpoint`,
      formatAddCheckpoint({ oldSize: this.latest, proof, note }),
    );
    const text = await answer.text();
    if (answer.status === 409 && answer.headers.get('content-type')?.startsWith(TLOG_SIZE_TYPE) === true) {
      const latest = Number(text.trim());
      if (!Number.isSafeInteger(latest) || latest < 0)
        throw new Error(`it answers 409 with ${shown(text)}, not with a size`);
      return latest;
    }
    if ([400, 403, 404, 409, 422].includes(answer.status))
      throw new WitnessRefusal(`it answers ${answer.status} to the checkpoint for ${size} leaves: ${shown(text)}`);
    if (answer.status !== 200) throw new Error(`it answers ${answer.status}: ${shown(text)}`);
    const cosigned = addCosignatures(note, text, [vkey]) ?? '';
    if (cosigned.length <= note.length)
      throw new WitnessRefusal(`what it answers is no cosignature of ${vkey.name}+${vkey.id}: ${shown(text)}`);
    await store.addCosignature(size, `${vkey.name}+${vkey.id}`, cosigned.slice(note.length));
    this.cosigned = size;
    return size;
  }

  private async fetchVkey(): Promise<VerifierKey> {
    const answer = await this.send(`${this.address.url}/vkey`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`it answers ${answer.status} to /vkey: ${shown(text)}`);
    return parseVerifierKey(text.trim());
  }

  private async send(url: string, body?: string): Promise<Response> {
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      return await fetch(url, body === undefined ? { signal } : { method: 'POST', body, signal });
    } catch (error) {
      throw new Error(`${url} cannot be reached`, { cause: error });
    }
  }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, MAX_SHOWN));

/** Resolves after the time, or without one never, and at once when the signal aborts. */
async function pause(delayMs: number | undefined, signal: AbortSignal): Promise<void> {
  if (delayMs !== undefined) {
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    return;
  }
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

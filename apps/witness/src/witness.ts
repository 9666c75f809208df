import { join } from 'node:path';
import {
  cosignCheckpoint,
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  judgeAddCheckpoint,
  MalformedKey,
  parseAddCheckpoint,
  parseSignerKey,
  type SignerKey,
  type Verdict,
} from '@deal-ledger/proof';
import { CannotStart, keepSecret, readSecret } from '@deal-ledger/service';
import { Memory } from './memory';
import { WitnessedLogs } from './logs';
import type { LogName } from './settings';

export interface WitnessOptions {
  readonly folder: string;
  readonly name: string;
  readonly keyFile: string;
  readonly logs: readonly LogName[];
  readonly nowMs: () => number;
  readonly warn: (message: string) => void;
}

/** What is answered to a log: its cosignature, or the verdict that there is none. */
export type Answer =
  | { readonly verdict: Extract<Verdict, { readonly status: 200 }>; readonly keep?: string; readonly line: string }
  | { readonly verdict: Exclude<Verdict, { readonly status: 200 }>; readonly keep?: never };

/** Remembers the last checkpoint of every log, and cosigns only what extends it. */
export class Witness {
  private constructor(
    private readonly key: SignerKey,
    readonly logs: WitnessedLogs,
    private readonly memory: Memory,
    private readonly options: WitnessOptions,
  ) {}

  /** @throws CannotStart when its key cannot be had */
  static async open(options: WitnessOptions): Promise<Witness> {
    const { folder, logs, warn } = options;
    const key = await keyOf(options);
    const memory = new Memory(join(folder, 'witnessed'));
    return new Witness(key, new WitnessedLogs(logs, join(folder, 'logs'), warn), memory, options);
  }

  get vkey(): string {
    return formatVerifierKey(this.key);
  }

  /** Judges a request to cosign, and keeps the checkpoint before it is cosigned for anybody to see. */
  async addCheckpoint(body: Buffer): Promise<Answer> {
    const origin = parseAddCheckpoint(body)?.checkpoint.origin;
    if (origin === undefined)
      return { verdict: judgeAddCheckpoint(body, new Map()) as Exclude<Verdict, { status: 200 }> };
    const keys = await this.logs.keysOf(origin);
    const answer = await this.memory.change(origin, (last): Answer => {
      const logs = new Map(keys.length === 0 ? [] : [[origin, { keys, latest: last?.checkpoint }]]);
      const verdict = judgeAddCheckpoint(body, logs);
      if (verdict.status !== 200) return { verdict };
      const line = cosignCheckpoint(verdict.note, this.key, Math.floor(this.options.nowMs() / 1_000));
      const isNew = last === undefined || last.checkpoint.size !== verdict.checkpoint.size;
      return { verdict, line, ...(isNew ? { keep: `${verdict.note}${line}` } : {}) };
    });
    const { verdict } = answer;
    if (verdict.status === 422 || (verdict.status === 409 && verdict.size === undefined))
      this.options.warn(`${origin} may have two histories: ${verdict.reason} It was not cosigned`);
    return answer;
  }

  /** The last checkpoint cosigned of the log whose name has this SHA-256. */
  async lastOf(originHash: string): Promise<string | undefined> {
    return (await this.memory.last(originHash))?.note;
  }
}

async function keyOf({ keyFile, name }: WitnessOptions): Promise<SignerKey> {
  try {
    const made = (): string => formatSignerKey(generateSignerKey(name, 'cosignature/v1'));
    const key = parseSignerKey((await readSecret(keyFile)) ?? (await keepSecret(keyFile, made())));
    if (key.name === name && key.type === 'cosignature/v1') return key;
    throw new MalformedKey(`it is the ${key.type} key of ${key.name}, and this witness is ${name}`);
  } catch (error) {
    throw new CannotStart(
      `the key of the witness cannot be had from ${keyFile}: ${(error as Error).message}. Let this user write there, or name another file in WITNESS_KEY_FILE`,
      { cause: error },
    );
  }
}

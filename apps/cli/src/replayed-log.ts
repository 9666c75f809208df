import { commitId, Judge } from '@deal-ledger/ledger';
import type { Log, LogRecord, NewRecord } from '@deal-ledger/log';
import { EXIT, Failure } from './failure';
import { linesOf } from './lines';
import { addressOf, ask, bytesOf } from './service';

/** A line of a replay with everything in it, void and foreign records too. */
interface Line {
  readonly position: number;
  readonly recordedAt: string;
  readonly verdict: string;
  readonly reason?: string;
  readonly commit?: string;
  readonly heads?: Readonly<Record<string, string | null>>;
  readonly events?: readonly { readonly subject: string }[];
  readonly record?: {
    readonly key: string | null;
    readonly value: string | null;
    readonly headers: readonly (readonly [name: string, value: string])[];
  };
}

/** How many records were of which verdict. */
export type Verdicts = Readonly<Record<'fact' | 'void' | 'foreign', number>>;

const EVENTS = ',"events":';

/**
 * A ledger up to a position, as a service replays it: a log of its own, for whoever makes something
 * of the events anew. Each record is judged here too, and held against the verdict that came with it.
 */
export class ReplayedLog implements Log {
  /** Rejects when no more can be read. */
  readonly failed: Promise<never>;
  private readonly counts = { fact: 0, void: 0, foreign: 0 };
  private fail: (error: unknown) => void = () => undefined;

  constructor(
    private readonly url: string,
    private readonly last: number,
    private readonly reached: (position: number) => void,
  ) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
  }

  get verdicts(): Verdicts {
    return this.counts;
  }

  append(_: NewRecord): Promise<number> {
    return Promise.reject(new Error('nothing is appended to what was replayed'));
  }

  at(positions: readonly number[]): Promise<readonly LogRecord[]> {
    return Promise.reject(new Error(`${positions.length} records were asked for by themselves`));
  }

  end(): Promise<number> {
    return Promise.resolve(this.last + 1);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** From the beginning, and once: what is made of it begins with nothing. */
  async *read(from: number, signal: AbortSignal): AsyncGenerator<readonly LogRecord[], void, undefined> {
    try {
      if (from > 0) throw new Failure(EXIT.unavailable, 'the database of the fold was interrupted. Fold again.');
      yield* this.records(signal);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }

  private async *records(signal: AbortSignal): AsyncGenerator<readonly LogRecord[], void, undefined> {
    const query = { to: String(this.last), include: 'void,foreign' };
    const address = addressOf(this.url, '/v1/audit/replay', query);
    const answer = await ask(address, { signal });
    const judge = new Judge();
    for await (const lines of linesOf(bytesOf(answer, address))) {
      yield lines.map((text) => this.record(text, judge));
      this.reached(judge.nextPosition - 1);
    }
  }

  private record(text: string, judge: Judge): LogRecord {
    const line = JSON.parse(text) as Line;
    const record = recordOf(line, text);
    const judged = judge.judge(record);
    const reason = judged.verdict === 'fact' ? undefined : judged.reason;
    const named = judged.verdict === 'foreign' ? undefined : commitId(judged.commit.writer, judged.commit.n);
    if (judged.verdict !== line.verdict || reason !== line.reason || named !== line.commit)
      throw new Failure(
        EXIT.refused,
        `position ${line.position} was replayed as ${line.verdict}, and by the rule it is ${judged.verdict}${reason === undefined ? '' : ` (${reason})`}. Nothing that rests on it can be believed.`,
        { code: 'VERDICT_DIFFERS', position: line.position, said: line.verdict, found: judged.verdict },
      );
    this.counts[judged.verdict] += 1;
    return record;
  }
}

/** The record that a line tells of, with the bytes of its events as they stand there. */
function recordOf({ position, recordedAt, commit, heads, events, record }: Line, text: string): LogRecord {
  const at = { position, timeMs: Date.parse(recordedAt) };
  if (record !== undefined) {
    const bytes = (base64: string | null): Buffer | null => (base64 === null ? null : Buffer.from(base64, 'base64'));
    const headers = record.headers.map(([name, value]) => [name, Buffer.from(value, 'base64')] as const);
    return { ...at, key: bytes(record.key), value: bytes(record.value), headers };
  }
  const [writer = '', n = ''] = commit?.split('/') ?? [];
  const headers = { 'content-type': 'application/cloudevents-batch+json', writer, n, heads: JSON.stringify(heads) };
  return {
    ...at,
    key: Buffer.from(events?.[0]?.subject ?? ''),
    // Inside of a text these bytes would have a backslash before each quote.
    value: Buffer.from(text.slice(text.indexOf(EVENTS) + EVENTS.length, -1)),
    headers: Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const),
  };
}

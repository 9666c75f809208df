import { randomUUID } from 'node:crypto';
import { effectiveOf, kindNameOf, kindOf, parseEvent, type LedgerEvent } from '@deal-ledger/domain';
import { encodeCommit, ensureGenesis } from '@deal-ledger/ledger';
import type { Log } from '@deal-ledger/log';

/** An event as a test posts it. */
export interface PostedLine {
  readonly id?: string;
  readonly stream: string;
  readonly type: string;
  readonly effective?: string;
  readonly data: unknown;
  readonly [field: string]: unknown;
}

const ANY_SOURCE = [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }];

/** The event that a recorder would make of it, without asking whether it is refused. */
export function recorded({ stream, ...line }: PostedLine, version: number): LedgerEvent {
  const kind = kindOf(stream);
  if (kind === undefined) throw new Error(`no kind ${kindNameOf(stream)}`);
  const { id = `${stream}#${version}`, ...posted } = { effective: '2025-10-05', sources: ANY_SOURCE, ...line };
  const parsed = parseEvent(kind, posted);
  if (!parsed.ok) throw new Error(`${stream} ${line.type}: ${JSON.stringify(parsed.refusals)}`);
  return { ...parsed.event, id, stream, version, actor: { id: 'local' } };
}

/** The events that a recorder would make of commits, one after the other. */
export function eventsOf(commits: readonly (readonly PostedLine[])[]): LedgerEvent[][] {
  const versions = new Map<string, number>();
  return commits.map((lines) =>
    lines.map((line) => {
      const version = (versions.get(line.stream) ?? 0) + 1;
      versions.set(line.stream, version);
      return recorded(line, version);
    }),
  );
}

/** Writes facts to a log as a recorder would, one commit after the other. */
export class TestWriter {
  private readonly writer = randomUUID();
  private readonly heads = new Map<string, string>();
  private readonly versions = new Map<string, number>();
  private n = 0;

  constructor(private readonly log: Log) {}

  /** The ledger's first commit, at position 0. */
  async begin(): Promise<void> {
    await ensureGenesis(this.log, { ledgerId: randomUUID(), writer: randomUUID(), source: '/test', nowMs: 0 });
  }

  /** Appends one commit and gives its position. */
  post(...lines: readonly PostedLine[]): Promise<number> {
    return this.append(
      lines.map((line) => {
        const version = (this.versions.get(line.stream) ?? 0) + 1;
        this.versions.set(line.stream, version);
        return recorded(line, version);
      }),
    );
  }

  /** Appends a commit that was decided on a head its streams no longer have. */
  postStale(line: PostedLine): Promise<number> {
    this.n += 1;
    return this.log.append(this.encode([recorded(line, 1)], new Map([[line.stream, `${this.writer}/999`]])));
  }

  /** Appends events of any kind, as they are. */
  append(events: readonly LedgerEvent[]): Promise<number> {
    this.n += 1;
    const heads = new Map(events.map(({ stream }) => [stream, this.heads.get(stream) ?? null]));
    for (const { stream } of events) this.heads.set(stream, `${this.writer}/${this.n}`);
    return this.log.append(this.encode(events, heads));
  }

  private encode(
    events: readonly LedgerEvent[],
    heads: ReadonlyMap<string, string | null>,
  ): ReturnType<typeof encodeCommit> {
    return encodeCommit({
      writer: this.writer,
      n: this.n,
      heads,
      events,
      source: '/test',
      time: '2025-10-05T09:00:00.000Z',
    });
  }
}

/** An event of a kind that no version here knows. */
export function strangeEvent(stream: string, version: number): LedgerEvent {
  const effective = effectiveOf('2025-10-05');
  if (effective === undefined) throw new Error('no date');
  return {
    id: `${stream}#${version}`,
    stream,
    version,
    type: 'Invented',
    schemaVersion: 1,
    effective,
    action: 'new',
    actor: { id: 'local' },
    sources: [],
    data: {},
  };
}

import { kindNameOf, kindOf, parseEvent, type LedgerEvent } from '@deal-ledger/domain';
import { encodeCommit, ensureGenesis } from '@deal-ledger/ledger';
import { openLog, type Log } from '@deal-ledger/log';
import type { StreamEvent } from '../support/events';
import { groundworkOf, market, type MarketPlan } from './market';
import type { Where } from './stores';

const SOURCE = '/market';
const WRITER = '00000000-0000-4000-8000-000000000001';
const LEDGER = '00000000-0000-4000-8000-000000000002';
const GROUNDWORK_PER_COMMIT = 90;
/** So many appends wait at once; they stay in their order. */
const WAITING = 2_000;

/** Makes commits into the facts that a recorder would make of them: the rules have nothing against any. */
export class MarketWriter {
  private readonly versions = new Map<string, number>();
  private readonly heads = new Map<string, string>();
  private n = 0;

  /** The commit that is due, as a record. */
  record(commit: readonly StreamEvent[]): ReturnType<typeof encodeCommit> {
    const heads = new Map(commit.map(({ stream }) => [stream, this.heads.get(stream) ?? null]));
    return encodeCommit({
      events: this.advance(commit).map(([event, version]) => factOf(event, version)),
      heads,
      writer: WRITER,
      n: this.n,
      source: SOURCE,
      time: new Date().toISOString(),
    });
  }

  /** Goes past a commit that was written before. */
  advance(commit: readonly StreamEvent[]): [event: StreamEvent, version: number][] {
    this.n += 1;
    return commit.map((event) => {
      const version = (this.versions.get(event.stream) ?? 0) + 1;
      this.versions.set(event.stream, version);
      this.heads.set(event.stream, `${WRITER}/${this.n}`);
      return [event, version];
    });
  }
}

/** An event with its place in its stream. @throws Error when its data is not as its type has it */
export function factOf({ stream, ...posted }: StreamEvent, version: number): LedgerEvent {
  const kind = kindOf(stream);
  if (kind === undefined) throw new Error(`no kind ${kindNameOf(stream)}`);
  const parsed = parseEvent(kind, posted);
  if (!parsed.ok) throw new Error(`${stream} ${posted.id}: ${JSON.stringify(parsed.refusals)}`);
  return { ...parsed.event, id: posted.id, stream, version, actor: { id: 'local' } };
}

/** What a market rests on, in commits, and then the market. It never ends. */
export function* commitsOf(plan: MarketPlan): Generator<{ readonly commit: StreamEvent[]; readonly told: number }> {
  const groundwork = groundworkOf();
  for (let at = 0; at < groundwork.length; at += GROUNDWORK_PER_COMMIT)
    yield { commit: groundwork.slice(at, at + GROUNDWORK_PER_COMMIT), told: 0 };
  let told = 0;
  for (const commit of market(plan)) {
    told += commit.length;
    yield { commit, told };
  }
}

/** Writes a market to an empty log, without a recorder. Answers the position of its last commit. */
export async function fillMarket({
  where,
  ...plan
}: MarketPlan & { readonly where: Where }): Promise<{ last: number }> {
  const log = await openMarketLog(where);
  await ensureGenesis(log, { ledgerId: LEDGER, writer: LEDGER, source: SOURCE, nowMs: Date.now() });
  const writer = new MarketWriter();
  let waiting: Promise<number>[] = [];
  let last = 0;
  const settle = async (): Promise<void> => {
    last = (await Promise.all(waiting)).at(-1) ?? last;
    waiting = [];
  };
  for (const { commit, told } of commitsOf(plan)) {
    waiting.push(log.append(writer.record(commit)));
    if (waiting.length >= WAITING) await settle();
    if (told >= plan.events) break;
  }
  await settle();
  await log.close();
  return { last };
}

export const openMarketLog = (where: Where): Promise<Log> =>
  openLog({ ...where, logger: { debug: () => undefined, warn: () => undefined } });

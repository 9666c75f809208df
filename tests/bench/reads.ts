import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Log } from '@deal-ledger/log';
import type { StreamEvent } from '../support/events';
import type { MarketPlan } from './market';
import { commitsOf, MarketWriter, openMarketLog } from './market-log';
import type { Where } from './stores';
import { quantile } from './statistics';

/** One client that reads a report over and over. */
export interface ReadPlan {
  readonly url: string;
  /** Of the report, with its query; each read asks for its own position, if `asOf` says from which on. */
  readonly path: string;
  readonly asOf?: number;
  readonly seconds: number;
  /** What is recorded, and projected, before each read. */
  readonly moving?: Moving;
}

/** A market that goes on where it was left. */
export interface Moving extends MarketPlan {
  readonly where: Where;
  readonly schema: string;
  /** Commits that were written since it had its size. */
  readonly since: number;
}

export interface ReadResult {
  /** The very first read, which finds nothing prepared. */
  readonly firstMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly reads: number;
  readonly bytes: number;
}

const POLL_MS = 2;
const PROJECTED_WITHIN_MS = 60_000;

/**
 * Reads for so many seconds, and at least twice.
 * @throws Error at the first answer that is not 200
 */
export async function reads({ url, path, asOf, seconds, moving }: ReadPlan): Promise<ReadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const mover = moving === undefined ? undefined : await Mover.start(moving);
  const latenciesMs: number[] = [];
  let bytes = 0;
  try {
    const endMs = performance.now() + seconds * 1_000;
    while (latenciesMs.length < 2 || performance.now() < endMs) {
      await mover?.move();
      const asked = asOf === undefined ? path : `${path}&asOf=${asOf + latenciesMs.length}`;
      const sentMs = performance.now();
      bytes = await get(agent, `${url}${asked}`);
      latenciesMs.push(performance.now() - sentMs);
    }
  } finally {
    await mover?.stop();
    agent.destroy();
  }
  const [firstMs = NaN, ...warm] = latenciesMs;
  return { firstMs, p50Ms: quantile(warm, 0.5), p99Ms: quantile(warm, 0.99), reads: latenciesMs.length, bytes };
}

function get(agent: Agent, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const body = Buffer.concat(chunks);
        if (answer.statusCode === 200) resolve(body.length);
        else reject(new Error(`${url} was answered ${answer.statusCode}: ${body.toString().slice(0, 2_000)}`));
      });
      answer.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

type Commits = ReturnType<typeof commitsOf>;

/** They never end. */
const nextOf = (commits: Commits): { readonly commit: StreamEvent[]; readonly told: number } =>
  (commits.next() as IteratorYieldResult<{ readonly commit: StreamEvent[]; readonly told: number }>).value;

/** Writes the next commits of a market, one at a time. */
class Mover {
  private constructor(
    private readonly commits: Commits,
    private readonly writer: MarketWriter,
    private readonly log: Log,
    private readonly database: Client,
    private readonly schema: string,
  ) {}

  static async start({ where, schema, since, ...plan }: Moving): Promise<Mover> {
    const commits = commitsOf(plan);
    const writer = new MarketWriter();
    const goPast = (): number => {
      const { commit, told } = nextOf(commits);
      writer.advance(commit);
      return told;
    };
    while (goPast() < plan.events);
    for (let gone = 0; gone < since; gone += 1) goPast();
    const database = new Client({ connectionString: where.databaseUrl });
    await database.connect();
    return new Mover(commits, writer, await openMarketLog(where), database, schema);
  }

  /** Resolves when the next commit is projected. */
  async move(): Promise<void> {
    const position = await this.log.append(this.writer.record(nextOf(this.commits).commit));
    const limit = AbortSignal.timeout(PROJECTED_WITHIN_MS);
    for (;;) {
      const { rows } = await this.database.query<{ next: string }>(
        `select next_position as next from ${this.schema}.progress`,
      );
      if (Number(rows[0]?.next) > position) return;
      await sleep(POLL_MS, undefined, { signal: limit });
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.log.close(), this.database.end()]);
  }
}

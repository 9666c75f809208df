import { LedgerForked } from '@deal-ledger/ledger';
import { LogHalted, type Log } from '@deal-ledger/log';
import { instantMs, Problem, type Clock } from '@deal-ledger/service';
import type { Pool } from 'pg';
import { UnprojectableEvent } from './fold';
import type { ReportQuery } from './reading';
import type { Progress } from './waiting';

const WAIT_MS = 5_000;
/** A record gets its time a moment before it can be read; after this long no other can come with an earlier one. */
const SETTLED_AFTER_MS = 10_000;

/** Whoever projects the ledger, or watches somebody else do it. */
export interface Projecting {
  readonly progress: Pick<Progress, 'nextPosition' | 'includes'>;
  /** Why nothing more will be projected until a person has looked, if so. */
  readonly halted: Error | undefined;
}

export interface PositionsOptions {
  readonly pool: Pool;
  readonly runner: Projecting;
  readonly log: Log;
  readonly clock: Clock;
}

/** Up to which position of the ledger a reader wants to know, and can. */
export class Positions {
  constructor(private readonly options: PositionsOptions) {}

  /** The position that everything up to is projected; -1 while nothing is. */
  get projected(): number {
    return this.options.runner.progress.nextPosition - 1;
  }

  /** The position that is asked for, once it is projected. */
  async asked({ asOf, minPosition }: Pick<ReportQuery, 'asOf' | 'minPosition'>): Promise<number> {
    this.refuseWhenForked();
    if (minPosition !== undefined) await this.await(minPosition);
    if (asOf === 'latest') {
      this.refuseWhenHalted();
      if (this.projected < 0) await this.await(0);
      return Math.max(this.projected, 0);
    }
    const atMs = instantMs(asOf);
    if (atMs === undefined) {
      await this.await(Number(asOf));
      return Number(asOf);
    }
    return this.positionAt(asOf, atMs);
  }

  /** The last position recorded at or before an instant, when no other can still come. */
  private async positionAt(asOf: string, atMs: number): Promise<number> {
    if (atMs > this.options.clock.nowMs()) {
      throw new Problem({
        status: 400,
        code: 'INSTANT_IN_FUTURE',
        detail: `Nobody knows yet what will be known at ${asOf}. Ask for a past instant.`,
      });
    }
    const sureInMs = atMs + SETTLED_AFTER_MS - this.options.clock.nowMs();
    if (sureInMs > 0) {
      throw new Problem({
        status: 400,
        code: 'INSTANT_TOO_RECENT',
        detail: `What was known at ${asOf} may not all be here yet. Ask again in ${Math.ceil(sureInMs / 1_000)} s, or for a position, which is sure at once.`,
        retryAfterS: Math.ceil(sureInMs / 1_000),
      });
    }
    await this.awaitAllUpTo(atMs);
    const { rows } = await this.options.pool.query<{ position: string | null }>({
      name: 'position-at',
      text: POSITION_AT,
      values: [new Date(atMs).toISOString()],
    });
    const position = rows[0]?.position;
    if (position == null) {
      throw new Problem({
        status: 400,
        code: 'INSTANT_BEFORE_LEDGER',
        detail: `The ledger begins after ${asOf}; nothing was known then. Ask for a later instant.`,
      });
    }
    return Number(position);
  }

  /** Waits until everything recorded up to an instant is projected; where nothing more will be, it may be already. */
  private async awaitAllUpTo(atMs: number): Promise<void> {
    const { log, runner } = this.options;
    // Times never run backwards along positions.
    const isPast = async (position: number): Promise<boolean> => Date.parse(await this.recordedAt(position)) > atMs;
    if (runner.halted !== undefined && this.projected >= 0 && (await isPast(this.projected))) return;
    const end = await log.end();
    if (end > 0) await this.await(end - 1);
  }

  /** Waits, for a bounded time, until a position is projected. */
  async await(position: number): Promise<void> {
    const { log, runner } = this.options;
    const { progress } = runner;
    if (position < progress.nextPosition) return;
    const end = await log.end().catch(() => undefined);
    if (end === 0)
      throw new Problem({
        status: 503,
        code: 'LEDGER_EMPTY',
        detail: 'The ledger has no records yet. Start a recording service, then ask again.',
      });
    if (end !== undefined && position >= end && position >= progress.nextPosition) {
      throw new Problem({
        status: 400,
        code: 'POSITION_UNKNOWN',
        detail: `Position ${position} lies beyond the end of the ledger, whose last position is ${end - 1}. Ask for that or an earlier one.`,
        members: { position, lastPosition: end - 1 },
      });
    }
    if (runner.halted === undefined && (await progress.includes(position, WAIT_MS))) return;
    this.refuseWhenForked();
    this.refuseWhenHalted();
    const projected = this.projected;
    throw new Problem({
      status: 503,
      code: 'PROJECTION_BEHIND',
      detail: `Position ${position} was asked for, the ledger is projected up to ${projected}. Ask again.`,
      members: { position, projectedPosition: projected },
      retryAfterS: 1,
    });
  }

  /** What was projected before a halt is right for ever; what is latest is no longer known here. */
  private refuseWhenHalted(): void {
    const { halted } = this.options.runner;
    if (halted === undefined) return;
    const projected = this.projected;
    const event = halted instanceof UnprojectableEvent ? { haltedAt: halted.position, eventId: halted.eventId } : {};
    throw new Problem({
      status: 503,
      code: 'PROJECTION_HALTED',
      detail:
        `The projection has halted after position ${projected}: ${halted.message}. ` +
        (projected < 0 ? 'It shows nothing yet.' : `What is up to there is still shown: ask with asOf=${projected}.`),
      members: { projectedPosition: projected, ...event },
      retryAfterS: 60,
    });
  }

  /** Of a log that is not the ledger it was, nothing is shown. */
  private refuseWhenForked(): void {
    const { halted } = this.options.runner;
    if (halted instanceof LedgerForked || halted instanceof LogHalted) {
      throw new Problem({
        status: 503,
        code: halted.code,
        detail: `The log is not what it was, so no figure of it can be vouched for: ${halted.message}`,
        retryAfterS: 60,
      });
    }
  }

  /** When a projected position was recorded. */
  async recordedAt(position: number): Promise<string> {
    const { rows } = await this.options.pool.query<{ at: string }>({
      name: 'recorded-at',
      text: RECORDED_AT,
      values: [position],
    });
    if (rows[0] === undefined) throw new Error(`position ${position} is projected and has no time`);
    return rows[0].at;
  }
}

const RECORDED_AT = `
select to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
from (select recorded_at from events where position = $1 and ordinal = 0 union all select recorded_at from skipped where position = $1) as record`;

// Times never run backwards along positions, so the first hit from the end is the one.
const POSITION_AT = `
select greatest(
  (select position from events where recorded_at <= $1 order by position desc limit 1),
  (select position from skipped where recorded_at <= $1 order by position desc limit 1)
) as position`;

import { Judge, LedgerForked, type JudgedRecord } from '@deal-ledger/ledger';
import { LogHalted, type Log, type LogRecord } from '@deal-ledger/log';
import { Problem } from '@deal-ledger/service';

/** A replay takes a core while it runs; so many at the same time leave something to others. */
const MAX_AT_ONCE = 4;
const BUSY_RETRY_S = 10;
const HALTED_RETRY_S = 60;

/** A stretch of the ledger, both ends in it. */
export interface Stretch {
  readonly from: number;
  /** One before `from` where there is nothing in it. */
  readonly to: number;
}

/** A record as stored, and what it is. */
export interface Replayed {
  readonly record: LogRecord;
  readonly judged: JudgedRecord;
}

/**
 * Reads the ledger again, straight from its log, and judges it as everybody does. No table is asked,
 * so that what tables say can be held against it. A verdict rests on all that is before it, so the
 * way to a stretch is judged too.
 */
export class Replays {
  private underWay = 0;

  constructor(private readonly log: Log) {}

  /**
   * The stretch that is asked for; without `to` up to the end of the log as of now.
   * @throws Problem 400 when it lies beyond that
   */
  async stretch(from: number, to: number | undefined): Promise<Stretch> {
    const end = await this.log.end().catch((error: unknown) => {
      throw problemOf(error);
    });
    if (to !== undefined && to < from) throw backwards(from, to);
    // Whoever has everything asks for what comes next, and gets nothing.
    const beyond = to !== undefined && to >= end ? to : from > end ? from : undefined;
    if (beyond !== undefined) throw positionUnknown(beyond, end - 1);
    return { from, to: to ?? end - 1 };
  }

  /**
   * What is made of the records of a stretch, in order, and no more of them read than is taken. What
   * is wrong before the first of it is thrown at once.
   * @throws Problem
   */
  async made<Result>(
    stretch: Stretch,
    signal: AbortSignal,
    make: (parts: AsyncIterable<Iterable<Replayed>>) => AsyncGenerator<Result, void, undefined>,
  ): Promise<AsyncIterable<Result>> {
    if (this.underWay >= MAX_AT_ONCE) throw busy();
    const making = make(this.parts(stretch, signal));
    const first = await making.next().catch((error: unknown) => {
      throw problemOf(error);
    });
    return (async function* () {
      try {
        if (first.done === true) return;
        yield first.value;
        yield* making;
      } finally {
        await making.return();
      }
    })();
  }

  private async *parts(
    { from, to }: Stretch,
    signal: AbortSignal,
  ): AsyncGenerator<Iterable<Replayed>, void, undefined> {
    if (to < from) return;
    this.underWay += 1;
    try {
      const judge = new Judge();
      for await (const records of this.log.read(0, signal)) {
        yield judgedOf(records, judge, { from, to });
        if (judge.nextPosition > to) return;
      }
      // A log that is being closed ends like one that was read: what is cut off must not look whole.
      throw new Error(`the log was closed before position ${to} was replayed`);
    } finally {
      this.underWay -= 1;
    }
  }
}

/** Each record judged when it is taken, so that what is in it can be forgotten before the next one is. */
function* judgedOf(
  records: readonly LogRecord[],
  judge: Judge,
  { from, to }: Stretch,
): Generator<Replayed, void, undefined> {
  for (const record of records) {
    if (record.position > to) return;
    const judged = judge.judge(record);
    if (record.position >= from) yield { record, judged };
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LedgerForked || error instanceof LogHalted) {
    return new Problem({
      status: 503,
      code: error.code,
      detail: `The log is not what it was, so nothing of it can be vouched for: ${error.message}`,
      retryAfterS: HALTED_RETRY_S,
      cause: error,
    });
  }
  return new Problem({
    status: 503,
    code: 'UNAVAILABLE',
    detail: 'The log did not answer in time. Ask again.',
    cause: error,
  });
}

function busy(): Problem {
  return new Problem({
    status: 503,
    code: 'TOO_MANY_REPLAYS',
    detail: `${MAX_AT_ONCE} replays are under way here, which is as many as there may be. Ask again when one has ended.`,
    members: { maximum: MAX_AT_ONCE },
    retryAfterS: BUSY_RETRY_S,
  });
}

function positionUnknown(position: number, lastPosition: number): Problem {
  return new Problem({
    status: 400,
    code: 'POSITION_UNKNOWN',
    detail: `Position ${position} lies beyond the end of the ledger, whose last position is ${lastPosition}. Ask for that or an earlier one, or leave to away for all there is.`,
    members: { position, lastPosition },
  });
}

function backwards(from: number, to: number): Problem {
  return new Problem({
    status: 400,
    code: 'STRETCH_BACKWARDS',
    detail: `The stretch from ${from} to ${to} ends before it begins. Give to as ${from} or more.`,
    members: { from, to },
  });
}

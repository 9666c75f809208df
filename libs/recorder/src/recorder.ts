import {
  CommitTooLarge,
  decodeRecord,
  ensureGenesis,
  follow,
  Judge,
  LedgerForked,
  type Commit,
  type JudgedFact,
  type JudgedRecord,
} from '@deal-ledger/ledger';
import { LogHalted, type LogRecord } from '@deal-ledger/log';
import { EndBarrier, LogUnreachable, Progress } from './barrier';
import { Deadline, Late } from './deadline';
import { decide, type Decision, type PostRequest, type Verdict, type View } from './decision';
import { Histories, NeededHistories } from './histories';
import { repetitionOf } from './idempotency';
import { Lanes } from './lanes';
import { DEFAULT_LIMITS, type RecorderLimits, type RecorderOptions, type RecorderPorts } from './options';
import { Outbox, type InFlight } from './outbox';
import { answerTo, bare, type PostResult, type Reading, type Unavailable } from './results';
import type { Sequence, Turn } from './sequence';
import { Streams, type Stream } from './streams';

const RESTART_MS = 1_000;

/** A request that is to be recorded. */
interface Case {
  readonly request: PostRequest;
  readonly streams: ReadonlySet<string>;
  readonly needed: NeededHistories;
  readonly deadline: Deadline;
  readonly turn: Turn | undefined;
}

/**
 * Decides what becomes a fact, and answers only after it has read its own commit back and judged
 * it by the same rule as everybody else. Any number of these may work on one log at any time: none
 * owns anything, and a crash anywhere leaves nothing to repair.
 */
export class Recorder {
  private readonly limits: RecorderLimits;
  private readonly judge: Judge;
  private readonly streams: Streams;
  private readonly histories: Histories;
  private readonly lanes: Lanes;
  private readonly outbox: Outbox;
  private readonly ends: EndBarrier;
  private readonly progress = new Progress();
  private readonly writer: string;
  private readonly stopping = new AbortController();
  /** The end of the log when we began: before that is read, nothing is answered. */
  private readyAt: number | undefined;
  private readonly verdicts = { fact: 0, void: 0, foreign: 0 };
  private halted: Error | undefined;
  private clockSkewMs = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly ports: RecorderPorts,
    private readonly options: RecorderOptions,
  ) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.streams = new Streams();
    this.histories = new Histories(ports.log, this.streams);
    this.lanes = new Lanes(this.streams, ports.nowMs, ports.after);
    this.writer = ports.newWriter();
    this.outbox = new Outbox({ ...ports, lanes: this.lanes, writer: this.writer, source: options.source });
    const decode = (record: LogRecord): Commit | string => this.outbox.commitIn(record) ?? decodeRecord(record);
    this.judge = options.newJudge?.(decode) ?? new Judge(undefined, decode);
    this.ends = new EndBarrier(() => ports.log.end());
  }

  /** Begins to follow the ledger; {@link unavailableBecause} tells when it has caught up. */
  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Why nothing can be answered just now, or nothing. */
  unavailableBecause(): string | undefined {
    if (this.halted) return this.halted.message;
    if (this.readyAt === undefined) return 'the log cannot be reached yet';
    return this.judge.nextPosition < this.readyAt
      ? `still reading the ledger: ${this.judge.nextPosition} of ${this.readyAt} records`
      : undefined;
  }

  /** How many records were judged, and how. */
  get counts(): Readonly<Record<JudgedRecord['verdict'], number>> {
    return this.verdicts;
  }

  /** Records a request as a whole, or says why not; as one of a sequence, in its turn. */
  post(request: PostRequest, sequence?: Sequence): Promise<PostResult> {
    return this.inTime(async (deadline) => {
      const streams = new Set(request.events.map(({ stream }) => stream));
      const turn = sequence?.next(streams);
      try {
        return await this.record({ request, streams, needed: this.neededFor(request), deadline, turn });
      } finally {
        turn?.end();
      }
    });
  }

  /** Decides and answers like {@link post}, on everything recorded so far, and records nothing. */
  dryRun(request: PostRequest): Promise<PostResult> {
    return this.inTime(async (deadline) => {
      await this.catchUp(deadline);
      const needed = this.neededFor(request);
      for (let { missing } = needed; missing !== undefined; { missing } = needed)
        await deadline.wait(needed.load(missing));
      const repeated = this.repeated(request);
      if (repeated) return repeated;
      const verdict = this.decideOn(this.lanes.settledView, request, needed);
      return this.refused(verdict) ?? { outcome: 'wouldRecord', answer: answerTo(verdict) };
    });
  }

  /** A stream as of now or later; `position`: of the last record that was looked at. */
  read(stream: string): Promise<Reading<{ readonly stream: Stream | undefined }>> {
    return this.inTime(async (deadline) => {
      await this.catchUp(deadline);
      return { stream: this.streams.get(stream), position: this.position };
    });
  }

  /** Ids of the streams of a kind, as of now or later. */
  list(kind: string): Promise<Reading<{ readonly ids: readonly string[] }>> {
    return this.inTime(async (deadline) => {
      await this.catchUp(deadline);
      return { ids: this.streams.idsOf(kind), position: this.position };
    });
  }

  private async record(one: Case): Promise<PostResult> {
    const { request, needed, deadline, turn } = one;
    for (let tries = 1; tries <= this.limits.maxTries; tries += 1) {
      for (let wait = this.obstacle(one); wait; wait = this.obstacle(one)) {
        turn?.postpone();
        await wait;
      }
      // From here to the sending nothing is waited for: what is decided on is what is sent on.
      if (deadline.over) throw new Late();
      const repeated = this.repeated(request);
      if (repeated) return repeated;

      const verdict = this.decideOn(this.lanes, request, needed);
      if (verdict.kind !== 'accepted') {
        turn?.postpone();
        const answer = await this.settledRefusal(one);
        if (answer) return answer;
        continue;
      }
      const unwritable = this.unwritableBecause();
      if (unwritable !== undefined) return { outcome: 'unavailable', reason: unwritable };
      const sent = this.send(request, verdict.decision, turn);
      if ('outcome' in sent) return sent;
      turn?.pass();
      const how = await deadline.orElse(sent.settled, () => this.outbox.abandon(sent));
      if (how.as === 'fact') return { outcome: 'recorded', replayed: false, answer: answerTo(verdict, how.position) };
      if (how.as === 'abandoned') return { outcome: 'unknown', afterMs: this.limits.deadlineMs };
    }
    return { outcome: 'contended', tries: this.limits.maxTries };
  }

  /**
   * What must end before the request can be decided: a repetition of it in flight, posts of its
   * sequence that come first, streams on which nothing may be built, histories that are not here.
   */
  private obstacle({ request, streams, needed, deadline, turn }: Case): Promise<unknown> | undefined {
    const before: Promise<unknown> | undefined = this.outbox.twinOf(request)?.settled ?? turn?.blocked();
    if (before) return deadline.wait(before);
    if (this.lanes.closed(streams, needed.streams)) return deadline.wait(this.lanes.change());
    return this.isReady(needed) ? undefined : this.makeReady(needed, deadline);
  }

  private neededFor(request: PostRequest): NeededHistories {
    return new NeededHistories(request, { histories: this.histories, streams: this.streams });
  }

  /** Whether what the request corrects is settled, and its history is here as far as the stream has come. */
  private isReady(needed: NeededHistories): boolean {
    return !this.lanes.anyInFlight(needed.streams) && needed.missing === undefined;
  }

  private async makeReady(needed: NeededHistories, deadline: Deadline): Promise<void> {
    const release = this.lanes.hold(needed.streams);
    try {
      while (!this.isReady(needed)) {
        if (deadline.over) throw new Late();
        const { missing } = needed;
        if (this.lanes.anyInFlight(needed.streams)) await deadline.wait(this.lanes.change());
        else if (missing !== undefined) await deadline.wait(needed.load(missing));
      }
    } finally {
      release();
    }
  }

  /**
   * A refusal is an answer about the ledger, not about our lag: it rests on settled commits alone,
   * read up to the end as of now, with everything of ours that was sent before and everything that
   * comes before it in its sequence.
   */
  private async settledRefusal({ request, streams, needed, deadline, turn }: Case): Promise<PostResult | undefined> {
    const { latest } = this.outbox;
    if (latest) await deadline.wait(latest.settled);
    await this.catchUp(deadline);
    if (turn) await deadline.wait(turn.first());
    for (let { missing } = needed; missing !== undefined; { missing } = needed)
      await deadline.wait(needed.load(missing));
    const answer = this.repeated(request) ?? this.refused(this.decideOn(this.lanes.settledView, request, needed));
    if (!answer && this.lanes.anyInFlight(streams)) await deadline.wait(this.lanes.change());
    return answer;
  }

  private send(request: PostRequest, decision: Decision, turn: Turn | undefined): InFlight | PostResult {
    try {
      return this.outbox.send(request, decision, () => turn?.postpone());
    } catch (error) {
      if (error instanceof CommitTooLarge) return { outcome: 'tooLarge', message: error.message };
      throw error;
    }
  }

  private repeated(request: PostRequest): PostResult | undefined {
    const repetition = repetitionOf(request, this.streams);
    if (!repetition) return undefined;
    if (repetition.kind === 'reused')
      return { outcome: 'refused', refusal: repetition.refusal, position: this.position };
    const { position, events } = repetition.recorded;
    return { outcome: 'recorded', replayed: true, answer: { position, events: events.map(bare) } };
  }

  private decideOn(view: View, request: PostRequest, { loaded: histories }: NeededHistories): Verdict {
    const { ports, position } = this;
    return decide({ request, view, histories, position, nowMs: ports.nowMs(), newId: ports.newId });
  }

  private refused(verdict: Verdict): PostResult | undefined {
    if (verdict.kind === 'accepted') return undefined;
    const { kind, ...why } = verdict;
    return { outcome: kind, ...why, position: this.position } as PostResult;
  }

  /** Reads up to the end of the log as of now. */
  private async catchUp(deadline: Deadline): Promise<void> {
    await deadline.wait(this.progress.until(await deadline.wait(this.ends.ask())));
  }

  private async inTime<Result>(work: (deadline: Deadline) => Promise<Result>): Promise<Result | Unavailable> {
    const reason = this.unavailableBecause();
    if (reason !== undefined) return { outcome: 'unavailable', reason };
    const deadline = new Deadline(this.limits.deadlineMs, this.ports.after);
    try {
      return await work(deadline);
    } catch (error) {
      if (error instanceof Late)
        return {
          outcome: 'unavailable',
          reason:
            this.unavailableBecause() ?? `the ledger could not be read to its end within ${this.limits.deadlineMs} ms`,
        };
      if (error instanceof LogUnreachable || error instanceof LogHalted)
        return { outcome: 'unavailable', reason: error.message };
      throw error;
    } finally {
      deadline.cancel();
    }
  }

  /** Why nothing can be written just now, or nothing. */
  unwritableBecause(): string | undefined {
    if (this.clockSkewMs > this.limits.maxClockSkewMs) {
      return `the log's clock and ours differ by ${Math.round(this.clockSkewMs / 1_000)} s, at most ${this.limits.maxClockSkewMs / 1_000} s are allowed: set the clocks right, then restart this service`;
    }
    return this.outbox.size >= this.limits.maxInFlight
      ? `${this.outbox.size} commits are in flight, at most ${this.limits.maxInFlight} are allowed`
      : undefined;
  }

  /** The last position that is judged; -1 before the first. */
  get position(): number {
    return this.progress.nextPosition - 1;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.follow(signal);
      } catch (error) {
        if (error instanceof LedgerForked || error instanceof LogHalted || error instanceof FoldFailed) {
          this.halted = error;
          this.ports.warn(`halted: ${error.message}`, error);
          return;
        }
        this.ports.warn('the log cannot be read, trying again', error);
        await new Promise<void>((resume) => this.ports.after(RESTART_MS, resume));
      }
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const { log, newId, newWriter, nowMs } = this.ports;
    await ensureGenesis(log, { ledgerId: newId(), writer: newWriter(), source: this.options.source, nowMs: nowMs() });
    this.readyAt ??= await log.end();
    for await (const batch of follow(log, this.judge, signal)) {
      for (const record of batch) {
        const decided = this.decidedStates(record);
        const states = decided ?? (corrects(record) ? await this.refolded(record, signal) : undefined);
        if (signal.aborted) return;
        this.take(record, states);
      }
      this.progress.advance(this.judge.nextPosition);
    }
  }

  /** The states to which a commit of ours leads, from when it was decided. */
  private decidedStates(record: JudgedRecord): States | undefined {
    return record.verdict === 'fact' ? this.outbox.decisionOf(record.commit)?.written : undefined;
  }

  /** The states to which somebody else's corrections lead. The records after them have to wait. */
  private async refolded(record: JudgedFact, signal: AbortSignal): Promise<States | undefined> {
    while (!signal.aborted) {
      try {
        return await this.histories.statesAfter(record.commit);
      } catch (error) {
        if (error instanceof LogHalted) throw error;
        if (!(error instanceof LogUnreachable)) throw new FoldFailed(record, error);
        this.ports.warn('the log cannot be read, trying again', error);
        await new Promise<void>((resume) => this.ports.after(RESTART_MS, resume));
      }
    }
    return undefined;
  }

  private take(record: JudgedRecord, states: States | undefined): void {
    this.verdicts[record.verdict] += 1;
    if (record.verdict === 'fact') {
      try {
        this.streams.apply(record, states);
      } catch (error) {
        throw new FoldFailed(record, error);
      }
    }
    if (record.verdict === 'foreign') return;
    if (record.commit.writer !== this.writer) this.lanes.rival(record);
    else {
      if (this.options.checkClock) this.clockSkewMs = Math.abs(record.appendedAtMs - this.ports.nowMs());
      this.outbox.judged(record);
    }
  }
}

/** An event that this code cannot fold: it stops here, loudly, rather than serve a wrong state. */
class FoldFailed extends Error {
  override readonly name = 'FoldFailed';

  constructor({ position }: JudgedFact, cause: unknown) {
    super(
      `the commit at position ${position} cannot be folded: ${String(cause)}. Deploy a version that can, nothing is skipped`,
      { cause },
    );
  }
}

type States = ReadonlyMap<string, { readonly state: unknown }>;

const corrects = (record: JudgedRecord): record is JudgedFact =>
  record.verdict === 'fact' && record.commit.events.some(({ action }) => action !== 'new');

import { inForce, kindOf, parseEvent } from '@deal-ledger/domain';
import { decodeRecord, Judge, type JudgedFact } from '@deal-ledger/ledger';
import { MemoryLog, type LogRecord } from '@deal-ledger/log';
import {
  Recorder,
  Sequence,
  type PostRequest,
  type PostResult,
  type ProposedEvent,
  type RecorderOptions,
} from '@deal-ledger/recorder';
import { refold } from '../support/refold';
import { FaultyLog, type FaultName, type Faults } from './faulty-log';
import { seeded, World } from './world';

const START_MS = Date.parse('2026-04-01T09:00:00Z');
/** Fewer than any history offers, so that the last calls fight for what is left. */
const TRANCHE_USD = 1_000;
const FUNDINGS = ['contended', 'quiet'] as const;
const LINES = 12;

export interface SimulationOptions {
  readonly seed: number;
  /** The rule by which everybody judges; a test puts a broken one here. */
  readonly newJudge?: NonNullable<RecorderOptions['newJudge']>;
}

export interface SimulationReport {
  readonly seed: number;
  readonly facts: number;
  /** Facts that correct or cancel another. */
  readonly corrections: number;
  readonly voids: number;
  readonly crashes: number;
  readonly injected: Readonly<Record<FaultName, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Each a sentence; none in a history that is right. */
  readonly violations: readonly string[];
}

interface Asked {
  readonly id: string;
  readonly results: PostResult[];
  /** Some attempt ended without an answer, or with one that says so. */
  unknown: boolean;
}

/**
 * One history of the ledger: several recorders on one log, clients that call funds from one
 * tranche, a bad network, crashes. Then the log is read by somebody who trusts nobody.
 */
export async function simulate({
  seed,
  newJudge = (decode) => new Judge(undefined, decode),
}: SimulationOptions): Promise<SimulationReport> {
  const world = new World(seeded(seed), START_MS);
  const store = new MemoryLog({ now: world.nowMs });
  const connections: FaultyLog[] = [];
  const failures: string[] = [];
  let crashes = 0;
  let ids = 0;
  const newId = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
  const faults: Faults = {
    loseRecord: world.random() * 0.1,
    loseAcknowledgement: world.random() * 0.1,
    duplicate: world.random() * 0.2,
    late: world.random() * 0.15,
    readerLagMs: world.between(0, 30),
  };
  const maxTries = world.between(1, 6);

  class Instance {
    recorder = this.begin();
    private crash: () => void = () => undefined;
    private crashed = new Promise<void>((resolve) => (this.crash = resolve));

    /** Nothing when the process died before it answered, or could not make sense of the ledger. */
    post(request: PostRequest, sequence?: Sequence): Promise<PostResult | undefined> {
      const posted = this.recorder.post(request, sequence).catch((error: unknown) => {
        failures.push(`a post failed: ${String(error)}`);
        return undefined;
      });
      return Promise.race([posted, this.crashed.then(() => undefined)]);
    }

    restart(): void {
      crashes += 1;
      void this.recorder.stop();
      this.crash();
      this.crashed = new Promise<void>((resolve) => (this.crash = resolve));
      this.recorder = this.begin();
    }

    private begin(): Recorder {
      const log = new FaultyLog(store, world, faults);
      connections.push(log);
      const recorder = new Recorder(
        { log, nowMs: world.nowMs, newId, newWriter: newId, after: world.after, warn: () => undefined },
        { source: '/simulated', limits: { deadlineMs: 300, maxTries }, newJudge },
      );
      recorder.start();
      return recorder;
    }
  }

  const instances = Array.from({ length: world.between(2, 3) }, () => new Instance());
  const asked: Asked[] = [];

  async function ask(events: readonly ProposedEvent[], attempts: number): Promise<Asked> {
    const id = events[0]?.id ?? '';
    const question = asked.find((earlier) => earlier.id === id) ?? { id, results: [], unknown: false };
    if (!asked.includes(question)) asked.push(question);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const result = await world.oneOf(instances).post({ events, actor: { id: 'simulated' } });
      if (result) question.results.push(result);
      if (!result || result.outcome === 'unknown') question.unknown = true;
      if (result?.outcome === 'recorded' && !world.chance(0.2)) break;
      if (result?.outcome === 'refused') break;
      await world.pause(world.between(1, 60));
    }
    return question;
  }

  /** Calls that were recorded, and the event that stands for each as far as the clients know. */
  const calls: { readonly call: ProposedEvent; latest: string }[] = [];

  /** Another amount for a call that somebody made, no call at all, or room made for a new one at once. */
  async function change(name: string): Promise<void> {
    const known = world.oneOf(calls);
    const { call, latest } = known;
    const cancels = world.chance(0.3);
    const fix: ProposedEvent = {
      ...call,
      id: `fix-${name}`,
      action: cancels ? 'cancel' : 'correct',
      corrects: latest,
      reason: 'simulated',
      data: cancels ? null : { ...(call.data as object), money: usd(world.between(1, 90)) },
    };
    const funding = call.stream.slice('funding/'.length);
    const more = world.chance(0.3) ? [fundsCalled(funding, `with-${name}`, world.between(1, 90))] : [];
    const { results } = await ask([fix, ...more], world.between(1, 4));
    if (results.some(({ outcome }) => outcome === 'recorded') && !cancels) known.latest = `fix-${name}`;
  }

  async function client(name: string): Promise<void> {
    for (let count = 1; count <= 8; count += 1) {
      if (calls.length > 0 && world.chance(0.3)) await change(`${name}-${count}`);
      else {
        const funding = world.chance(0.75) ? FUNDINGS[0] : FUNDINGS[1];
        const call = fundsCalled(funding, `${name}-${count}`, world.between(1, 90));
        const { results } = await ask([call], world.between(1, 4));
        if (results.some(({ outcome }) => outcome === 'recorded')) calls.push({ call, latest: call.id ?? '' });
      }
      await world.pause(world.between(0, 20));
    }
  }

  /** Several calls sent one after the other without waiting: within a funding they must stay in that order. */
  async function importer(): Promise<void> {
    const sequence = new Sequence();
    const instance = world.oneOf(instances);
    const answers: Promise<void>[] = [];
    for (let line = 1; line <= LINES; line += 1) {
      const event = fundsCalled(world.oneOf(FUNDINGS), `import-${line}`, 1);
      const question: Asked = { id: event.id ?? '', results: [], unknown: false };
      asked.push(question);
      answers.push(
        instance.post({ events: [event], actor: { id: 'simulated' } }, sequence).then((result) => {
          if (result) question.results.push(result);
          question.unknown = !result || result.outcome === 'unknown';
        }),
      );
      if (world.chance(0.3)) await world.pause(world.between(0, 5));
    }
    await Promise.all(answers);
  }

  async function history(): Promise<void> {
    for (const event of beginning()) {
      for (;;) {
        const { results } = await ask([event], 1);
        if (results.at(-1)?.outcome === 'recorded') break;
        await world.pause(20);
      }
    }
    const clients = Array.from({ length: world.between(3, 8) }, (_, index) => client(`c${index}`));
    const crashing = (async () => {
      for (let left = world.between(0, 3); left > 0; left -= 1) {
        await world.pause(world.between(10, 300));
        world.oneOf(instances).restart();
      }
    })();
    await Promise.all([...clients, importer(), crashing]);
    // What is still on its way arrives before the books are closed.
    await world.pause(2_000);
  }

  await world.runUntil(history());
  const { facts, corrections, voids, violations } = check(await recordsOf(store), newJudge(decodeRecord), asked);
  for (const { recorder } of instances) void recorder.stop();

  const injected: Record<FaultName, number> = { loseRecord: 0, loseAcknowledgement: 0, duplicate: 0, late: 0 };
  for (const connection of connections)
    for (const fault of Object.keys(injected) as FaultName[]) injected[fault] += connection.injected[fault];
  const outcomes: Record<string, number> = {};
  for (const { outcome } of asked.flatMap(({ results }) => results)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return { seed, facts, corrections, voids, crashes, injected, outcomes, violations: [...failures, ...violations] };
}

/** Reads the log as it stands and holds it against what the clients were told. */
function check(
  records: readonly LogRecord[],
  judge: Judge,
  asked: readonly Asked[],
): Pick<SimulationReport, 'facts' | 'corrections' | 'voids' | 'violations'> {
  const violations: string[] = [];
  const facts: JudgedFact[] = [];
  let voids = 0;
  for (const record of records) {
    const judged = judge.judge(record);
    if (judged.verdict === 'fact') facts.push(judged);
    else voids += 1;
  }

  const positions = new Map<string, number[]>();
  for (const { id, position } of facts.flatMap((fact) => fact.facts))
    positions.set(id, [...(positions.get(id) ?? []), position]);
  for (const { id, results, unknown } of asked) {
    const at = positions.get(id) ?? [];
    if (at.length > 1) violations.push(`event ${id} is a fact ${at.length} times, at ${at.join(', ')}`);
    for (const result of results) {
      if (result.outcome === 'recorded' && result.answer.position !== at[0])
        violations.push(
          `event ${id} was answered with position ${result.answer.position}, the log has it at ${at.join() || 'no place'}`,
        );
      const denied = result.outcome === 'refused' || result.outcome === 'contended' || result.outcome === 'unavailable';
      if (denied && at.length > 0 && !unknown && !results.some(({ outcome }) => outcome === 'recorded'))
        violations.push(`event ${id} was answered ${result.outcome}, the log has it at ${at.join()}`);
    }
  }
  violations.push(...refold(facts), ...outOfOrder(facts));
  for (const funding of FUNDINGS) {
    const called = inForce(facts.flatMap((fact) => fact.facts).filter(({ stream }) => stream === `funding/${funding}`))
      .filter(({ type }) => type === 'FundsCalled')
      .reduce((sum, { data }) => sum + Number((data as { money: { amount: string } }).money.amount), 0);
    if (called > TRANCHE_USD)
      violations.push(`funding/${funding}: ${called} USD are called from a tranche of ${TRANCHE_USD} USD`);
  }
  const corrections = facts.filter(({ commit }) => commit.events.some(({ action }) => action !== 'new')).length;
  return { facts: facts.length, corrections, voids, violations };
}

/** Lines of the import that came before an earlier one to their stream. */
function outOfOrder(facts: readonly JudgedFact[]): string[] {
  const latest = new Map<string, number>();
  return facts
    .flatMap((fact) => fact.facts)
    .flatMap(({ stream, id }) => {
      const [, line] = /-import-(\d+)$/.exec(id) ?? [];
      if (line === undefined) return [];
      const before = latest.get(stream) ?? 0;
      latest.set(stream, Number(line));
      return before > Number(line) ? [`line ${line} of the import stands in ${stream} after line ${before}`] : [];
    });
}

async function recordsOf(log: MemoryLog): Promise<LogRecord[]> {
  const end = await log.end();
  const records: LogRecord[] = [];
  const reading = new AbortController();
  for await (const batch of log.read(0, reading.signal)) {
    records.push(...batch);
    if (records.length >= end) break;
  }
  reading.abort();
  return records;
}

function beginning(): ProposedEvent[] {
  const events = [
    proposed(
      'source/s',
      'SourceRegistered',
      { sourceId: 's', kind: 'contract', language: 'en', title: 'Simulated', publishedOn: null },
      [],
    ),
  ];
  for (const id of ['lender', 'borrower'])
    events.push(proposed(`party/${id}`, 'PartyRegistered', { partyId: id, name: id, aliases: [id] }));
  for (const id of FUNDINGS) {
    const stream = `funding/${id}`;
    events.push(
      proposed(stream, 'FundingProposed', {
        fundingId: id,
        funderIds: ['lender'],
        recipientId: 'borrower',
        instrument: 'debt',
        amount: { ceiling: usd(TRANCHE_USD) },
      }),
      proposed(stream, 'FundingCommitted', {
        committed: usd(TRANCHE_USD),
        signedOn: '2026-03-31',
        availability: { from: '2026-03-31', to: '2030-12-31' },
      }),
      proposed(stream, 'TrancheScheduled', {
        trancheId: 'T1',
        amount: { ceiling: usd(TRANCHE_USD) },
        condition: { type: 'none', description: 'none' },
      }),
    );
  }
  return events;
}

const usd = (amount: number): object => ({ currency: 'USD', amount: String(amount) });

const fundsCalled = (funding: string, callId: string, amount: number): ProposedEvent =>
  proposed(`funding/${funding}`, 'FundsCalled', {
    callId,
    trancheId: 'T1',
    money: usd(amount),
    dueOn: '2026-05-01',
  });

function proposed(
  stream: string,
  type: string,
  data: object,
  sources: object[] = [{ sourceId: 's', attribution: 'official', confidence: 'high' }],
): ProposedEvent {
  const kind = kindOf(stream);
  if (!kind) throw new Error(`no kind for ${stream}`);
  const id = `${stream.replaceAll('/', '-')}-${type}-${String((data as { callId?: string }).callId ?? '')}`;
  const parsed = parseEvent(kind, {
    id: id.replace(/-$/, ''),
    type,
    effective: '2026-03-31',
    sources,
    approvedBy: { id: 'second' },
    data,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals));
  return { ...parsed.event, stream };
}

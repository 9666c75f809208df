import type { LedgerEvent } from '@deal-ledger/domain';
import { Judge, LedgerForked, type JudgedFact, type JudgedRecord } from '@deal-ledger/ledger';
import { LogHalted, type Log, type LogRecord } from '@deal-ledger/log';
import { Folder, PORTIONS, UnprojectableEvent, type Projected } from '@deal-ledger/projection';
import type { VerifierKey } from '@deal-ledger/proof';
import { PROJECTIONS, type AnyPostingRule, type ReportSet } from '@deal-ledger/reports';
import { AUDITING_SCHEMA } from './schema';
import { derivedRows } from './verify-derived';
import { Findings, type VerifyReport } from './verify-report';
import { Decisions, UNKNOWN_EVENTS } from './verify-rules';
import { StreamPlaces } from './verify-streams';
import { ProjectionTables } from './verify-tables';
import { TreeVerification } from './verify-tree';

export interface VerifyOptions {
  readonly log: Log;
  /** Of the database that has the tables of the projections. Without it they cannot be checked. */
  readonly databaseUrl?: string | undefined;
  /** By default all there are. */
  readonly projections?: readonly ReportSet[];
  /** How long projections are waited for that are behind the log; by default 30 seconds. */
  readonly waitMs?: number;
  /** Where the auditors' service keeps its tree; by default `auditing`. */
  readonly treeSchema?: string;
  /** By which checkpoints must be signed. Without it nobody knows who signed them. */
  readonly key?: VerifierKey | undefined;
  /** Signed checkpoints that were kept elsewhere, and what they are called. */
  readonly checkpoints?: readonly { readonly note: string; readonly name: string }[];
  /** Compare the rows of one position in so many only; by default of every one. */
  readonly sample?: number;
  /** Is told how far it has come. */
  readonly progress?: (position: number, end: number) => void;
}

const WAIT_MS = 30_000;
const MIB = 1024 * 1024;
const PORTION_RECORDS = 1_000;
const PORTION_BYTES = 4 * MIB;

/**
 * Checks a ledger while everything runs, on what is stored alone and without any of its services: reads
 * the raw log from its beginning, decides every fact again, makes every row of the projections' tables
 * anew and compares it with the one that stands there.
 */
export async function verifyLedger(options: VerifyOptions): Promise<VerifyReport> {
  const startedAtMs = performance.now();
  const verification = new Verification(options);
  await verification.run();
  const { findings } = verification;
  return {
    verdict: findings.verdict,
    ledgerId: verification.ledgerId,
    end: verification.end,
    checked: findings.checked,
    unchecked: findings.unchecked,
    findings: findings.inOrder,
    findingCount: findings.count,
    seconds: Math.round(performance.now() - startedAtMs) / 1_000,
    peakMemoryMib: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** Consecutive records that are looked at together. */
interface Portion {
  readonly records: LogRecord[];
  readonly judged: JudgedRecord[];
  weight: number;
  bytes: number;
}

class Verification {
  readonly findings = new Findings();
  end = 0;
  private readonly judge = new Judge();
  private readonly places: StreamPlaces;
  private readonly decisions = new Decisions(this.findings);
  private readonly writers = new Map<string, number>();
  private readonly tables: ProjectionTables[] = [];
  private readonly tree: TreeVerification;
  private folder: Folder | undefined;
  /** The events of streams before the portion that is looked at. */
  private histories = new Map<string, readonly LedgerEvent[]>();
  private portionStart = 0;
  private readonly isCompared: (position: number) => boolean;
  private readonly where: string;

  constructor(private readonly options: VerifyOptions) {
    this.places = new StreamPlaces(options.log);
    this.tree = new TreeVerification(this.findings, options.key);
    this.folder = new Folder(rulesOf(options.projections ?? PROJECTIONS), async (streams) => {
      await this.recall(streams);
      return streams.flatMap((stream) => this.histories.get(stream) ?? []);
    });
    const { sample = 1 } = options;
    const remainder = Math.floor(Math.random() * sample);
    this.isCompared = (position) => position % sample === remainder;
    this.where = sample > 1 ? `position % ${sample} = ${remainder}` : 'true';
    if (sample > 1) this.findings.leaveOut('tables', `the rows of one position in ${sample} only were compared`);
  }

  get ledgerId(): string | null {
    return this.judge.ledgerId ?? null;
  }

  async run(): Promise<void> {
    try {
      this.end = await this.options.log.end();
      await this.openTables();
      await this.readLog(await this.lastEnd());
      await this.tree.finish();
      this.sayUnknown();
    } catch (error) {
      if (!(error instanceof LogHalted) && !(error instanceof LedgerForked)) throw error;
      this.findings.add({ part: 'log', position: this.judge.nextPosition, message: error.message });
      this.findings.leaveOut('log', `what comes from position ${this.judge.nextPosition} on was not looked at`);
    } finally {
      await Promise.all([this.tree, ...this.tables].map((each) => each.close()));
    }
  }

  private async openTables(): Promise<void> {
    const { databaseUrl, projections = PROJECTIONS, waitMs = WAIT_MS } = this.options;
    const { findings, where } = this;
    for (const { note, name } of this.options.checkpoints ?? []) this.tree.claim(note, name);
    if (databaseUrl === undefined) {
      findings.leaveOut('tables', 'no database was named, so nothing that was projected could be compared');
      return;
    }
    for (const set of projections) {
      const table = await ProjectionTables.open(databaseUrl, set, this.end, { waitMs, where, findings });
      if (table !== undefined) this.tables.push(table);
    }
    await this.tree.open(databaseUrl, this.options.treeSchema ?? AUDITING_SCHEMA, this.end, waitMs);
  }

  /** Tables that went on meanwhile are compared as far as they reach, so the log is read as far. */
  private async lastEnd(): Promise<number> {
    const made = [this.tree, ...this.tables];
    const reached = Math.max(this.end, ...made.map(({ end }) => end));
    if (reached === this.end) return this.end;
    const now = await this.options.log.end();
    for (const { name, end } of made)
      if (end > now)
        this.findings.add({
          part: 'log',
          position: now,
          expected: `${end} records or more`,
          found: `${now} records`,
          message: `the log has lost its tail: it ends before position ${now}, and ${name} was made of ${end} records`,
        });
    return Math.min(now, reached);
  }

  private async readLog(end: number): Promise<void> {
    if (end === 0) return;
    const stops = new Set([end, ...[this.tree, ...this.tables].map((each) => each.end)]);
    const reading = new AbortController();
    let portion = emptyPortion();
    try {
      for await (const batch of this.options.log.read(0, reading.signal)) {
        for (const record of batch) {
          if (this.judge.nextPosition >= end) break;
          this.take(record, portion);
          if (!isFull(portion) && !stops.has(this.judge.nextPosition)) continue;
          await this.check(portion);
          portion = emptyPortion();
        }
        if (this.judge.nextPosition >= end) break;
      }
    } finally {
      reading.abort();
    }
    this.findings.checked['streams'] = this.places.streams;
  }

  private sayUnknown(): void {
    const unknown = this.findings.checked[UNKNOWN_EVENTS] ?? 0;
    if (unknown > 0)
      this.findings.leaveOut(
        'rules',
        `${unknown} events are of types that this version does not know: take a newer one`,
      );
  }

  private take(record: LogRecord, portion: Portion): void {
    const judged = this.judge.judge(record);
    portion.records.push(record);
    portion.judged.push(judged);
    portion.weight += PORTIONS.weightOf(judged);
    portion.bytes += record.value?.length ?? 0;
  }

  private async check(portion: Portion): Promise<void> {
    const { judged } = portion;
    const { findings, judge } = this;
    this.portionStart = judged[0]?.position ?? 0;
    this.histories = new Map();
    const facts = judged.filter((record) => record.verdict === 'fact');
    findings.tally('records', judged.length);
    for (const { verdict } of judged) findings.tally(TALLIED[verdict]);
    for (const record of judged)
      if (record.verdict !== 'foreign') {
        const { writer, n } = record.commit;
        this.writers.set(writer, Math.max(n, this.writers.get(writer) ?? 0));
      }
    await this.tree.append(portion.records);
    for (const fact of facts) await this.place(fact);
    await this.decide(facts);
    const open = this.tables.filter((table) => table.end > this.portionStart);
    if (open.length > 0) {
      const due = derivedRows(judged, await this.postingsOf(judged), this.isCompared);
      await Promise.all(open.map((table) => table.compare(due, judge.nextPosition)));
    }
    for (const table of open)
      if (table.end === judge.nextPosition) await table.finish(judge.checkpoint(), this.writers);
    this.options.progress?.(judge.nextPosition, this.end);
  }

  /** Ids are unique in their stream, or a repeated request could not be told from a new one. */
  private async place(fact: JudgedFact): Promise<void> {
    for (const { stream, id } of this.places.add(fact)) {
      const events = (await this.places.before(fact.position + 1, [stream])).get(stream) ?? [];
      const same = events.filter((event) => event.id === id);
      if (same.length > 1)
        this.findings.add({
          part: 'log',
          position: fact.position,
          message: `${stream} has ${same.length} events with the id ${id}`,
        });
    }
    this.findings.tally('events', fact.commit.events.length);
  }

  private async decide(facts: readonly JudgedFact[]): Promise<void> {
    await this.recall(facts.flatMap((fact) => Decisions.correctedIn(fact)));
    const since = new Map<string, LedgerEvent[]>();
    for (const fact of facts) {
      this.decisions.decide(fact, (stream) => [...(this.histories.get(stream) ?? []), ...(since.get(stream) ?? [])]);
      for (const event of fact.commit.events) {
        if (!this.histories.has(event.stream)) continue;
        const events = since.get(event.stream) ?? [];
        events.push(event);
        since.set(event.stream, events);
      }
    }
  }

  /** Sees to it that the events before the portion are here of these streams. */
  private async recall(streams: readonly string[]): Promise<void> {
    const missing = [...new Set(streams)].filter((stream) => !this.histories.has(stream));
    if (missing.length === 0) return;
    for (const [stream, events] of await this.places.before(this.portionStart, missing))
      this.histories.set(stream, events);
  }

  /** The postings of every record; nothing once an event was met that the posting rules cannot take. */
  private async postingsOf(judged: readonly JudgedRecord[]): Promise<readonly Projected[] | undefined> {
    try {
      return await this.folder?.project(judged);
    } catch (error) {
      if (!(error instanceof UnprojectableEvent)) throw error;
      this.findings.add({ part: 'tables', position: error.position, message: error.message });
      this.findings.leaveOut('tables', `postings from position ${this.portionStart} on could not be made again`);
      this.folder = undefined;
      return undefined;
    }
  }
}

const TALLIED = { fact: 'facts', void: 'void commits', foreign: 'foreign records' } as const;

const emptyPortion = (): Portion => ({ records: [], judged: [], weight: 0, bytes: 0 });

const isFull = ({ records, weight, bytes }: Portion): boolean =>
  records.length >= PORTION_RECORDS || weight >= PORTIONS.weight || bytes >= PORTION_BYTES;

/** The rules of several projections in one; those of a kind of stream are the same wherever it is projected. */
function rulesOf(projections: readonly ReportSet[]): AnyPostingRule[] {
  const rules = new Map<string, AnyPostingRule>();
  for (const rule of projections.flatMap((set) => set.rules)) {
    const known = rules.get(rule.kind) ?? rule;
    if (known !== rule) throw new Error(`two projections post ${rule.kind} by different rules`);
    rules.set(rule.kind, rule);
  }
  return [...rules.values()];
}

import { fold, funding, inForce, subtract, type FundingEvent, type FundingState } from '@deal-ledger/domain';
import { MemoryLog, type Log } from '@deal-ledger/log';
import {
  counterpartyExposure,
  fundingPosition,
  PROJECTIONS,
  spendForecast,
  supplierCommitments,
  type ReportSet,
  type Row,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { seeded } from '../../../tests/simulation/world';
import { anyHistory } from '../../domain/src/any-history.testing';
import { eventsOf, TestWriter } from './testing';
import { expectToAddUp, positionsOn, turningPoints } from './testing-fundings';
import { TestProjection, type ReportAnswer } from './testing-projection';
import { footed, plainly } from './testing-totals';

jest.setTimeout(120_000);

const fresh = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const FIXED = [1, 2, 3];
const SEEDS = [...FIXED, fresh];
/** Those that are also projected piece by piece, which takes longer. */
const IN_PIECES = [1, fresh];
const DAYS = ['2026-05-15', '2026-12-31'];
/** When all that is recorded has happened. */
const IN_THE_END = '2028-12-31';
const QUESTIONS = DAYS.flatMap((effectiveOn) => [{ effectiveOn }, { effectiveOn, reportingCurrency: 'USD' }]);
const PAGE = 7;

/** Every table that is written as the log is read, and its order. */
const TABLES = {
  events: 'position, ordinal',
  postings: 'position, ordinal, line',
  skipped: 'position',
  writers: 'writer',
  progress: 'only_one',
};

/** The log as it was when it ended there. */
const until = (end: number, log: Log): Log => ({
  append: (record) => log.append(record),
  at: (positions) => log.at(positions),
  end: () => Promise.resolve(end),
  close: () => log.close(),
  async *read(from, signal) {
    for await (const records of log.read(from, signal)) {
      const known = records.filter(({ position }) => position < end);
      if (known.length > 0) yield known;
    }
  },
});

describeWithPostgres('any history in the tables', (url) => {
  describe.each(SEEDS)('(seed %i)', (seed) => {
    const commits = eventsOf(anyHistory(seeded(seed)));
    const log = new MemoryLog();
    const whole = new Map<string, TestProjection>();

    beforeAll(async () => {
      const writer = new TestWriter(log);
      await writer.begin();
      for (const events of commits) await writer.append(events);
      for (const set of PROJECTIONS) whole.set(set.name, await started(log, set));
    });
    afterAll(async () => {
      for (const projection of whole.values()) await projection.stop();
    });

    async function started(known: Log, set: ReportSet, records = 2_000, schema?: string): Promise<TestProjection> {
      const projection = await TestProjection.start(known, set, {
        connectionString: url,
        limits: { records, bytes: 4 * 1024 * 1024 },
        ...(schema === undefined ? {} : { schema }),
      });
      await projection.caughtUp();
      return projection;
    }
    const wholeOf = ({ name }: ReportSet): TestProjection => {
      const projection = whole.get(name);
      if (projection === undefined) throw new Error(`${name} was not projected`);
      return projection;
    };

    if (IN_PIECES.includes(seed))
      it.each(PROJECTIONS)(
        '$name has the same rows in whatever batches and after restarts, and answers about the past as it did',
        async (set) => {
          const random = seeded(seed);
          const end = commits.length + 1;
          const answered: { position: number; answers: string[] }[] = [];
          let schema: string | undefined;
          for (const part of [0.4, 0.7, 1]) {
            const last = part === 1;
            const known = Math.round(end * part);
            const projection = await started(until(known, log), set, 1 + Math.floor(random() * 9), schema);
            schema = projection.schema;
            try {
              // A projection that was just started has nothing in its memory: all of it is read anew.
              for (const { position, answers } of answered)
                expect(await everyAnswer(projection, set, position)).toEqual(answers);
              for (const position of [known - 1, Math.floor(known * random())])
                answered.push({ position, answers: await everyAnswer(projection, set, position) });
              if (last) expect(await rowsOf(projection)).toEqual(await rowsOf(wholeOf(set)));
            } finally {
              await projection.stop({ keep: !last });
            }
          }
        },
      );

    it.each(PROJECTIONS.flatMap((set) => set.reports.map((report) => ({ set, report, name: report.name }))))(
      '$name adds up over all pages to its totals',
      async ({ set, report }) => {
        for (const question of QUESTIONS) {
          const pages = await pagesOf(wholeOf(set), report, question);
          const rows = pages.flatMap((page) => page.rows);
          for (const { meta } of pages) {
            expect(meta.rowCount).toBe(rows.length);
            expect({ question, totals: plainly(meta.totals) }).toEqual({
              question,
              totals: footed(report.name, rows, meta.totals ?? {}),
            });
          }
        }
      },
    );

    it('has of every funding at every position and on every day what was committed in its parts', async () => {
      const projection = wholeOf(spendForecast);
      const recorded = new Map<string, FundingEvent[]>();
      const days = turningPoints(
        commits.flat().flatMap(({ stream, effective }) => (stream.startsWith('funding/') ? [effective.to] : [])),
      );
      let held = 0;
      for (const [index, events] of commits.entries()) {
        const touched = (events as FundingEvent[]).filter(({ stream }) => stream.startsWith('funding/'));
        // At a position of other streams the fundings are as they were before.
        if (touched.length === 0) continue;
        for (const event of touched) recorded.set(event.stream, [...(recorded.get(event.stream) ?? []), event]);
        const rows = await positionsOn(projection, index + 1, [...days, IN_THE_END]);
        for (const row of rows) expectToAddUp(row);
        held += rows.filter(({ trancheId, committed }) => trancheId === null && Number(committed) > 0).length;
        for (const [stream, history] of recorded) {
          const state = fold(funding, inForce(history));
          const row = rows.find(
            (each) =>
              each['on'] === IN_THE_END && each['trancheId'] === null && `funding/${each['fundingId']}` === stream,
          );
          expect({ index, ...row, ...plain(row) }).toMatchObject({ index, ...movedIn(state) });
        }
      }
      if (FIXED.includes(seed)) expect(held).toBeGreaterThan(100);
    });

    it('says on every day the same of what is undrawn, funding by funding and by who gives it', async () => {
      const days = turningPoints(
        commits.flat().flatMap(({ stream, effective }) => (stream.startsWith('funding/') ? [effective.to] : [])),
      );
      for (const effectiveOn of days) {
        const byFunding = await wholeOf(spendForecast).read(fundingPosition, { effectiveOn });
        const byParty = await wholeOf(supplierCommitments).read(counterpartyExposure, { effectiveOn });
        expect({ effectiveOn, ...sumsOf(byFunding, 'undrawn') }).toEqual({
          effectiveOn,
          ...sumsOf(byParty, 'fundingCommittedUndrawn'),
        });
      }
    });
  });
});

/** What every report says of what was known at a position, byte for byte. */
async function everyAnswer(projection: TestProjection, set: ReportSet, position: number): Promise<string[]> {
  const answers: string[] = [];
  for (const report of set.reports)
    for (const question of [QUESTIONS[0], QUESTIONS.at(-1)]) {
      const answer = await projection.read(report, { ...question, asOf: String(position) });
      answers.push(`${report.name} ${JSON.stringify(question)} ${position}\n${JSON.stringify(answer)}`);
    }
  return answers;
}

async function pagesOf(
  projection: TestProjection,
  report: ReportSet['reports'][number],
  question: Readonly<Record<string, string>>,
): Promise<ReportAnswer[]> {
  const pages = [await projection.read(report, { ...question, limit: String(PAGE) })];
  for (let cursor = pages[0]?.meta.nextCursor; cursor != null; cursor = pages.at(-1)?.meta.nextCursor)
    pages.push(await projection.read(report, { cursor, limit: String(PAGE) }));
  return pages;
}

async function rowsOf(projection: TestProjection): Promise<Record<string, Row[]>> {
  const tables: Record<string, Row[]> = {};
  for (const [table, order] of Object.entries(TABLES))
    tables[table] = await projection.query<Row>(`select * from ${table} order by ${order}`);
  return tables;
}

/** What a column adds up to in each currency. */
function sumsOf({ meta }: ReportAnswer, column: string): Record<string, string> {
  const { byCurrency } = meta.totals as { byCurrency: readonly Row[] };
  const sums = byCurrency.map(
    (each) => [String(each['currency']), subtract(String(each[column] ?? '0'), '0')] as const,
  );
  return Object.fromEntries(sums.filter(([, amount]) => amount !== '0'));
}

const plain = (row: Row | undefined): object => ({
  committed: subtract(String(row?.['committed']), '0'),
  received: subtract(String(row?.['received']), '0'),
  openCalls: subtract(String(row?.['openCalls']), '0'),
});

/** What of the parts does not depend on the order in which things happened, by the rules themselves. */
function movedIn(state: FundingState | undefined): object {
  return {
    committed: state?.committed ?? '0',
    received: state?.received ?? '0',
    openCalls: state?.calledOpen ?? '0',
  };
}

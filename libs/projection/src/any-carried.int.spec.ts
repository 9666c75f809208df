import { MemoryLog } from '@deal-ledger/log';
import { PROJECTIONS, type ReportSet, type Row } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { seeded } from '../../../tests/simulation/world';
import { Dice } from '../../domain/src/any.testing';
import { anyHistory } from '../../domain/src/any-history.testing';
import { Answers } from './answers';
import type { Question } from './question';
import { inSchema } from './database';
import { eventsOf, TestWriter } from './testing';
import { CountingPool, plainly } from './testing-answers';
import { TestProjection } from './testing-projection';
import type { Whole } from './whole';

jest.setTimeout(180_000);

const fresh = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
/** In the last, an entity has forecasts of several measures that change by turns. */
const FIXED = [1, 2, 345982248];
const SEEDS = [...FIXED, fresh];
const DAYS = ['2026-05-15', '2026-12-31'];
/** When all that is recorded has happened. */
const IN_THE_END = '2028-12-31';
/** Of every report so many questions are asked at so many positions. */
const QUESTIONS = 3;
const STEPS = 10;
/** One is asked all along the ledger, past so many positions at a time. */
const STRIDE = 4;

describeWithPostgres('an answer made of that at another position', (url) => {
  describe.each(SEEDS)('(seed %i)', (seed) => {
    const log = new MemoryLog();
    let last = 0;

    beforeAll(async () => {
      const writer = new TestWriter(log);
      await writer.begin();
      for (const events of eventsOf(anyHistory(seeded(seed), 200))) last = await writer.append(events);
    });

    it.each(PROJECTIONS)('is in $name to the byte the one that is worked out', async (set) => {
      const projection = await TestProjection.start(log, set, { connectionString: url });
      const settings = { connectionString: url, options: inSchema(projection.schema) };
      const [carrying, reading] = [new CountingPool(settings), new CountingPool(settings)];
      try {
        await projection.caughtUp();
        const carried = new Answers(carrying, projection.schema, 64 * 1024 * 1024);
        // It has no room to keep anything.
        const workedOut = new Answers(reading, projection.schema, 1);
        const dice = new Dice(seeded(seed));
        for (const definition of set.reports.filter((each) => each.carried !== undefined)) {
          const [carriedBefore, readBefore] = [carrying.fromPostings, reading.fromPostings];
          const compare = async (question: Question): Promise<void> => {
            const [ours, theirs] = await Promise.all([carried.whole(question), workedOut.whole(question)]);
            expect([asTold(question), told(ours)]).toEqual([asTold(question), told(theirs)]);
          };
          for (let position = 0; position <= last; position += dice.between(1, STRIDE))
            await compare(plainly(definition, position, IN_THE_END));
          for (let asked = 0; asked < QUESTIONS; asked += 1) {
            const anything = plainly(definition, last, dice.oneOf(DAYS));
            const rows = (await workedOut.whole(anything)).lines.map((line) => JSON.parse(line) as Row);
            const question = varied(anything, rows, dice);
            let position = 0;
            for (let step = 0; step < STEPS; step += 1) {
              const [low, high] = dice.happens(0.3) ? [0, last] : [position - 8, position + 8];
              position = Math.min(Math.max(dice.between(low, high), 0), last);
              await compare({ ...question, position });
            }
          }
          const { sums, bearings } = definition.carried ?? {};
          if (FIXED.includes(seed) && (sums ?? bearings) !== undefined) {
            const read = reading.fromPostings - readBefore;
            expect([definition.name, (carrying.fromPostings - carriedBefore) / read < 0.5]).toEqual([
              definition.name,
              true,
            ]);
          }
        }
        expect(reading).toMatchObject({ ofSomeIds: 0 });
        if (FIXED.includes(seed) && hasBearings(set)) expect(carrying.ofSomeIds).toBeGreaterThan(0);
      } finally {
        await Promise.all([carrying.end(), reading.end()]);
        await projection.stop();
      }
    });
  });
});

const hasBearings = ({ reports }: ReportSet): boolean => reports.some(({ carried }) => carried?.bearings !== undefined);

const asTold = ({ definition, ...rest }: Question): object => ({ report: definition.name, ...rest });

const told = ({ seams, ...whole }: Whole): object => ({ ...whole, besides: seams?.besides });

/** The question with filters, an order, options and a currency as they come to mind. */
function varied(question: Question, rows: readonly Row[], dice: Dice): Question {
  const { definition } = question;
  const { filters, options, sort } = definition;
  const names = dice.some(Object.keys(filters), dice.between(0, 2));
  const filter = Object.fromEntries(
    names.flatMap((name) => {
      const words = wordsFor(name, rows);
      return words.length === 0 ? [] : [[name, dice.oneOf(words)]];
    }),
  );
  const columns = dice.some(sort.columns, dice.between(1, 3));
  const chosen = Object.entries(options).flatMap(([name, { type }]): [string, string | boolean][] => {
    if (type === 'boolean') return [[name, dice.happens(0.5)]];
    return name === 'granularity' && definition.name === 'delivery-schedule'
      ? [[name, dice.oneOf(['period', 'year'])]]
      : [];
  });
  return {
    ...question,
    filter,
    options: { ...question.options, ...Object.fromEntries(chosen) },
    sort: columns.map((column) => (dice.happens(0.5) ? column : `-${column}`)),
    reportingCurrency: dice.happens(0.2) ? 'USD' : null,
  };
}

/** What rows have in the column that a filter is named after, or in one that lists such. */
function wordsFor(filter: string, rows: readonly Row[]): string[] {
  if (filter === 'periodFrom' || filter === 'periodTo') return ['2026-35', '2027'];
  if (filter === 'text') return ['a', 'nvidia'];
  const columns = [filter, `${filter}s`, `${filter}Id`, `${filter}Ids`, ...(NAMED_OTHERWISE[filter] ?? [])];
  const words = rows.flatMap((row) => columns.flatMap((column) => row[column] ?? []));
  return [...new Set(words.map(String))];
}

const NAMED_OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  party: ['parties', 'participants'],
  country: ['countries'],
  tier: ['priorityTier'],
  dueFrom: ['firstDue'],
  dueTo: ['firstDue'],
  ask: ['asks'],
  dealId: ['linkedDealIds'],
  fromDay: ['from'],
  toDay: ['to'],
};

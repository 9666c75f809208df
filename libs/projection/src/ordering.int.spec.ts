import {
  comparing,
  count,
  flag,
  id,
  list,
  money,
  orderOf,
  text,
  type ReportDefinition,
  type Row,
} from '@deal-ledger/reports';
import fc from 'fast-check';
import { Client } from 'pg';
import { z } from 'zod';
import { describeWithPostgres } from '../../../tests/harness';

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

const RANKED = ['pipeline', 'indicated', 'committed'];

const report: ReportDefinition = {
  name: 'any-rows',
  summary: 'Rows of every kind of column.',
  row: z.object({
    place: count('What tells it from the others.'),
    name: text('A name.'),
    parties: list('Parties.'),
    amount: money('An amount.'),
    legs: count('Legs.'),
    secret: flag('Whether it is secret.'),
    ladder: text('A word that has a rank.'),
    place2: id('Another name.'),
  }),
  key: ['place'],
  sort: { default: ['place'], columns: [], ranks: { ladder: RANKED } },
  filters: {},
  options: {},
  sql: '',
  basis: [],
  rests: {},
  totals: {},
  totalsSchema: z.object({}),
};

const TYPES = `(place integer, name text, parties text[], amount numeric, legs integer, secret boolean, ladder text, place2 text)`;

/** Letters that differ by case, by length in UTF-8, and by whether UTF-16 has them as a pair. */
const word = fc.string({
  unit: fc.constantFrom('a', 'B', 'b', 'é', '中', '\uE000', '\uFFFD', '𝔸', '😀', '-'),
  maxLength: 3,
});

const row = fc.record({
  name: fc.option(word),
  parties: fc.array(word, { maxLength: 3 }),
  amount: fc.option(
    fc
      .tuple(fc.integer({ min: -12, max: 12 }), fc.constantFrom('', '.0', '.5', '.50', '.05'))
      .map(([a, b]) => `${a}${b}`),
  ),
  legs: fc.nat(3),
  secret: fc.boolean(),
  ladder: fc.option(fc.constantFrom(...RANKED)),
  place2: word,
});

const order = fc
  .subarray(['name', 'parties', 'amount', 'legs', 'secret', 'ladder', 'place2'], { minLength: 1 })
  .chain((columns) => fc.shuffledSubarray(columns, { minLength: 1 }))
  .chain((columns) => fc.tuple(...columns.map((column) => fc.constantFrom(column, `-${column}`))));

describeWithPostgres(`rows in order (seed ${seed})`, (url) => {
  const client = new Client({ connectionString: url });
  beforeAll(() => client.connect());
  afterAll(() => client.end());

  it('are as Postgres has them, by whatever columns', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), order, async (some, by) => {
        const rows: Row[] = some.map((each, place) => ({ ...each, place }));
        const { rows: sorted } = await client.query<{ place: number }>(
          `select place from jsonb_to_recordset($1) as given ${TYPES} order by ${orderOf(report, by)}`,
          [JSON.stringify(rows)],
        );
        const ours = [...rows].sort(comparing(report, by)).map(({ place }) => place);
        expect(ours).toEqual(sorted.map(({ place }) => place));
      }),
      { seed, numRuns: 300 },
    );
  });
});

import { MemoryLog } from '@deal-ledger/log';
import { fxFor, id, list, money, standing, type ReportDefinition, type ReportSet } from '@deal-ledger/reports';
import { z } from 'zod';
import { describeWithPostgres } from '../../../tests/harness';
import { deal, pick } from './testing-reports';
import { TestProjection } from './testing-projection';
import { TestWriter } from './testing';

/** Sums of facts by cell, each fact converted at the spot of its day, or all at closing. */
const cells: ReportDefinition = {
  name: 'converted-cells',
  summary: 'Cells of amounts in several currencies.',
  row: z.object({ cell: id('The cell.'), currency: id('Currency.'), amount: money('Amount.'), flags: list('Flags.') }),
  key: ['cell', 'currency'],
  sort: { default: ['cell', 'currency'], columns: ['cell'] },
  filters: {},
  options: {},
  sql: `
with ${standing('line', `measure = 'amount'`)},
part as (
  select subject as cell, unit as currency, value::jsonb ->> 'kind' as kind, coalesce((value::jsonb ->> 'on')::date, effective_on) as day, amount
  from line
),
${fxFor('select currency, kind, day from part')},
at_one_rate as (
  select cell, into_currency, lacks, event_id, converted(sum(amount), fx.rate, fx.is_inverse, fx.digits) as amount
  from part join fx on fx.currency = part.currency and fx.kind = part.kind and fx.day = part.day
  group by cell, into_currency, lacks, event_id, fx.rate, fx.is_inverse, fx.digits
)
select cell, into_currency as currency, case when bool_and(lacks is null) then sum(amount) end as amount,
  array_remove(array_agg(distinct lacks order by lacks), null) as flags,
  null as "policyEventId", array_remove(array_agg(distinct event_id order by event_id), null) as "fxEventIds",
  case when bool_or(lacks is not null) then array['amount'] end as unconverted
from at_one_rate group by cell, into_currency`,
  basis: [],
  rests: {},
  totals: {},
  totalsSchema: z.object({}),
};

const set: ReportSet = { name: 'cells', schema: 'cells', rules: [], reports: [cells] };

interface Rate {
  readonly pair: string;
  readonly rateType: 'spot' | 'closing';
  readonly onDate: string;
  readonly rate: string;
}

interface Amount {
  readonly cell: string;
  readonly currency: string;
  readonly amount: string;
  readonly kind: 'spot' | 'closing';
  readonly on?: string;
  readonly month?: string;
}

describeWithPostgres('amounts in another currency', (url) => {
  const log = new MemoryLog();
  const writer = new TestWriter(log);
  let projection: TestProjection;

  beforeAll(async () => {
    await writer.begin();
    projection = await TestProjection.start(log, set, { connectionString: url });
    await projection.caughtUp();
  });
  afterAll(() => projection.stop());

  /** Given these rates and amounts alone, the cells on a day. */
  const answered = async (
    rates: readonly Rate[],
    amounts: readonly Amount[],
    { effectiveOn = '2026-12-31', ...query }: Record<string, string> = {},
  ) => {
    const lines = [
      ...rates.map(({ pair, ...terms }, index) => [
        'fx',
        pair,
        { ...terms, eventId: `rate-${index + 1}` },
        null,
        null,
        '1',
      ]),
      ...amounts.map(({ cell, currency, amount, kind, on, month }) => [
        'amount',
        cell,
        { kind, on },
        month,
        currency,
        amount,
      ]),
    ];
    await projection.query('alter table postings disable trigger append_only; delete from postings');
    for (const [line, values] of lines.entries()) {
      await projection.query(
        'insert into postings (position, ordinal, line, measure, subject, value, period, unit, amount) values (0, 0, $1, $2, $3, $4, $5, $6, $7)',
        [line, ...values],
      );
    }
    // What was answered at a position is the answer for ever, so each case has a position of its own.
    await writer.post(deal(`at-${await log.end()}`));
    await projection.caughtUp();
    return projection.read(cells, { effectiveOn, reportingCurrency: 'USD', ...query });
  };

  const shown = async (...given: Parameters<typeof answered>) => (await answered(...given)).rows;

  const closing = (cell: string, currency: string, amount: string): Amount => ({
    cell,
    currency,
    amount,
    kind: 'closing',
  });
  const spot = (cell: string, currency: string, amount: string, on: string): Amount => ({
    cell,
    currency,
    amount,
    kind: 'spot',
    on,
  });
  const rate = (pair: string, rateType: Rate['rateType'], onDate: string, value: string): Rate => ({
    pair,
    rateType,
    onDate,
    rate: value,
  });

  const KRW_CLOSING = rate('USD/KRW', 'closing', '2026-12-31', '1450');

  it('are summed first, then converted once and rounded half to even', async () => {
    const months = Array.from({ length: 10 }, (_, index) => ({
      ...closing('fourteen trillion', 'KRW', '1400000000000'),
      month: `2027-${String(index + 1).padStart(2, '0')}`,
    }));
    const rows = await shown([KRW_CLOSING], months);
    expect(rows).toEqual([{ cell: 'fourteen trillion', currency: 'USD', amount: '9655172413.79', flags: [] }]);
  });

  it('are converted at the spot of their own day, or all at closing by the policy', async () => {
    const rates = [rate('USD/KRW', 'spot', '2026-03-31', '1400'), KRW_CLOSING];
    const prepaid = [spot('prepaid', 'KRW', '1400000000000', '2026-03-31')];
    expect(pick(await shown(rates, prepaid), 'amount')).toEqual([['1000000000.00']]);
    expect(pick(await shown(rates, prepaid, { fxPolicy: 'closing' }), 'amount')).toEqual([['965517241.38']]);
  });

  it('of several rates are converted once per rate, and added', async () => {
    const rates = [rate('EUR/USD', 'spot', '2026-01-01', '1.005'), rate('EUR/USD', 'spot', '2026-02-01', '1.015')];
    const rows = await shown(rates, [
      spot('cell', 'EUR', '1', '2026-01-01'),
      { ...spot('cell', 'EUR', '1', '2026-01-01'), month: '2026-01' },
      spot('cell', 'EUR', '1', '2026-02-01'),
      spot('cell', 'USD', '0.10', '2026-02-01'),
    ]);
    expect(pick(rows, 'amount')).toEqual([['3.13']]);
  });

  it.each([
    ['7 days old', '2026-03-08', '1000000000.00', []],
    ['8 days old', '2026-03-09', null, ['FX_RATE_STALE']],
    ['of tomorrow', '2026-02-28', null, ['FX_RATE_MISSING']],
  ])('have a spot rate %s or not', async (_, on, amount, flags) => {
    const rows = await shown(
      [rate('USD/KRW', 'spot', '2026-03-01', '1400')],
      [spot('cell', 'KRW', '1400000000000', on)],
    );
    expect(pick(rows, 'amount', 'flags')).toEqual([[amount, flags]]);
  });

  it('have a closing rate however old it is, of the day asked for or before, and never a spot instead', async () => {
    const rates = [
      rate('USD/KRW', 'closing', '2020-01-01', '1400'),
      rate('USD/KRW', 'closing', '2027-01-01', '1'),
      rate('USD/KRW', 'spot', '2026-12-31', '2'),
      rate('EUR/USD', 'spot', '2026-12-31', '2'),
    ];
    const rows = await shown(rates, [closing('won', 'KRW', '1400'), closing('euro', 'EUR', '1')]);
    expect(pick(rows, 'cell', 'amount', 'flags')).toEqual([
      ['euro', null, ['FX_RATE_MISSING']],
      ['won', '1.00', []],
    ]);
  });

  it('are converted by the later of a direct and an inverse rate, and on one day by the direct one', async () => {
    const direct = rate('KRW/USD', 'closing', '2026-06-30', '0.001');
    const inverse = (onDate: string): Rate => rate('USD/KRW', 'closing', onDate, '500');
    const won = [closing('cell', 'KRW', '1000')];
    expect(pick(await shown([direct, inverse('2026-06-30')], won), 'amount')).toEqual([['1.00']]);
    expect(pick(await shown([direct, inverse('2026-06-29')], won), 'amount')).toEqual([['1.00']]);
    expect(pick(await shown([direct, inverse('2026-07-01')], won), 'amount')).toEqual([['2.00']]);
  });

  it('are never converted over a third currency', async () => {
    const rates = [rate('EUR/KRW', 'closing', '2026-06-30', '1600'), KRW_CLOSING];
    expect(pick(await shown(rates, [closing('cell', 'EUR', '1')]), 'amount', 'flags')).toEqual([
      [null, ['FX_RATE_MISSING']],
    ]);
  });

  it('are null as a whole where a part cannot be converted', async () => {
    const rows = await shown([KRW_CLOSING], [closing('cell', 'KRW', '1450'), closing('cell', 'EUR', '1')]);
    expect(pick(rows, 'amount', 'flags')).toEqual([[null, ['FX_RATE_MISSING']]]);
  });

  it('stay in their own currency, or in that of the report, as they are', async () => {
    const amounts = [closing('cell', 'USD', '1.5'), closing('cell', 'KWD', '1')];
    expect(pick(await shown([], amounts, { reportingCurrency: 'KWD' }), 'currency', 'amount')).toEqual([['KWD', null]]);
    expect(pick(await shown([], amounts.slice(1), { reportingCurrency: 'KWD' }), 'amount')).toEqual([['1.000']]);
  });

  it('come with the rates that any row is converted by, and no others', async () => {
    const rates = [
      rate('EUR/USD', 'spot', '2026-12-30', '1.1'),
      rate('EUR/USD', 'spot', '2026-12-29', '1.2'),
      KRW_CLOSING,
    ];
    const { meta } = await answered(rates, [spot('a', 'EUR', '1', '2026-12-31'), closing('b', 'KRW', '1450')]);
    expect(meta.fxRates).toEqual([
      { base: 'EUR', quote: 'USD', rateType: 'spot', onDate: '2026-12-30', rate: '1.1', eventId: 'rate-1' },
      { base: 'USD', quote: 'KRW', rateType: 'closing', onDate: '2026-12-31', rate: '1450', eventId: 'rate-3' },
    ]);
  });

  it('refuse the answer with the cells that cannot be converted, when that is wished', async () => {
    const amounts = [spot('stale', 'KRW', '1', '2026-12-31'), closing('fine', 'USD', '1')];
    await expect(
      answered([rate('USD/KRW', 'spot', '2026-12-01', '1400')], amounts, { onMissingFx: 'fail' }),
    ).rejects.toMatchObject({
      status: 409,
      code: 'FX_RATE_STALE',
      members: { cells: [{ key: { cell: 'stale', currency: 'USD' }, columns: ['amount'], flags: ['FX_RATE_STALE'] }] },
    });
    const { rows } = await answered([], amounts.slice(1), { onMissingFx: 'fail' });
    expect(rows).toHaveLength(1);
  });

  it.each([
    ['1.005', '1', false, '1.00'],
    ['1.015', '1', false, '1.02'],
    ['-1.015', '1', false, '-1.02'],
    ['0.01', '2', true, '0.00'],
    ['0.03', '2', true, '0.02'],
    ['-0.03', '2', true, '-0.02'],
    ['1', '3', true, '0.33'],
    ['0.02', '3', true, '0.01'],
    ['9999999999999999999999999999', '1.000000000001', true, '9999999999990000000000009999.00'],
    ['9999999999999999999999999999.995', '1', false, '10000000000000000000000000000.00'],
  ])('are exact: %s at %s, inverse %s, is %s', async (amount, at, isInverse, expected) => {
    const rows = await projection.query<{ shown: string }>('select converted($1, $2, $3, 2) as shown', [
      amount,
      at,
      isInverse,
    ]);
    expect(rows).toEqual([{ shown: expected }]);
  });
});

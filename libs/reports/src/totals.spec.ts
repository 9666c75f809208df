import { canonical, difference } from './posting';
import type { Row } from './report';
import { Tally } from './tally';
import { counted, countedBy, countsOf, distinct, hasAny, sumsByCurrency, sumsByUnit } from './totals';

const sumsOf = (rows: readonly Row[]): unknown =>
  (Tally.over({ sums: sumsByCurrency(['firm']) }, rows).shown() as { sums: unknown }).sums;

describe('totals', () => {
  it('add the cells as shown, currency by currency, and skip what is not stated', () => {
    const rows = [
      { currency: 'USD', firm: '1.10', flags: [] },
      { currency: 'USD', firm: null, flags: [] },
      { currency: 'KRW', firm: '5', flags: [] },
      { currency: 'USD', firm: '0.90', flags: [] },
      { currency: null, firm: '0', flags: [] },
    ];
    expect(sumsOf(rows)).toEqual([
      { currency: 'KRW', firm: '5' },
      { currency: 'USD', firm: '2.00' },
    ]);
  });

  it('are null where a cell could not be converted', () => {
    const rows = [
      { currency: 'USD', firm: '1.10', flags: [] },
      { currency: 'USD', firm: null, flags: ['FX_RATE_MISSING'] },
    ];
    expect(sumsOf(rows)).toEqual([{ currency: 'USD', firm: null }]);
  });
});

describe('a tally', () => {
  const TOTALS = {
    sums: sumsByCurrency(['firm', 'ceiling']),
    units: sumsByUnit(['planned']),
    secret: counted(({ secret }) => secret === true),
    anySecret: hasAny(({ secret }) => secret === true),
    byStage: countedBy('stage', ['open', 'closed']),
    deals: distinct('dealId'),
    legs: countsOf('legs'),
  };
  const rows: Row[] = [
    { dealId: 'a', stage: 'open', legs: 2, secret: true, currency: 'USD', firm: '1.10', ceiling: null, flags: [] },
    { dealId: 'a', stage: 'open', legs: 0, currency: 'USD', firm: '-0.05', ceiling: null, flags: ['FX_RATE_STALE'] },
    { dealId: 'b', stage: 'closed', legs: 1, currency: 'KRW', firm: '7', ceiling: '9', flags: [] },
    { dealId: 'c', period: '2026', unit: 'EA', planned: '0.125', legs: 1, flags: [] },
    { dealId: 'c', period: null, unit: 'GW', planned: '5', legs: 1, flags: [] },
  ];

  it.each(rows.map((row, index) => [index, row] as const))(
    'is without row %i again what it was before',
    (index, row) => {
      const others = rows.filter((_, place) => place !== index);
      const all = Tally.over(TOTALS, rows);
      const without = all.copy();
      without.remove(row);
      expect(without.shown()).toEqual(Tally.over(TOTALS, others).shown());
      without.add(row);
      expect(without.shown()).toEqual(Tally.over(TOTALS, [...others, row]).shown());
      expect(all.shown()).toEqual(Tally.over(TOTALS, rows).shown());
    },
  );

  it('shows what of its rows there is, and nothing of those that are gone', () => {
    const tally = Tally.over(TOTALS, rows);
    expect(tally.shown()).toEqual({
      sums: [
        { currency: 'KRW', firm: '7', ceiling: '9' },
        { currency: 'USD', firm: '1.05', ceiling: null },
      ],
      units: [{ unit: 'EA', planned: '0.125' }],
      secret: 1,
      anySecret: true,
      byStage: { open: 2, closed: 1 },
      deals: 3,
      legs: 5,
    });
    for (const row of rows) tally.remove(row);
    expect(tally.shown()).toEqual({
      sums: [],
      units: [],
      secret: 0,
      anySecret: false,
      byStage: { open: 0, closed: 0 },
      deals: 0,
      legs: 0,
    });
  });
});

describe('postings', () => {
  it('write equal values as equal text', () => {
    expect(canonical({ b: [1, { d: null, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[1,{"d":null}]}');
  });

  it('differ by what must be added, and by nothing that cancels out', () => {
    const line = { measure: 'm', subject: 's', amount: '1.50' };
    expect(difference([line], [line])).toEqual([]);
    expect(difference([line], [{ ...line, amount: '2' }])).toEqual([{ ...line, amount: '0.5' }]);
    expect(difference([line], [])).toEqual([{ ...line, amount: '-1.5' }]);
  });
});

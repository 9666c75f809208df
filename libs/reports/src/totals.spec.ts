import { canonical, difference } from './posting';
import { sumsByCurrency } from './totals';

describe('totals', () => {
  it('add the cells as shown, currency by currency, and skip what is not stated', () => {
    const rows = [
      { currency: 'USD', firm: '1.10', flags: [] },
      { currency: 'USD', firm: null, flags: [] },
      { currency: 'KRW', firm: '5', flags: [] },
      { currency: 'USD', firm: '0.90', flags: [] },
      { currency: null, firm: '0', flags: [] },
    ];
    expect(sumsByCurrency(rows, ['firm'])).toEqual([
      { currency: 'KRW', firm: '5' },
      { currency: 'USD', firm: '2.00' },
    ]);
  });

  it('are null where a cell could not be converted', () => {
    const rows = [
      { currency: 'USD', firm: '1.10', flags: [] },
      { currency: 'USD', firm: null, flags: ['FX_RATE_MISSING'] },
    ];
    expect(sumsByCurrency(rows, ['firm'])).toEqual([{ currency: 'USD', firm: null }]);
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

import { z } from 'zod';
import { canonical, difference } from './posting';
import { count, decimal, flag, list, money, quantity, ratio, text } from './report';
import { shaped } from './shape';
import { sumsByCurrency } from './totals';

const schema = z.object({
  currency: text(''),
  firm: money(''),
  qty: quantity(''),
  share: ratio(''),
  p: decimal(''),
  legs: count(''),
  known: flag(''),
  flags: list(''),
});

describe('a row as it is answered', () => {
  it('has money at the scale of its currency, rounded half to even', () => {
    expect(shaped(schema, { currency: 'USD', firm: '1.005' })).toMatchObject({ firm: '1.00' });
    expect(shaped(schema, { currency: 'USD', firm: '1.015' })).toMatchObject({ firm: '1.02' });
    expect(shaped(schema, { currency: 'JPY', firm: '30000000000' })).toMatchObject({ firm: '30000000000' });
    expect(shaped(schema, { currency: 'KWD', firm: '1' })).toMatchObject({ firm: '1.000' });
    expect(shaped(schema, { currency: null, firm: 0 })).toMatchObject({ firm: '0' });
  });

  it('never has a minus zero', () => {
    expect(shaped(schema, { currency: 'USD', firm: '-0.001' })).toMatchObject({ firm: '0.00' });
  });

  it('has quantities without superfluous zeros, ratios with four digits, probabilities as recorded', () => {
    expect(shaped(schema, { qty: '900000.000', share: '2', p: '0.30' })).toMatchObject({
      qty: '900000',
      share: '2.0000',
      p: '0.30',
    });
  });

  it('says null of what is not there', () => {
    expect(shaped(schema, {})).toEqual({
      currency: null,
      firm: null,
      qty: null,
      share: null,
      p: null,
      legs: null,
      known: null,
      flags: null,
    });
  });
});

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

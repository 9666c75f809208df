import { madeOf } from './pack-sum';

const posting = (measure: string, amount: string, unit: string | null = 'USD') => ({ measure, amount, unit });
const FIRM = [posting('leg.firm', '80'), posting('leg.firm', '4.00'), posting('leg', '1', null)];
const PAID = posting('leg.paid', '6');

describe('what a figure is made of', () => {
  it('is the postings of one measure, if these are enough', () =>
    expect(madeOf('84.00', [...FIRM, PAID], undefined)).toEqual([{ measure: 'leg.firm', sign: '+' }]));

  it('is what is left when one is taken away from the other', () =>
    expect(madeOf('78', [...FIRM, PAID], undefined)).toEqual([
      { measure: 'leg.firm', sign: '+' },
      { measure: 'leg.paid', sign: '-' },
    ]));

  it('is looked for among the measures that the column rests on, and no others', () =>
    expect(madeOf('6', [...FIRM, PAID], ['leg.firm'])).toBeNull());

  it('is nothing of a zero without postings', () => expect(madeOf('0.00', [], undefined)).toEqual([]));

  it('is not told of a zero to which different measures come', () =>
    expect(madeOf('0', [posting('a', '5'), posting('b', '5')], undefined)).toBeNull());

  it('is told of a zero to which one measure comes', () =>
    expect(madeOf('0', [posting('a', '5'), posting('a', '-5')], undefined)).toEqual([{ measure: 'a', sign: '+' }]));

  it('is not told where a formula makes it, several units are added, or there is none', () => {
    expect(madeOf('42.5', FIRM, undefined)).toBeNull();
    expect(madeOf('84', [posting('a', '42'), posting('a', '42', 'EUR')], undefined)).toBeNull();
    expect(madeOf(null, FIRM, undefined)).toBeNull();
  });

  it('is not told of more measures than anybody would follow', () =>
    expect(
      madeOf(
        '4',
        ['a', 'b', 'c', 'd'].map((measure) => posting(measure, '1')),
        undefined,
      ),
    ).toBeNull());
});

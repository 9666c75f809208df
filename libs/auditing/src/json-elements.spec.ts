import fc from 'fast-check';
import { elementsOf } from './json-elements';

const textsOf = (json: string): string[] => elementsOf(Buffer.from(json)).map(String);

describe('the elements of a JSON array', () => {
  it('are the bytes that stand there', () =>
    expect(textsOf(' [ {"a":1.0, "b" : [{}]} ,{"c":"]},{\\"\\\\"}\t]')).toEqual([
      '{"a":1.0, "b" : [{}]}',
      '{"c":"]},{\\"\\\\"}',
    ]));

  it('are none of an empty array', () => expect(textsOf('[]')).toEqual([]));

  it('are all of them, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())),
        fc.nat(2),
        (array, indent) => {
          const parsed = textsOf(JSON.stringify(array, undefined, indent)).map((text) => JSON.parse(text) as unknown);
          expect(parsed).toEqual(JSON.parse(JSON.stringify(array)));
        },
      ),
    );
  });
});

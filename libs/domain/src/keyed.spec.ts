import fc from 'fast-check';
import { EMPTY, entriesOf, get, put, type Keyed } from './keyed';

const filled = (keys: readonly string[]) =>
  keys.reduce<Keyed<number>>((map, key, index) => put(map, key, index), EMPTY);

describe('a map that shares its structure', () => {
  it('says the same as a Map, whatever was put into it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.nat()), { maxLength: 300 }), (puts) => {
        const map = puts.reduce<Keyed<number>>((all, [key, value]) => put(all, key, value), EMPTY);
        const expected = new Map(puts);
        expect(new Map(entriesOf(map))).toEqual(expected);
        expect(map.size).toBe(expected.size);
        for (const [key, value] of expected) expect(get(map, key)).toBe(value);
      }),
    );
  });

  it('leaves the map it was made from as it was', () => {
    const before = filled(Array.from({ length: 1_000 }, (_, index) => `call-${index}`));
    const copy = structuredClone(before);
    put(before, 'call-7', -1);
    put(before, 'another', -1);
    expect(before).toEqual(copy);
  });

  it('survives JSON', () => {
    const map = filled(Array.from({ length: 100 }, (_, index) => `call-${index}`));
    const read = JSON.parse(JSON.stringify(map)) as Keyed<number>;
    expect(get(read, 'call-99')).toBe(99);
    expect(get(put(read, 'call-100', 100), 'call-100')).toBe(100);
  });

  it('finds nothing it was not given, not even what every object has', () => {
    expect(get(EMPTY, 'constructor')).toBeUndefined();
    expect(get(filled(['a']), 'toString')).toBeUndefined();
  });

  it('copies little when it is large', () => {
    const before = filled(Array.from({ length: 10_000 }, (_, index) => `call-${index}`));
    const after = put(before, 'one-more', 1);
    const shared = after.slots?.filter((node, slot) => node === before.slots?.[slot]);
    expect(shared).toHaveLength(31);
  });
});

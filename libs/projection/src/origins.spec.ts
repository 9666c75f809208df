import { catalogue, inForce, keyed, kindNameOf, shown } from '@deal-ledger/domain';
import { seeded } from '../../../tests/simulation/world';
import { anyHistory } from '../../domain/src/any-history.testing';
import { Origins } from './origins';
import { eventsOf } from './testing';

jest.setTimeout(60_000);

/** The states one after the other, and then what each field comes from: the index of the state that set it. */
function originsOf(...states: readonly unknown[]): Record<string, number> {
  const origins = new Origins<number>();
  for (const [index, state] of states.entries()) origins.moved(state, index);
  return Object.fromEntries([...origins.fields()].map(({ pointer, by }) => [pointer, by]));
}

describe('what set each field of a state', () => {
  it('is what it began with while it stays the same', () => {
    expect(originsOf({ a: 1, b: { c: 2 } }, { a: 1, b: { c: 2 }, d: 3 })).toEqual({ '/a': 0, '/b/c': 0, '/d': 1 });
  });

  it('is the last one that changed it, also back to what it was', () => {
    expect(originsOf({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 1 })).toEqual({ '/a': 2, '/b': 0 });
  });

  it('is of what has come again the one by which it came again', () => {
    expect(originsOf({ a: { b: 1 } }, {}, { a: { b: 1 } })).toEqual({ '/a/b': 2 });
    expect(originsOf({ a: { b: 1 } }, { a: 1 }, { a: { b: 1 } })).toEqual({ '/a/b': 2 });
  });

  it('is of an empty list or object the one that made it empty', () => {
    expect(originsOf({ a: [], b: [1] }, { a: [], b: [] }, { a: [], b: [], c: {} })).toEqual({
      '/a': 0,
      '/b': 1,
      '/c': 2,
    });
  });

  it('knows no field that is undefined, and escapes names', () => {
    expect(
      originsOf({ 'a/b~c': 1, gone: undefined }, { 'a/b~c': 1, gone: 2 }, { 'a/b~c': 1, gone: undefined }),
    ).toEqual({
      '/a~1b~0c': 0,
    });
  });

  it('follows maps of any size entry by entry, in the order in which they are shown', () => {
    let map: keyed.Keyed<{ n: number }> = keyed.EMPTY;
    const states = Array.from({ length: 300 }, (_, n) => ({ map: (map = keyed.put(map, `k${n % 200}`, { n })) }));
    const origins = originsOf(...states);
    expect(origins).toEqual(
      Object.fromEntries(Array.from({ length: 200 }, (_, key) => [`/map/k${key}/n`, key < 100 ? key + 200 : key])),
    );
    expect(Object.keys(origins)).toEqual(
      Object.keys((shown(states.at(-1)) as { map: object }).map).map((key) => `/map/${key}/n`),
    );
  });

  it('takes little longer for one more of many entries than for one more of few', () => {
    const took = (count: number): number => {
      let map: keyed.Keyed<number> = keyed.EMPTY;
      const origins = new Origins<number>();
      const begun = performance.now();
      for (let n = 0; n < count; n += 1) origins.moved({ map: (map = keyed.put(map, `k${n}`, n)) }, n);
      return (performance.now() - begun) / count;
    };
    took(2_000);
    expect(took(20_000)).toBeLessThan(20 * took(2_000));
  });
});

type Leaves = ReadonlyMap<string, string>;

/** Every part of a state that has no parts of its own, by its pointer. */
function leavesOf(value: unknown, pointer = ''): [string, string][] {
  const parts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (parts.length === 0) return [[pointer, JSON.stringify(value)]];
  return parts.flatMap(([name, part]) =>
    leavesOf(part, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

const fresh = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describe.each([...Array(10).keys(), fresh, fresh + 1])('of any history (seed %i)', (seed) => {
  it('it is, field by field, the last event in force after which the field was not as before', () => {
    const recorded = eventsOf(anyHistory(seeded(seed))).flat();
    let fields = 0;
    for (const stream of new Set(recorded.map((event) => event.stream))) {
      const events = recorded.filter((event) => event.stream === stream);
      const kind = catalogue[kindNameOf(stream)];
      if (kind === undefined) continue;
      const origins = new Origins<string>();
      const expected = new Map<string, string>();
      let before: Leaves = new Map();
      let state: unknown;
      for (const event of inForce(events)) {
        state = kind.evolve(state, event);
        origins.moved(state, event.id);
        // As JSON it is plain, and nothing in it is shared.
        const after = new Map(leavesOf(JSON.parse(JSON.stringify(shown(state)))));
        for (const [pointer, value] of after) if (before.get(pointer) !== value) expected.set(pointer, event.id);
        for (const pointer of before.keys()) if (!after.has(pointer)) expected.delete(pointer);
        before = after;
      }
      expect([...origins.fields()].map(({ pointer, by }) => [pointer, by])).toEqual(
        [...before.keys()].map((pointer) => [pointer, expected.get(pointer)]),
      );
      fields += before.size;
    }
    expect(fields).toBeGreaterThan(50);
  });
});

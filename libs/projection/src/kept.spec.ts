import { dealRegister } from '@deal-ledger/reports';
import { Kept } from './kept';
import type { Question } from './question';
import type { Whole } from './whole';

const at = (position: number, filter: Question['filter'] = {}): Question => ({
  definition: dealRegister,
  position,
  effectiveOn: '2026-06-30',
  reportingCurrency: null,
  fxPolicy: 'standard',
  filter,
  options: {},
  sort: ['dealId'],
  changedSince: null,
});

const answer = (line = '{}'): Whole => ({
  lines: [line],
  keys: ['["d"]'],
  fxRates: [],
  policyEventId: null,
  unknownEvents: 0,
  totals: {},
  unconverted: [],
});

describe('kept answers', () => {
  it('are found by their question, and by the same question at the nearest position', () => {
    const kept = new Kept(1_000_000);
    const [early, late] = [answer(), answer()];
    kept.keep(at(10), early);
    kept.keep(at(50), late);
    expect(kept.get(at(10))).toBe(early);
    expect(kept.get(at(11))).toBeUndefined();
    expect(kept.nearest(at(11))).toMatchObject({ position: 10 });
    expect(kept.nearest(at(49))).toMatchObject({ position: 50 });
    expect(kept.nearest(at(11, { stage: 'binding' }))).toBeUndefined();
    expect(kept.nearest({ ...at(11), changedSince: 5 })).toBeUndefined();
  });

  it('are wanted once they were asked for again', () => {
    const kept = new Kept(1_000_000);
    kept.keep(at(10), answer());
    expect(kept.nearest(at(11))).toMatchObject({ isWanted: false });
    kept.get(at(10));
    expect(kept.nearest(at(11))).toMatchObject({ isWanted: true });
  });

  it('of one question are those at the last positions that were asked for', () => {
    const kept = new Kept(1_000_000);
    for (const position of [1, 2, 3]) kept.keep(at(position), answer());
    kept.get(at(1));
    kept.keep(at(4), answer());
    expect([1, 2, 3, 4].filter((position) => kept.get(at(position)) !== undefined)).toEqual([1, 3, 4]);
    expect(kept.nearest(at(2))).toMatchObject({ position: 1 });
  });

  it('make room for others when they are many, and are not found any more', () => {
    const kept = new Kept(25_000);
    const stages = Array.from({ length: 20 }, (_, index) => `stage-${index}`);
    for (const stage of stages) kept.keep(at(1, { stage }), answer('x'.repeat(1_000)));
    const left = stages.filter((stage) => kept.get(at(1, { stage })) !== undefined);
    expect(left).toEqual(stages.slice(-left.length));
    expect(left.length).toBeLessThan(10);
    expect(stages.filter((stage) => kept.nearest(at(2, { stage })) !== undefined)).toEqual(left);
  });

  it('are not those that are larger than all the room', () => {
    const kept = new Kept(25_000);
    kept.keep(at(1), answer('x'.repeat(30_000)));
    expect(kept.get(at(1))).toBeUndefined();
    expect(kept.nearest(at(1))).toBeUndefined();
  });

  it('are dropped for the one that is meant only', () => {
    const kept = new Kept(1_000_000);
    kept.keep(at(10), answer());
    const base = kept.nearest(at(11));
    if (base === undefined) throw new Error('nothing is near');
    kept.keep(at(10), answer('{"another":1}'));
    kept.drop(at(11), base);
    expect(kept.get(at(10))?.lines).toEqual(['{"another":1}']);
  });
});

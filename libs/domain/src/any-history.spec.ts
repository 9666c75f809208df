import { seeded } from '../../../tests/simulation/world';
import { anyHistory } from './any-history.testing';
import { catalogue } from './catalogue';

describe('any history', () => {
  const histories = Array.from({ length: 120 }, (_, seed) => anyHistory(seeded(seed)));

  it('is the same for the same seed', () => {
    expect(anyHistory(seeded(7))).toEqual(histories[7]);
    expect(anyHistory(seeded(8))).not.toEqual(histories[7]);
  });

  it('has in one or the other every type of event, each corrected, and cancelled where it may be', () => {
    const met = new Set(histories.flat(2).map(({ type, action = 'new' }) => `${type} ${action}`));
    const missing = Object.values(catalogue).flatMap(({ events, opening, reopening = [] }) =>
      Object.keys(events).flatMap((type) =>
        (opening.includes(type) && !reopening.includes(type) ? ['new', 'correct'] : ['new', 'correct', 'cancel'])
          .map((action) => `${type} ${action}`)
          .filter((each) => !met.has(each)),
      ),
    );
    expect(missing).toEqual([]);
    const commits = histories.flat();
    expect(
      commits.filter((commit) => commit.filter(({ action }) => action !== undefined).length > 1).length,
    ).toBeGreaterThan(20);
  });
});

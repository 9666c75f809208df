import { newClusterId } from './kafka';

describe("the id of a cluster that is started for a test or for 'npm run cluster'", () => {
  it('never begins with a dash, which the storage tool takes for an option', () => {
    const ids = Array.from({ length: 256 }, (_, first) => newClusterId(Buffer.alloc(16, first)));
    expect(ids.filter((id) => id.startsWith('-'))).toEqual([]);
    expect(new Set(ids.map((id) => id.length))).toEqual(new Set([22]));
  });

  it('is another each time', () => {
    expect(newClusterId()).not.toBe(newClusterId());
  });
});

import { MAX_AT_ONCE, Underway, type Watch } from './underway';

const PATIENCE_MS = 20;
const A_WHILE_MS = 61_000;

/** A work that ends when it is told to. */
function slow(): { begin: (watch: Watch) => Promise<string>; end: (answer: string) => void; begun: () => number } {
  let end: (answer: string) => void = () => undefined;
  let begun = 0;
  const done = new Promise<string>((resolve) => (end = resolve));
  return {
    begin: (watch) => {
      begun += 1;
      watch.progress = '3 of 7 events have been looked at';
      return done;
    },
    end: (answer) => end(answer),
    begun: () => begun,
  };
}

const TOO_SLOW = { status: 503, code: 'TOO_SLOW', headers: { 'retry-after': '2' } };

describe('work that takes longer than a request waits', () => {
  let nowMs = 0;
  const underway = () => new Underway<string>(() => nowMs, PATIENCE_MS);

  it('goes on, and is what whoever asks again is answered', async () => {
    const works = underway();
    const { begin, end, begun } = slow();
    await expect(works.of('a', begin)).rejects.toMatchObject({
      ...TOO_SLOW,
      message: expect.stringContaining('3 of 7 events have been looked at') as string,
    });
    const again = works.of('a', begin);
    end('in the end');
    expect([await again, begun()]).toEqual(['in the end', 1]);
  });

  it('fails for all who wait, and is begun anew by the next', async () => {
    const works = underway();
    const failing = () => Promise.reject(new Error('no such row'));
    await expect(works.of('a', failing)).rejects.toThrow('no such row');
    expect(await works.of('a', () => Promise.resolve('now'))).toBe('now');
  });

  it('is given up when nobody asks for it any more', async () => {
    const works = underway();
    let watched: Watch | undefined;
    const { begin } = slow();
    const asked = works.of('a', (watch) => {
      watched = watch;
      return begin(watch);
    });
    await expect(asked).rejects.toMatchObject(TOO_SLOW);
    nowMs += A_WHILE_MS;
    await expect(works.of('a', begin)).rejects.toMatchObject(TOO_SLOW);
    expect(() => watched?.refuseUnwanted()).not.toThrow();
    nowMs += A_WHILE_MS;
    expect(() => watched?.refuseUnwanted()).toThrow('nobody asks');
  });

  it('waits for its turn behind what is worked on', async () => {
    const works = underway();
    const { begin, end } = slow();
    const first = Array.from({ length: MAX_AT_ONCE }, (_, index) => works.of(String(index), begin));
    await expect(works.of('one more', begin)).rejects.toMatchObject(TOO_SLOW);
    end('done');
    expect(await Promise.all(first)).toEqual(Array(MAX_AT_ONCE).fill('done'));
    expect(await works.of('one more', begin)).toBe('done');
  });
});

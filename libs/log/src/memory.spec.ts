import { logContract, restartContract } from './contract';
import { record, type StoppableLog } from './contract-support';
import type { LogRecord } from './log';
import { MemoryLog, type MemoryFaults } from './memory';

const inMemory = async (): Promise<StoppableLog> => {
  const memory = new MemoryLog();
  return {
    open: async () => memory.client(),
    foreign: async (foreign) => {
      memory.inject(foreign);
    },
    lose: async (position) => memory.remove(position),
    lossIs: 'LOG_GAP',
    recreate: async () => memory.truncate(0),
    stop: async () => memory.stop(),
    start: async () => memory.start(),
    dispose: async () => undefined,
  };
};

logContract('memory', inMemory);
restartContract('memory', inMemory);

describe('the log in memory under a seed', () => {
  /** mulberry32, enough to be different and the same. */
  const seeded = (seed: number) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };

  /** Time that passes only when everything else has been done. */
  class VirtualTime {
    nowMs = 0;
    private readonly due: { atMs: number; run: () => void }[] = [];

    readonly schedule = (delayMs: number, run: () => void): void => {
      this.due.push({ atMs: this.nowMs + delayMs, run });
    };

    async runAll(): Promise<void> {
      for (;;) {
        await new Promise(setImmediate);
        const next = this.due.toSorted((a, b) => a.atMs - b.atMs)[0];
        if (!next) return;
        this.due.splice(this.due.indexOf(next), 1);
        this.nowMs = next.atMs;
        next.run();
      }
    }
  }

  const ALL: Partial<MemoryFaults> = {
    failBefore: 0.1,
    loseAck: 0.1,
    duplicate: 0.2,
    delay: 0.5,
    reorder: 0.3,
    maxLagMs: 50,
  };

  const simulate = async (seed: number, faults: Partial<MemoryFaults>) => {
    const time = new VirtualTime();
    const memory = new MemoryLog({ random: seeded(seed), schedule: time.schedule, now: () => time.nowMs, faults });
    const clients = [memory.client(), memory.client(), memory.client()];
    const appends = clients.flatMap((client, writer) =>
      Array.from({ length: 40 }, (_, n) => client.append(record(`${writer}/${n}`))),
    );
    const readers = clients.map(() => ({ seen: [] as LogRecord[], abort: new AbortController() }));
    const reads = readers.map(async ({ seen, abort }) => {
      for await (const batch of memory.client().read(0, abort.signal)) seen.push(...batch);
    });
    const outcomes = Promise.allSettled(appends);
    await time.runAll();
    for (const { abort } of readers) abort.abort();
    await Promise.all(reads);
    return {
      records: memory.records,
      texts: memory.records.map(({ value }) => String(value)),
      outcomes: await outcomes,
      readers,
    };
  };

  it('is the same twice', async () => {
    expect(await simulate(7, ALL)).toEqual(await simulate(7, ALL));
    expect((await simulate(8, ALL)).texts).not.toEqual((await simulate(7, ALL)).texts);
  });

  it('loses acknowledgements, fails before the append, and repeats records', async () => {
    const { texts, outcomes } = await simulate(1, ALL);
    const names = Array.from({ length: 120 }, (_, index) => `${Math.floor(index / 40)}/${index % 40}`);
    const rejected = names.filter((_, index) => outcomes[index]?.status === 'rejected');
    expect(rejected.some((name) => texts.includes(name))).toBe(true);
    expect(rejected.some((name) => !texts.includes(name))).toBe(true);
    expect(names.some((name) => texts.indexOf(name) !== texts.lastIndexOf(name))).toBe(true);
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') expect(texts[outcome.value]).toBe(names[index]);
    });
  });

  it('lets clients overtake each other, never a client itself', async () => {
    const { texts } = await simulate(2, { delay: 0.5, reorder: 0.3 });
    for (const writer of ['0', '1', '2']) {
      expect(texts.filter((text) => text.startsWith(`${writer}/`))).toEqual(
        Array.from({ length: 40 }, (_, n) => `${writer}/${n}`),
      );
    }
    expect(texts).not.toEqual(texts.toSorted((a, b) => Number(a[0]) - Number(b[0])));
  });

  it('forgets its beginning when it is told to', async () => {
    const memory = new MemoryLog();
    await Promise.all(['a', 'b'].map((text) => memory.append(record(text))));
    memory.forget(1);
    const read = memory.read(0, new AbortController().signal)[Symbol.asyncIterator]();
    await expect(read.next()).rejects.toMatchObject({ code: 'LOG_POSITION_GONE' });
  });

  it('shows every reader the same in the end', async () => {
    const { records, readers } = await simulate(3, ALL);
    for (const { seen } of readers) expect(seen).toEqual(records);
  });
});

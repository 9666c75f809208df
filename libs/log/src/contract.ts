import { randomBytes, randomUUID } from 'node:crypto';
import {
  follow,
  positions,
  record,
  texts,
  upTo,
  type Follower,
  type ForeignRecord,
  type LogUnderTest,
  type StoppableLog,
} from './contract-support';
import { MAX_BATCH_BYTES, MAX_RECORD_BYTES, MAX_VALUE_BYTES, RecordTooLarge } from './limits';
import { LogHalted, type Log, type LogRecord } from './log';

/** Enough for a broker that is killed and started on a busy machine. */
const TIMEOUT_MS = 120_000;

/** What every adapter of the log does. `factory` makes a new, empty log for each test. */
export function logContract(name: string, factory: () => Promise<LogUnderTest>): void {
  describe(`the log in ${name}`, () => {
    jest.setTimeout(TIMEOUT_MS);
    const { under, open, reader, endReading } = surroundings(factory);

    it('is empty at first, and gives the first record position 0', async () => {
      const log = await open();
      expect(await log.end()).toBe(0);
      expect(await log.append(record('a'))).toBe(0);
      expect(await log.end()).toBe(1);
    });

    it('gives back key, value and headers as they were, in order, and the time of the append', async () => {
      const log = await open();
      const headers = {
        writer: randomUUID(),
        n: '1',
        heads: '{"deal/ä":null}',
        empty: '',
        'content-type': 'application/json',
      };
      const before = Date.now();
      await log.append({ key: 'deal/ä', value: Buffer.from([0, 255, 1]), headers });
      const [only] = await reader(log).until(1);
      expect(only).toMatchObject({ position: 0, key: Buffer.from('deal/ä'), value: Buffer.from([0, 255, 1]) });
      expect(only?.headers).toEqual(Object.entries(headers).map(([key, value]) => [key, Buffer.from(value)]));
      expect(Math.abs((only?.timeMs ?? 0) - before)).toBeLessThan(60_000);
    });

    it('keeps the order of one caller’s appends, however many are under way', async () => {
      const log = await open();
      const given = await Promise.all(upTo(2_000).map((index) => log.append(record(String(index)))));
      expect(given).toEqual(upTo(2_000));
      const records = await reader(log).until(2_000);
      expect(texts(records)).toEqual(upTo(2_000).map(String));
      expect(positions(records)).toEqual(upTo(2_000));
    });

    it('reads from any position, the end included', async () => {
      const log = await open();
      await Promise.all(['a', 'b', 'c'].map((text) => log.append(record(text))));
      expect(texts(await reader(log, 1).until(2))).toEqual(['b', 'c']);
      const live = reader(log, 3);
      await log.append(record('d'));
      expect(texts(await live.until(1))).toEqual(['d']);
    });

    it('gives the records at the positions asked for, and no others', async () => {
      const log = await open();
      await Promise.all(upTo(50).map((index) => log.append(record(String(index)))));
      const wanted = [0, 3, 4, 5, 31, 49];
      const records = await log.at(wanted);
      expect(positions(records)).toEqual(wanted);
      expect(records).toEqual((await reader(log).until(50)).filter(({ position }) => wanted.includes(position)));
      expect(await log.at([])).toEqual([]);
    });

    it('says that it is not the log it was when a record asked for is gone', async () => {
      const log = await open();
      await Promise.all(['a', 'b', 'c'].map((text) => log.append(record(text))));
      await under().lose(1);
      await expect((await open()).at([1, 2])).rejects.toThrow(LogHalted);
    });

    it('brings to a reader at the live end what another writes', async () => {
      const [writer, follower] = [await open(), await open()];
      const live = reader(follower);
      for (const index of upTo(20)) {
        await writer.append(record(String(index)));
        await live.until(index + 1);
      }
      expect(texts(live.records)).toEqual(upTo(20).map(String));
    });

    it('ends a read when it is told to, also one that waits', async () => {
      const log = await open();
      const live = reader(log);
      await log.append(record('a'));
      await live.until(1);
      endReading();
      expect(await live.halted).toBeUndefined();
    });

    it('ends a read when its caller has seen enough', async () => {
      const log = await open();
      await Promise.all([log.append(record('a')), log.append(record('b'))]);
      const seen: LogRecord[] = [];
      for await (const batch of log.read(0, new AbortController().signal)) {
        seen.push(...batch);
        if (seen.length === 2) break;
      }
      expect(texts(seen)).toEqual(['a', 'b']);
    });

    it('shows two readers the same, while two writers write', async () => {
      const [one, other] = [await open(), await open()];
      const readers = [reader(one), reader(other)] as const;
      const write = async (log: Log, letter: string): Promise<number[]> =>
        Promise.all(upTo(300).map((index) => log.append(record(`${letter}${index}`))));
      const given = await Promise.all([write(one, 'a'), write(other, 'b')]);
      const [left, right] = await Promise.all(readers.map(({ until }) => until(600)));
      expect(left).toEqual(right);
      expect(positions(left ?? [])).toEqual(upTo(600));
      for (const [index, letter] of ['a', 'b'].entries()) {
        const own = left?.filter(({ value }) => value?.toString().startsWith(letter)) ?? [];
        expect(texts(own)).toEqual(upTo(300).map((count) => `${letter}${count}`));
        expect(positions(own)).toEqual(given[index]);
      }
    });

    it('has both of two equal appends', async () => {
      const log = await open();
      expect(await log.append(record('a'))).toBe(0);
      expect(await log.append(record('a'))).toBe(1);
      expect(texts(await reader(log).until(2))).toEqual(['a', 'a']);
    });

    it('does not let a slow reader hold up a quick one', async () => {
      const log = await open();
      const slow = log.read(0, new AbortController().signal)[Symbol.asyncIterator]();
      await log.append(record('first'));
      await slow.next();
      const quick = reader(log);
      await Promise.all(upTo(3_000).map((index) => log.append(record(String(index)))));
      expect(await quick.until(3_001)).toHaveLength(3_001);
      const rest: LogRecord[] = [];
      while (rest.length < 3_000) rest.push(...(((await slow.next()).value as readonly LogRecord[] | undefined) ?? []));
      expect(positions(rest)).toEqual(upTo(3_000).map((index) => index + 1));
    });

    it('takes a record of the largest size and refuses one byte more', async () => {
      const log = await open();
      const largest = randomBytes(MAX_VALUE_BYTES);
      await expect(log.append({ ...record(''), value: Buffer.alloc(MAX_VALUE_BYTES + 1) })).rejects.toThrow(
        RecordTooLarge,
      );
      await expect(log.append({ ...record(''), headers: { heads: 'x'.repeat(MAX_RECORD_BYTES) } })).rejects.toThrow(
        RecordTooLarge,
      );
      expect(await log.append({ ...record(''), value: largest, headers: { heads: 'x'.repeat(64 * 1024) } })).toBe(0);
      const [only] = await reader(log).until(1);
      expect(only?.value?.equals(largest)).toBe(true);
    });

    it('takes more large records at once than fit into one batch', async () => {
      const log = await open();
      const count = Math.ceil((3 * MAX_BATCH_BYTES) / MAX_VALUE_BYTES);
      const values = upTo(count).map(() => randomBytes(MAX_VALUE_BYTES));
      await Promise.all(values.map((value) => log.append({ ...record(''), value })));
      const records = await reader(log).until(count);
      records.forEach(({ value }, index) => expect(value?.equals(values[index] as Buffer)).toBe(true));
    });

    it('gives back a stranger’s bytes as they are', async () => {
      const log = await open();
      const strange: ForeignRecord[] = [
        { key: null, value: null, headers: [] },
        { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [] },
        { key: randomBytes(40), value: randomBytes(5_000), headers: [] },
        {
          key: Buffer.from('k'),
          value: Buffer.from('{'),
          headers: [
            ['b', randomBytes(9)],
            ['b', Buffer.alloc(0)],
            ['a', Buffer.from([255])],
          ],
        },
      ];
      await log.append(record('ours'));
      for (const each of strange) await under().foreign(each);
      expect(await log.append(record('ours again'))).toBe(5);
      const records = await reader(log).until(6);
      expect(records.slice(1, 5).map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(strange);
    });

    it('knows its end as soon as an append is acknowledged, in every process', async () => {
      const [writer, other] = [await open(), await open()];
      for (const index of upTo(50)) {
        await writer.append(record(String(index)));
        expect(await Promise.all([other.end(), other.end(), other.end()])).toEqual([index + 1, index + 1, index + 1]);
      }
    });

    it('halts a reader for whom a record is gone', async () => {
      const log = await open();
      await Promise.all(['a', 'b', 'c'].map((text) => log.append(record(text))));
      await under().lose(1);
      const fresh = await open();
      expect(await reader(fresh, 1).halted).toMatchObject({ name: 'LogHalted', code: under().lossIs });
      expect(texts(await reader(fresh, 2).until(1))).toEqual(['c']);
    });

    it('halts a reader that asks for a position beyond the end', async () => {
      const log = await open();
      await log.append(record('a'));
      expect(await reader(log, 2).halted).toMatchObject({ name: 'LogHalted', code: 'LOG_POSITION_GONE' });
    });

    it('halts a reader at the live end when the log was made anew', async () => {
      const log = await open();
      await Promise.all(['a', 'b'].map((text) => log.append(record(text))));
      const live = reader(log);
      await live.until(2);
      await under().recreate();
      expect(await live.halted).toBeInstanceOf(LogHalted);
      expect(live.records).toHaveLength(2);
    });

    it('takes nothing more once it is closed, and ends its reads', async () => {
      const log = await open();
      const live = reader(log);
      const appended = log.append(record('a'));
      await log.close();
      await expect(appended).resolves.toBe(0);
      await expect(log.append(record('b'))).rejects.toThrow('closed');
      expect(await live.halted).toBeUndefined();
    });
  });
}

/** What every adapter does whose store goes away and comes back. */
export function restartContract(name: string, factory: () => Promise<StoppableLog>): void {
  describe(`the log in ${name}, stopped and started`, () => {
    jest.setTimeout(TIMEOUT_MS);
    const { under, open, reader } = surroundings(factory);

    it('loses nothing it acknowledged when the store is stopped and started, and shows nothing twice', async () => {
      const [writer, follower] = [await open(), await open()];
      const live = reader(follower);
      const acknowledged = new Map<number, string>();
      const tried = new Set<string>();
      const write = async (text: string): Promise<boolean> => {
        tried.add(text);
        try {
          acknowledged.set(await writer.append(record(text)), text);
          return true;
        } catch {
          return false;
        }
      };
      expect(await Promise.all(upTo(50).map((index) => write(`before ${index}`)))).not.toContain(false);
      await live.until(50);
      const during = upTo(50).map((index) => write(`while it stops ${index}`));
      await under().stop();
      await Promise.all([...during, write('while it is down')]);
      await expect(writer.end()).rejects.toThrow();
      await under().start();
      // The first appends may still find a connection that was lost.
      for (let index = 0; !(await write(`after ${index}`)); index += 1) expect(index).toBeLessThan(20);
      const end = await writer.end();
      const records = await live.until(end);
      expect(positions(records)).toEqual(upTo(end));
      for (const [position, text] of acknowledged) expect(records[position]?.value?.toString()).toBe(text);
      for (const text of texts(records)) expect(tried).toContain(text);
    });
  });
}

/** Opens logs and reads for one test, and ends them after it. */
function surroundings<Under extends LogUnderTest>(
  factory: () => Promise<Under>,
): {
  under: () => Under;
  open: () => Promise<Log>;
  reader: (log: Log, from?: number) => Follower;
  endReading: () => void;
} {
  let under: Under | undefined;
  let reading: AbortController;
  const opened: Log[] = [];
  const current = (): Under => {
    if (!under) throw new Error('there is a log only within a test');
    return under;
  };

  beforeEach(async () => {
    reading = new AbortController();
    under = await factory();
  });

  afterEach(async () => {
    reading.abort();
    await Promise.all(opened.splice(0).map((log) => log.close()));
    await under?.dispose();
  });

  return {
    under: current,
    open: async () => {
      const log = await current().open();
      opened.push(log);
      return log;
    },
    reader: (log, from = 0) => follow(log, from, reading.signal),
    endReading: () => reading.abort(),
  };
}

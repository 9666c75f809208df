import { record, texts, upTo } from './contract-support';
import { GroupCommit } from './group-commit';
import { AppendRefused, MAX_BATCH_BYTES, MAX_VALUE_BYTES, MAX_WAITING_APPENDS, MAX_WAITING_MS } from './limits';
import type { NewRecord } from './log';

describe('group commit', () => {
  /** A store that settles a batch only when it is told to. */
  const store = () => {
    const batches: (readonly NewRecord[])[] = [];
    const pending: PromiseWithResolvers<number>[] = [];
    const commit = new GroupCommit((records) => {
      batches.push(records);
      const settled = withResolvers();
      pending.push(settled);
      return settled.promise;
    });
    return { batches, pending, commit };
  };

  interface PromiseWithResolvers<T> {
    promise: Promise<T>;
    resolve: (value: T) => void;
    reject: (error: Error) => void;
  }

  const withResolvers = (): PromiseWithResolvers<number> => {
    let resolve!: (value: number) => void;
    let reject!: (error: Error) => void;
    const promise = new Promise<number>((yes, no) => ([resolve, reject] = [yes, no]));
    return { promise, resolve, reject };
  };

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const sent = (batches: readonly (readonly NewRecord[])[]): string[][] =>
    batches.map((batch) => texts(batch as never).map(String));

  it('sends together what waits together, and one batch at a time', async () => {
    const { batches, pending, commit } = store();
    const first = ['a', 'b'].map((text) => commit.append(record(text)));
    await turn();
    const second = ['c', 'd'].map((text) => commit.append(record(text)));
    await turn();
    expect(sent(batches)).toEqual([['a', 'b']]);
    pending[0]?.resolve(7);
    expect(await Promise.all(first)).toEqual([7, 8]);
    await turn();
    expect(sent(batches)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    pending[1]?.resolve(9);
    expect(await Promise.all(second)).toEqual([9, 10]);
  });

  it('rejects a failed batch and goes on with the next', async () => {
    const { pending, commit } = store();
    const lost = commit.append(record('a'));
    await turn();
    const next = commit.append(record('b'));
    pending[0]?.reject(new Error('lost'));
    await expect(lost).rejects.toThrow('lost');
    await turn();
    pending[1]?.resolve(3);
    expect(await next).toBe(3);
  });

  it('keeps a batch within its limit', async () => {
    const { batches, commit } = store();
    for (let index = 0; index < 5; index += 1) {
      commit.append({ ...record(''), value: Buffer.alloc(MAX_VALUE_BYTES - 1_000) }).catch(() => undefined);
    }
    await turn();
    expect(batches[0]).toHaveLength(Math.floor(MAX_BATCH_BYTES / MAX_VALUE_BYTES));
  });

  it('turns away what would wait in too long a queue', async () => {
    const { commit } = store();
    const waiting = upTo(MAX_WAITING_APPENDS).map(() => commit.append(record('a')));
    await expect(commit.append(record('b'))).rejects.toThrow(AppendRefused);
    waiting.forEach((append) => append.catch(() => undefined));
  });

  it('does not send what waited too long', async () => {
    const { batches, pending, commit } = store();
    const now = jest.spyOn(Date, 'now').mockReturnValue(0);
    const first = commit.append(record('a'));
    await turn();
    const overdue = commit.append(record('b'));
    now.mockReturnValue(MAX_WAITING_MS + 1);
    const fresh = commit.append(record('c'));
    pending[0]?.resolve(0);
    await first;
    await expect(overdue).rejects.toThrow('nothing was appended');
    expect(sent(batches)).toEqual([['a'], ['c']]);
    pending[1]?.resolve(1);
    expect(await fresh).toBe(1);
    now.mockRestore();
  });

  it('settles what waits before it is closed, and takes nothing more', async () => {
    const { pending, commit } = store();
    const last = commit.append(record('a'));
    const closing = commit.close();
    await expect(commit.append(record('b'))).rejects.toThrow('closed');
    await turn();
    pending[0]?.resolve(5);
    await closing;
    expect(await last).toBe(5);
  });
});

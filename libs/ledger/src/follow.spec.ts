import { MemoryLog } from '@deal-ledger/log';
import { follow } from './follow';
import { ensureGenesis } from './genesis';
import { Judge } from './judge';

const FOREIGN = 7;

async function ledger(): Promise<MemoryLog> {
  const log = new MemoryLog();
  await ensureGenesis(log, {
    ledgerId: 'l',
    writer: '00000000-0000-4000-8000-000000000000',
    source: '/test',
    nowMs: 0,
  });
  for (let record = 0; record < FOREIGN; record += 1)
    await log.append({ key: 'k', value: Buffer.from(String(record)), headers: {} });
  return log;
}

describe('following a ledger in portions', () => {
  it.each([
    ['each as heavy as it may be', 1, [1, 1, 1, 1, 1, 1, 1, 1]],
    ['ended by the record that makes one heavy enough', 3, [3, 3, 2]],
    ['that are all there is', 100, [8]],
  ])('hands out portions %s', async (_, weight, sizes) => {
    const log = await ledger();
    const judge = new Judge();
    const end = new AbortController();
    const portions: number[] = [];
    let seen = 0;
    for await (const records of follow(log, judge, end.signal, { weight, weightOf: () => 1 })) {
      portions.push(records.length);
      seen += records.length;
      // A reader that keeps where it stands keeps no more than it was given.
      expect(judge.checkpoint().nextPosition).toBe(seen);
      if (seen === FOREIGN + 1) end.abort();
    }
    expect(portions).toEqual(sizes);
  });
});

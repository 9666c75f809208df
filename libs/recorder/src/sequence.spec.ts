import { kindOf, parseEvent } from '@deal-ledger/domain';
import { Judge } from '@deal-ledger/ledger';
import { MemoryLog, type Log, type LogRecord, type NewRecord } from '@deal-ledger/log';
import { v4 } from 'uuid';
import type { ProposedEvent } from './decision';
import { Recorder } from './recorder';
import type { PostResult } from './results';
import { Sequence } from './sequence';

const event = (stream: string, type: string, data: object): ProposedEvent => {
  const parsed = parseEvent(kindOf(stream) as NonNullable<ReturnType<typeof kindOf>>, {
    type,
    effective: '2025-10-05',
    sources: type === 'SourceRegistered' ? [] : [{ sourceId: 's', attribution: 'official', confidence: 'high' }],
    data,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals));
  return { ...parsed.event, stream };
};
const SOURCE = event('source/s', 'SourceRegistered', {
  sourceId: 's',
  kind: 'press',
  language: 'en',
  title: 'A source',
  publishedOn: null,
});
const item = (itemId: string): ProposedEvent =>
  event('reference/items', 'ItemDefined', { itemId, name: itemId, defaultUnit: 'EA' });

/** A log whose records reach the reader one by one, each when it is let through. */
class Gate implements Log {
  private open = true;
  private wake: (() => void) | undefined;
  /** What happens in the very moment after a record was taken in. */
  private next: (() => void) | undefined;

  constructor(private readonly log: Log) {}

  append(record: NewRecord): Promise<number> {
    return this.log.append(record);
  }

  end(): Promise<number> {
    return this.log.end();
  }

  at(positions: readonly number[]): Promise<readonly LogRecord[]> {
    return this.log.at(positions);
  }

  close(): Promise<void> {
    return this.log.close();
  }

  shut(): void {
    this.open = false;
  }

  /** Lets one more record through. */
  async pass(then: () => void = () => undefined): Promise<void> {
    await new Promise<void>((done) => {
      this.next = () => {
        then();
        done();
      };
      this.wake?.();
    });
    await new Promise(setImmediate);
  }

  /** Lets everything through. */
  lift(): void {
    this.open = true;
    this.wake?.();
  }

  async *read(from: number, signal: AbortSignal): AsyncGenerator<readonly LogRecord[], void, undefined> {
    for await (const batch of this.log.read(from, signal))
      for (const record of batch) {
        while (!this.open && !this.next) await new Promise<void>((wake) => (this.wake = wake));
        const { next } = this;
        this.next = undefined;
        yield [record];
        next?.();
      }
  }
}

describe('the posts of a sequence', () => {
  let store: MemoryLog;
  let gate: Gate;
  let rivalGate: Gate;
  let ours: Recorder;
  let rival: Recorder;
  let sequence: Sequence;

  const begin = async (log: Log): Promise<Recorder> => {
    const recorder = new Recorder(
      {
        log,
        nowMs: () => Date.now(),
        newId: v4,
        newWriter: v4,
        after: (delayMs, run) => {
          const timer = setTimeout(run, delayMs);
          return () => clearTimeout(timer);
        },
        warn: () => undefined,
      },
      { source: '/test' },
    );
    recorder.start();
    while (recorder.unavailableBecause() !== undefined) await new Promise(setImmediate);
    return recorder;
  };
  const send = (recorder: Recorder, itemId: string, within?: Sequence): Promise<PostResult> =>
    recorder.post({ events: [item(itemId)], actor: { id: 'local' } }, within);
  const items = (): string[] => {
    const judge = new Judge();
    return store.records.flatMap((record) => {
      const judged = judge.judge(record);
      return judged.verdict === 'fact' && judged.commit.streams[0] === 'reference/items'
        ? judged.commit.events.map(({ data }) => (data as { itemId: string }).itemId)
        : [];
    });
  };

  beforeEach(async () => {
    store = new MemoryLog();
    gate = new Gate(store.client());
    ours = await begin(gate);
    rivalGate = new Gate(store.client());
    rival = await begin(rivalGate);
    sequence = new Sequence();
    await ours.post({ events: [SOURCE], actor: { id: 'local' } });
    await send(rival, 'before');
    // A read comes up to the end as of now.
    await ours.read('reference/items');
    gate.shut();
  });
  afterEach(() => {
    gate.lift();
    rivalGate.lift();
    return Promise.all([ours.stop(), rival.stop()]);
  });

  it('do not overtake one that came back void in that moment', async () => {
    await send(rival, 'rival');
    const first = send(ours, 'first', sequence);
    await gate.pass();
    let second: Promise<PostResult> | undefined;
    await gate.pass(() => (second = send(ours, 'second', sequence)));
    gate.lift();
    expect([await first, await second]).toMatchObject([{ outcome: 'recorded' }, { outcome: 'recorded' }]);
    expect(items()).toEqual(['before', 'rival', 'first', 'second']);
  });

  it('do not overtake one that leaves its stream to a rival, and ends to wait in that moment', async () => {
    rivalGate.shut();
    const ahead = [send(ours, 'ahead-1')];
    const rivals = send(rival, 'rival');
    ahead.push(send(ours, 'ahead-2'));
    await new Promise(setImmediate);
    // Of the rival's lost attempt, too: it is owed the next one.
    for (let count = 1; count <= 3; count += 1) await gate.pass();
    const first = send(ours, 'first', sequence);
    rivalGate.lift();
    await rivals;
    // It tried once more before it had read everything.
    await gate.pass();
    let second: Promise<PostResult> | undefined;
    await gate.pass(() => (second = send(ours, 'second', sequence)));
    gate.lift();
    await Promise.all([...ahead, first, second]);
    expect(items()).toEqual(['before', 'ahead-1', 'ahead-2', 'rival', 'first', 'second']);
  });

  it('travel together as long as nothing is lost', async () => {
    const posts = ['first', 'second', 'third'].map((itemId) => send(ours, itemId, sequence));
    await new Promise(setImmediate);
    expect(items()).toEqual(['before', 'first', 'second', 'third']);
    gate.lift();
    expect(await Promise.all(posts)).toMatchObject(Array(3).fill({ outcome: 'recorded' }));
  });
});

import { decodeRefusal, type RecordedRefusal, type RefusedPost } from '@deal-ledger/ledger';
import { MemoryLog } from '@deal-ledger/log';
import { REFUSAL_LIMITS, Refusals } from './refusals';

const START_MS = Date.parse('2026-10-05T09:00:00Z');

const post = (body: number | null, more: Partial<RefusedPost> = {}): RefusedPost => ({
  how: 'one',
  count: 1,
  firstAt: '2026-10-05T09:00:00.000Z',
  lastAt: '2026-10-05T09:00:00.000Z',
  service: '/funding',
  route: '/v1/funding/:id/events',
  actor: 'local',
  status: 409,
  code: 'CALL_EXCEEDS_AVAILABLE',
  faults: [{ code: 'CALL_EXCEEDS_AVAILABLE', pointer: '/events/0/data/money/amount' }],
  details: { asked: '7000000000', available: '6000000000' },
  streams: ['funding/mgx'],
  correlationIds: ['q4-call'],
  bodySha256: body === null ? null : body.toString(16).padStart(64, '0'),
  bodyBytes: 400,
  keySha256: null,
  ledgerPosition: 57,
  ...more,
});

/** Time that only passes when it is told to, and runs what is due then. */
class FakeTime {
  private nowMs = 0;
  private timers: { readonly atMs: number; readonly run: () => void }[] = [];

  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((each) => each !== timer));
  };

  get at(): string {
    return new Date(START_MS + this.nowMs).toISOString();
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      await settled();
      const [next] = this.timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.nowMs = next.atMs;
      this.timers = this.timers.filter((each) => each !== next);
      next.run();
    }
    this.nowMs = untilMs;
  }

  get isIdle(): boolean {
    return this.timers.length === 0;
  }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
};

describe('the log of refusals', () => {
  let log: MemoryLog;
  let time: FakeTime;
  let warnings: string[];
  let refusals: Refusals;

  beforeEach(() => {
    log = new MemoryLog();
    time = new FakeTime();
    warnings = [];
    refusals = new Refusals({ log, writer: 'w', after: time.after, warn: (message) => warnings.push(message) });
  });

  const note = (body: number | null, more: Partial<RefusedPost> = {}): void =>
    refusals.note(post(body, { firstAt: time.at, lastAt: time.at, ...more }));
  const recorded = (): RecordedRefusal[] => log.records.flatMap((record) => decodeRefusal(record) ?? []);
  const summary = (): unknown[] => recorded().map(({ how, code, count }) => [how, code, count]);
  const counted = (): number => recorded().reduce((sum, { count }) => sum + count, 0);

  it('has a refusal as it was noted, under an id of its own', async () => {
    note(1);
    note(2, { code: 'TRANCHE_CONDITION_UNMET' });
    await settled();
    expect(recorded()).toEqual([
      { id: 'w/1', ...post(1) },
      { id: 'w/2', ...post(2, { code: 'TRANCHE_CONDITION_UNMET' }) },
    ]);
    expect(log.records.map(({ key }) => key?.toString())).toEqual(['funding/mgx', 'funding/mgx']);
  });

  it('counts the same body again and says how often between which times', async () => {
    note(1);
    await time.pass(2_000);
    note(1);
    await time.pass(3_000);
    for (let again = 0; again < 416; again += 1) note(1);
    await time.pass(10_000);
    expect(recorded()).toMatchObject([
      { how: 'one', count: 1 },
      {
        how: 'repeated',
        count: 417,
        firstAt: '2026-10-05T09:00:02.000Z',
        lastAt: '2026-10-05T09:00:05.000Z',
        bodySha256: post(1).bodySha256,
        details: { asked: '7000000000' },
      },
    ]);
  });

  it('counts apart what the same body was refused for otherwise', async () => {
    note(1);
    note(1, { code: 'FUTURE_DATED_FACT' });
    note(1, { actor: 'jane' });
    await settled();
    expect(recorded()).toHaveLength(3);
  });

  it('has a body whole again once nobody repeats it any more', async () => {
    note(1);
    await time.pass(11_000);
    note(1);
    await time.pass(21_000);
    expect(summary()).toEqual([
      ['one', 'CALL_EXCEEDS_AVAILABLE', 1],
      ['one', 'CALL_EXCEEDS_AVAILABLE', 1],
    ]);
    expect(time.isIdle).toBe(true);
  });

  it('counts by their sort what comes faster than it may be written, and takes the next second as it comes', async () => {
    for (let body = 1; body <= 120; body += 1) note(body, body % 2 === 0 ? { code: 'REF_NOT_FOUND' } : {});
    await time.pass(1_000);
    note(121);
    await time.pass(10_000);
    expect(summary().slice(50)).toEqual([
      ['one', 'CALL_EXCEEDS_AVAILABLE', 1],
      ['more', 'CALL_EXCEEDS_AVAILABLE', 35],
      ['more', 'REF_NOT_FOUND', 35],
    ]);
    expect(recorded().at(-1)).toMatchObject({
      actor: 'local',
      status: 409,
      bodySha256: null,
      streams: [],
      details: {},
      faults: [],
    });
    expect(counted()).toBe(121);
  });

  it('counts together what is of more sorts than it keeps apart', async () => {
    for (let body = 1; body <= 100; body += 1) note(body, { code: `CODE_${body}` });
    await time.pass(10_000);
    expect(recorded().filter(({ how }) => how === 'more')).toHaveLength(REFUSAL_LIMITS.maxSorts + 1);
    expect(recorded().at(-1)).toMatchObject({ how: 'more', count: 30, code: null, actor: null, route: null });
    expect(counted()).toBe(100);
  });

  it('holds no more than its limits in memory while the log is away, and then writes every one', async () => {
    log.stop();
    const append = jest.spyOn(log, 'append').mockRejectedValue(new Error('away'));
    for (let second = 0; second < 120; second += 1) {
      for (let body = 0; body < 100; body += 1) note(second * 100 + body);
      await time.pass(1_000);
      const { records } = refusals.pending;
      expect(records).toBeLessThanOrEqual(
        REFUSAL_LIMITS.maxWaiting + REFUSAL_LIMITS.maxKnown + REFUSAL_LIMITS.maxSorts + 1,
      );
    }
    expect(warnings).toHaveLength(1);
    append.mockRestore();
    log.start();
    await time.pass(30_000);
    expect(refusals.pending).toEqual({ records: 0, counted: 0 });
    expect(counted()).toBe(12_000);
  });

  it('gives a record that may have been written and is sent again the id it had', async () => {
    const append = log.append.bind(log);
    jest.spyOn(log, 'append').mockImplementationOnce(async (record) => {
      await append(record);
      throw new Error('the acknowledgement is lost');
    });
    note(1);
    note(2);
    await time.pass(1_000);
    expect(recorded().map(({ id }) => id)).toEqual(['w/1', 'w/1', 'w/2']);
  });

  it('writes what it has counted when it is told to stop', async () => {
    for (let again = 0; again < 5; again += 1) note(1);
    for (let body = 2; body < 80; body += 1) note(body);
    await refusals.stop();
    expect(counted()).toBe(83);
    expect([warnings, time.isIdle]).toEqual([[], true]);
    note(100);
    await settled();
    expect(counted()).toBe(83);
  });

  it('waits no longer than it may when it is told to stop, and says how many are lost', async () => {
    jest.spyOn(log, 'append').mockRejectedValue(new Error('away'));
    for (let again = 0; again < 5; again += 1) note(1);
    const stopped = refusals.stop();
    await time.pass(REFUSAL_LIMITS.stopMs);
    await stopped;
    await time.pass(10_000);
    expect(warnings.at(-1)).toBe('5 refusals are not in their log: it did not take them within 2000 ms');
    expect(time.isIdle).toBe(true);
  });
});

import type { JudgedVoid } from '@deal-ledger/ledger';
import type { Decision } from './decision';
import { Lanes, YIELD_MS } from './lanes';
import { Streams } from './streams';

const STREAM = 'funding/hot';
const DECISION: Decision = {
  events: [],
  posted: 0,
  heads: new Map([[STREAM, null]]),
  written: new Map([[STREAM, { version: 1, state: {} }]]),
};
const rivalsFailedAttempt = { verdict: 'void', reason: 'HEAD', commit: { streams: [STREAM] } } as unknown as JudgedVoid;

describe('leaving a stream to a rival', () => {
  it('ends when its time is over, also by a clock that says it is not', async () => {
    let overdue = (): void => undefined;
    const lanes = new Lanes(
      new Streams(),
      () => 0,
      (delayMs, run) => {
        expect(delayMs).toBe(YIELD_MS);
        overdue = run;
      },
    );
    lanes.sent('a/1', DECISION);
    lanes.rival(rivalsFailedAttempt);
    expect(lanes.closed([STREAM])).toBe(true);
    const waiting = lanes.change();
    overdue();
    await waiting;
    expect(lanes.closed([STREAM])).toBe(false);
  });
});

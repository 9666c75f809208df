import { kindNameOf } from '@deal-ledger/domain';
import type { JudgedFact } from '@deal-ledger/ledger';
import { refold } from '../support/refold';
import type { StreamEvent } from '../support/events';
import { groundworkOf, marketOf } from './market';
import { factOf, MarketWriter } from './market-log';

const RECORDED_AT = '2026-11-01T09:00:00.000Z';
const EVENTS = 6_000;

/** The facts that a recorder would make of commits, without asking whether they are refused. */
function factsOf(commits: Iterable<readonly StreamEvent[]>): Parameters<typeof refold>[0] {
  const writer = new MarketWriter();
  return Array.from(commits, (commit, position) => {
    const place = { position, recordedAt: RECORDED_AT };
    const facts = writer
      .advance(commit)
      .map(([event, version], ordinal) => ({ ...factOf(event, version), ...place, ordinal }));
    return { ...place, facts } as unknown as JudgedFact;
  });
}

describe('a market', () => {
  const commits = [groundworkOf(), ...marketOf({ seed: 7, events: EVENTS })];
  const events = commits.slice(1).flat();

  it('is the same for the same seed, and another for another', () => {
    const told = (seed: number): string => JSON.stringify([...marketOf({ seed, events: 500 })]);
    expect(told(3)).toBe(told(3));
    expect(told(3)).not.toBe(told(4));
  });

  it('has as many events as asked for, over a fiftieth as many streams', () => {
    expect(events.length - EVENTS).toBeLessThan(10);
    expect(new Set(events.map(({ stream }) => stream)).size).toBe(EVENTS / 50);
  });

  it('has streams of every kind that reports are about, corrections and cancels', () => {
    const kinds = new Set(events.map(({ stream }) => kindNameOf(stream)));
    expect([...kinds].sort()).toEqual(['deal', 'engagement', 'forecast', 'funding', 'pool', 'reservation', 'site']);
    expect(new Set(events.map(({ action }) => action))).toEqual(new Set([undefined, 'correct', 'cancel']));
  });

  it('is refused nowhere', () => {
    expect(refold(factsOf(commits))).toEqual([]);
  });
});

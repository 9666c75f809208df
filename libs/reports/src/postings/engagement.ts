import { idOf, type EngagementEvent, type HeldData, type PlannedData } from '@deal-ledger/domain';
import { difference, holds, type Posting, type PostingRule } from '../posting';
import { timeline, type Since } from '../timeline';

/** What became of a meeting, as it is told. */
interface Meeting {
  readonly status: 'planned' | 'held' | 'cancelled';
  readonly data: PlannedData | HeldData;
  readonly outcome: string | null;
  readonly from: string;
  readonly to: string;
}

export type EngagementTimes = readonly Since<Meeting>[];

/** Meetings: planned whenever that is known, held or cancelled from their own day on. */
export const engagementPostings: PostingRule<EngagementTimes, EngagementEvent> = {
  kind: 'engagement',

  evolve(state = [], event) {
    const { from, to } = event.effective;
    switch (event.type) {
      case 'EngagementPlanned':
        return [{ from: undefined, value: { status: 'planned', data: event.data, outcome: null, from, to } }];
      case 'EngagementHeld': {
        const { data } = event;
        return [...state, { from: to, value: { status: 'held', data, outcome: data.outcome ?? null, from, to } }];
      }
      case 'EngagementCancelled': {
        const [planned] = state;
        if (planned === undefined) return state;
        const value: Meeting = { ...planned.value, status: 'cancelled', outcome: event.data.reason };
        return [...state, { from: to, value }];
      }
    }
  },

  post(before = [], { stream }, after) {
    return difference(lines(idOf(stream), before), lines(idOf(stream), after));
  },
};

function lines(engagementId: string, times: EngagementTimes): Posting[] {
  return timeline(times, ({ status, data, outcome, from, to }) => [
    holds('engagement', engagementId, {
      status,
      from,
      to,
      participants: data.participants,
      places: data.places ?? [],
      asks: data.asks,
      topics: data.topics ?? [],
      outcome,
      dealIds: data.dealIds ?? [],
      reservationIds: data.reservationIds ?? [],
    }),
  ]);
}

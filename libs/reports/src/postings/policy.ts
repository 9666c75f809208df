import { idOf, type PolicyData, type ReferenceEvent } from '@deal-ledger/domain';
import { difference, holds, type Posting, type PostingRule } from '../posting';
import { timeline, type Since } from '../timeline';

type Policies = readonly Since<PolicyData & { readonly eventId: string }>[];

/** The probability policy by date: the one that began last is in force. */
export const policyPostings: PostingRule<Policies, ReferenceEvent> = {
  kind: 'reference',

  evolve(state = [], event) {
    if (event.type !== 'ProbabilityPolicySet') return state;
    // Without a day of its own a policy holds from the event's day on.
    return [...state, { from: event.data.from ?? event.effective.from, value: { ...event.data, eventId: event.id } }];
  },

  post(before = [], event, after) {
    return event.type === 'ProbabilityPolicySet'
      ? difference(lines(event.stream, before), lines(event.stream, after))
      : [];
  },
};

function lines(stream: string, policies: Policies): Posting[] {
  return timeline(policies, ({ exploring, announced, preliminary, binding, fundingUnlinkedProposed, eventId }) => [
    holds('policy', idOf(stream), { exploring, announced, preliminary, binding, fundingUnlinkedProposed, eventId }),
  ]);
}

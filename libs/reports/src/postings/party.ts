import { keyed, party, type PartyEvent, type PartyRelation, type PartyState } from '@deal-ledger/domain';
import { difference, holds, type Posting, type PostingRule } from '../posting';

/** Who a party is, and how it stands to others. */
export const partyPostings: PostingRule<PartyState, PartyEvent> = {
  kind: 'party',
  evolve: party.evolve,
  post: (before, _, after) => difference(before === undefined ? [] : lines(before), lines(after)),
};

function lines({ party: { partyId, name, country }, aliases, relations }: PartyState): Posting[] {
  return [
    holds('party', partyId, { name, country: country ?? null, aliases: names(aliases) }),
    ...latest(relations).map(({ fromPartyId, toPartyId, relation, share, itemId }) =>
      holds('relation', `${fromPartyId}/${toPartyId}`, { relation, share: share ?? null, itemId: itemId ?? null }),
    ),
  ];
}

function names(aliases: PartyState['aliases']): string[] {
  const byForm = [...keyed.entriesOf(aliases)].sort(([a], [b]) => (a < b ? -1 : 1));
  return byForm.map(([, alias]) => alias);
}

/** A relation that is recorded again takes the place of what it was: an owner's share is another one now. */
function latest(relations: readonly PartyRelation[]): PartyRelation[] {
  const byKey = new Map(
    relations.map((each) => [`${each.toPartyId}/${each.relation}/${each.itemId ?? ''}`, each] as const),
  );
  return [...byKey.values()];
}

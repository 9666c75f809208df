import { given, type Line } from '../testing';
import { partyPostings } from './party';

const registered: Line = {
  type: 'PartyRegistered',
  data: { partyId: 'g42', name: 'G42', country: 'AE', aliases: ['G42 Group'] },
};
const relation = (data: object): Line => ({
  type: 'PartyRelationRecorded',
  effective: '2025-10-05',
  data: { fromPartyId: 'g42', toPartyId: 'mubadala', relation: 'ownedBy', ...data },
});

describe('a party', () => {
  it('is known by its name and country, whatever the date', () => {
    expect(given(partyPostings, 'party/g42', registered).sums('1999-01-01')).toEqual({
      'party g42 {"aliases":["G42 Group"],"country":"AE","name":"G42"}': '1',
    });
  });

  it('stands to others as was recorded, whatever the date', () => {
    const supplies = relation({ toPartyId: 'openai', relation: 'suppliesTo', itemId: 'power' });
    const { sums } = given(partyPostings, 'party/g42', registered, relation({ share: '0.6' }), supplies);
    expect(sums('1999-01-01', 'relation')).toEqual({
      'relation g42/mubadala {"itemId":null,"relation":"ownedBy","share":"0.6"}': '1',
      'relation g42/openai {"itemId":"power","relation":"suppliesTo","share":null}': '1',
    });
  });

  it('has of an owner the share that was recorded last', () => {
    const { sums } = given(
      partyPostings,
      'party/g42',
      registered,
      relation({ share: '0.6' }),
      relation({ share: '0.4' }),
    );
    expect(sums('2025-10-05', 'relation')).toEqual({
      'relation g42/mubadala {"itemId":null,"relation":"ownedBy","share":"0.4"}': '1',
    });
  });

  it('says nothing twice', () => {
    expect(given(partyPostings, 'party/g42', registered, relation({}), relation({})).last).toEqual([]);
  });
});

import { entriesOf } from './keyed';
import { normalAlias, partyEvents, type PartyState } from './party';
import { cancellation, given, poster } from './testing';

const hynix = poster(partyEvents, 'party/hynix');
const micron = poster(partyEvents, 'party/micron');
const register = (aliases: string[]) => hynix('PartyRegistered', { partyId: 'hynix', name: 'SK hynix', aliases });
const rival = (aliases: string[]) => micron('PartyRegistered', { partyId: 'micron', name: 'Micron', aliases });
const supplies = (data: object) =>
  hynix('PartyRelationRecorded', { fromPartyId: 'hynix', toPartyId: 'nvidia', relation: 'suppliesTo', ...data });

describe('a party', () => {
  it('goes by names in any script', () => {
    const { party } = given()
      .when(register(['SK Hynix', 'إس كيه هاينكس']))
      .thenState<PartyState>('party/hynix');
    expect(party.aliases).toEqual(['SK Hynix', 'إس كيه هاينكس']);
  });

  it('has each name once, however it is written', () => {
    const { party } = given()
      .when(register(['SK Hynix', 'sk  hynix', 'ＳＫ ＨＹＮＩＸ']))
      .thenState<PartyState>('party/hynix');
    expect(party.aliases).toEqual(['SK Hynix']);
  });

  it('is registered once', () => given(register([])).when(register([])).thenRefused('STREAM_EXISTS'));

  it.each([
    ['sk HYNIX'],
    ['ＳＫ Hynix'],
    [' SK\u00a0hynix '],
    ['SK Hy\u200bnix'],
    ['SK Hy\u00adnix'],
    ['SK Hynix\ufe0f'],
    ['\ufeffSK \u2060Hynix\u{e0041}'],
  ])("is refused %p, another's name", (alias) => {
    const outcome = given(register(['SK Hynix'])).when(rival(['Micron', alias]));
    outcome.thenRefused('PARTY_ALIAS_TAKEN', '/data/aliases', { alias, owner: 'party/hynix' });
    expect(outcome.message).toContain('names party/hynix');
  });

  it('keeps its names as they were written', () => {
    const { party } = given()
      .when(register(['SK\u00ad Hynix']))
      .thenState<PartyState>('party/hynix');
    expect(party.aliases).toEqual(['SK\u00ad Hynix']);
  });

  it.each([['  '], ['\u200b'], ['\u3164 \u00ad']])('is refused a name of nothing that shows: %j', (alias) =>
    given()
      .when(register([alias]))
      .thenRefused('VALIDATION_FAILED', '/data/aliases/0'),
  );

  it('is named the same by either form of a letter around what does not show', () =>
    expect(normalAlias('e\u200b\u0301Σ\u200b')).toBe(normalAlias('ÉΣ')));

  it('is refused a name that has no end once compared', () =>
    given()
      .when(register(['ﷺ'.repeat(100)]))
      .thenRefused('VALIDATION_FAILED', '/data/aliases/0'));

  it.each([
    ['country', 'Korea'],
    ['lei', '123'],
  ])('is refused with %s %p', (field, value) =>
    given()
      .when({ ...register([]), data: { partyId: 'hynix', name: 'SK hynix', aliases: [], [field]: value } })
      .thenRefused('VALIDATION_FAILED', `/data/${field}`),
  );
});

describe('one more name', () => {
  const also = (alias: string, stream = hynix) => stream('PartyAliasAdded', { alias });

  it('is added to those a party has, once', () => {
    const { aliases, party } = given(register(['SK Hynix']), also('إس كيه هاينكس'))
      .when(also('sk  HYNIX'))
      .thenState<PartyState>('party/hynix');
    expect([...entriesOf(aliases)].map(([, alias]) => alias).sort()).toEqual(['SK Hynix', 'إس كيه هاينكس']);
    expect(party.aliases).toEqual(['SK Hynix']);
  });

  it("is refused where it is another's", () => {
    const scenario = given(register(['SK Hynix']), rival(['Micron']));
    scenario
      .when(also('sk hynix', micron))
      .thenRefused('PARTY_ALIAS_TAKEN', '/data/alias', { alias: 'sk hynix', owner: 'party/hynix' });
    scenario.and(also('HBM house')).when(also('hbm HOUSE', micron)).thenRefused('PARTY_ALIAS_TAKEN', '/data/alias');
  });

  it('is refused where nothing of it shows', () =>
    given(register([])).when(also('\u200b')).thenRefused('VALIDATION_FAILED', '/data/alias'));

  it('is free again once it is cancelled', () => {
    const name = { ...also('HBM house'), id: 'name' };
    given(register([]), rival([]), name, cancellation('name', name)).when(also('HBM house', micron)).thenRecorded();
  });
});

describe('a relation between parties', () => {
  it('is recorded with the one it starts from', () => {
    const { relations } = given(register([]))
      .when(supplies({ itemId: 'hbm', share: '0.4' }))
      .thenState<PartyState>('party/hynix');
    expect(relations).toEqual([
      { fromPartyId: 'hynix', toPartyId: 'nvidia', relation: 'suppliesTo', itemId: 'hbm', share: '0.4' },
    ]);
  });

  it('is refused elsewhere', () =>
    given(register([]))
      .when(supplies({ fromPartyId: 'openai' }))
      .thenRefused('VALIDATION_FAILED', '/data/fromPartyId'));

  it('is refused with itself', () =>
    given(register([]))
      .when(supplies({ toPartyId: 'hynix' }))
      .thenRefused('VALIDATION_FAILED', '/data/toPartyId'));

  it('is refused with a share above the whole', () =>
    given(register([]))
      .when(supplies({ share: '1.2' }))
      .thenRefused('PROBABILITY_RANGE', '/data/share'));

  it('may say which share, from nothing to the whole', () =>
    given(register([]), supplies({ share: '0' }))
      .when(supplies({ share: '1' }))
      .thenRecorded());

  it('is refused with a share below nothing', () =>
    given(register([]))
      .when(supplies({ share: '-0.1' }))
      .thenRefused('PROBABILITY_RANGE', '/data/share'));

  it('is refused to a party nobody registered', () =>
    given(register([]))
      .when(supplies({ toPartyId: 'tsmc' }))
      .thenRefused('REF_NOT_FOUND', '/data/toPartyId'));

  it('is refused for an item nobody defined', () =>
    given(register([]))
      .when(supplies({ itemId: 'dram' }))
      .thenRefused('REF_NOT_FOUND', '/data/itemId'));
});

describe('comparing names', () => {
  it.each([
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['ﬁnance', 'FINANCE'],
    ['Ａ株', 'a株'],
    ['cafe\u0301', 'CAFÉ'],
  ])('takes %s and %s for one', (a, b) => expect(normalAlias(a)).toBe(normalAlias(b)));

  it('keeps scripts apart', () => expect(normalAlias('Nvidia')).not.toBe(normalAlias('إنفيديا')));

  it('changes nothing the second time', () =>
    expect(normalAlias(normalAlias('ΟΔΟΣ Ａ ﬁ'))).toBe(normalAlias('ΟΔΟΣ Ａ ﬁ')));
});

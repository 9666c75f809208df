import type { z } from 'zod';
import { dealEvents, stageAt, type DealState, type Stage } from './deal';
import { CONTROLLER, given, poster, type Draft, type Envelope } from './testing';

type Leg = z.input<typeof dealEvents.LegAdded.data>;
type Signature = z.input<typeof dealEvents.AgreementSigned.data>;

const STREAM = 'deal/alliance';
const post = poster(dealEvents, STREAM);
const usd = (amount: string) => ({ currency: 'USD', amount });

const openedWith = (data: Partial<z.input<typeof dealEvents.DealOpened.data>> = {}) =>
  post('DealOpened', {
    dealId: 'alliance',
    title: 'Alliance',
    kinds: ['lease', 'investment'],
    parties: [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'openai', role: 'lessee' },
    ],
    ...data,
  });
const opened = openedWith();
const announced = (effective: string) => post('DealAnnounced', {}, { effective });
const signed = (binding: Signature['binding'], effective: string, envelope: Envelope = {}) =>
  post('AgreementSigned', { instrument: 'loi', binding }, { effective, ...envelope });
const bound = (effective: string) => signed('yes', effective, { approvedBy: CONTROLLER });
const leg = (data: Partial<Leg> = {}) =>
  post('LegAdded', {
    legId: 'L1',
    class: 'lease',
    providers: ['nvidia'],
    receivers: ['openai'],
    itemId: 'ai-accelerator',
    quantity: { ceiling: { unit: 'EA', value: '5000000' }, bound: 'upTo' },
    ...data,
  });
const payment = (data: Partial<Leg> = {}) =>
  post('LegAdded', {
    legId: 'L2',
    class: 'payment',
    category: 'computeRental',
    providers: ['openai'],
    receivers: ['nvidia'],
    money: { undisclosed: true },
    ...data,
  });

describe('opening a deal', () => {
  it('needs two different parties', () => {
    const parties = [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'nvidia', role: 'funder' },
    ];
    given().when(openedWith({ parties })).thenRefused('DEAL_NEEDS_PARTIES', '/data/parties');
  });

  it('needs parties that are registered', () =>
    given()
      .when(
        openedWith({
          parties: [
            { partyId: 'nvidia', role: 'lessor' },
            { partyId: 'tsmc', role: 'lessee' },
          ],
        }),
      )
      .thenRefused('REF_NOT_FOUND', '/data/parties/1/partyId', { kind: 'party', id: 'tsmc' }));

  it('replaces no deal that is not there', () =>
    given()
      .when(openedWith({ replacesDealId: 'older' }))
      .thenRefused('REF_NOT_FOUND', '/data/replacesDealId'));

  it('leaves it exploring, without legs', () => {
    const state = given().when(opened).thenState<DealState>(STREAM);
    expect([stageAt(state), state.legs]).toEqual(['exploring', {}]);
  });
});

describe("a deal's stage", () => {
  it.each<[string, Draft[], Stage]>([
    ['announced', [opened, announced('2025-10-05')], 'announced'],
    ['signed, not binding', [opened, signed('no', '2025-10-05')], 'preliminary'],
    ['signed, nobody says whether it binds', [opened, signed('unknown', '2025-10-05')], 'preliminary'],
    ['signed and binding, never announced', [opened, bound('2025-10-05')], 'binding'],
    ['announced after it was signed', [opened, signed('no', '2025-09-22'), announced('2025-10-05')], 'preliminary'],
  ])('%s', (_, events, stage) => {
    const state = given(...events).state<DealState>(STREAM);
    expect(state && stageAt(state)).toBe(stage);
  });

  it('is what it was on a day, whatever was learned when', () => {
    const state = given(opened, bound('2026-03-31'), announced('2025-09')).when(signed('no', '2025-09-22'));
    const deal = state.thenState<DealState>(STREAM);
    const days = ['2025-09-15', '2025-09-25', '2025-10-05', '2026-03-31'];
    expect(days.map((day) => stageAt(deal, day))).toEqual(['exploring', 'preliminary', 'preliminary', 'binding']);
  });

  it('does not fall on or after the day of the higher one', () => {
    const details = { stage: 'preliminary', on: '2027-01-05', recordedStage: 'binding', recordedOn: '2026-03-31' };
    given(opened, bound('2026-03-31'))
      .today('2027-01-05')
      .when(signed('no', '2027-01-05'))
      .thenRefused('STAGE_REGRESSION', '/data/binding', details);
    given(opened, bound('2026-03-31')).when(signed('unknown', '2026-03-31')).thenRefused('STAGE_REGRESSION');
  });

  it('takes a letter of intent of the day before, learned late', () =>
    given(opened, bound('2026-03-31')).when(signed('no', '2026-03-30')).thenRecorded());

  it('counts a vague date by its latest day', () =>
    given(opened, bound('2026-03-31')).when(signed('no', '2026-03')).thenRefused('STAGE_REGRESSION'));
});

describe('a binding signature', () => {
  const anonymous = { sourceId: 'filing', attribution: 'anonymousSources', confidence: 'medium' };
  const official = { ...anonymous, attribution: 'official' };

  it('needs a second person', () =>
    given(opened).when(signed('yes', '2026-03-31')).thenRefused('FOUR_EYES_REQUIRED', '/approvedBy'));

  it.each([['finance-1'], ['Finance-1'], ['FINANCE-1']])(
    'is not approved by the one who posts it, written as %j',
    (id) =>
      given(opened)
        .when(signed('yes', '2026-03-31', { approvedBy: { id } }))
        .thenRefused('FOUR_EYES_REQUIRED', '/approvedBy/id', { approvedBy: id }),
  );

  it('is not approved by the one it is posted for', () =>
    given(opened)
      .when(signed('yes', '2026-03-31', { approvedBy: { id: 'ann' }, onBehalfOf: { id: 'Ann' } }))
      .thenRefused('FOUR_EYES_REQUIRED', '/approvedBy/id'));

  it('does not rest on anonymous sources alone', () =>
    given(opened)
      .when(signed('yes', '2026-03-31', { approvedBy: CONTROLLER, sources: [anonymous] }))
      .thenRefused('BINDING_NEEDS_DOCUMENT', '/sources'));

  it('may rest on an anonymous source beside an official one', () =>
    given(opened)
      .when(signed('yes', '2026-03-31', { approvedBy: CONTROLLER, sources: [anonymous, official] }))
      .thenRecorded());

  it('is kept with the first one, and with its days', () => {
    const state = given(opened, signed('no', '2025-09-22')).when(
      post(
        'AgreementSigned',
        { instrument: 'definitive', binding: 'yes', effectiveFrom: '2026-07-01', expiresOn: '2033-06-30' },
        { effective: '2026-03-31', approvedBy: CONTROLLER },
      ),
    );
    const { firstAgreement, latestAgreement } = state.thenState<DealState>(STREAM);
    expect(firstAgreement).toMatchObject({ instrument: 'loi', on: '2025-09-22' });
    expect(latestAgreement).toMatchObject({ instrument: 'definitive', expiresOn: '2033-06-30' });
  });

  it('does not expire before it takes effect', () =>
    given(opened)
      .when(
        post('AgreementSigned', {
          instrument: 'mou',
          binding: 'no',
          effectiveFrom: '2026-07-01',
          expiresOn: '2026-06-30',
        }),
      )
      .thenRefused('PERIOD_INVALID', '/data/expiresOn'));
});

describe('an announcement', () => {
  it('is made by parties that are registered', () =>
    given(opened)
      .when(post('DealAnnounced', { by: ['nvidia', 'tsmc'] }))
      .thenRefused('REF_NOT_FOUND', '/data/by/1'));
});

describe('a leg', () => {
  it('keeps its terms, the event that set them and its sources', () => {
    const { legs } = given(opened, leg())
      .when(payment({ reciprocalOf: 'L1' }))
      .thenState<DealState>(STREAM);
    expect(Object.keys(legs)).toEqual(['L1', 'L2']);
    expect(legs['L2']).toMatchObject({ terms: { reciprocalOf: 'L1' }, sources: [{ attribution: 'official' }] });
    expect(legs['L1']?.termsEventId).not.toBe(legs['L2']?.termsEventId);
  });

  it('has an id of its own', () =>
    given(opened, leg()).when(leg()).thenRefused('LEG_EXISTS', '/data/legId', { legId: 'L1' }));

  it('may be called what every object has', () =>
    given(opened)
      .when(leg({ legId: 'constructor' }))
      .thenRecorded());

  it('goes from one party to another', () =>
    given(opened)
      .when(leg({ receivers: ['openai', 'nvidia'] }))
      .thenRefused('LEG_SAME_PARTY', '/data/receivers'));

  it('answers a leg that is there', () =>
    given(opened)
      .when(payment({ reciprocalOf: 'L1' }))
      .thenRefused('LEG_RECIPROCAL_NOT_FOUND', '/data/reciprocalOf'));

  it.each([
    ['/data/providers/0', leg({ providers: ['tsmc'] })],
    ['/data/receivers/0', leg({ receivers: ['tsmc'] })],
    ['/data/itemId', leg({ itemId: 'dram' })],
    [
      '/data/fundingId',
      post('LegAdded', { legId: 'L3', class: 'funding', providers: ['nvidia'], receivers: ['openai'], fundingId: 'f' }),
    ],
  ])('is refused with an unknown reference at %s', (pointer, draft) =>
    given(opened).when(draft).thenRefused('REF_NOT_FOUND', pointer),
  );

  it('of payment says what is paid, if only that it is secret', () => {
    given(opened)
      .when(payment({ money: undefined }))
      .thenRefused('LEG_NEEDS_MONEY', '/data/money');
    given(opened)
      .when(payment({ money: null }))
      .thenRefused('LEG_NEEDS_MONEY', '/data/money');
    given(opened).when(payment()).thenRecorded();
  });

  it('is refused with a claim that contradicts itself', () =>
    given(opened)
      .when(payment({ money: { firm: usd('2'), ceiling: usd('1') } }))
      .thenRefused('CLAIM_ORDER', '/data/money/ceiling'));

  it('is refused in a unit nobody registered', () =>
    given(opened)
      .when(leg({ quantity: { firm: { unit: 'slices', value: '1' } } }))
      .thenRefused('UNIT_UNKNOWN', '/data/quantity/firm/unit'));
});

describe('a funding leg', () => {
  const funding = (data: Partial<Leg> = {}) =>
    post('LegAdded', {
      legId: 'L3',
      class: 'funding',
      providers: ['nvidia'],
      receivers: ['openai'],
      fundingId: 'f',
      ...data,
    });
  const proposed = {
    stream: 'funding/f',
    type: 'FundingProposed',
    data: {
      fundingId: 'f',
      funderIds: ['nvidia'],
      recipientId: 'openai',
      instrument: 'equity',
      amount: { undisclosed: true },
    },
  };

  it('points to the funding that holds the amount', () => given(opened, proposed).when(funding()).thenRecorded());

  it('names one', () =>
    given(opened)
      .when(funding({ fundingId: null }))
      .thenRefused('VALIDATION_FAILED', '/data/fundingId'));

  it.each<[string, Partial<Leg>]>([
    ['money', { money: { firm: usd('1') } }],
    ['quantity', { quantity: { firm: { unit: 'EA', value: '1' } } }],
    ['schedule', { schedule: { method: 'unscheduled' } }],
    ['per', { per: 'P1M' }],
  ])('carries no %s of its own', (field, data) =>
    given(opened, proposed).when(funding(data)).thenRefused('LEG_FUNDING_HAS_AMOUNT', `/data/${field}`),
  );
});

describe('a joint leg', () => {
  const joint = (shares: Leg['shares']) => leg({ providers: ['samsung', 'skhynix'], itemId: 'hbm', shares });
  const share = (partyId: string, of: string) => ({ partyId, share: of });

  it('stays joint when nobody says who has what', () => given(opened).when(joint(undefined)).thenRecorded());

  it('may be split in shares that make one', () =>
    given(opened)
      .when(joint([share('samsung', '0.6'), share('skhynix', '0.4')]))
      .thenRecorded());

  it.each([
    ['do not make one', [share('samsung', '0.6'), share('skhynix', '0.39')]],
    ['leave a party out', [share('samsung', '1')]],
    ['name somebody else', [share('samsung', '0.5'), share('nvidia', '0.5')]],
    ['name a party twice', [share('samsung', '0.5'), share('samsung', '0.5')]],
  ])('is refused shares that %s', (_, shares) =>
    given(opened).when(joint(shares)).thenRefused('VALIDATION_FAILED', '/data/shares'),
  );

  it('falls into 3,600 months of its parties at the most', () => {
    const parties = Array.from({ length: 12 }, (_, index) => `p${index}`);
    const shares = parties.map((partyId, index) => share(partyId, index === 0 ? '0.89' : '0.01'));
    const over = (to: string) =>
      payment({ providers: parties, shares, schedule: { method: 'evenMonths', from: '2026-01', to } });
    given(opened).when(over('2050-12')).thenRefused('REF_NOT_FOUND', '/data/providers/0');
    const refused = given(opened).when(over('2051-01'));
    refused.thenRefused('VALIDATION_FAILED', '/data/shares');
    expect(refused.message).toContain('12 shares over 301 months are 3612 amounts, at most 3600 are allowed');
  });

  it('is the only one that has shares', () =>
    given(opened)
      .when(leg({ shares: [share('nvidia', '1')] }))
      .thenRefused('VALIDATION_FAILED', '/data/shares'));
});

import { monthsBetween } from './calendar';
import { assessmentsInForce, stageAt, type DealState, type Stage } from './deal';
import {
  announced,
  assessed,
  bound,
  closed,
  contract,
  cost,
  leg,
  made,
  opened,
  openedWith,
  payment,
  post,
  reversed,
  signed,
  stateOf,
  STREAM,
  usd,
  type Data,
} from './deal.testing';
import { cancellation, CONTROLLER, given, type Draft } from './testing';

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

  it('says in the refusal what a contract is since when', () => {
    const { message } = given(opened, bound('2026-03-31')).today('2027-01-05').when(signed('no', '2027-01-05'));
    expect(message).toBe(
      'A signature of 2027-01-05 would make deal/alliance preliminary, but it is binding since 2026-03-31; ' +
        'a deal never goes back. Correct the date, or say what became binding.',
    );
  });

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

  it('is kept with those before it, and with its days', () => {
    const state = given(opened, signed('no', '2025-09-22')).when(
      post(
        'AgreementSigned',
        { instrument: 'definitive', binding: 'yes', effectiveFrom: '2026-07-01', expiresOn: '2033-06-30' },
        { effective: '2026-03-31', approvedBy: CONTROLLER },
      ),
    );
    expect(state.thenState<DealState>(STREAM).agreements).toMatchObject([
      { instrument: 'loi', on: '2025-09-22' },
      { instrument: 'definitive', on: '2026-03-31', expiresOn: '2033-06-30' },
    ]);
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
    expect(legs['L2']).toMatchObject({
      terms: { reciprocalOf: 'L1' },
      added: { sources: [{ attribution: 'official' }] },
    });
    expect(legs['L1']?.added.termsEventId).not.toBe(legs['L2']?.added.termsEventId);
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

  it('is refused with a schedule that does not add up to what it states', () =>
    given(opened)
      .when(
        payment({
          money: { firm: usd('3') },
          schedule: { method: 'explicit', lines: [{ period: '2026', money: { firm: usd('2') } }] },
        }),
      )
      .thenRefused('SCHEDULE_SUM_MISMATCH', '/data/schedule/lines'));

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
  const funding = (data: Partial<Data<'LegAdded'>> = {}) =>
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

  it.each<[string, Partial<Data<'LegAdded'>>]>([
    ['money', { money: { firm: usd('1') } }],
    ['quantity', { quantity: { firm: { unit: 'EA', value: '1' } } }],
    ['schedule', { schedule: { method: 'unscheduled' } }],
    ['per', { per: 'P1M' }],
  ])('carries no %s of its own', (field, data) =>
    given(opened, proposed).when(funding(data)).thenRefused('LEG_FUNDING_HAS_AMOUNT', `/data/${field}`),
  );
});

describe('a joint leg', () => {
  const joint = (shares: Data<'LegAdded'>['shares']) =>
    leg({ providers: ['samsung', 'skhynix'], itemId: 'hbm', shares });
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

  it('falls into 3,600 periods of its parties at the most', () => {
    const parties = Array.from({ length: 12 }, (_, index) => `p${index}`);
    const shares = parties.map((partyId, index) => share(partyId, index === 0 ? '0.89' : '0.01'));
    const over = (to: string) =>
      payment({ providers: parties, shares, schedule: { method: 'evenMonths', from: '2026-01', to } });
    given(opened).when(over('2050-12')).thenRefused('REF_NOT_FOUND', '/data/providers/0');
    const refused = given(opened).when(over('2051-01'));
    refused.thenRefused('VALIDATION_FAILED', '/data/shares');
    expect(refused.message).toContain('12 shares over 301 periods are 3612 amounts, at most 3600 are allowed');

    const explicit = (lines: number) =>
      payment({
        providers: parties,
        shares,
        money: { firm: usd(lines) },
        schedule: {
          method: 'explicit',
          lines: monthsBetween('2026-01', '2060-12')
            .slice(0, lines)
            .map((period) => ({ period, money: { firm: usd(1) } })),
        },
      });
    given(opened).when(explicit(300)).thenRefused('REF_NOT_FOUND', '/data/providers/0');
    given(opened).when(explicit(301)).thenRefused('VALIDATION_FAILED', '/data/shares');
  });

  it('is the only one that has shares', () =>
    given(opened)
      .when(leg({ shares: [share('nvidia', '1')] }))
      .thenRefused('VALIDATION_FAILED', '/data/shares'));
});

describe('an assessment', () => {
  it.each(['1.01', '-0.1'])('of %s is no probability', (probability) =>
    given(opened).when(assessed(probability)).thenRefused('PROBABILITY_RANGE', '/data/probability'),
  );

  it.each<[string, Draft[], (string | null)[]]>([
    ['holds until another one is made', [assessed('0.3', '2026-01-01'), assessed('0.4', '2026-02-01')], ['0.3', '0.4']],
    ['lapses when the stage changes', [assessed('0.3', '2026-01-01'), signed('no', '2026-02-01')], ['0.3', null]],
    [
      'lapses with a signature of its day that was recorded after it',
      [assessed('0.3'), signed('no', '2026-06-01')],
      ['0.3', null],
    ],
    [
      'holds when it was recorded after the signature of its day',
      [signed('no', '2026-06-01'), assessed('0.3')],
      ['0.3'],
    ],
    ['does not lapse with a signature of before, learned late', [assessed('0.3'), signed('no', '2026-05-31')], ['0.3']],
    [
      'does not lapse when the stage stays',
      [signed('no', '2026-01-01'), assessed('0.3'), announced('2026-06-02')],
      ['0.3'],
    ],
  ])('%s', (_, events, probabilities) => {
    const inForce = assessmentsInForce(stateOf(given(opened, ...events)));
    expect(inForce.map(({ assessment }) => assessment?.probability ?? null)).toEqual(probabilities);
  });
});

describe('closing a deal', () => {
  it.each<[Data<'DealClosed'>['outcome'], Draft[], boolean]>([
    ['completed', [bound('2026-03-31')], true],
    ['terminated', [bound('2026-03-31')], true],
    ['lapsed', [bound('2026-03-31')], false],
    ['withdrawn', [bound('2026-03-31')], false],
    ['completed', [signed('no', '2026-03-31')], false],
    ['terminated', [announced('2026-03-31')], false],
    ['lapsed', [signed('no', '2026-03-31')], true],
    ['withdrawn', [], true],
  ])('as %s fits the stage or not', (outcome, events, fits) => {
    const scenario = given(opened, ...events);
    if (fits) expect(stageAt(scenario.when(closed(outcome)).thenState<DealState>(STREAM))).toBe('closed');
    else scenario.when(closed(outcome)).thenRefused('OUTCOME_STAGE_MISMATCH', '/data/outcome');
  });

  it('needs a reason', () =>
    given(opened)
      .when({ ...closed('lapsed'), data: { outcome: 'lapsed' } })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it('as completed leaves no cost unpaid', () => {
    contract(cost('c1', 10), made('p1', 'settlement', '9.99'))
      .when(closed('completed'))
      .thenRefused('CLOSE_WITH_UNPAID', '/data/outcome', { legId: 'L2', incurred: '10', paid: '9.99' });
    contract(cost('c1', 10), made('p1', 'settlement', 10))
      .when(closed('completed'))
      .thenRecorded();
    contract(cost('c1', 10)).when(closed('terminated')).thenRecorded();
  });

  it('is known by its day', () => {
    const state = stateOf(given(opened, bound('2026-03-31'), closed('terminated', '2026-06-30')));
    expect(['2026-06-29', '2026-06-30'].map((day) => stageAt(state, day))).toEqual(['binding', 'closed']);
  });

  const over = () => contract(cost('c1', 10), made('p1', 'settlement', 4), closed('terminated'));

  it.each<[string, Draft]>([
    ['an announcement', announced('2026-06-01')],
    ['a signature, whatever its day', signed('no', '2025-09-22')],
    ['a leg', leg()],
    [
      'new terms',
      post('LegTermsChanged', { legId: 'L2', changeType: 'disclosure', terms: { money: { firm: usd(90) } } }),
    ],
    ['the removal of a leg', post('LegRemoved', { legId: 'L2', reason: 'gone' })],
    ['an assessment', assessed('0.5')],
    ['a cost', cost('c2', 1)],
    ['a second closing', closed('terminated')],
  ])('lets %s no longer in', (_, draft) =>
    over().when(draft).thenRefused('DEAL_CLOSED', undefined, { closedOn: '2026-06-01' }),
  );

  it('lets payments and reversals still in', () => {
    over()
      .when(made('p2', 'settlement', 6))
      .thenRecorded();
    over().when(reversed('p1')).thenRecorded();
    over()
      .when(made('p2', 'settlement', '6.01'))
      .thenRefused('PAYMENT_EXCEEDS_INCURRED');
  });

  it('is undone by cancelling it', () => {
    const scenario = given(opened).and(
      { ...closed('lapsed'), id: 'closing' },
      cancellation('closing', closed('lapsed')),
    );
    expect(stageAt(stateOf(scenario))).toBe('exploring');
    scenario.when(announced('2026-06-01')).thenRecorded();
  });
});

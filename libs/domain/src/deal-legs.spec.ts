import { termsOf, termsOn, type DealState, type Leg } from './deal';
import {
  bound,
  changed,
  contract,
  cost,
  krw,
  leg,
  made,
  opened,
  payment,
  removed,
  reversed,
  signed,
  stateOf,
  STREAM,
  usd,
} from './deal.testing';
import { cancellation, given, type Draft } from './testing';

const amended = (amount: number, amendmentNo: number | undefined, effectiveFrom?: string, legId = 'L2') =>
  changed({ money: { firm: usd(amount) } }, { legId, changeType: 'amendment', amendmentNo, effectiveFrom });
const legIn = (scenario: ReturnType<typeof given>, legId = 'L2'): Leg => {
  const found = stateOf(scenario).legs[legId];
  if (found === undefined) throw new Error(`no leg ${legId}`);
  return found;
};
const firmOn = (scenario: ReturnType<typeof given>, day: string) => termsOn(legIn(scenario), day).money?.firm?.amount;

describe('changed terms', () => {
  it('replace what they give and leave the rest', () => {
    const schedule = { method: 'lump', period: '2027' } as const;
    const { terms } = legIn(given(opened, payment(), changed({ money: { firm: usd(84) }, schedule })));
    expect(terms).toMatchObject({ category: 'computeRental', money: { firm: usd(84) }, schedule });
    expect(terms.money).not.toHaveProperty('undisclosed');
  });

  it('apply from the beginning when they are disclosed, from their day when they are agreed', () => {
    expect(firmOn(contract(changed({ money: { firm: usd(90) } })), '1999-01-01')).toBe('90');
    const scenario = contract(changed({ money: { firm: usd(90) } }, { changeType: 'amendment' }));
    expect(['2026-05-31', '2026-06-01'].map((day) => firmOn(scenario, day))).toEqual(['84', '90']);
  });

  it('apply from the day they name, whatever they are', () => {
    for (const changeType of ['amendment', 'disclosure'] as const) {
      const scenario = contract(changed({ money: { firm: usd(90) } }, { changeType, effectiveFrom: '2027-01-01' }));
      expect(['2026-12-31', '2027-01-01'].map((day) => firmOn(scenario, day))).toEqual(['84', '90']);
    }
  });

  it('are in force by the day they begin, and of one day the last recorded', () => {
    const scenario = contract(
      amended(100, 1, '2027-06-01'),
      amended(90, 2, '2027-01-01'),
      amended(110, 3, '2027-06-01'),
      changed({ money: { firm: usd(85) } }),
    );
    expect(['2026-12-31', '2027-01-01', '2027-06-01'].map((day) => firmOn(scenario, day))).toEqual(['85', '90', '110']);
    expect(legIn(scenario).terms.money?.firm?.amount).toBe('110');
  });

  it('rest on the sources of everything that is still in force', () => {
    const from = (sourceId: string) => ({ sources: [{ sourceId, attribution: 'official', confidence: 'high' }] });
    const source = (sourceId: string): Draft => ({
      stream: `source/${sourceId}`,
      type: 'SourceRegistered',
      sources: [],
      data: { sourceId, kind: 'filing', language: 'en', title: sourceId },
    });
    const scenario = contract(
      ...['replaced', 'schedule', 'money'].map(source),
      changed({ money: { firm: usd(1) } }, {}, from('replaced')),
      changed({ schedule: { method: 'lump', period: '2027' } }, {}, from('schedule')),
      changed({ money: { firm: usd(2) } }, {}, from('money')),
    );
    expect(termsOf(legIn(scenario)).map(({ sources }) => sources.map(({ sourceId }) => sourceId))).toEqual([
      ['filing'],
      ['filing', 'replaced'],
      ['filing', 'replaced', 'schedule'],
      ['filing', 'money', 'schedule'],
    ]);
  });

  it('are of a leg that is there', () => {
    given(opened)
      .when(changed({ money: { firm: usd(1) } }))
      .thenRefused('REF_NOT_FOUND', '/data/legId');
    given(opened, payment(), removed('L2'))
      .when(changed({ money: { firm: usd(1) } }))
      .thenRefused('REF_NOT_FOUND', '/data/legId');
  });

  it('give at least one term', () =>
    given(opened, payment()).when(changed({})).thenRefused('VALIDATION_FAILED', '/data/terms'));

  it('are never those of a funding leg', () =>
    given(
      opened,
      {
        stream: 'funding/f',
        type: 'FundingProposed',
        data: {
          fundingId: 'f',
          funderIds: ['nvidia'],
          recipientId: 'openai',
          instrument: 'equity',
          amount: { undisclosed: true },
        },
      },
      leg({ legId: 'L3', class: 'funding', quantity: undefined, fundingId: 'f' }),
    )
      .when(changed({ money: { firm: usd(1) } }, { legId: 'L3' }))
      .thenRefused('LEG_FUNDING_HAS_AMOUNT', '/data/terms'));
});

describe('an amendment', () => {
  it('needs a paper to amend', () => {
    given(opened, payment()).when(amended(1, undefined)).thenRefused('AMENDMENT_NEEDS_AGREEMENT', '/data/changeType');
    given(opened, payment(), signed('no', '2026-01-01')).when(amended(1, undefined)).thenRecorded();
  });

  it('has the next number, or none', () => {
    contract()
      .when(amended(90, 2))
      .thenRefused('AMENDMENT_NUMBER_GAP', '/data/amendmentNo', { amendmentNo: 2, expected: 1 });
    contract(amended(90, 1)).when(amended(91, 3)).thenRefused('AMENDMENT_NUMBER_GAP');
    contract(amended(90, 1)).when(amended(91, 2)).thenRecorded();
    contract(amended(90, 1)).when(amended(91, undefined)).thenRecorded();
  });

  it('changes several legs, each once', () => {
    const scenario = contract(payment({ legId: 'L4' }), amended(90, 1));
    scenario.when(amended(91, 1)).thenRefused('AMENDMENT_NUMBER_GAP');
    scenario.when(amended(50, 1, undefined, 'L4')).thenRecorded();
  });

  it('alone has a number', () =>
    contract()
      .when(changed({ money: { firm: usd(90) } }, { amendmentNo: 1 }))
      .thenRefused('VALIDATION_FAILED', '/data/amendmentNo'));

  it('cannot lose the paper it amends', () => {
    const loi = { ...signed('no', '2026-01-01'), id: 'loi' };
    given(opened, payment(), loi, { ...amended(1, 1), id: 'amendment-1' })
      .when(cancellation('loi', loi))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'amendment-1',
        offendingCode: 'AMENDMENT_NEEDS_AGREEMENT',
      });
  });
});

describe('terms and what was incurred', () => {
  it('are not lowered below it', () => {
    const scenario = contract(cost('c1', 60));
    scenario
      .when(changed({ money: { firm: usd(1), ceiling: usd('59.99') } }))
      .thenRefused('CEILING_BELOW_INCURRED', '/data/terms/money', { ceiling: '59.99', incurred: '60' });
    scenario.when(changed({ money: { ceiling: usd(60) } })).thenRecorded();
    scenario.when(changed({ money: { undisclosed: true } })).thenRecorded();
  });

  it('says in the refusal what is incurred', () => {
    const billions = given(
      opened,
      payment({ money: { ceiling: usd('210000000000') } }),
      bound('2026-03-31'),
      cost('c1', '6000000000'),
    );
    expect(billions.when(changed({ money: { ceiling: usd('5000000000') } })).message).toBe(
      'The most that leg L2 can be would be 5,000,000,000 USD, 6,000,000,000 USD are incurred already; ' +
        'state at least that, or correct the costs first.',
    );
  });

  it('stay in its currency', () => {
    const details = { currency: 'KRW', legCurrency: 'USD' };
    contract(cost('c1', 1))
      .when(changed({ money: { firm: krw(9) } }))
      .thenRefused('LEG_CURRENCY_LOCKED', '/data/terms/money', details);
    given(opened, payment(), made('p1', 'deposit', 1))
      .when(changed({ money: { firm: krw(9) } }))
      .thenRefused('LEG_CURRENCY_LOCKED', '/data/terms/money', details);
    contract()
      .when(changed({ money: { firm: krw(9) } }))
      .thenRecorded();
  });
});

describe('terms and their schedule', () => {
  const lines = (...amounts: number[]) => ({
    method: 'explicit' as const,
    lines: amounts.map((amount, index) => ({ period: `202${index + 6}`, money: { firm: usd(amount) } })),
  });

  it('add up when they are given together', () => {
    contract()
      .when(changed({ money: { firm: usd(9) }, schedule: lines(4, 5) }))
      .thenRecorded();
    contract()
      .when(changed({ money: { firm: usd(9) }, schedule: lines(4, 4) }))
      .thenRefused('SCHEDULE_SUM_MISMATCH', '/data/terms/schedule/lines');
  });

  it('add up with what they leave alone', () => {
    contract()
      .when(changed({ schedule: lines(80, 4) }))
      .thenRecorded();
    contract()
      .when(changed({ schedule: lines(80, 5) }))
      .thenRefused('SCHEDULE_SUM_MISMATCH', '/data/terms/schedule/lines');
    contract(changed({ schedule: lines(80, 4) }))
      .when(changed({ money: { firm: usd(85) } }))
      .thenRefused('SCHEDULE_SUM_MISMATCH', '/data/terms');
  });

  it('add up with terms that begin later and leave these alone', () => {
    const later = contract(
      changed({ schedule: lines(80, 4) }, { changeType: 'amendment', effectiveFrom: '2027-01-01' }),
    );
    later.when(changed({ money: { firm: usd(85) } })).thenRefused('SCHEDULE_SUM_MISMATCH', '/data/terms');
    later
      .when(changed({ money: { firm: usd(85) }, schedule: { method: 'unscheduled' } }, { effectiveFrom: '2027-06-01' }))
      .thenRecorded();
  });

  it('of a rate add up to nothing', () =>
    given(opened, leg({ per: 'P1M' }))
      .when(
        changed({ schedule: { method: 'ramp', from: '2026-01', to: '2026-03', r0: '1', r1: '2' } }, { legId: 'L1' }),
      )
      .thenRecorded());

  it('are not more than shares can be cut into', () => {
    const shares = [
      { partyId: 'nvidia', share: '0.5' },
      { partyId: 'samsung', share: '0.25' },
      { partyId: 'skhynix', share: '0.25' },
    ];
    const providers = Array.from({ length: 7 }, (_, index) => `supplier-${index}`);
    const parties = providers.map((partyId) => ({
      stream: `party/${partyId}`,
      type: 'PartyRegistered',
      data: { partyId, name: partyId, aliases: [partyId] },
    }));
    const seven = providers.map((partyId, index) => ({ partyId, share: index === 0 ? '0.4' : '0.1' }));
    const schedule = { method: 'evenMonths', from: '2026-01', to: '2075-12' } as const;
    given(opened, ...parties, payment({ receivers: providers, shares: seven }))
      .when(changed({ money: { firm: usd(9) }, schedule }))
      .thenRefused('VALIDATION_FAILED', '/data/terms');
    given(opened, payment({ receivers: ['nvidia', 'samsung', 'skhynix'], shares }))
      .when(changed({ money: { firm: usd(9) }, schedule }))
      .thenRecorded();
  });
});

describe('removing a leg', () => {
  it('takes it out of the deal from a day on', () => {
    const { legs } = given(opened, payment()).when(removed('L2', '2026-06')).thenState<DealState>(STREAM);
    expect(legs['L2']?.removedFrom).toBe('2026-06-01');
  });

  it('needs a leg that is there, and does not do it twice', () => {
    given(opened).when(removed('L2')).thenRefused('REF_NOT_FOUND', '/data/legId', { kind: 'leg', id: 'L2' });
    given(opened, payment(), removed('L2')).when(removed('L2')).thenRefused('REF_NOT_FOUND', '/data/legId');
  });

  it.each<[string, Draft[]]>([
    ['costs', [cost('c1', 1)]],
    ['payments', [made('p1', 'deposit', 1)]],
    ['payments, be they reversed', [made('p1', 'deposit', 1), reversed('p1')]],
  ])('is refused when it has %s', (_, events) =>
    contract(...events)
      .when(removed('L2'))
      .thenRefused('LEG_HAS_ACTUALS', '/data/legId'),
  );

  it('needs a reason', () =>
    given(opened, payment())
      .when({ ...removed('L2'), data: { legId: 'L2' } })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it('leaves its id taken, and nothing to answer or to pay', () => {
    const scenario = contract(payment({ legId: 'L4' }), removed('L4'));
    scenario.when(payment({ legId: 'L4' })).thenRefused('LEG_EXISTS');
    scenario.when(payment({ legId: 'L5', reciprocalOf: 'L4' })).thenRefused('LEG_RECIPROCAL_NOT_FOUND');
    scenario.when(cost('c1', 1, { legId: 'L4' })).thenRefused('REF_NOT_FOUND', '/data/legId');
    scenario.when(made('p1', 'deposit', 1, { legId: 'L4' })).thenRefused('REF_NOT_FOUND', '/data/legId');
  });

  it('is undone by cancelling it', () => {
    const gone = { ...removed('L2'), id: 'gone' };
    contract(gone, cancellation('gone', gone)).when(cost('c1', 1)).thenRecorded();
  });
});

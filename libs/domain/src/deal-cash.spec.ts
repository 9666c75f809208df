import fc from 'fast-check';
import type { DealState } from './deal';
import {
  announced,
  bound,
  changed,
  contract,
  cost,
  krw,
  leg,
  made,
  opened,
  payment,
  reversed,
  signed,
  stateOf,
  STREAM,
  usd,
} from './deal.testing';
import { compare, subtract, sum } from './decimal';
import { get } from './keyed';
import { cancellation, correction, given, type Draft } from './testing';

const cashOf = (scenario: ReturnType<typeof given>) => {
  const cash = get(stateOf(scenario).cash, 'L2');
  return [cash?.incurred, cash?.paid];
};

describe('a cost', () => {
  it.each<[string, Draft[]]>([
    ['exploring', []],
    ['announced', [announced('2026-01-01')]],
    ['preliminary', [signed('no', '2026-01-01')]],
  ])('is not incurred under a deal that is %s', (stage, events) =>
    given(opened, payment(), ...events)
      .when(cost('c1', 1))
      .thenRefused('BINDING_REQUIRED', undefined, { stage }),
  );

  it('may be of before the signature, once there is one', () =>
    contract()
      .when(cost('c1', 1, {}, { effective: '2026-01-31' }))
      .thenRecorded());

  it('has an id of its own in the deal', () =>
    contract(cost('c1', 1), payment({ legId: 'L4' }))
      .when(cost('c1', 1, { legId: 'L4' }))
      .thenRefused('COST_EXISTS', '/data/costId', { costId: 'c1' }));

  it('is of a leg that is there, and of no funding leg', () => {
    const funding = {
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
    const scenario = contract(funding, leg({ legId: 'L3', class: 'funding', quantity: undefined, fundingId: 'f' }));
    scenario.when(cost('c1', 1, { legId: 'L9' })).thenRefused('REF_NOT_FOUND', '/data/legId');
    scenario.when(cost('c1', 1, { legId: 'L3' })).thenRefused('LEG_FUNDING_HAS_AMOUNT', '/data/legId');
    scenario.when(made('p1', 'deposit', 1, { legId: 'L3' })).thenRefused('LEG_FUNDING_HAS_AMOUNT', '/data/legId');
  });

  it('is in the currency of its leg, be it that of an earlier payment', () => {
    const details = { currency: 'KRW', legCurrency: 'USD' };
    contract()
      .when(cost('c1', 1, { money: krw(1) }))
      .thenRefused('CURRENCY_MISMATCH', '/data/money', details);
    given(opened, payment(), bound('2026-03-31'), made('p1', 'deposit', 1))
      .when(cost('c1', 1, { money: krw(1) }))
      .thenRefused('CURRENCY_MISMATCH', '/data/money', details);
    given(opened, payment(), bound('2026-03-31'))
      .when(cost('c1', 1, { money: krw(1) }))
      .thenRecorded();
  });

  it('is in the currency of the terms of its own day, and of all later ones that are known', () => {
    const scenario = contract(
      changed({ money: { ceiling: krw(900) } }, { changeType: 'amendment', effectiveFrom: '2026-09-01' }),
    );
    const later = { effective: '2026-09-01' };
    scenario
      .when(cost('c1', 1))
      .thenRefused('CURRENCY_MISMATCH', '/data/money', { currency: 'USD', legCurrency: 'KRW', from: '2026-09-01' });
    scenario
      .when(cost('c1', 1, { money: krw(1) }))
      .thenRefused('CURRENCY_MISMATCH', '/data/money', { currency: 'KRW', legCurrency: 'USD' });
    scenario
      .when(cost('c1', 1, {}, later))
      .thenRefused('CURRENCY_MISMATCH', '/data/money', { currency: 'USD', legCurrency: 'KRW' });
    scenario.when(made('p1', 'deposit', 1)).thenRefused('CURRENCY_MISMATCH', '/data/money');
    scenario.when(cost('c1', 1, { money: krw(1) }, later)).thenRecorded();
    // What the leg was in before stays closed to won, also when costs in won are there.
    scenario
      .when(cost('c2', 1, { money: krw(1) }))
      .thenRefused('CURRENCY_MISMATCH', '/data/money', { currency: 'KRW', legCurrency: 'USD' });
  });

  it('is in the currency of the terms of its day and of every later one, in whatever order they were recorded', () => {
    const day = fc.constantFrom('2026-05-31', '2026-06-01', '2026-06-02');
    const terms = fc.record({ day, currency: fc.constantFrom('USD', 'KRW') });
    fc.assert(
      fc.property(fc.array(terms, { minLength: 1, maxLength: 4 }), day, (changes, on) => {
        const drafts = changes.map((each) =>
          changed(
            { money: { ceiling: { currency: each.currency, amount: '900' } } },
            { changeType: 'amendment', effectiveFrom: each.day },
          ),
        );
        const incurred = cost('c1', 1, {}, { effective: on });
        const after = contract(...drafts).when(incurred).refusals.length === 0;
        const inForce = [{ day: '', currency: 'USD' }, ...changes]
          .toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
          .findLast((each) => each.day <= on);
        const later = changes.filter((each) => each.day > on);
        expect(after).toBe([inForce, ...later].every((each) => each?.currency === 'USD'));
        const scenario = contract(incurred);
        // Of a cost that is there already, terms that were over before it are judged too.
        if (drafts.every((draft) => scenario.when(draft).refusals.length === 0)) expect(after).toBe(true);
      }),
    );
  });

  it('is in the currency of the terms that are known, if those of its day state none', () =>
    given(opened, payment(), bound('2026-03-31'), changed({ money: { firm: krw(9) } }, { effectiveFrom: '2027-01-01' }))
      .when(cost('c1', 1))
      .thenRefused('CURRENCY_MISMATCH'));

  it('takes the last cent of the ceiling and refuses the one after it', () => {
    const scenario = contract(cost('c1', 200));
    scenario
      .when(cost('c2', '10.01'))
      .thenRefused('COST_EXCEEDS_CEILING', '/data/money/amount', { incurred: '210.01', ceiling: '210' });
    expect(scenario.when(cost('c2', '10.01')).message).toBe(
      'With c2 leg L2 costs 210.01 USD (200 incurred + 10.01), it can be 210 USD at the most; ' +
        'correct the amount, change the terms first, or say "overCeiling": true.',
    );
    scenario.when(cost('c2', 10)).thenRecorded();
  });

  it('goes above the ceiling when it is said to', () =>
    contract(cost('c1', 200))
      .when(cost('c2', 11, { overCeiling: true }))
      .thenRecorded());

  it('has no ceiling while nobody disclosed one', () =>
    given(opened, payment(), bound('2026-03-31')).when(cost('c1', '999999999999')).thenRecorded());

  it('is held against the terms of its own day', () => {
    const scenario = contract(
      changed({ money: { ceiling: usd(300) } }, { changeType: 'amendment', effectiveFrom: '2026-07-01' }),
    );
    scenario.when(cost('c1', 211, {}, { effective: '2026-06-30' })).thenRefused('COST_EXCEEDS_CEILING');
    scenario.when(cost('c1', 211, {}, { effective: '2026-07-01' })).thenRecorded();
  });

  it('is never negative', () => contract().when(cost('c1', -1)).thenRefused('AMOUNT_NEGATIVE', '/data/money/amount'));
});

describe('a payment', () => {
  it('has an id of its own, also once it is reversed', () =>
    contract(made('p1', 'deposit', 1), reversed('p1'))
      .when(made('p1', 'deposit', 1))
      .thenRefused('PAYMENT_EXISTS', '/data/paymentId', { paymentId: 'p1' }));

  it('is of a leg that is there, in its currency, and never negative', () => {
    contract()
      .when(made('p1', 'deposit', 1, { legId: 'L9' }))
      .thenRefused('REF_NOT_FOUND', '/data/legId');
    contract()
      .when(made('p1', 'deposit', 1, { money: krw(1) }))
      .thenRefused('CURRENCY_MISMATCH', '/data/money');
    contract()
      .when(made('p1', 'refund', -1))
      .thenRefused('AMOUNT_NEGATIVE', '/data/money/amount');
  });

  it('before anything binds is a prepayment or a deposit', () => {
    const talk = given(opened, payment());
    talk.when(made('p1', 'prepayment', 1)).thenRecorded();
    talk.when(made('p2', 'deposit', 1)).thenRecorded();
    talk.when(made('p3', 'settlement', 1)).thenRefused('BINDING_REQUIRED', undefined, { stage: 'exploring' });
  });

  it('settles what is incurred and unpaid, to the last cent', () => {
    const scenario = contract(cost('c1', 10), made('p1', 'settlement', 4));
    scenario
      .when(made('p2', 'settlement', '6.01'))
      .thenRefused('PAYMENT_EXCEEDS_INCURRED', '/data/money/amount', { asked: '6.01', incurred: '10', paid: '4' });
    scenario.when(made('p2', 'settlement', 6)).thenRecorded();
    scenario.when(made('p3', 'prepayment', '0.01')).thenRecorded();
  });

  it('says in the refusal what is incurred and paid', () => {
    const billion = '1000000000';
    const months = given(
      opened,
      payment({ money: { ceiling: usd('210000000000') } }),
      bound('2026-03-31'),
      ...['1', '2', '3', '4'].flatMap((month) => [
        cost(`c${month}`, billion),
        made(month === '4' ? 'p3-dup' : `p${month}`, 'settlement', billion),
      ]),
    );
    expect(months.when(made('p4', 'settlement', billion)).message).toBe(
      'p4 settles 1,000,000,000 USD of leg L2, 0 USD is incurred and unpaid (4,000,000,000 incurred - 4,000,000,000 paid). ' +
        'Record the cost first, or pay as a prepayment.',
    );
  });

  it('in advance pays the costs that follow by itself', () => {
    const scenario = contract(made('p1', 'prepayment', 7), cost('c1', 10));
    scenario.when(made('p2', 'settlement', '3.01')).thenRefused('PAYMENT_EXCEEDS_INCURRED');
    scenario.when(made('p2', 'settlement', 3)).thenRecorded();
  });

  it('names costs for information only', () =>
    contract(cost('c1', 1))
      .when(made('p1', 'settlement', 1, { costIds: ['c1', 'nobody-knows'] }))
      .thenRecorded());

  it('is made once: cancelling the duplicate makes room for the next', () => {
    const twice = { ...made('p1-dup', 'settlement', 4), id: 'twice' };
    const scenario = contract(cost('c1', 8), made('p1', 'settlement', 4), twice);
    scenario.when(made('p2', 'settlement', 4)).thenRefused('PAYMENT_EXCEEDS_INCURRED');
    scenario
      .and(cancellation('twice', twice))
      .when(made('p2', 'settlement', 4))
      .thenRecorded();
  });
});

describe('a refund', () => {
  it('is at most what was paid', () => {
    const scenario = contract(cost('c1', 10), made('p1', 'settlement', 10));
    scenario
      .when(made('r1', 'refund', '10.01'))
      .thenRefused('REFUND_EXCEEDS_PAID', '/data/money/amount', { asked: '10.01', paid: '10' });
    contract()
      .when(made('r1', 'refund', 1))
      .thenRefused('REFUND_EXCEEDS_PAID');
  });

  it('beyond what was prepaid leaves the cost open again', () => {
    const scenario = contract(cost('c1', 10), made('p1', 'prepayment', 12), made('r1', 'refund', 5));
    expect(cashOf(scenario)).toEqual(['10', '7']);
    scenario.when(made('p2', 'settlement', 3)).thenRecorded();
  });
});

describe('a reversal', () => {
  it('takes a payment out of what was paid', () => {
    const scenario = contract(cost('c1', 10), made('p1', 'settlement', 10), reversed('p1'));
    expect(cashOf(scenario)).toEqual(['10', '0']);
    scenario.when(made('p2', 'settlement', 10)).thenRecorded();
  });

  it('of a refund puts it back', () =>
    expect(cashOf(contract(made('p1', 'deposit', 10), made('r1', 'refund', 4), reversed('r1')))).toEqual(['0', '10']));

  it('needs a payment, and comes once', () => {
    contract().when(reversed('p1')).thenRefused('REF_NOT_FOUND', '/data/paymentId', { kind: 'payment', id: 'p1' });
    contract(made('p1', 'deposit', 1), reversed('p1'))
      .when(reversed('p1'))
      .thenRefused('PAYMENT_ALREADY_REVERSED', '/data/paymentId', { paymentId: 'p1' });
  });

  it('needs a reason', () =>
    contract(made('p1', 'deposit', 1))
      .when({ ...reversed('p1'), data: { paymentId: 'p1' } })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it('keeps the payment from being cancelled', () => {
    const paid = { ...made('p1', 'deposit', 1), id: 'paid' };
    contract(paid, { ...reversed('p1'), id: 'bounced' })
      .when(cancellation('paid', paid))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'bounced',
        offendingCode: 'REF_NOT_FOUND',
      });
  });
});

describe('a corrected cost', () => {
  const wrong = { ...cost('c1', 10), id: 'wrong' };

  it('counts as corrected', () =>
    expect(cashOf(contract(wrong, correction('wrong', cost('c1', 8))))).toEqual(['8', '0']));

  it('is not made less than was settled', () =>
    contract(wrong, { ...made('p1', 'settlement', 9), id: 'paid' })
      .when(correction('wrong', cost('c1', 8)))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'paid',
        offendingCode: 'PAYMENT_EXCEEDS_INCURRED',
      }));
});

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describe(`any series of costs and payments (seed ${seed})`, () => {
  const amount = fc.integer({ min: 1, max: 20 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('cost' as const), amount }),
    fc.record({
      kind: fc.constantFrom('settlement' as const, 'prepayment' as const, 'deposit' as const, 'refund' as const),
      amount,
    }),
  );

  it('pays by settlements never more than was incurred, and gives back never more than was paid', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const scenario = contract();
        const done: typeof steps = [];
        for (const [index, { kind, amount: of }] of steps.entries()) {
          const total = (...kinds: string[]): string =>
            sum(done.filter((each) => kinds.includes(each.kind)).map((each) => String(each.amount)));
          const paid = subtract(total('settlement', 'prepayment', 'deposit'), total('refund'));
          const limit = {
            cost: subtract('210', total('cost')),
            settlement: subtract(total('cost'), paid),
            refund: paid,
            prepayment: undefined,
            deposit: undefined,
          }[kind];
          const draft = kind === 'cost' ? cost(`c${index}`, of) : made(`p${index}`, kind, of);
          const { refusals } = scenario.when(draft);
          expect(refusals.length === 0).toBe(limit === undefined || compare(String(of), limit) <= 0);
          if (refusals.length === 0) done.push({ kind, amount: of } as (typeof steps)[number]);
        }
      }),
      { seed, numRuns: 50 },
    );
  });

  it('keeps a state that is plain JSON', () => {
    const state = contract(cost('c1', 10), made('p1', 'settlement', 4), reversed('p1')).state<DealState>(STREAM);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

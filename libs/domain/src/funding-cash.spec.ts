import fc from 'fast-check';
import { availableOf, type FundingState } from './funding';
import { add, compare, subtract, sum } from './decimal';
import {
  STREAM,
  post,
  usd,
  krw,
  proposed,
  committed,
  changed,
  tranche,
  met,
  called,
  received,
  repaid,
  trancheCancelled,
  closed,
  facility,
  stateOf,
  availableIn,
} from './funding.testing';
import { given, type Draft } from './testing';

describe('calling', () => {
  it('takes from what is available', () => {
    const state = facility()
      .when(called('c1', 'T1', 25))
      .thenState<FundingState>(STREAM);
    expect([availableIn(state, 'T1'), state.calledOpen, state.tranches['T1']?.calledOpen]).toEqual(['35', '25', '25']);
  });

  it('needs a commitment', () =>
    given(proposed(), tranche('T1', 60))
      .when(called('c1', 'T1', 1))
      .thenRefused('FUNDING_NOT_COMMITTED'));

  it('needs a tranche', () =>
    facility()
      .when(called('c1', 'T9', 1))
      .thenRefused('REF_NOT_FOUND', '/data/trancheId'));

  it('needs its condition', () =>
    facility()
      .when(called('c1', 'T2', 1))
      .thenRefused('TRANCHE_CONDITION_UNMET', '/data/trancheId'));

  it('takes the last cent and refuses the one after it', () => {
    const drawn = facility(called('c1', 'T1', 40), received('r1', 'T1', 40, 'c1'));
    drawn
      .when(called('c2', 'T1', '20.01'))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/data/money/amount', { asked: '20.01', available: '20' });
    drawn.when(called('c2', 'T1', '20.00')).thenRecorded();
    drawn.when(called('c3', 'T1', '0.01')).thenRefused('CALL_EXCEEDS_AVAILABLE');
  });

  it('says in the refusal what is left and why', () => {
    const { message } = given(
      proposed({ amount: { ceiling: usd(10_000_000_000) } }),
      committed(10_000_000_000),
      tranche('T1', 10_000_000_000),
      called('call-1', 'T1', 4_000_000_000),
      received('rc-1', 'T1', 4_000_000_000, 'call-1'),
    ).when(called('call-2', 'T1', 7_000_000_000));
    expect(message).toBe(
      'call-2 asks 7,000,000,000 USD from tranche T1, 6,000,000,000 USD is available ' +
        '(10,000,000,000 - 4,000,000,000 received - 0 called - 0 cancelled). Reduce the call or change the commitment first.',
    );
  });

  it('has an id of its own, also when it was answered long ago', () =>
    facility(called('c1', 'T1', 1), received('r1', 'T1', 1, 'c1'))
      .when(called('c1', 'T1', 1))
      .thenRefused('CALL_EXISTS', '/data/callId'));

  it('stays in the currency', () =>
    facility()
      .when(post('FundsCalled', { callId: 'c1', trancheId: 'T1', money: krw('1'), dueOn: '2026-10-20' }))
      .thenRefused('CURRENCY_MISMATCH', '/data/money'));

  it.each([
    ['2026-03-31', false],
    ['2026-04-01', true],
    ['2026-06-30', true],
    ['2026-07-01', false],
    ['2026-06', true],
    ['2026-06/2026-07', false],
  ])('of %s within April to June: %s', (effective, within) => {
    const availability = { from: '2026-04-01', to: '2026-06-30' };
    const outcome = given(
      proposed(),
      committed(100, { availability }, { effective: '2026-03-31' }),
      tranche('T1', 60),
    ).when(called('c1', 'T1', 1, { effective }));
    if (within) outcome.thenRecorded();
    else outcome.thenRefused('OUTSIDE_AVAILABILITY', '/effective');
  });

  it('from a tranche of undisclosed amount takes what is left of the commitment', () => {
    const scenario = given(proposed(), committed(100), tranche('T1', 60), tranche('T2', null), called('c1', 'T1', 50));
    scenario.when(called('c2', 'T2', '50.01')).thenRefused('CALL_EXCEEDS_AVAILABLE');
    scenario.when(called('c2', 'T2', 50)).thenRecorded();
    scenario
      .when(called('c3', 'T1', 1))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/data/money/amount', { asked: '1', available: '0' });
  });

  it('of a thousand calls leaves the earlier states as they were', () => {
    const scenario = facility();
    const before = stateOf(scenario);
    const copy = structuredClone(before);
    for (let index = 0; index < 1_000; index++) scenario.and(called(`c${index}`, 'T1', '0.01'));
    expect(before).toEqual(copy);
    expect(stateOf(scenario).calls.size).toBe(1_000);
  });
});

describe('receiving', () => {
  it('answers a call, in parts if need be', () => {
    const state = facility(called('c1', 'T1', 30), received('r1', 'T1', 20, 'c1'))
      .when(received('r2', 'T1', 10, 'c1'))
      .thenState<FundingState>(STREAM);
    expect([state.received, state.calledOpen, availableIn(state, 'T1')]).toEqual(['30', '0', '30']);
  });

  it('brings no more than is open of the call', () =>
    facility(called('c1', 'T1', 30), received('r1', 'T1', 20, 'c1'))
      .when(received('r2', 'T1', '10.01', 'c1'))
      .thenRefused('RECEIPT_EXCEEDS_CALL', '/data/money/amount', { received: '10.01', limit: '10' }));

  it('without a call brings no more than the tranche has left', () => {
    const scenario = facility(called('c1', 'T1', 30));
    scenario
      .when(received('r1', 'T1', '30.01'))
      .thenRefused('RECEIPT_EXCEEDS_TRANCHE', '/data/money/amount', { received: '30.01', limit: '30' });
    scenario.when(received('r1', 'T1', 30)).thenRecorded();
  });

  it('needs a commitment', () =>
    given(proposed(), tranche('T1', 60))
      .when(received('r1', 'T1', 1))
      .thenRefused('FUNDING_NOT_COMMITTED'));

  it('needs the condition', () =>
    facility()
      .when(received('r1', 'T2', 1))
      .thenRefused('TRANCHE_CONDITION_UNMET'));

  it('has an id of its own', () =>
    facility(received('r1', 'T1', 1))
      .when(received('r1', 'T1', 1))
      .thenRefused('RECEIPT_EXISTS', '/data/receiptId'));

  it.each([
    ['a tranche', received('r1', 'T9', 1), '/data/trancheId'],
    ['a call', received('r1', 'T1', 1, 'c9'), '/data/callId'],
  ])('is refused for %s that is not there', (_, draft, pointer) =>
    facility().when(draft).thenRefused('REF_NOT_FOUND', pointer),
  );

  it('is refused for a call on another tranche', () =>
    facility(met('T2'), called('c1', 'T1', 1))
      .when(received('r1', 'T2', 1, 'c1'))
      .thenRefused('REF_NOT_FOUND', '/data/callId'));

  it('stays in the currency', () =>
    facility()
      .when(post('FundsReceived', { receiptId: 'r1', trancheId: 'T1', money: krw('1') }))
      .thenRefused('CURRENCY_MISMATCH'));
});

describe('repaying', () => {
  const drawn = () => facility(received('r1', 'T1', 30));

  it('lowers what is outstanding, never what was received', () => {
    const state = drawn()
      .when(repaid('p1', 10, { recallable: true }))
      .thenState<FundingState>(STREAM);
    expect([state.received, state.repaid, state.recallable, availableIn(state, 'T1')]).toEqual([
      '30',
      '10',
      '10',
      '30',
    ]);
  });

  it('is no more than outstanding', () => {
    const scenario = drawn().and(repaid('p1', 10, { kind: 'returnOfCapital' }));
    scenario
      .when(repaid('p2', '20.01'))
      .thenRefused('REPAYMENT_EXCEEDS_OUTSTANDING', '/data/money/amount', { repaid: '20.01', outstanding: '20' });
    scenario.when(repaid('p2', 20)).thenRecorded();
  });

  it('of interest has no bound and changes nothing outstanding', () => {
    const state = drawn()
      .when(repaid('p1', 1_000, { kind: 'interest' }))
      .thenState<FundingState>(STREAM);
    expect(state.repaid).toBe('0');
  });

  it('of interest is never recallable', () =>
    drawn()
      .when(repaid('p1', 1, { kind: 'interest', recallable: true }))
      .thenRefused('VALIDATION_FAILED', '/data/recallable'));

  it('has an id of its own', () =>
    drawn().and(repaid('p1', 1)).when(repaid('p1', 1)).thenRefused('REPAYMENT_EXISTS', '/data/repaymentId'));

  it('needs a commitment', () => given(proposed()).when(repaid('p1', 1)).thenRefused('FUNDING_NOT_COMMITTED'));

  it('stays in the currency', () =>
    drawn()
      .when(repaid('p1', 1, { money: krw('1') }))
      .thenRefused('CURRENCY_MISMATCH'));

  it('goes on after the closing', () => drawn().and(closed).when(repaid('p1', 30)).thenRecorded());
});

describe('whatever is posted to a funding', () => {
  const amount = fc
    .integer({ min: 0, max: 7_000 })
    .map((cents) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`);
  const id = fc.integer({ min: 1, max: 6 }).map(String);
  const trancheId = fc.constantFrom('T1', 'T2', 'T3');
  const anything: fc.Arbitrary<Draft> = fc.oneof(
    fc.tuple(id, trancheId, amount).map(([n, t, a]) => called(`c${n}`, t, a)),
    fc
      .tuple(id, trancheId, amount, fc.option(id, { nil: undefined }))
      .map(([n, t, a, c]) => received(`r${n}`, t, a, c && `c${c}`)),
    fc.tuple(id, amount).map(([n, a]) => repaid(`p${n}`, a)),
    amount.map((a) => changed(add('50', a))),
    trancheId.map((t) => met(t)),
    trancheId.map((t) => trancheCancelled(t)),
    fc.tuple(trancheId, fc.option(amount)).map(([t, a]) => tranche(t, a)),
  );

  it('every dollar of the commitment is in one place', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 40 }), (drafts) => {
        const scenario = facility();
        for (const draft of drafts) scenario.when(draft);
        const state = stateOf(scenario);
        const parts = Object.values(state.tranches);
        const stated = parts.flatMap(({ hi }) => hi ?? []);
        expect(sum(stated)).toBe(sum([state.scheduled]));
        for (const part of parts) {
          expect(compare(availableOf(state, part), '0')).toBeGreaterThanOrEqual(0);
          const { hi, received: got, calledOpen, cancelled } = part;
          if (hi !== null) expect(compare(subtract(hi, got, calledOpen, cancelled), '0')).toBeGreaterThanOrEqual(0);
        }
        expect(compare(sum([state.received, state.calledOpen]), state.committed ?? '0')).toBeLessThanOrEqual(0);
        expect(compare(sum(parts.map((part) => part.received)), state.received)).toBe(0);
        expect(compare(sum(parts.map((part) => part.calledOpen)), state.calledOpen)).toBe(0);
        expect(compare(state.repaid, state.received)).toBeLessThanOrEqual(0);
        const taken = [state.received, state.calledOpen, state.cancelled];
        expect(compare(sum(taken), state.committed ?? '0')).toBeLessThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });
});

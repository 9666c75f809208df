import fc from 'fast-check';
import { compare, sum, subtract } from './decimal';
import { CONTROLLER, cancellation, correction, given, type Draft } from './testing';
import {
  called,
  changed,
  closed,
  closedOn,
  committed,
  met,
  proposed,
  received,
  repaid,
  stateOf,
  tranche,
} from './funding.testing';

const on = (effective: string) => ({ effective });
const changedOn = (effective: string, amount: number) => changed(amount, { effective, approvedBy: CONTROLLER });
const named = (id: string, draft: Draft): Draft => ({ ...draft, id });

/** Committed 100 on 2026-03-31, of which T1 may be all. */
const signed = (...more: readonly Draft[]) =>
  given(
    proposed({ amount: { ceiling: { currency: 'USD', amount: '500' } } }),
    named('signed', committed(100, {}, on('2026-03-31'))),
    tranche('T1', null),
    ...more,
  );

describe('before its commitment', () => {
  it.each<[string, (effective: string) => Draft]>([
    ['called', (day) => called('c1', 'T1', 1, on(day))],
    ['received', (day) => received('r1', 'T1', 1, undefined, on(day))],
    ['repaid, not even interest', (day) => repaid('p1', 1, { kind: 'interest' }, on(day))],
    ['changed', (day) => changedOn(day, 120)],
  ])('nothing of a funding is %s', (_, draft) => {
    signed()
      .when(draft('2026-03-30'))
      .thenRefused('FUNDING_NOT_COMMITTED', '/effective', { on: '2026-03-30', committedOn: '2026-03-31' });
    signed().when(draft('2026-03-31')).thenRecorded();
  });

  it('counts the last day that it may have been', () =>
    signed()
      .when(called('c1', 'T1', 1, on('2026-03')))
      .thenRecorded());

  it('nothing is closed', () => {
    signed()
      .when(closedOn('2026-03-30'))
      .thenRefused('FUNDING_CLOSED', '/effective', { closedOn: '2026-03-30', lastOn: '2026-03-31' });
    signed().when(closedOn('2026-03-31')).thenRecorded();
  });

  it('nothing that is recorded gets by a correction of the one or the other', () => {
    const scenario = () => signed(named('call', called('c1', 'T1', 1, on('2026-04-02'))));
    const moved = (day: string) => correction('signed', committed(100, {}, on(day)));
    const calledOn = (day: string) => correction('call', called('c1', 'T1', 1, on(day)));
    scenario().when(moved('2026-04-03')).thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
      firstOffendingEventId: 'call',
      offendingCode: 'FUNDING_NOT_COMMITTED',
    });
    scenario().when(moved('2026-04-02')).thenRecorded();
    scenario().when(calledOn('2026-03-30')).thenRefused('FUNDING_NOT_COMMITTED', '/effective');
    scenario().when(moved('2026-04-03'), calledOn('2026-04-03')).thenRecorded();
  });
});

describe('closing a funding', () => {
  it.each<[string, Draft]>([
    ['a receipt', received('r1', 'T1', 1, undefined, on('2026-06-02'))],
    ['a change of the commitment', changedOn('2026-06-02', 120)],
    ['a condition that was met', met('T2', {}, on('2026-06-02'))],
  ])('is of no day before %s', (_, draft) => {
    const scenario = () => signed(tranche('T2', 1, 'milestone'), draft);
    scenario()
      .when(closedOn('2026-06-01'))
      .thenRefused('FUNDING_CLOSED', '/effective', { closedOn: '2026-06-01', lastOn: '2026-06-02' });
    scenario().when(closedOn('2026-06-02')).thenRecorded();
  });

  it('may be of a day before repayments, which go on after it', () =>
    signed(received('r1', 'T1', 9, undefined, on('2026-04-01')), repaid('p1', 1, {}, on('2026-07-01')))
      .when(closedOn('2026-06-01'))
      .thenRecorded());

  it('stays behind what is corrected before it', () =>
    signed(named('receipt', received('r1', 'T1', 1, undefined, on('2026-05-01'))), named('end', closedOn('2026-06-01')))
      .when(correction('receipt', received('r1', 'T1', 1, undefined, on('2026-06-02'))))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'end',
        offendingCode: 'FUNDING_CLOSED',
      }));

  it('of what nobody ever committed is of any day', () => given(proposed()).when(closed).thenRecorded());
});

describe('on the day that money is drawn', () => {
  /** 150 from June on, 100 before. */
  const raised = (...more: readonly Draft[]) => signed(changedOn('2026-06-01', 150), ...more);

  it('as much must be committed, and not only later', () => {
    raised()
      .when(called('c1', 'T1', 101, on('2026-05-31')))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/effective', { asked: '101', left: '100', on: '2026-05-31' });
    raised()
      .when(received('r1', 'T1', 101, undefined, on('2026-05-31')))
      .thenRefused('RECEIPT_EXCEEDS_TRANCHE', '/effective', { asked: '101', left: '100', on: '2026-05-31' });
    raised()
      .when(called('c1', 'T1', 100, on('2026-05-31')))
      .thenRecorded();
    raised()
      .when(called('c1', 'T1', 101, on('2026-06-01')))
      .thenRecorded();
  });

  it('counts what was drawn before, and what was recorded of later days', () => {
    const scenario = () => raised(called('c1', 'T1', 60, on('2026-05-30')), called('c2', 'T1', 50, on('2026-06-02')));
    scenario()
      .when(called('c3', 'T1', 41, on('2026-05-31')))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/effective', { asked: '41', left: '40', on: '2026-05-31' });
    scenario()
      .when(called('c3', 'T1', 40, on('2026-05-31')))
      .thenRecorded();
  });

  it('holds on every later day that a change learned of before has made', () => {
    const lowered = signed(changedOn('2026-08-01', 80), changedOn('2026-06-01', 150));
    lowered
      .when(called('c1', 'T1', 90, on('2026-07-01')))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/effective', { asked: '90', left: '80', on: '2026-08-01' });
    lowered.when(called('c1', 'T1', 80, on('2026-07-01'))).thenRecorded();
  });

  it('counts a receipt that came before its call', () => {
    const scenario = () => raised(called('c1', 'T1', 140, on('2026-06-02')));
    scenario()
      .when(received('r1', 'T1', 101, 'c1', on('2026-05-31')))
      .thenRefused('RECEIPT_EXCEEDS_CALL', '/effective', { asked: '101', left: '100', on: '2026-05-31' });
    const early = scenario().and(received('r1', 'T1', 60, 'c1', on('2026-05-31')));
    early.when(received('r2', 'T1', 41, 'c1', on('2026-05-30'))).thenRefused('RECEIPT_EXCEEDS_CALL');
    early.when(received('r2', 'T1', 41, 'c1', on('2026-06-01'))).thenRecorded();
    expect(stateOf(early).movements).toMatchObject([
      { on: '2026-05-31', drawn: '60', outstanding: '60' },
      { on: '2026-06-01', drawn: '41', outstanding: '41' },
      { on: '2026-06-02', drawn: '39', outstanding: '0' },
    ]);
  });

  it('holds also when the change is corrected or cancelled', () => {
    const scenario = () =>
      signed(named('raise', changedOn('2026-06-01', 150)), named('call', called('c1', 'T1', 120, on('2026-06-15'))));
    const broken = { firstOffendingEventId: 'call', offendingCode: 'CALL_EXCEEDS_AVAILABLE' };
    scenario()
      .when(correction('raise', changedOn('2026-06-16', 150)))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', broken);
    scenario()
      .when(cancellation('raise', { stream: 'funding/alliance', type: 'CommitmentChanged' }))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', broken);
    scenario()
      .when(correction('raise', changedOn('2026-06-15', 150)))
      .thenRecorded();
  });
});

describe('a commitment that was changed again', () => {
  /** 100 from March, 50 from September, and 90 from June, which was learned of last. */
  const changedTwice = (...more: readonly Draft[]) =>
    signed(changedOn('2026-09-01', 50), changedOn('2026-06-01', 90), ...more);
  const scheduledOn = (effective: string, amount: number) => tranche('T2', amount, 'none', on(effective));

  it('is in the end the last by its day', () => expect(stateOf(changedTwice()).committed).toBe('50'));

  it('has no tranches above what is committed from their day on', () => {
    changedTwice()
      .when(scheduledOn('2026-10-01', 90))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/amount', { tranches: '90', limit: '50', on: '2026-10-01' });
    changedTwice()
      .when(scheduledOn('2026-07-01', 51))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/amount', { tranches: '51', limit: '50', on: '2026-09-01' });
    changedTwice().when(scheduledOn('2026-07-01', 50)).thenRecorded();
  });

  it('has no tranche before it is raised, and one that counts from the signing on', () => {
    const raised = () => signed(changedOn('2026-06-01', 150), scheduledOn('2026-01-31', 100));
    const another = (effective: string) => tranche('T3', 1, 'none', on(effective));
    raised()
      .when(another('2026-05-31'))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/amount', { tranches: '101', limit: '100', on: '2026-05-31' });
    raised()
      .when(another('2026-01-31'))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/amount', { tranches: '101', limit: '100', on: '2026-03-31' });
    raised().when(another('2026-06-01')).thenRecorded();
  });

  it('gives out no more than is committed then', () => {
    const left = { asked: '90', left: '50', on: '2026-10-05' };
    changedTwice()
      .when(received('r1', 'T1', 90, undefined, on('2026-10-05')))
      .thenRefused('RECEIPT_EXCEEDS_TRANCHE', '/effective', left);
    changedTwice()
      .when(called('c1', 'T1', 90, on('2026-10-05')))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/effective', left);
    changedTwice()
      .when(called('c1', 'T1', 60, on('2026-07-01')))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/effective', { asked: '60', left: '50', on: '2026-09-01' });
  });

  it('covers what is drawn for as long as it holds', () => {
    const drawn = signed(
      called('c1', 'T1', 40, on('2026-07-01')),
      called('c2', 'T1', 30, on('2026-09-01')),
      changedOn('2026-09-01', 80),
    );
    drawn.when(changedOn('2026-06-01', 39)).thenRefused('COMMITTED_BELOW_DRAWN', '/data/committed/amount', {
      committed: '39',
      drawn: '40',
      on: '2026-07-01',
    });
    drawn.when(changedOn('2026-06-01', 40)).thenRecorded();
    drawn.when(changedOn('2026-08-31', 39)).thenRefused('COMMITTED_BELOW_DRAWN', '/data/committed/amount', {
      committed: '39',
      drawn: '40',
      on: '2026-08-31',
    });
    drawn.when(changedOn('2026-10-01', 69)).thenRefused('COMMITTED_BELOW_DRAWN', '/data/committed/amount', {
      committed: '69',
      drawn: '70',
      on: '2026-10-01',
    });
  });

  it('covers the tranches for as long as it holds', () => {
    const scheduled = signed(scheduledOn('2026-09-15', 70), changedOn('2026-10-01', 120));
    scheduled.when(changedOn('2026-08-01', 69)).thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/committed/amount', {
      committed: '69',
      tranches: '70',
      on: '2026-09-15',
    });
    scheduled.and(changedOn('2026-09-01', 100)).when(changedOn('2026-08-01', 69)).thenRecorded();
  });

  it('takes a second person where it is more than what it takes the place of, whatever came later', () => {
    const raise = (effective: string, amount: number) => changed(amount, { effective });
    changedTwice().when(raise('2026-08-01', 91)).thenRefused('FOUR_EYES_REQUIRED');
    changedTwice().when(raise('2026-08-01', 90)).thenRecorded();
    changedTwice().when(raise('2026-09-02', 51)).thenRefused('FOUR_EYES_REQUIRED');
  });
});

describe('on the day that money is repaid', () => {
  const drawn = (...more: readonly Draft[]) =>
    signed(
      named('first', received('r1', 'T1', 30, undefined, on('2026-05-01'))),
      received('r2', 'T1', 20, undefined, on('2026-07-01')),
      ...more,
    );

  it('it must have been received, and not only later', () => {
    drawn()
      .when(repaid('p1', 31, {}, on('2026-06-30')))
      .thenRefused('REPAYMENT_EXCEEDS_OUTSTANDING', '/effective', {
        repaid: '31',
        outstanding: '30',
        on: '2026-06-30',
      });
    drawn()
      .when(repaid('p1', 31, {}, on('2026-07-01')))
      .thenRecorded();
  });

  it('it must not have been repaid later', () => {
    const scenario = () => drawn(repaid('p1', 25, {}, on('2026-06-15')));
    scenario()
      .when(repaid('p2', 6, {}, on('2026-05-01')))
      .thenRefused('REPAYMENT_EXCEEDS_OUTSTANDING', '/effective', { repaid: '6', outstanding: '5', on: '2026-06-15' });
    scenario()
      .when(repaid('p2', 5, {}, on('2026-05-01')))
      .thenRecorded();
  });

  it('interest is owed whatever was received', () =>
    drawn()
      .when(repaid('p1', 1_000, { kind: 'interest' }, on('2026-04-01')))
      .thenRecorded());

  it('no receipt comes later by a correction', () =>
    drawn(named('back', repaid('p1', 10, {}, on('2026-06-01'))))
      .when(correction('first', received('r1', 'T1', 30, undefined, on('2026-06-02'))))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'back',
        offendingCode: 'REPAYMENT_EXCEEDS_OUTSTANDING',
      }));
});

describe('whatever is posted to a funding, of whatever day', () => {
  const amount = fc.integer({ min: 1, max: 60 });
  const day = fc.integer({ min: 10, max: 28 }).map((number) => `2026-04-${number}`);
  const id = fc.integer({ min: 1, max: 6 });
  const trancheId = fc.constantFrom('T1', 'T1', 'T2', 'T3');
  const change = fc.tuple(amount, day).map(([a, d]) => changedOn(d, 40 + a));
  const anything = fc.oneof(
    fc.tuple(id, amount, day, trancheId).map(([n, a, d, t]) => called(`c${n}`, t, a, on(d))),
    fc
      .tuple(id, amount, day, fc.option(id, { nil: undefined }), trancheId)
      .map(([n, a, d, c, t]) => received(`r${n}`, t, a, c === undefined ? undefined : `c${c}`, on(d))),
    fc.tuple(trancheId, amount, day).map(([t, a, d]) => tranche(t, a, 'none', on(d))),
    fc.tuple(id, amount, day).map(([n, a, d]) => repaid(`p${n}`, a, {}, on(d))),
    change,
    day.map((d) => closedOn(d)),
  );

  interface Moved {
    readonly callId?: string;
    readonly money: { readonly amount: string };
  }
  interface Scheduled {
    readonly amount: { readonly ceiling: { readonly amount: string } };
  }

  it('no more is drawn or scheduled on any day than is committed, nor more repaid than received', () => {
    const begun = fc.tuple(fc.array(change, { minLength: 2, maxLength: 4 }), fc.array(anything, { maxLength: 40 }));
    fc.assert(
      fc.property(
        day,
        begun.map((drafts) => drafts.flat()),
        (first, drafts) => {
          const scenario = given(
            proposed({ amount: { undisclosed: true } }),
            committed(100, {}, on(first)),
            tranche('T1', null),
          );
          const accepted = drafts.filter((draft) => scenario.when(draft).refusals.length === 0);
          for (let number = 9; number <= 28; number += 1) {
            const until = `2026-04-${String(number).padStart(2, '0')}`;
            const happened = accepted.filter(({ effective = '' }) => effective <= until);
            const of = (type: string): Moved[] =>
              happened.flatMap((draft) => (draft.type === type ? [draft.data as Moved] : []));
            const total = (moves: readonly Moved[]): string => sum(moves.map(({ money }) => money.amount));
            const got = of('FundsReceived');
            const onCalls = of('FundsCalled').map((call) => {
              const answers = total(got.filter(({ callId }) => callId === call.callId));
              return compare(answers, total([call])) > 0 ? answers : total([call]);
            });
            const early = got.filter(
              ({ callId }) => callId === undefined || of('FundsCalled').every((call) => call.callId !== callId),
            );
            const drawn = sum([...onCalls, total(early)]);
            const changes = happened
              .filter(({ type }) => type === 'CommitmentChanged')
              .toSorted((a, b) =>
                String(a.effective) < String(b.effective) ? -1 : a.effective === b.effective ? 0 : 1,
              );
            const last = changes.at(-1)?.data as { committed: { amount: string } } | undefined;
            const owed = until < first ? '0' : (last?.committed.amount ?? '100');
            expect({ until, owed, drawn, left: compare(owed, drawn) }).not.toMatchObject({ left: -1 });
            const scheduled = sum(
              happened.flatMap(({ type, data }) =>
                type === 'TrancheScheduled' ? [(data as Scheduled).amount.ceiling.amount] : [],
              ),
            );
            // A tranche may be known before there is a commitment to hold it against.
            const covered = until < first || compare(owed, scheduled) >= 0;
            expect({ until, owed, scheduled, covered }).toMatchObject({ covered: true });
            expect(compare(subtract(total(got), total(of('FundsRepaid'))), '0')).toBeGreaterThanOrEqual(0);
          }
          const closing = accepted.find(({ type }) => type === 'FundingClosed')?.effective ?? '9999';
          const before = accepted
            .filter(({ type }) => type !== 'FundsRepaid' && type !== 'TrancheScheduled')
            .map(({ effective = '' }) => effective);
          expect(before.filter((each) => each > closing)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

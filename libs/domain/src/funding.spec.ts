import { type FundingState } from './funding';
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
  trancheCancelled,
  closed,
  facility,
  stateOf,
  availableIn,
  type Data,
} from './funding.testing';
import { CONTROLLER, given } from './testing';

describe('proposing', () => {
  it('leaves it proposed, nothing committed', () => {
    const state = given().when(proposed()).thenState<FundingState>(STREAM);
    expect([state.stage, state.committed, state.currency]).toEqual(['proposed', null, 'USD']);
  });

  it('goes from one party to another', () =>
    given()
      .when(proposed({ recipientId: 'nvidia' }))
      .thenRefused('VALIDATION_FAILED', '/data/recipientId'));

  it.each<[string, Partial<Data<'FundingProposed'>>]>([
    ['/data/funderIds/0', { funderIds: ['mgx'] }],
    ['/data/recipientId', { recipientId: 'g42' }],
    ['/data/dealId', { dealId: 'none' }],
    ['/data/siteIds/0', { siteIds: ['abu-dhabi'] }],
  ])('is refused with an unknown reference at %s', (pointer, data) =>
    given().when(proposed(data)).thenRefused('REF_NOT_FOUND', pointer),
  );
});

describe('committing', () => {
  it('makes it committed, with its days', () => {
    const availability = { from: '2026-04-01', to: '2031-12-31' };
    const state = given(proposed()).when(committed(80, { availability })).thenState<FundingState>(STREAM);
    expect(state).toMatchObject({ stage: 'committed', committed: '80', availability });
  });

  it('happens once', () =>
    given(proposed(), committed(80))
      .when(committed(90))
      .thenRefused('FUNDING_ALREADY_COMMITTED', '/data/committed/amount', { committed: '80', asked: '90' }));

  it('stays within the stated ceiling, to the cent', () => {
    given(proposed()).when(committed('100.00')).thenRecorded();
    given(proposed())
      .when(committed('100.01'))
      .thenRefused('COMMITTED_EXCEEDS_CEILING', '/data/committed/amount', { committed: '100.01', ceiling: '100' });
  });

  it('has no ceiling where none was disclosed', () =>
    given(proposed({ amount: { undisclosed: true } }))
      .when(committed(10))
      .thenRecorded());

  it('covers the tranches', () =>
    given(proposed(), tranche('T1', 60))
      .when(committed(59))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/committed/amount', {
        committed: '59',
        tranches: '60',
        on: '2026-06-01',
      }));

  it('is in the currency that was stated', () =>
    given(proposed())
      .when(committed(1, { committed: krw('1') }))
      .thenRefused('CURRENCY_MISMATCH', '/data/committed'));

  it('needs a second person', () =>
    given(proposed())
      .when(post('FundingCommitted', { committed: usd(1) }))
      .thenRefused('FOUR_EYES_REQUIRED', '/approvedBy'));

  it('is refused with days that run backwards', () =>
    given(proposed())
      .when(committed(1, { availability: { from: '2026-04-01', to: '2026-03-31' } }))
      .thenRefused('PERIOD_INVALID', '/data/availability/to'));
});

describe('changing the commitment', () => {
  it('replaces the amount', () => {
    expect(facility().when(changed(150)).thenState<FundingState>(STREAM).committed).toBe('150');
  });

  it('needs a commitment', () => given(proposed()).when(changed(1)).thenRefused('FUNDING_NOT_COMMITTED'));

  it('does not fall below what is drawn', () =>
    given(proposed(), committed(100), tranche('T1', null), called('c1', 'T1', 30), received('r1', 'T1', 20, 'c1'))
      .when(changed('29.99'))
      .thenRefused('COMMITTED_BELOW_DRAWN', '/data/committed/amount', {
        committed: '29.99',
        drawn: '30',
        on: '2026-06-01',
      }));

  it('does not fall below the tranches, cancelled ones in full', () =>
    facility(trancheCancelled('T2'))
      .when(changed(99))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/committed/amount', {
        committed: '99',
        tranches: '100',
        on: '2026-06-01',
      }));

  it('stays in its currency', () =>
    facility()
      .when(post('CommitmentChanged', { committed: krw('200'), changeType: 'amendment', reason: 'new' }))
      .thenRefused('CURRENCY_MISMATCH'));

  it('upwards needs a second person, downwards none', () => {
    facility().when(changed(101, {})).thenRefused('FOUR_EYES_REQUIRED');
    given(proposed(), committed(100)).when(changed(99, {})).thenRecorded();
  });

  it('says why', () =>
    facility()
      .when({ ...changed(101), data: { committed: usd(101), changeType: 'amendment' } })
      .thenRefused('REASON_REQUIRED', '/data/reason'));
});

describe('a tranche of undisclosed amount', () => {
  const drawn = () =>
    given(proposed(), committed(100), tranche('T1', 60), tranche('T2', null), received('r1', 'T2', 50));

  it('keeps the commitment above what was drawn from it', () =>
    drawn().when(changed('109.99')).thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/committed/amount', {
      committed: '109.99',
      tranches: '110',
      on: '2026-06-01',
    }));

  it('leaves another one less to cancel', () =>
    expect(drawn().when(trancheCancelled('T1')).thenState<FundingState>(STREAM).cancelled).toBe('50'));
});

describe('scheduling a tranche', () => {
  it('waits for its condition, if it has one', () => {
    const { tranches } = stateOf(facility());
    expect([tranches['T1']?.conditionStatus, tranches['T2']?.conditionStatus]).toEqual(['none', 'open']);
  });

  it('has an id of its own', () => facility().when(tranche('T1', 0)).thenRefused('TRANCHE_EXISTS', '/data/trancheId'));

  it('stays within the ceiling while nothing is committed', () =>
    given(proposed(), tranche('T1', 60))
      .when(tranche('T2', '40.01'))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/amount', { tranches: '100.01', limit: '100' }));

  it('stays within the commitment once there is one', () =>
    given(proposed(), committed(80), tranche('T1', 60))
      .when(tranche('T2', 21))
      .thenRefused('TRANCHES_EXCEED_COMMITMENT', '/data/amount', { tranches: '81', limit: '80', on: '2026-06-01' }));

  it('may be of undisclosed amount', () => facility().when(tranche('T3', null)).thenRecorded());

  it('stays in the currency', () =>
    facility()
      .when(post('TrancheScheduled', { trancheId: 'T3', amount: { firm: krw('1') }, condition: { type: 'none' } }))
      .thenRefused('CURRENCY_MISMATCH', '/data/amount'));

  it('may be called what every object has', () => given(proposed()).when(tranche('constructor', 1)).thenRecorded());
});

describe('meeting a condition', () => {
  it('opens the tranche', () => {
    const state = facility().when(met('T2')).thenState<FundingState>(STREAM);
    expect([state.tranches['T2']?.conditionStatus, availableIn(state, 'T2')]).toEqual(['met', '40']);
  });

  it('happens once', () => facility(met('T2')).when(met('T2')).thenRefused('CONDITION_ALREADY_MET', '/data/trancheId'));

  it('needs a condition', () => facility().when(met('T1')).thenRefused('CONDITION_ALREADY_MET'));

  it('needs a tranche', () =>
    facility().when(met('T9')).thenRefused('REF_NOT_FOUND', '/data/trancheId', { kind: 'tranche', id: 'T9' }));

  it('may be waived by two', () => {
    facility()
      .when(met('T2', { waived: true }))
      .thenRefused('FOUR_EYES_REQUIRED');
    const state = facility()
      .when(met('T2', { waived: true }, { approvedBy: CONTROLLER }))
      .thenState<FundingState>(STREAM);
    expect(state.tranches['T2']?.conditionStatus).toBe('waived');
  });
});

describe('cancelling a tranche', () => {
  it('keeps what was drawn or called', () => {
    const state = facility(received('r1', 'T1', 10), called('c1', 'T1', 20))
      .when(trancheCancelled('T1'))
      .thenState<FundingState>(STREAM);
    expect(state.tranches['T1']).toMatchObject({
      cancelled: '30',
      received: '10',
      calledOpen: '20',
      isCancelled: true,
    });
    expect([state.cancelled, availableIn(state, 'T1')]).toEqual(['30', '0']);
  });

  it('still lets the open call be answered', () =>
    facility(called('c1', 'T1', 20), trancheCancelled('T1'))
      .when(received('r1', 'T1', 20, 'c1'))
      .thenRecorded());

  it('lets nothing more be called', () =>
    facility(trancheCancelled('T1'))
      .when(called('c1', 'T1', '0.01'))
      .thenRefused('CALL_EXCEEDS_AVAILABLE'));

  it.each([
    ['is cancelled already', trancheCancelled('T1')],
    ['is drawn in full', received('r1', 'T1', 60)],
    ['is called in full', called('c1', 'T1', 60)],
  ])('is refused when it %s', (_, draft) =>
    facility(draft).when(trancheCancelled('T1')).thenRefused('NOTHING_TO_CANCEL', '/data/trancheId'),
  );

  it('needs a tranche', () => facility().when(trancheCancelled('T9')).thenRefused('REF_NOT_FOUND'));

  it('needs a reason', () =>
    facility()
      .when({ ...trancheCancelled('T1'), data: { trancheId: 'T1' } })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it('of undisclosed amount cancels no figure, and ends its calls', () => {
    const scenario = given(proposed(), committed(100), tranche('T1', null), trancheCancelled('T1'));
    expect(stateOf(scenario).cancelled).toBe('0');
    scenario.when(called('c1', 'T1', 1)).thenRefused('CALL_EXCEEDS_AVAILABLE');
    scenario.when(trancheCancelled('T1')).thenRefused('NOTHING_TO_CANCEL');
  });
});

describe('closing', () => {
  it('cancels everything undrawn, in tranches or not', () => {
    const state = given(proposed(), committed(100), tranche('T1', 60), received('r1', 'T1', 10))
      .when(closed)
      .thenState<FundingState>(STREAM);
    expect(state).toMatchObject({
      stage: 'closed',
      cancelled: '90',
      tranches: { T1: { cancelled: '50', isCancelled: true } },
    });
  });

  it('of what was only proposed cancels no money', () =>
    expect(given(proposed()).when(closed).thenState<FundingState>(STREAM)).toMatchObject({
      stage: 'closed',
      cancelled: '0',
    }));

  it('needs a reason', () =>
    facility()
      .when({ ...closed, data: { outcome: 'expired' } })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it('waits for open calls', () =>
    facility(called('c1', 'T1', 1))
      .when(closed)
      .thenRefused('OPEN_CALL', undefined, { calledOpen: '1' }));

  it.each([
    ['a commitment', committed(1)],
    ['a change', changed(200)],
    ['a tranche', tranche('T3', null)],
    ['another tranche', tranche('T4', 1)],
    ['a condition', met('T2')],
    ['a call', called('c1', 'T1', 1)],
    ['a receipt', received('r1', 'T1', 1)],
    ['a second closing', closed],
  ])('lets %s no longer follow', (_, draft) => facility(closed).when(draft).thenRefused('FUNDING_CLOSED'));

  it('leaves nothing to cancel', () => facility(closed).when(trancheCancelled('T2')).thenRefused('NOTHING_TO_CANCEL'));

  it('leaves nothing to commit', () => given(proposed(), closed).when(committed(1)).thenRefused('FUNDING_CLOSED'));
});

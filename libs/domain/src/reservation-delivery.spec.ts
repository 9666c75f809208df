import { get } from './keyed';
import type { ReservationState } from './reservation';
import {
  accepted,
  closed,
  delivered,
  RAMP,
  ramp,
  requested,
  reserved,
  short,
  slipped,
  wafers,
} from './reservation.testing';
import { cancellation, given, poster, type Draft } from './testing';
import { reservationEvents } from './reservation';

const planned = () => given(requested(), ramp(1, RAMP));

describe('a delivery', () => {
  it('counts on account of its period', () => {
    const state = planned()
      .when(delivered('d1', '2026-01', '45000'))
      .thenState<ReservationState>('reservation/hbm');
    expect([state.stage, get(state.delivered, '2026-01')]).toEqual(['delivering', '45000']);
  });

  it('has an id of its own', () =>
    planned()
      .and(delivered('d1', '2026-01', '1'))
      .when(delivered('d1', '2026-02', '1'))
      .thenRefused('DELIVERY_EXISTS', '/data/deliveryId', { deliveryId: 'd1' }));

  it('is refused above what was planned to date', () => {
    const outcome = planned()
      .and(delivered('d1', '2026-01', '45000'))
      .when(delivered('d2', '2026-01', '5001'));
    outcome.thenRefused('DELIVERY_EXCEEDS_SCHEDULE', '/data/qty/value', {
      asked: '5001',
      delivered: '45000',
      planned: '50000',
      by: '2026-01-31',
    });
    expect(outcome.message).toContain('50,001 WFR are delivered by 2026-01-31');
  });

  it('may make up for what was missing before', () => {
    const scenario = planned().and(delivered('d1', '2026-01', '45000'));
    scenario.when(delivered('d2', '2026-02', '80001')).thenRefused('DELIVERY_EXCEEDS_SCHEDULE');
    scenario.when(delivered('d2', '2026-02', '80000')).thenRecorded();
  });

  it('is held against its own month and later ones alone', () =>
    planned()
      .and(delivered('d1', '2026-01', '60000', { overDelivery: true }))
      .when(delivered('d2', '2026-02', '65000'))
      .thenRecorded());

  it('that is learned late leaves no more for the months after it', () =>
    planned()
      .and(delivered('d2', '2026-02', '125000'))
      .when(delivered('d1', '2026-01', '1'))
      .thenRefused('DELIVERY_EXCEEDS_SCHEDULE', '/data/qty/value', {
        asked: '1',
        delivered: '125000',
        planned: '125000',
        by: '2026-02-28',
      }));

  it('is refused where a slip has moved the plan', () =>
    planned()
      .and(slipped('s1', '2026-01', '2026-02', '50000'))
      .when(delivered('d1', '2026-01', '1'))
      .thenRefused('DELIVERY_EXCEEDS_SCHEDULE'));

  it('without a plan is refused, unless it is meant so', () => {
    given(requested())
      .when(delivered('d1', '2026-01', '1'))
      .thenRefused('DELIVERY_EXCEEDS_SCHEDULE');
    given(requested())
      .when(delivered('d1', '2026-01', '1', { overDelivery: true }))
      .thenRecorded();
  });

  it('goes to a site that is known', () =>
    planned()
      .when(delivered('d1', '2026-01', '1', { siteId: 'abilene' }))
      .thenRefused('REF_NOT_FOUND', '/data/siteId'));

  it("is in the reservation's unit", () =>
    planned()
      .when(delivered('d1', '2026-01', '1', { qty: { unit: 'EA', value: '1' } }))
      .thenRefused('UNIT_MISMATCH', '/data/qty/unit', { unit: 'EA', reservationUnit: 'WFR' }));

  it('cannot be of tomorrow', () =>
    planned()
      .today('2026-01-10')
      .when({ ...delivered('d1', '2026-01', '1'), effective: '2026-01-11' })
      .thenRefused('FUTURE_DATED_FACT', '/effective'));
});

describe('an acceptance', () => {
  const arrived = () => planned().and(delivered('d1', '2026-01', '45000'));

  it('decides a delivery', () => {
    const { deliveries } = arrived()
      .when(accepted('d1', '44000', '1000'))
      .thenState<ReservationState>('reservation/hbm');
    expect(get(deliveries, 'd1')?.isDecided).toBe(true);
  });

  it.each([
    ['44000', '999'],
    ['44000', '1001'],
  ])('of %s with %s rejected does not account for 45,000', (taken, rejected) =>
    arrived()
      .when(accepted('d1', taken, rejected))
      .thenRefused('ACCEPTANCE_MISMATCH', '/data/acceptedQty/value', {
        accepted: taken,
        rejected,
        delivered: '45000',
      }),
  );

  it('comes once', () =>
    arrived()
      .and(accepted('d1', '45000'))
      .when(accepted('d1', '45000'))
      .thenRefused('DELIVERY_ALREADY_DECIDED', '/data/deliveryId', { deliveryId: 'd1' }));

  it('is of a delivery that is known', () =>
    arrived()
      .when(accepted('d2', '1'))
      .thenRefused('REF_NOT_FOUND', '/data/deliveryId', { kind: 'delivery', id: 'd2' }));

  it.each<[string, object]>([
    ['/data/acceptedQty/unit', { acceptedQty: { unit: 'EA', value: '45000' } }],
    ['/data/rejectedQty/unit', { rejectedQty: { unit: 'EA', value: '0' } }],
  ])('is refused in another unit at %s', (pointer, other) =>
    arrived()
      .when({ ...accepted('d1', '45000'), data: { ...(accepted('d1', '45000').data as object), ...other } })
      .thenRefused('UNIT_MISMATCH', pointer),
  );
});

describe('a cancelled delivery', () => {
  it('is refused while its acceptance stands', () => {
    const arrival = { ...delivered('d1', '2026-01', '45000'), id: 'arrival' };
    const acceptance = { ...accepted('d1', '45000'), id: 'acceptance' };
    const scenario = planned().and(arrival, acceptance);
    scenario.when(cancellation('arrival', arrival)).thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
      firstOffendingEventId: 'acceptance',
      offendingCode: 'REF_NOT_FOUND',
    });
    const { delivered: left } = scenario
      .when(cancellation('arrival', arrival), cancellation('acceptance', acceptance))
      .thenState<ReservationState>('reservation/hbm');
    expect(left.size).toBe(0);
  });
});

describe('a shortfall', () => {
  const missing = () => planned().and(delivered('d1', '2026-01', '45000'));

  it('says who owes what', () => {
    const { short: declared } = missing()
      .when(short('s1', '2026-01', '5000', { remedy: 'payment', money: { currency: 'USD', amount: '1000' } }))
      .thenState<ReservationState>('reservation/hbm');
    expect(get(declared, '2026-01')).toBe('5000');
  });

  it('is refused above the gap', () => {
    missing()
      .when(short('s1', '2026-01', '5001'))
      .thenRefused('SHORTFALL_EXCEEDS_GAP', '/data/qty/value', {
        asked: '5001',
        planned: '50000',
        delivered: '45000',
        declared: '0',
      });
    missing()
      .and(short('s1', '2026-01', '3000'))
      .when(short('s2', '2026-01', '2001'))
      .thenRefused('SHORTFALL_EXCEEDS_GAP', '/data/qty/value', {
        asked: '2001',
        planned: '50000',
        delivered: '45000',
        declared: '3000',
      });
  });

  it('is refused of what slipped', () =>
    missing()
      .and(slipped('sl1', '2026-01', '2026-02', '5000'))
      .when(short('s1', '2026-01', '1'))
      .thenRefused('SHORTFALL_EXCEEDS_GAP'));

  it('is refused before its period is over', () => {
    missing()
      .when({ ...short('s1', '2026-01', '5000'), effective: '2026-01-30' })
      .thenRefused('PERIOD_NOT_ENDED', '/data/period', { on: '2026-01-30', end: '2026-01-31' });
    missing()
      .when({ ...short('s1', '2026-01', '5000'), effective: '2026-01-31' })
      .thenRecorded();
  });

  it('has an id of its own', () =>
    missing()
      .and(short('s1', '2026-01', '1'))
      .when(short('s1', '2026-01', '1'))
      .thenRefused('SHORTFALL_EXISTS', '/data/shortfallId', { shortfallId: 's1' }));

  it("is in the reservation's unit", () =>
    missing()
      .when(short('s1', '2026-01', '1', { qty: { unit: 'EA', value: '1' } }))
      .thenRefused('UNIT_MISMATCH', '/data/qty/unit'));
});

describe('the end of a reservation', () => {
  it('needs a reason where something binding is undelivered', () => {
    const scenario = given(requested(), reserved(), ramp(1, { '2026-01': '2' }), delivered('d1', '2026-01', '1'));
    scenario
      .when(closed({ reason: undefined }))
      .thenRefused('REASON_REQUIRED', '/data/reason', { planned: '2', delivered: '1' });
    scenario.when(closed()).thenRecorded();
  });

  it('needs none where all is delivered', () =>
    given(requested(), reserved(), ramp(1, { '2026-01': '2' }))
      .and(delivered('d2', '2026-01', '2'))
      .when(closed({ outcome: 'fulfilled', reason: undefined }))
      .thenRecorded());

  it('needs none where nothing is binding', () =>
    given(requested(), reserved({ binding: false }), ramp(1, RAMP))
      .when(closed({ outcome: 'expired', reason: undefined }))
      .thenRecorded());

  const post = poster(reservationEvents, 'reservation/hbm');
  it.each<[string, Draft]>([
    ['a reservation', reserved()],
    ['a ramp', ramp(2, RAMP)],
    ['a priority', post('AllocationPriorityGranted', { tier: 'first' })],
    ['a delivery', delivered('d2', '2026-01', '1')],
    ['an acceptance', accepted('d1', '1')],
    ['a slip', slipped('s1', '2026-01', '2026-02', '1')],
    ['a shortfall', short('s1', '2026-01', '1')],
    ['another end', closed()],
  ])('leaves no room for %s', (_, draft) =>
    planned()
      .and(delivered('d1', '2026-01', '1'), closed())
      .when(draft)
      .thenRefused('RESERVATION_CLOSED'),
  );

  it('can be taken back', () => {
    const end = { ...closed(), id: 'end' };
    planned()
      .and(end, cancellation('end', end))
      .when(delivered('d1', '2026-01', '1'))
      .thenRecorded();
  });

  it('keeps what was agreed', () => {
    const { stage, unit } = planned().when(closed()).thenState<ReservationState>('reservation/hbm');
    expect([stage, unit]).toEqual(['closed', wafers('1').unit]);
  });
});

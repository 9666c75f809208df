import { entriesOf } from './keyed';
import type { ReservationState } from './reservation';
import { delivered, RAMP, ramp, requested, reserved, slipped, wafers } from './reservation.testing';
import { cancellation, correction, given, type Draft, type Outcome } from './testing';

const deal: Draft = {
  stream: 'deal/memory',
  type: 'DealOpened',
  data: {
    dealId: 'memory',
    title: 'Memory',
    kinds: ['supply'],
    parties: [
      { partyId: 'samsung', role: 'supplier' },
      { partyId: 'openai', role: 'buyer' },
    ],
  },
};
const leg = (ceiling: { unit: string; value: string }, per?: string): Draft => ({
  stream: 'deal/memory',
  type: 'LegAdded',
  data: {
    legId: 'L1',
    class: 'supply',
    providers: ['samsung'],
    receivers: ['openai'],
    itemId: 'hbm',
    quantity: { ceiling, bound: 'upTo' },
    per,
  },
});
const forLeg = (rate?: { undisclosed: true }): Draft =>
  requested({ dealId: 'memory', legId: 'L1', ...(rate && { rate, per: undefined }) });

const alone = ({ approvedBy: _, ...draft }: Draft): Draft => draft;

function planOf(outcome: Outcome): Record<string, string> {
  const { plan } = outcome.thenState<ReservationState>('reservation/hbm');
  return Object.fromEntries([...entriesOf(plan)].map(([period, { qty, firmness }]) => [period, `${qty} ${firmness}`]));
}

describe('a reservation', () => {
  it('may be binding, with what must be paid for even if not taken', () => {
    const { stage, reserved: terms } = given(requested())
      .when(reserved({ takeOrPay: { minShare: '0.80' } }))
      .thenState<ReservationState>('reservation/hbm');
    expect([stage, terms?.binding, terms?.takeOrPay?.minShare]).toEqual(['reserved', true, '0.80']);
  });

  it('needs a second person to be binding, and nobody to be not', () => {
    given(requested()).when(alone(reserved())).thenRefused('FOUR_EYES_REQUIRED', '/approvedBy');
    given(requested())
      .when(alone(reserved({ binding: false })))
      .thenRecorded();
  });

  it('may become binding later', () => {
    const { reserved: terms } = given(requested(), reserved({ binding: false }))
      .when(reserved())
      .thenState<ReservationState>('reservation/hbm');
    expect(terms?.binding).toBe(true);
  });

  it('is refused a share of more than all', () =>
    given(requested())
      .when(reserved({ takeOrPay: { minShare: '1.1' } }))
      .thenRefused('PROBABILITY_RANGE', '/data/takeOrPay/minShare'));

  it('is a fact, not a promise', () =>
    given(requested())
      .today('2026-06-01')
      .when(reserved({}, { effective: '2026-06-02' }))
      .thenRefused('FUTURE_DATED_FACT'));

  it('is asked for first', () => given().when(reserved()).thenRefused('STREAM_NOT_FOUND'));
});

describe('a ramp', () => {
  it('is the plan, firm unless said otherwise', () => {
    expect(planOf(given(requested()).when(ramp(1, { '2026-01': '50000' })))).toEqual({ '2026-01': '50000 firm' });
    expect(planOf(given(requested()).when(ramp(1, { '2026-01': '1' }, 'forecast')))).toEqual({
      '2026-01': '1 forecast',
    });
  });

  it('replaces the one before as a whole, with what slipped in it', () =>
    expect(
      planOf(
        given(requested(), ramp(1, RAMP), slipped('s1', '2026-01', '2026-02', '10000')).when(
          ramp(2, { '2026-02': '90000', '2026-04': '1' }),
        ),
      ),
    ).toEqual({ '2026-02': '90000 firm', '2026-04': '1 firm' }));

  it.each([[2], [7]])('%i is refused before the first', (version) =>
    given(requested())
      .when(ramp(version, RAMP))
      .thenRefused('RAMP_VERSION_GAP', '/data/rampVersion', { expected: 1, actual: version }),
  );

  it('is refused with the number of one before', () =>
    given(requested(), ramp(1, RAMP))
      .when(ramp(1, RAMP))
      .thenRefused('RAMP_VERSION_GAP', '/data/rampVersion', { expected: 2, actual: 1 }));

  it("is refused in another unit than the request's", () =>
    given(requested({ rate: { ceiling: { unit: 'EA', value: '1' } } }))
      .when(ramp(1, RAMP))
      .thenRefused('UNIT_MISMATCH', '/data/lines/0/qty/unit', { unit: 'WFR', reservationUnit: 'EA' }));

  it('sets the unit of a request for an undisclosed quantity', () => {
    const secret = given(requested({ rate: { undisclosed: true }, per: undefined }), ramp(1, RAMP));
    secret
      .when(delivered('d1', '2026-01', '1', { qty: { unit: 'EA', value: '1' } }))
      .thenRefused('UNIT_MISMATCH', '/data/qty/unit', { unit: 'EA', reservationUnit: 'WFR' });
  });

  it('is refused in two units', () => {
    const mixed = ramp(1, RAMP) as { data: { lines: object[] } } & Draft;
    mixed.data.lines[2] = { period: '2026-03', qty: { unit: 'EA', value: '1' } };
    given(requested({ rate: { undisclosed: true }, per: undefined }))
      .when(mixed)
      .thenRefused('UNIT_MISMATCH', '/data/lines/2/qty/unit');
  });

  it('is refused with two lines of one period, however it is written', () => {
    const twice = ramp(1, { '2026-Q1': '1', '2026-33': '2' });
    const outcome = given(requested()).when(twice);
    outcome.thenRefused('VALIDATION_FAILED', '/data/lines/1/period');
    expect(outcome.message).toContain('1 WFR and 2 WFR');
  });

  it('is refused without lines', () =>
    given(requested()).when(ramp(1, {})).thenRefused('VALIDATION_FAILED', '/data/lines'));

  it('is refused a line above the rate of its leg', () => {
    const outcome = given(deal, leg(wafers('90000'), 'P1M'), forLeg()).when(ramp(1, RAMP));
    outcome.thenRefused('RAMP_EXCEEDS_LEG', '/data/lines/2/qty/value', {
      period: '2026-03',
      planned: '100000',
      ceiling: '90000',
      per: 'P1M',
    });
    expect(outcome.message).toContain('100,000 WFR are planned for 2026-03');
  });

  it.each([
    ['three months in a quarter', '2026-Q1', '270000', '270001', 'P1M'],
    ['a whole year in one of its months', '2026-01', '90000', '90001', 'P1Y'],
    ['by days where a month has no whole weeks', '2026-01', '398571', '398572', 'P1W'],
  ])('may have %s of a rate', (_, period, most, tooMuch, per) => {
    const scenario = given(deal, leg(wafers('90000'), per), forLeg());
    scenario.when(ramp(1, { [period]: tooMuch })).thenRefused('RAMP_EXCEEDS_LEG', '/data/lines/0/qty/value');
    scenario.when(ramp(1, { [period]: most })).thenRecorded();
  });

  it('may have no more in all than a leg without a rate', () => {
    const scenario = given(deal, leg(wafers('200000')), forLeg());
    scenario
      .when(ramp(1, RAMP))
      .thenRefused('RAMP_EXCEEDS_LEG', '/data/lines', { planned: '225000', ceiling: '200000' });
    scenario.when(ramp(1, { '2026-01': '100000', '2026-02': '100000' })).thenRecorded();
  });

  it('is compared with a leg in another unit of the same kind, and refused in any other', () => {
    const power = (value: string): Draft => ({
      ...ramp(1, {}),
      data: { rampVersion: 1, lines: [{ period: '2026-01', qty: { unit: 'MW', value } }] },
    });
    const scenario = given(deal, leg({ unit: 'GW', value: '2' }, 'P1M'), forLeg({ undisclosed: true }));
    scenario.when(power('2001')).thenRefused('RAMP_EXCEEDS_LEG');
    scenario.when(power('2000')).thenRecorded();
    given(deal, leg({ unit: 'EA', value: '2' }, 'P1M'), forLeg())
      .when(ramp(1, RAMP))
      .thenRefused('UNIT_MISMATCH', '/data/lines/0/qty/unit', { unit: 'WFR', legUnit: 'EA' });
  });

  it('is refused in the old unit of a leg that counts in another since, and recorded once the leg is put right', () => {
    const inUnit = (unit: string, id: string): Draft => ({
      stream: 'deal/memory',
      type: 'LegTermsChanged',
      id,
      data: { legId: 'L1', changeType: 'disclosure', terms: { quantity: { firm: { unit, value: '225000' } } } },
    });
    const scenario = given(deal, leg(wafers('225000')), forLeg(), ramp(1, RAMP), inUnit('EA', 'to-chips'));
    scenario.when(ramp(2, RAMP)).thenRefused('UNIT_MISMATCH', '/data/lines/0/qty/unit', { unit: 'WFR', legUnit: 'EA' });
    scenario.and(inUnit('WFR', 'to-wafers')).when(ramp(2, RAMP)).thenRecorded();
  });

  it('may be in any unit of a leg whose quantity is secret', () => {
    const secret: Draft = leg(wafers('1'));
    given(deal, { ...secret, data: { ...(secret.data as object), quantity: { undisclosed: true } } }, forLeg())
      .when(ramp(1, RAMP))
      .thenRecorded();
  });

  it('is refused below what was delivered in a period', () => {
    const scenario = given(requested(), ramp(1, RAMP), delivered('d1', '2026-01', '45000'));
    scenario
      .when(ramp(2, { ...RAMP, '2026-01': '44999' }))
      .thenRefused('RAMP_BELOW_DELIVERED', '/data/lines/0/qty/value', {
        period: '2026-01',
        planned: '44999',
        delivered: '45000',
      });
    scenario
      .when(ramp(2, { '2026-02': '75000' }))
      .thenRefused('RAMP_BELOW_DELIVERED', '/data/lines', { period: '2026-01', planned: '0', delivered: '45000' });
    scenario.when(ramp(2, { ...RAMP, '2026-01': '45000' })).thenRecorded();
  });

  it('may go on by quarters where months were delivered', () => {
    const scenario = given(
      requested(),
      ramp(1, RAMP),
      delivered('d1', '2026-01', '45000'),
      delivered('d2', '2026-02', '1'),
    );
    scenario.when(ramp(2, { '2026-Q1': '45000' })).thenRefused('RAMP_BELOW_DELIVERED', '/data/lines/0/qty/value', {
      period: '2026-33',
      planned: '45000',
      delivered: '45001',
    });
    scenario.when(ramp(2, { '2026-Q1': '45001' })).thenRecorded();
  });
});

describe('a slip', () => {
  it('moves a part of the plan', () =>
    expect(planOf(given(requested(), ramp(1, RAMP)).when(slipped('s1', '2026-01', '2026-02', '20000')))).toMatchObject({
      '2026-01': '30000 firm',
      '2026-02': '95000 firm',
    }));

  it('to a period without a line makes one as firm as its origin', () =>
    expect(
      planOf(given(requested(), ramp(1, RAMP, 'makeAuth')).when(slipped('s1', '2026-03', '2026-07', '100000'))),
    ).toMatchObject({ '2026-03': '0 makeAuth', '2026-07': '100000 makeAuth' }));

  it.each([['2026-01'], ['2025-12'], ['2026'], ['2026-Q1']])('to %s is not forward', (to) =>
    given(requested(), ramp(1, RAMP))
      .when(slipped('s1', '2026-01', to, '1'))
      .thenRefused('SLIP_NOT_FORWARD', '/data/toPeriod'),
  );

  it('is refused beyond what is planned and not delivered', () => {
    const scenario = given(requested(), ramp(1, RAMP), delivered('d1', '2026-01', '45000'));
    scenario
      .when(slipped('s1', '2026-01', '2026-02', '5001'))
      .thenRefused('SLIP_EXCEEDS_PLANNED', '/data/qty/value', { asked: '5001', planned: '50000', delivered: '45000' });
    scenario.when(slipped('s1', '2026-01', '2026-02', '5000')).thenRecorded();
  });

  it('counts what slipped before', () => {
    const scenario = given(requested(), ramp(1, RAMP), slipped('s1', '2026-01', '2026-02', '50000'));
    scenario.when(slipped('s2', '2026-01', '2026-02', '1')).thenRefused('SLIP_EXCEEDS_PLANNED');
    scenario.when(slipped('s2', '2026-02', '2026-03', '125000')).thenRecorded();
  });

  it('has an id of its own', () =>
    given(requested(), ramp(1, RAMP), slipped('s1', '2026-01', '2026-02', '1'))
      .when(slipped('s1', '2026-01', '2026-02', '1'))
      .thenRefused('SLIP_EXISTS', '/data/slipId', { slipId: 's1' }));

  it('says why', () =>
    given(requested(), ramp(1, RAMP))
      .when({
        ...slipped('s1', '2026-01', '2026-02', '1'),
        data: { slipId: 's1', fromPeriod: '2026-01', toPeriod: '2026-02', qty: wafers('1') },
      })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it("is in the reservation's unit", () =>
    given(requested(), ramp(1, RAMP))
      .when({
        ...slipped('s1', '2026-01', '2026-02', '1'),
        data: {
          slipId: 's1',
          fromPeriod: '2026-01',
          toPeriod: '2026-02',
          qty: { unit: 'EA', value: '1' },
          reason: 'yield',
        },
      })
      .thenRefused('UNIT_MISMATCH', '/data/qty/unit'));
});

describe('a correction of the plan', () => {
  it('is refused where a later slip would no longer find what it moved', () =>
    given(
      requested(),
      { ...ramp(1, RAMP), id: 'ramp' },
      { ...slipped('s1', '2026-01', '2026-02', '20000'), id: 'slip' },
    )
      .when(correction('ramp', ramp(1, { ...RAMP, '2026-01': '19999' })))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'slip',
        offendingCode: 'SLIP_EXCEEDS_PLANNED',
      }));

  it('is taken into the plan with the slips after it', () =>
    expect(
      planOf(
        given(requested(), { ...ramp(1, RAMP), id: 'ramp' }, slipped('s1', '2026-01', '2026-02', '20000')).when(
          correction('ramp', ramp(1, { ...RAMP, '2026-01': '60000' })),
        ),
      ),
    ).toMatchObject({ '2026-01': '40000 firm', '2026-02': '95000 firm' }));

  it('cannot take the first of two ramps away', () =>
    given(requested(), { ...ramp(1, RAMP), id: 'one' }, { ...ramp(2, RAMP), id: 'two' })
      .when(cancellation('one', ramp(1, RAMP)))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'two',
        offendingCode: 'RAMP_VERSION_GAP',
      }));
});

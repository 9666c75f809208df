import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { dealClosed, dealt, firstText, foundIn, funding, on } from './testing-exceptions';
import { deal, leg } from './testing-reports';

jest.setTimeout(60_000);

const delivery = (quantity: object = { ceiling: { unit: 'WFR', value: '100' } }): PostedLine =>
  leg({ legId: 'L1', class: 'supply', providers: ['samsung'], receivers: ['openai'], quantity, per: 'P1M' });
const wanted = on('reservation/r', 'CapacityRequested', '2026-01-01', {
  reservationId: 'r',
  buyerId: 'openai',
  supplierIds: ['samsung'],
  itemId: 'hbm',
  rate: { ceiling: { unit: 'WFR', value: '100' } },
  per: 'P1M',
  poolIds: [],
  dealId: 'd',
  legId: 'L1',
  priorityAsked: false,
});
const ramp = (...lines: [string, string][]): PostedLine =>
  on('reservation/r', 'RampScheduled', '2026-01-01', {
    rampVersion: 1,
    lines: lines.map(([period, value]) => ({ period, qty: { unit: 'WFR', value } })),
  });
const closedReservation = on('reservation/r', 'ReservationClosed', '2026-11-30', {
  outcome: 'cancelled',
  reason: 'over',
});

describeWithPostgres('references that were broken afterwards', (url) => {
  const broken = (lines: readonly PostedLine[], query?: Record<string, string>) =>
    foundIn(url, 'REFERENCE_BROKEN', lines, query);

  it('names a reservation whose leg was removed, until it is closed', async () => {
    const removed = dealt('LegRemoved', '2026-10-01', { legId: 'L1', reason: 'over' }, { id: 'removal' });
    const lines = [deal(), delivery(), wanted, removed];
    expect(await broken(lines)).toEqual([['reservation/r/deal/d/L1', '2026-10-01', 'high', 'removal']]);
    expect(await broken(lines, { effectiveOn: '2026-09-30' })).toEqual([]);
    expect(await broken([...lines, closedReservation])).toEqual([]);
  });

  it('names a ramp that a lower leg no longer allows', async () => {
    const lower = dealt(
      'LegTermsChanged',
      '2026-10-01',
      {
        legId: 'L1',
        changeType: 'disclosure',
        effectiveFrom: '2026-10-01',
        terms: { quantity: { ceiling: { unit: 'WFR', value: '80' } } },
      },
      { id: 'lower' },
    );
    const lines = [
      deal(),
      delivery(),
      wanted,
      ramp(['2027-01', '80'], ['2027-02', '81'], ['2027-Q2', '240'], ['2027-Q3', '241']),
    ];
    expect(await broken(lines)).toEqual([]);
    expect(await broken([...lines, lower])).toEqual([
      ['reservation/r/2027-02', '2026-10-01', 'high', 'lower'],
      ['reservation/r/2027-35', '2026-10-01', 'high', 'lower'],
    ]);
    expect(await firstText(url, 'REFERENCE_BROKEN', [...lines, lower])).toBe(
      'The ramp of reservation r has 81 WFR for 2027-02, leg d/L1 has at most 80 per P1M. Schedule a lower ramp, or change the leg.',
    );
  });

  it('names a reservation that counts in another unit than its leg since then', async () => {
    const changedTo = (unit: string, effectiveFrom: string, id: string): PostedLine =>
      dealt(
        'LegTermsChanged',
        effectiveFrom,
        {
          legId: 'L1',
          changeType: 'disclosure',
          effectiveFrom,
          terms: { quantity: { ceiling: { unit, value: '100' } } },
        },
        { id },
      );
    const planned = [deal(), delivery(), wanted, ramp(['2027-01', '80'], ['2027-02', '900'])];
    const lines = [...planned, changedTo('EA', '2026-10-01', 'to-chips'), changedTo('WFR', '2026-11-01', 'back')];
    expect(await broken(lines, { effectiveOn: '2026-09-30' })).toEqual([
      ['reservation/r/2027-02', '2025-10-05', 'high', 'deal/d#2'],
    ]);
    const during = { effectiveOn: '2026-10-31' };
    expect(await broken(lines, during)).toEqual([['reservation/r/deal/d/L1', '2026-10-01', 'high', 'to-chips']]);
    expect(await firstText(url, 'REFERENCE_BROKEN', lines, during)).toBe(
      'Reservation r counts WFR, 980 of them planned, leg d/L1 that it calls off counts EA; ' +
        'what one has of the other cannot be told. Change the leg, or close the reservation.',
    );
    expect(await broken(lines, { effectiveOn: '2026-11-01' })).toEqual([
      ['reservation/r/2027-02', '2026-11-01', 'high', 'back'],
    ]);
    const bare = [deal(), delivery(), wanted, changedTo('EA', '2026-10-01', 'to-chips')];
    expect(await firstText(url, 'REFERENCE_BROKEN', bare)).toBe(
      'Reservation r counts WFR, leg d/L1 that it calls off counts EA; ' +
        'what one has of the other cannot be told. Change the leg, or close the reservation.',
    );
    expect(await broken([...bare, closedReservation])).toEqual([]);
  });

  it('says nothing of megawatts called off a leg in gigawatts', async () => {
    const inPower = (unit: string) => ({ rate: { ceiling: { unit, value: '1' } } });
    const lines = [
      deal(),
      delivery({ ceiling: { unit: 'GW', value: '1' } }),
      { ...wanted, data: { ...(wanted.data as object), ...inPower('MW') } },
    ];
    expect(await broken(lines)).toEqual([]);
  });

  it('says nothing of a ramp above what a leg is certain of', async () => {
    const certain = delivery({ firm: { unit: 'WFR', value: '50' } });
    expect(await broken([deal(), certain, wanted, ramp(['2027-01', '80'])])).toEqual([]);
  });

  it('names what is still open of a deal that is closed', async () => {
    const lines = [deal(), delivery(), wanted, funding({ dealId: 'd' })];
    expect(await broken(lines)).toEqual([]);
    expect(await broken([...lines, dealClosed])).toEqual([
      ['funding/f/deal/d', '2026-11-01', 'high', 'closing'],
      ['reservation/r/deal/d', '2026-11-01', 'high', 'closing'],
    ]);
    const over = on('funding/f', 'FundingClosed', '2026-11-02', { outcome: 'withdrawn', reason: 'over' });
    expect(await broken([...lines, dealClosed, over, closedReservation])).toEqual([]);
  });
});

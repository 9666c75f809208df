import type { z } from 'zod';
import { reservationEvents, type ReservationState } from './reservation';
import { given, poster, type Draft } from './testing';

type Request = z.input<typeof reservationEvents.CapacityRequested.data>;

const post = poster(reservationEvents, 'reservation/hbm');
const requested = (data: Partial<Request> = {}) =>
  post('CapacityRequested', {
    reservationId: 'hbm',
    buyerId: 'openai',
    supplierIds: ['samsung', 'skhynix'],
    itemId: 'hbm',
    rate: { ceiling: { unit: 'EA', value: '900000' }, bound: 'upTo' },
    per: 'P1M',
    poolIds: [],
    priorityAsked: true,
    ...data,
  });
const pool: Draft = {
  stream: 'pool/hbm-global',
  type: 'PoolDefined',
  data: { poolId: 'hbm-global', scope: 'global', itemId: 'hbm', unit: 'WFR', per: 'P1M' },
};
const capacity: Draft = {
  stream: 'pool/hbm-global',
  type: 'CapacityDeclared',
  data: { from: '2025-10', rate: { unit: 'WFR', value: '450000' }, basis: 'declared' },
};
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
const leg: Draft = {
  stream: 'deal/memory',
  type: 'LegAdded',
  data: { legId: 'L1', class: 'supply', providers: ['samsung'], receivers: ['openai'], itemId: 'hbm' },
};

describe('a request', () => {
  it('for twice what the world has is recorded, even in another unit', () =>
    given(pool, capacity)
      .when(requested({ poolIds: ['hbm-global'] }))
      .thenRecorded());

  it('may be for an undisclosed quantity, then without a duration', () =>
    given()
      .when(requested({ rate: { undisclosed: true }, per: undefined }))
      .thenRecorded());

  it('for a quantity says for how long', () =>
    given()
      .when(requested({ per: undefined }))
      .thenRefused('VALIDATION_FAILED', '/data/per'));

  it('goes to somebody else', () =>
    given()
      .when(requested({ supplierIds: ['samsung', 'openai'] }))
      .thenRefused('VALIDATION_FAILED', '/data/supplierIds'));

  it('may name the leg of a deal', () =>
    given(deal, leg)
      .when(requested({ dealId: 'memory', legId: 'L1' }))
      .thenRecorded());

  it('names no leg without its deal', () =>
    given(deal, leg)
      .when(requested({ legId: 'L1' }))
      .thenRefused('VALIDATION_FAILED', '/data/dealId'));

  it.each<[string, Partial<Request>]>([
    ['/data/buyerId', { buyerId: 'tsmc' }],
    ['/data/supplierIds/1', { supplierIds: ['samsung', 'tsmc'] }],
    ['/data/itemId', { itemId: 'dram' }],
    ['/data/poolIds/0', { poolIds: ['dram-global'] }],
    ['/data/dealId', { dealId: 'chips' }],
    ['/data/legId', { dealId: 'memory', legId: 'L2' }],
  ])('is refused with an unknown reference at %s', (pointer, data) =>
    given(deal, leg).when(requested(data)).thenRefused('REF_NOT_FOUND', pointer),
  );

  it('begins a reservation once', () => given(requested()).when(requested()).thenRefused('STREAM_EXISTS'));
});

describe('a priority', () => {
  it('is granted by tier, with or without a rank', () => {
    const granted = post('AllocationPriorityGranted', { tier: 'amongFirst', rank: null });
    const { priority, request } = given(requested()).when(granted).thenState<ReservationState>('reservation/hbm');
    expect([priority?.tier, request.reservationId]).toEqual(['amongFirst', 'hbm']);
  });

  it('has no rank before the first', () =>
    given(requested())
      .when(post('AllocationPriorityGranted', { tier: 'first', rank: 0 }))
      .thenRefused('VALIDATION_FAILED', '/data/rank'));

  it('is a fact, not a promise', () =>
    given(requested())
      .today('2026-06-01')
      .when(post('AllocationPriorityGranted', { tier: 'first' }, { effective: '2026-06-02' }))
      .thenRefused('FUTURE_DATED_FACT'));
});

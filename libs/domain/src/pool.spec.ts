import type { z } from 'zod';
import { poolEvents, type PoolState } from './pool';
import { given, poster } from './testing';

const post = poster(poolEvents, 'pool/hbm');
const defined = (data: Partial<z.input<typeof poolEvents.PoolDefined.data>> = {}) =>
  post('PoolDefined', { poolId: 'hbm', scope: 'global', itemId: 'hbm', unit: 'WFR', per: 'P1M', ...data });
const declared = (data: Partial<z.input<typeof poolEvents.CapacityDeclared.data>> = {}) =>
  post('CapacityDeclared', {
    from: '2025-10',
    rate: { unit: 'WFR', value: '450000' },
    bound: 'lessThan',
    basis: 'declared',
    ...data,
  });

describe('a pool', () => {
  it('may be the whole world or one supplier', () => {
    given().when(defined()).thenRecorded();
    given()
      .when(defined({ scope: 'supplier', supplierId: 'samsung' }))
      .thenRecorded();
  });

  it.each([
    ['global with a supplier', { supplierId: 'samsung' }],
    ["a supplier's without one", { scope: 'supplier' as const }],
  ])('is refused as %s', (_, data) => given().when(defined(data)).thenRefused('VALIDATION_FAILED', '/data/supplierId'));

  it.each([
    ['/data/itemId', { itemId: 'dram' }],
    ['/data/supplierId', { scope: 'supplier' as const, supplierId: 'tsmc' }],
  ])('is refused with an unknown reference at %s', (pointer, data) =>
    given().when(defined(data)).thenRefused('REF_NOT_FOUND', pointer),
  );

  it('counts in a unit of the registry', () =>
    given()
      .when(defined({ unit: 'slices' }))
      .thenRefused('UNIT_UNKNOWN', '/data/unit'));

  it('counts per a duration', () =>
    given()
      .when(defined({ per: 'month' }))
      .thenRefused('VALIDATION_FAILED', '/data/per'));
});

describe('declared capacity', () => {
  it('is kept with the event that declared it', () => {
    const { declarations } = given(defined(), declared())
      .when(declared({ from: '2027-01' }))
      .thenState<PoolState>('pool/hbm');
    expect(declarations.map(({ from }) => from)).toEqual(['2025-10', '2027-01']);
    expect(declarations[0]?.eventId).not.toBe(declarations[1]?.eventId);
  });

  it("is refused in another unit than the pool's", () => {
    given(defined())
      .when(declared({ rate: { unit: 'EA', value: '1' } }))
      .thenRefused('UNIT_MISMATCH', '/data/rate/unit', { unit: 'EA', poolUnit: 'WFR' });
  });

  it('is refused as derived from nothing', () =>
    given(defined())
      .when(declared({ basis: 'derived' }))
      .thenRefused('DERIVED_NEEDS_DERIVATION', '/data/derivation'));

  it('may be derived from something', () =>
    given(defined())
      .when(declared({ basis: 'derived', derivation: '900000 / 2' }))
      .thenRecorded());

  it('is refused when it ends before it begins', () =>
    given(defined())
      .when(declared({ to: '2025-09' }))
      .thenRefused('PERIOD_INVALID', '/data/to'));

  it('is refused from no period', () =>
    given(defined())
      .when(declared({ from: '2025-10-05' }))
      .thenRefused('PERIOD_INVALID', '/data/from'));
});

describe('announced availability', () => {
  it('keeps every window, so that a slip shows', () => {
    const { windows } = given(defined(), post('AvailabilityAnnounced', { firstDeliveryWindow: '2026-41' }))
      .when(post('AvailabilityAnnounced', { firstDeliveryWindow: '2027-Q1' }))
      .thenState<PoolState>('pool/hbm');
    expect(windows).toEqual(['2026-41', '2027-33']);
  });

  it('is refused without a window', () =>
    given(defined())
      .when(post('AvailabilityAnnounced', { firstDeliveryWindow: 'soon' }))
      .thenRefused('PERIOD_INVALID', '/data/firstDeliveryWindow'));
});

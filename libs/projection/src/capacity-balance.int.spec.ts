import { capacityBalance, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { pick, reported } from './testing-reports';

describeWithPostgres('capacity balance', (url) => {
  const wafers = (value: string) => ({ unit: 'WFR', value });
  const balance = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, supplierCommitments, capacityBalance, lines, query)).rows;

  const pool = (id: string, extra: object = {}): PostedLine => ({
    stream: `pool/${id}`,
    type: 'PoolDefined',
    data: { poolId: id, scope: 'global', itemId: 'hbm', unit: 'WFR', per: 'P1M', ...extra },
  });
  const declared = (id: string, from: string, value: string, extra: object = {}): PostedLine => ({
    stream: `pool/${id}`,
    type: 'CapacityDeclared',
    data: { from, rate: wafers(value), basis: 'declared', ...extra },
  });
  const asked = (id: string, value: string | undefined, extra: object = {}): PostedLine => ({
    stream: `reservation/${id}`,
    type: 'CapacityRequested',
    data: {
      reservationId: id,
      buyerId: 'openai',
      supplierIds: ['samsung'],
      itemId: 'hbm',
      rate: value === undefined ? { undisclosed: true } : { ceiling: wafers(value) },
      per: 'P1M',
      poolIds: ['p'],
      priorityAsked: true,
      ...extra,
    },
  });

  it('turns the bound of a capacity into the bound of the ratio', async () => {
    const bounds = [
      ['lessThan', 'moreThan'],
      ['upTo', 'atLeast'],
      ['about', 'about'],
      ['atLeast', 'atMost'],
      ['moreThan', 'lessThan'],
      ['exact', 'exact'],
    ];
    for (const [bound, result] of bounds) {
      const rows = await balance([pool('p'), declared('p', '2025-01', '2250000', { bound }), asked('r', '900000')]);
      expect(pick(rows, 'ratioAtCeiling', 'ratioBound', 'flags')).toEqual([['0.4000', result, []]]);
    }
  });

  it('takes for each month the capacity that begins last, and after its end the one before', async () => {
    const lines = [
      pool('p'),
      declared('p', '2027-01', '480000'),
      declared('p', '2025-10', '450000'),
      declared('p', '2026-01', '500000', { to: '2026-03' }),
      asked('r', '900000'),
    ];
    expect(pick(await balance(lines), 'period', 'capacity', 'ratioAtCeiling')).toEqual([
      ['2025-10', '450000', '2.0000'],
      ['2026-01', '500000', '1.8000'],
      ['2027-01', '480000', '1.8750'],
    ]);
  });

  it('replaces a capacity of the same month by the one declared later', async () => {
    expect(
      pick(
        await balance([pool('p'), declared('p', '2027-01', '5'), declared('p', '2027', '0')]),
        'period',
        'capacity',
        'ratioAtFirm',
      ),
    ).toEqual([['2027-01', '0', null]]);
  });

  it('counts a request in the months that its window meets, in full in each pool', async () => {
    const lines = [
      pool('p'),
      pool('q'),
      declared('p', '2026-06', '10'),
      declared('p', '2026-07', '10'),
      declared('q', '2026-07', '10'),
      asked('r', '8', { window: '2026-41', poolIds: ['p', 'q'] }),
      asked('s', '3'),
    ];
    expect(pick(await balance(lines), 'poolId', 'period', 'requestedCeiling', 'reservations', 'flags')).toEqual([
      ['p', '2026-06', '3', ['s'], []],
      ['p', '2026-07', '11', ['r', 's'], ['OVER_COMMITTED']],
      ['q', '2026-07', '8', ['r'], []],
    ]);
  });

  it('divides nothing by another unit', async () => {
    const rows = await balance([
      pool('p'),
      declared('p', '2026-06', '10'),
      asked('r', '1', { rate: { ceiling: { unit: 'EA', value: '900000' } } }),
    ]);
    expect(pick(rows, 'capacity', 'requestedCeiling', 'ratioAtFirm', 'ratioAtCeiling', 'flags')).toEqual([
      ['10', null, null, null, ['UNIT_MISMATCH']],
    ]);
  });

  it('counts a gigawatt as a thousand megawatts', async () => {
    const lines = [
      pool('p', { unit: 'MW' }),
      declared('p', '2026-06', '10', { rate: { unit: 'MW', value: '4000' } }),
      asked('r', '1', { rate: { ceiling: { unit: 'GW', value: '1.5' } } }),
    ];
    expect(pick(await balance(lines), 'requestedCeiling', 'ratioAtCeiling')).toEqual([['1500', '0.3750']]);
  });

  it('says when some of the demand is secret, or asks for more than the item', async () => {
    const rows = await balance([
      pool('p'),
      declared('p', '2026-06', '10', { basis: 'derived', derivation: 'half' }),
      asked('r', '5', { scopeNote: 'all memory' }),
      asked('s', undefined),
    ]);
    expect(pick(rows, 'requestedCeiling', 'flags')).toEqual([
      ['5', ['DERIVED', 'SCOPE_DIFFERS', 'UNDISCLOSED_REQUESTS']],
    ]);
  });

  it('follows a window of first deliveries from the day it is announced', async () => {
    const window = (effective: string, firstDeliveryWindow: string): PostedLine => ({
      stream: 'pool/p',
      type: 'AvailabilityAnnounced',
      effective,
      data: { firstDeliveryWindow },
    });
    const lines = [pool('p'), window('2025-10-05', '2026-41'), window('2026-08-01', '2027-Q1')];
    expect(pick(await balance(lines, { effectiveOn: '2026-07-31' }), 'period', 'capacity')).toEqual([
      ['2026-07-01/2026-12-31', null],
    ]);
    expect(pick(await balance(lines, { effectiveOn: '2026-08-01' }), 'period', 'requestedCeiling')).toEqual([
      ['2027-01-01/2027-03-31', '0'],
    ]);
  });

  const reserved = (id: string, binding: boolean): PostedLine => ({
    stream: `reservation/${id}`,
    type: 'CapacityReserved',
    data: { binding },
  });
  const ramp = (
    id: string,
    lines: readonly [period: string, value: string, firmness?: string][],
    unit = 'WFR',
  ): PostedLine => ({
    stream: `reservation/${id}`,
    type: 'RampScheduled',
    data: {
      rampVersion: 1,
      lines: lines.map(([period, value, firmness]) => ({ period, qty: { unit, value }, firmness })),
    },
  });
  const delivered = (id: string, period: string, value: string): PostedLine => ({
    stream: `reservation/${id}`,
    type: 'QuantityDelivered',
    data: { deliveryId: `${period}-${value}`, period, qty: wafers(value) },
  });

  it('tells what is binding and firm from everything else that is reserved', async () => {
    const rows = await balance([
      pool('p'),
      declared('p', '2026-06', '100'),
      asked('r', '50'),
      reserved('r', true),
      ramp('r', [
        ['2026-06', '40'],
        ['2026-07', '30', 'forecast'],
      ]),
      asked('s', '30'),
      reserved('s', false),
      ramp('s', [['2026-06', '20']]),
      asked('t', '5'),
      ramp('t', [['2026-06', '3']]),
    ]);
    expect(
      pick(
        rows,
        'period',
        'requestedCeiling',
        'reservedFirm',
        'reservedNonBinding',
        'headroomFirm',
        'ratioAtFirm',
        'ratioAtCeiling',
      ),
    ).toEqual([
      ['2026-06', '85', '40', '23', '60', '0.4000', '0.8500'],
      ['2026-07', '85', '0', '30', '100', '0.0000', '0.8500'],
    ]);
  });

  it('is over-committed by what is reserved, where that is more than was asked for', async () => {
    const rows = await balance([
      pool('p'),
      declared('p', '2026-06', '100'),
      asked('r', undefined),
      ramp('r', [['2026-06', '120']]),
    ]);
    expect(pick(rows, 'requestedCeiling', 'reservedNonBinding', 'ratioAtCeiling', 'flags')).toEqual([
      [null, '120', '1.2000', ['OVER_COMMITTED', 'UNDISCLOSED_REQUESTS']],
    ]);
  });

  it('has of a reservation that is closed only what came of it', async () => {
    const closed: PostedLine = {
      stream: 'reservation/r',
      type: 'ReservationClosed',
      effective: '2026-08-01',
      data: { outcome: 'cancelled', reason: 'no more needed' },
    };
    const lines = [
      pool('p'),
      declared('p', '2026-06', '100'),
      asked('r', '50'),
      reserved('r', true),
      ramp('r', [
        ['2026-07', '40'],
        ['2026-09', '50'],
      ]),
      delivered('r', '2026-07', '30'),
      closed,
    ];
    const shown = async (effectiveOn: string) =>
      pick(
        await balance(lines, { effectiveOn }),
        'period',
        'requestedCeiling',
        'reservedFirm',
        'delivered',
        'reservations',
      );
    expect(await shown('2026-07-31')).toEqual([
      ['2026-06', '50', '0', '0', ['r']],
      ['2026-07', '50', '40', '30', ['r']],
      ['2026-09', '50', '50', '0', ['r']],
    ]);
    expect(await shown('2026-08-01')).toEqual([
      ['2026-06', '0', '0', '0', []],
      ['2026-07', '0', '30', '30', ['r']],
    ]);
  });

  it('spreads a quarter over its months in whole units', async () => {
    const rows = await balance([
      pool('p'),
      declared('p', '2026-06', '100'),
      asked('r', '50'),
      ramp('r', [['2026-Q3', '100.5']]),
    ]);
    expect(pick(rows, 'period', 'reservedNonBinding')).toEqual([
      ['2026-06', '0'],
      ['2026-07', '34.5'],
      ['2026-08', '33'],
      ['2026-09', '33'],
    ]);
  });

  const assumed = (from: string, factor: string, itemId?: string): PostedLine => ({
    stream: 'reference/conversions',
    type: 'UnitConversionAssumed',
    data: { fromUnit: 'WFR', toUnit: 'STK', itemId, factor: { expected: factor, ceiling: '99' }, from },
  });
  const stacks = (value: string) => ({ rate: { unit: 'STK', value } });

  it('converts by what is assumed for the item by the end of the month, else for all items', async () => {
    const lines = [
      pool('p', { unit: 'STK' }),
      declared('p', '2026-05', '100', stacks('1000')),
      asked('r', '5'),
      ramp('r', [
        ['2026-05', '1'],
        ['2026-06', '1'],
        ['2026-07', '1'],
      ]),
      assumed('2026-06-30', '60', 'hbm'),
      assumed('2026-07', '70', 'hbm'),
      assumed('2026-01', '10'),
      assumed('2026', '20', 'dram'),
    ];
    expect(
      pick(await balance(lines), 'period', 'requestedCeiling', 'reservedNonBinding', 'ratioAtCeiling', 'flags'),
    ).toEqual([
      ['2026-05', '50', '10', '0.0500', []],
      ['2026-06', '300', '60', '0.3000', []],
      ['2026-07', '350', '70', '0.3500', []],
    ]);
  });

  it('has nothing of what it cannot convert, and no ratio', async () => {
    const rows = await balance([
      pool('p', { unit: 'STK' }),
      declared('p', '2026-06', '100', stacks('1000')),
      asked('r', '5'),
      ramp('r', [['2026-06', '1']]),
      assumed('2026-07', '60'),
      asked('s', '1', { rate: { ceiling: { unit: 'STK', value: '7' } } }),
      ramp('s', [['2026-06', '7']], 'STK'),
      reserved('s', true),
    ]);
    expect(
      pick(
        rows,
        'requestedCeiling',
        'reservedFirm',
        'reservedNonBinding',
        'delivered',
        'ratioAtFirm',
        'ratioAtCeiling',
        'flags',
      ),
    ).toEqual([[null, '7', null, '0', null, null, ['UNIT_MISMATCH']]]);
  });
});

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
});

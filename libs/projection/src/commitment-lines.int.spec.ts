import { commitmentLines, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { RENTAL, deal, leg, pick, reported, signed, usd } from './testing-reports';

describeWithPostgres('commitment lines', (url) => {
  const commitments = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, supplierCommitments, commitmentLines, lines, query)).rows;

  it('tells what still falls due from what has', async () => {
    const rows = await commitments(RENTAL);
    expect(
      pick(
        rows,
        'ladder',
        'firm',
        'ceiling',
        'remainingFirm',
        'remainingCeiling',
        'firstDue',
        'lastDue',
        'incurred',
        'calledOff',
      ),
    ).toEqual([
      [
        'committed',
        '84000000000.00',
        '210000000000.00',
        '78000000000.00',
        '195000000000.00',
        '2026-07-31',
        '2033-06-30',
        '0.00',
        null,
      ],
    ]);
  });

  it('owes nothing firm before it binds', async () => {
    expect(pick(await commitments(RENTAL, { effectiveOn: '2026-03-30' }), 'ladder', 'firm', 'remainingFirm')).toEqual([
      ['pipeline', '84000000000.00', '0.00'],
    ]);
  });

  it('tells a stated zero from what nobody stated', async () => {
    const rows = await commitments([
      deal(),
      leg({ legId: 'zero', money: { expected: usd('0') } }),
      leg({ legId: 'none', class: 'service', money: undefined }),
    ]);
    expect(pick(rows, 'legId', 'firm', 'expected', 'ceiling')).toEqual([
      ['none', null, null, null],
      ['zero', '0.00', '0.00', '0.00'],
    ]);
  });

  it('finds one deal among those whose ids begin alike', async () => {
    const ids = ['d', 'd-1', 'd.1', 'd0', 'c', 'D'];
    const lines = ids.flatMap((id) => [
      deal(id),
      leg({ money: { firm: usd('1') } }, id),
      signed('2026-03-31', 'yes', id),
    ]);
    expect(pick(await commitments(lines, { dealId: 'd' }), 'dealId', 'ladder', 'firm')).toEqual([
      ['d', 'committed', '1.00'],
    ]);
    expect(pick(await commitments(lines, { dealId: 'd.1' }), 'dealId')).toEqual([['d.1']]);
    expect(pick(await commitments(lines), 'dealId')).toEqual([['D'], ['c'], ['d'], ['d-1'], ['d.1'], ['d0']]);
  });

  it('passes only rows that fit every filter', async () => {
    const lines = [
      deal(),
      leg({ legId: 'a', money: { firm: usd('1') } }),
      leg({ legId: 'b', money: { undisclosed: true }, receivers: ['samsung', 'nvidia'] }),
    ];
    expect(pick(await commitments(lines, { receiver: 'nvidia' }), 'legId')).toEqual([['a'], ['b']]);
    expect(pick(await commitments(lines, { receiver: 'nvidia', undisclosed: 'true' }), 'legId')).toEqual([['b']]);
    expect(pick(await commitments(lines, { flag: 'JOINT_UNSPLIT' }), 'legId')).toEqual([['b']]);
    expect(await commitments(lines, { provider: 'nvidia' })).toEqual([]);
  });

  it('shows no amount in another currency', async () => {
    expect(
      pick(await commitments(RENTAL, { reportingCurrency: 'KRW' }), 'currency', 'firm', 'remainingFirm', 'flags'),
    ).toEqual([['KRW', null, null, ['FX_RATE_MISSING']]]);
  });
});

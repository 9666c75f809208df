import { spendForecast, spendOutlook } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { assessed, closed, cost, payment, reversal } from './testing-money';
import { deal, leg, pick, policy, reported, signed, usd } from './testing-reports';

const contract = (money: object, data: object = {}): PostedLine[] => [
  policy,
  deal(),
  leg({ money, schedule: { method: 'lump', period: '2028' }, ...data }),
  signed('2025-01-31', 'yes'),
];

describeWithPostgres('what was spent, in the spend outlook', (url) => {
  const outlook = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, spendForecast, spendOutlook, lines, query)).rows;
  const cash = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    pick(await outlook(lines, query), 'period', 'incurred', 'paid', 'prepaid').filter(
      ([period]) => period !== '2028' && period !== '2028-12',
    );

  it('counts a cost in the year it was for, a payment in the year it was made', async () => {
    const lines = [
      ...contract({ firm: usd('100') }),
      cost('c1', '2026-01-10', usd('7'), { period: '2025-12' }),
      payment('p1', '2026-01-20', 'settlement', usd('5')),
    ];
    expect(await cash(lines)).toEqual([
      ['2025', '7.00', '0.00', '0.00'],
      ['2026', '0.00', '5.00', '0.00'],
    ]);
    expect(await cash(lines, { granularity: 'month' })).toEqual([
      ['2025-12', '7.00', '0.00', '0.00'],
      ['2026-01', '0.00', '5.00', '0.00'],
    ]);
    expect(await cash(lines, { effectiveOn: '2026-01-19' })).toEqual([['2025', '7.00', '0.00', '0.00']]);
    expect(await cash(lines, { effectiveOn: '2026-01-09' })).toEqual([]);
  });

  it('counts a refund and a reversal against the year of their own date', async () => {
    const lines = [
      ...contract({ firm: usd('100') }),
      payment('p1', '2025-11-30', 'prepayment', usd('30')),
      payment('p2', '2025-12-15', 'deposit', usd('10')),
      payment('r1', '2026-02-28', 'refund', usd('12')),
      reversal('p2', '2026-03-31'),
    ];
    expect(await cash(lines)).toEqual([
      ['2025', '0.00', '40.00', '40.00'],
      ['2026', '0.00', '-22.00', '-10.00'],
    ]);
  });

  it('keeps the cost and the cash of a closed deal, and nothing that was to come', async () => {
    const lines = [
      ...contract({ firm: usd('100') }),
      cost('c1', '2026-01-31', usd('7')),
      payment('p1', '2026-02-28', 'settlement', usd('7')),
      closed('2026-06-30', 'terminated'),
    ];
    const columns = ['period', 'committedFirm', 'committedCeiling', 'weighted', 'incurred', 'paid'];
    expect(pick(await outlook(lines), ...columns)).toEqual([['2026', '0.00', '0.00', '0.00', '7.00', '7.00']]);
    expect(pick(await outlook(lines, { effectiveOn: '2026-06-29' }), ...columns)).toEqual([
      ['2026', '0.00', '0.00', '0.00', '7.00', '7.00'],
      ['2028', '100.00', '100.00', '100.00', '0.00', '0.00'],
    ]);
  });

  it('shows cost and cash by who pays which share', async () => {
    const shares = [
      { partyId: 'samsung', share: '0.5' },
      { partyId: 'skhynix', share: '0.5' },
    ];
    const facts = [cost('c1', '2026-01-31', usd('0.03')), payment('p1', '2026-02-28', 'settlement', usd('0.01'))];
    const joint = { providers: ['samsung', 'skhynix'], receivers: ['openai'] };
    const parties = async (data: object) =>
      pick(
        await outlook([...contract({ firm: usd('1') }, { ...joint, ...data }), ...facts], { period: '2026' }),
        'entityId',
        'incurred',
        'paid',
      );
    expect(await parties({ shares })).toEqual([
      ['samsung', '0.02', '0.01'],
      ['skhynix', '0.01', '0.00'],
    ]);
    expect(await parties({})).toEqual([['samsung+skhynix', '0.03', '0.01']]);
  });

  it('puts what is judged of a deal before the policy', async () => {
    const lines = [
      policy,
      deal(),
      leg({ money: { ceiling: usd('100') }, schedule: { method: 'lump', period: '2027' } }),
      signed('2025-11-01', 'no'),
      assessed('2025-11-20', '0.35'),
    ];
    const weighted = async (more: PostedLine[], effectiveOn: string) =>
      pick(await outlook([...lines, ...more], { effectiveOn }), 'weighted');
    expect(await weighted([], '2025-11-19')).toEqual([['50.00']]);
    expect(await weighted([], '2025-11-20')).toEqual([['35.00']]);
    expect(await weighted([signed('2026-03-31', 'yes')], '2026-03-31')).toEqual([['95.00']]);
  });
});

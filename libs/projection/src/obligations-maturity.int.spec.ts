import { obligationsMaturity, spendForecast } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { closed, cost, payment, rate, won } from './testing-money';
import { deal, leg, pick, reported, signed, usd } from './testing-reports';

const YEARS = ['remainderOfYear', 'year1', 'year2', 'year3', 'year4', 'year5', 'thereafter', 'unscheduled', 'total'];
const lump = (period: string, amount: string) => ({
  money: { firm: usd(amount) },
  schedule: { method: 'lump', period },
});
const contract = (terms: object, id = 'd'): PostedLine[] => [deal(id), leg(terms, id), signed('2026-01-31', 'yes', id)];

describeWithPostgres('obligations maturity', (url) => {
  const maturity = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, spendForecast, obligationsMaturity, lines, query)).rows;

  it('comes to the table of a quarterly filing whose year begins in February', async () => {
    // USD million, of NVIDIA's 10-Q of 2024-04-28: what is left of fiscal 2025, 2026 to 2029, and 2030 and thereafter.
    const amounts = {
      '2024-10': '19306000000',
      '2026-01': '3438000000',
      '2026-02': '2573000000',
      '2027-12': '2222000000',
      '2029-01': '1585000000',
      '2029-02': '249000000',
    };
    const rows = await maturity(
      [
        deal(),
        leg({
          category: 'purchase',
          providers: ['nvidia'],
          receivers: ['suppliers'],
          money: { firm: usd('29373000000') },
          schedule: {
            method: 'explicit',
            lines: Object.entries(amounts).map(([period, amount]) => ({ period, money: { firm: usd(amount) } })),
          },
        }),
        signed('2024-01-31', 'yes'),
      ],
      { effectiveOn: '2024-04-28', fiscalYearStart: '2' },
    );
    expect(pick(rows, 'entityId', 'counterparty', ...YEARS)).toEqual([
      ['nvidia', 'suppliers', '19306000000.00', '3438000000.00', '2573000000.00', '2222000000.00'].concat(
        '1585000000.00',
        '249000000.00',
        '0.00',
        '0.00',
        '29373000000.00',
      ),
    ]);
  });

  it('says as what its columns are filed', async () => {
    const { meta } = await reported(url, spendForecast, obligationsMaturity, []);
    expect(meta.columns).toMatchObject({
      remainderOfYear: { xbrlElement: 'us-gaap:PurchaseObligationFutureMinimumPaymentsRemainderOfFiscalYear' },
      year1: { xbrlElement: 'us-gaap:PurchaseObligationDueInNextTwelveMonths' },
      year5: { xbrlElement: 'us-gaap:PurchaseObligationDueInFifthYear' },
      thereafter: { xbrlElement: 'us-gaap:PurchaseObligationDueAfterFifthYear' },
      total: { xbrlElement: 'us-gaap:PurchaseObligation' },
    });
    expect(meta.columns).not.toHaveProperty('unscheduled');
  });

  it('has no remainder on the last day of a fiscal year, and counts what is due that day no more', async () => {
    const lines = contract({
      money: { firm: usd('6') },
      schedule: {
        method: 'explicit',
        lines: ['2026-06', '2026-07', '2027-06', '2027-07', '2031-06', '2031-07'].map((period) => ({
          period,
          money: { firm: usd('1') },
        })),
      },
    });
    const on = async (effectiveOn: string) =>
      pick(await maturity(lines, { effectiveOn, fiscalYearStart: '7' }), ...YEARS);
    expect(await on('2026-06-30')).toEqual([['0.00', '2.00', '1.00', '0.00', '0.00', '1.00', '1.00', '0.00', '5.00']]);
    expect(await on('2026-06-29')).toEqual([['1.00', '2.00', '1.00', '0.00', '0.00', '1.00', '1.00', '0.00', '6.00']]);
    expect(await on('2026-07-01')).toEqual([['2.00', '1.00', '0.00', '0.00', '1.00', '1.00', '0.00', '0.00', '5.00']]);
  });

  it('keeps to whole months in a leap year', async () => {
    const lines = contract(lump('2028-02', '1'));
    expect(pick(await maturity(lines, { effectiveOn: '2027-02-28', fiscalYearStart: '3' }), ...YEARS)).toEqual([
      ['0.00', '1.00', '0.00', '0.00', '0.00', '0.00', '0.00', '0.00', '1.00'],
    ]);
  });

  it('takes what was incurred off an amount without a date, never off one with a date', async () => {
    const rows = await maturity([
      ...contract({ money: { firm: usd('10'), ceiling: usd('30') } }),
      cost('c1', '2026-05-31', usd('4')),
      ...contract({ receivers: ['amd'], ...lump('2027', '10') }, 'e'),
      cost('c1', '2026-05-31', usd('4'), {}, 'e'),
    ]);
    expect(pick(rows, 'counterparty', 'year1', 'unscheduled', 'total', 'incurredUnpaid')).toEqual([
      ['amd', '10.00', '0.00', '10.00', '4.00'],
      ['nvidia', '0.00', '6.00', '6.00', '4.00'],
    ]);
    const spent = [
      ...contract({ money: { firm: usd('10'), ceiling: usd('30') } }),
      cost('c1', '2026-05-31', usd('14')),
    ];
    expect(pick(await maturity(spent), 'unscheduled', 'total', 'incurredUnpaid')).toEqual([['0.00', '0.00', '14.00']]);
  });

  it('applies prepayments and deposits by themselves, and lets a refund open the cost again', async () => {
    const lines = [
      ...contract(lump('2027', '100')),
      payment('p1', '2026-02-10', 'prepayment', usd('30')),
      payment('p2', '2026-02-20', 'deposit', usd('10')),
    ];
    const balances = async (...more: PostedLine[]) =>
      pick(await maturity([...lines, ...more]), 'prepaidUnapplied', 'incurredUnpaid', 'total');
    expect(await balances()).toEqual([['40.00', '0.00', '100.00']]);
    expect(await balances(cost('c1', '2026-03-31', usd('25')))).toEqual([['15.00', '0.00', '100.00']]);
    expect(
      await balances(cost('c1', '2026-03-31', usd('25')), payment('r1', '2026-04-30', 'refund', usd('20'))),
    ).toEqual([['0.00', '5.00', '100.00']]);
  });

  it('keeps what is unpaid or paid ahead when the deal is closed, and nothing else', async () => {
    const rows = await maturity([
      ...contract(lump('2027', '100')),
      cost('c1', '2026-03-31', usd('25')),
      closed('2026-06-30', 'terminated'),
    ]);
    expect(pick(rows, ...YEARS, 'incurredUnpaid', 'excludedPreliminaryLegs')).toEqual([
      ['0.00', '0.00', '0.00', '0.00', '0.00', '0.00', '0.00', '0.00', '0.00', '25.00', 0],
    ]);
  });

  it('counts the legs it leaves out, and says why', async () => {
    const rows = await maturity([
      deal('talk'),
      leg(lump('2027', '1'), 'talk'),
      deal('letter'),
      leg({ money: { undisclosed: true } }, 'letter'),
      signed('2026-01-31', 'no', 'letter'),
      ...contract({ receivers: ['amd'], money: { undisclosed: true } }, 'secret'),
    ]);
    expect(
      pick(rows, 'counterparty', 'currency', 'total', 'excludedPreliminaryLegs', 'excludedUndisclosedLegs'),
    ).toEqual([
      ['amd', null, '0', 0, 1],
      ['nvidia', null, '0', 1, 0],
      ['nvidia', 'USD', '0.00', 1, 0],
    ]);
  });

  it('tells the payment for a lease that has not begun from a purchase', async () => {
    const lease = {
      legId: 'L1',
      class: 'lease',
      providers: ['nvidia'],
      receivers: ['openai'],
      quantity: { firm: { unit: 'EA', value: '5' } },
      commencesOn: '2026-41',
    };
    const lines = [
      deal(),
      { stream: 'deal/d', type: 'LegAdded', data: lease },
      leg({ reciprocalOf: 'L1', ...lump('2028', '10') }),
      leg({ legId: 'L3', ...lump('2028', '2') }),
      signed('2026-01-31', 'yes'),
    ];
    const types = async (effectiveOn: string) =>
      pick(await maturity(lines, { effectiveOn }), 'obligationType', 'total');
    expect(await types('2026-12-30')).toEqual([
      ['leaseNotCommenced', '10.00'],
      ['purchase', '2.00'],
    ]);
    expect(await types('2026-12-31')).toEqual([['purchase', '12.00']]);
    expect(pick(await maturity(lines, { effectiveOn: '2026-12-30', type: 'purchase' }), 'total')).toEqual([['2.00']]);
  });

  it('cuts what parties owe or are owed by their shares, balances as well', async () => {
    const shares = [
      { partyId: 'skhynix', share: '0.5' },
      { partyId: 'samsung', share: '0.5' },
    ];
    const rows = await maturity([
      ...contract({ receivers: ['samsung', 'skhynix'], shares, ...lump('2027', '0.05') }),
      cost('c1', '2026-03-31', usd('0.01')),
      cost('c2', '2026-04-30', usd('0.01')),
      payment('p1', '2026-05-31', 'settlement', usd('0.02')),
      cost('c3', '2026-06-30', usd('0.01')),
    ]);
    expect(pick(rows, 'counterparty', 'year1', 'incurredUnpaid', 'prepaidUnapplied')).toEqual([
      ['skhynix', '0.03', '0.01', '0.00'],
      ['samsung', '0.02', '0.00', '0.00'],
    ]);
  });

  it('converts balances at the closing rate, and is null where there is none', async () => {
    const lines = [
      ...contract({
        money: { firm: won('1000') },
        schedule: { method: 'lump', period: '2027' },
      }),
      payment('p1', '2026-06-30', 'prepayment', won('500')),
      rate('spot', '2026-06-30', '1000'),
    ];
    const inDollars = async (more: PostedLine[], effectiveOn = '2026-12-31') =>
      pick(
        await maturity([...lines, ...more], {
          reportingCurrency: 'USD',
          effectiveOn,
        }),
        'year1',
        'year2',
        'total',
        'prepaidUnapplied',
        'flags',
      );
    const closing = rate('closing', '2026-09-30', '1250');
    expect(await inDollars([closing])).toEqual([['0.80', '0.00', '0.80', '0.40', []]]);
    expect(await inDollars([])).toEqual([[null, '0.00', null, null, ['FX_RATE_MISSING']]]);
    expect(await inDollars([closing], '2026-09-29')).toMatchObject([[null, '0.00', null, null, ['FX_RATE_MISSING']]]);
  });

  it('shows the largest obligation first', async () => {
    const rows = await maturity([
      ...contract({ receivers: ['amd'], ...lump('2027', '9') }, 'small'),
      ...contract({ receivers: ['nvidia'], ...lump('2027', '10') }, 'large'),
    ]);
    expect(pick(rows, 'counterparty')).toEqual([['nvidia'], ['amd']]);
  });
});

import { fundingPosition, spendForecast } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { DRAWN, line } from './testing-fundings';
import { rate } from './testing-money';
import { reported } from './testing-reports';

describeWithPostgres('funding position in another currency', (url) => {
  const whole = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, spendForecast, fundingPosition, lines, query)).rows.find(
      ({ trancheId }) => trancheId === null,
    );

  it('converts what was received and repaid at the rate of its day, and balances at the closing rate', async () => {
    const repaid = line('FundsRepaid', '2026-11-02', {
      repaymentId: 'p1',
      money: { currency: 'USD', amount: '1000000000' },
      kind: 'principal',
    });
    const lines = [
      ...DRAWN,
      repaid,
      rate('spot', '2026-10-20', '0.9', 'USD', 'EUR'),
      rate('spot', '2026-11-01', '0.8', 'USD', 'EUR'),
      rate('closing', '2026-12-30', '0.5', 'USD', 'EUR'),
    ];
    const { rows } = await reported(url, spendForecast, fundingPosition, lines, { reportingCurrency: 'EUR' });
    expect(rows).toMatchObject([
      {
        trancheId: null,
        currency: 'EUR',
        ceiling: '50000000000.00',
        committed: '50000000000.00',
        called: '2000000000.00',
        received: '3600000000.00',
        repaid: '800000000.00',
        outstanding: '1500000000.00',
        available: '3000000000.00',
        locked: '45000000000.00',
        undrawn: '48000000000.00',
        utilisation: '0.0400',
        weightedRemaining: '45600000000.00',
        flags: [],
      },
      {
        trancheId: 'T1',
        received: '3600000000.00',
        available: '3000000000.00',
        repaid: null,
      },
      { trancheId: 'T2', received: '0.00', locked: '45000000000.00' },
    ]);
  });

  it('shows nothing that it has no rate for, and says whether the rate is missing or too old', async () => {
    const closing = rate('closing', '2026-12-30', '0.5', 'USD', 'EUR');
    const old = rate('spot', '2026-10-01', '0.9', 'USD', 'EUR');
    expect(await whole([...DRAWN, closing, old], { reportingCurrency: 'EUR' })).toMatchObject({
      received: null,
      committed: '50000000000.00',
      flags: ['FX_RATE_STALE'],
    });
    expect(await whole([...DRAWN, old], { reportingCurrency: 'EUR' })).toMatchObject({
      received: null,
      committed: null,
      cancelled: '0.00',
      flags: ['FX_RATE_MISSING', 'FX_RATE_STALE'],
    });
  });
});

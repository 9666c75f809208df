import { fundingPosition, spendForecast } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { committed, deal, policy, proposed, signed } from './testing-fundings';
import { assessed, closed } from './testing-money';
import { reported } from './testing-reports';

describeWithPostgres('how a funding is weighted', (url) => {
  const whole = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, spendForecast, fundingPosition, lines, query)).rows.find(
      ({ trancheId }) => trancheId === null,
    );

  it('puts what is judged of its deal before the policy, while the deal stays in that stage', async () => {
    const lines = [policy, deal, proposed(), signed('2025-11-01', 'no'), assessed('2025-11-20', '0.35')];
    expect(await whole(lines, { effectiveOn: '2025-11-20' })).toMatchObject({
      probability: '0.35',
      weightedRemaining: '35000000000.00',
    });
    expect(await whole([...lines, signed('2026-03-31', 'yes')])).toMatchObject({ probability: '0.95' });
  });

  it('weighs a funding of a closed deal as one without a deal', async () => {
    const lines = [policy, deal, signed('2025-11-01', 'no'), proposed(), closed('2026-01-31', 'lapsed')];
    expect(await whole(lines, { effectiveOn: '2026-01-30' })).toMatchObject({
      ladder: 'indicated',
      probability: '0.50',
    });
    expect(await whole(lines)).toMatchObject({
      ladder: 'pipeline',
      probability: '0.20',
      weightedRemaining: '20000000000.00',
    });
    expect(await whole([...lines, committed()])).toMatchObject({ ladder: 'committed', probability: '0.95' });
  });
});

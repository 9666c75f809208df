import { subtract, sum, compare } from '@deal-ledger/domain';
import { fundingPosition, spendForecast, type Row } from '@deal-ledger/reports';
import fc from 'fast-check';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { deal, DRAWN, line, policy, signed, usd } from './testing-fundings';
import { projected } from './testing-projection';

interface Step {
  readonly type: number;
  readonly amount: number;
  readonly days: number;
  readonly of: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.nat(7),
  amount: fc.integer({ min: 1, max: 90 }),
  days: fc.integer({ min: 0, max: 9 }),
  of: fc.nat(50),
});

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const MEASURES = ['ceiling', 'committed', 'received', 'repaid', 'undrawn', 'locked', 'available', 'weightedRemaining'];

describeWithPostgres(`the variance of any history with corrections (seed ${seed})`, (url) => {
  it('adds up to the difference between any two positions, for every row', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), fc.nat(99), async (steps, percent) => {
        const lines = [...DRAWN, ...historyOf(steps)];
        const { projection } = await projected(url, spendForecast, lines);
        try {
          const from = Math.floor((lines.length * percent) / 100);
          const at = { effectiveOn: '2026-12-31' };
          const before = (await projection.read(fundingPosition, { ...at, asOf: String(from) })).rows;
          const after = (await projection.read(fundingPosition, at)).rows;
          for (const measure of MEASURES) {
            const asked = { ...at, measure, from: String(from), limit: '1000' };
            const { rows } = await projection.variance(fundingPosition, asked);
            for (const key of ['f', 'f/T1', 'f/T2']) {
              const own = rows.filter((row) => row['key'] === key);
              const difference = subtract(cellOf(after, key, measure), cellOf(before, key, measure));
              const contributed = sum(own.map(({ contribution }) => String(contribution)));
              expect([key, measure, compare(contributed, difference)]).toEqual([key, measure, 0]);
              if (own.length > 0)
                expect((await projection.variance(fundingPosition, { ...asked, key })).rows).toEqual(own);
            }
          }
        } finally {
          await projection.stop();
        }
      }),
      { seed, numRuns: 5, endOnFailure: true },
    );
  }, 180_000);
});

const keyOf = ({ fundingId, trancheId }: Row): string =>
  trancheId === null ? String(fundingId) : `${String(fundingId)}/${String(trancheId)}`;
const cellOf = (rows: readonly Row[], key: string, measure: string): string =>
  String(rows.find((row) => keyOf(row) === key)?.[measure] ?? '0');

/** Changes of the commitment, policies, assessments, repayments, and corrections and cancels of those and of what was drawn. */
function historyOf(steps: readonly Step[]): PostedLine[] {
  const open: PostedLine[] = [];
  return steps.flatMap(({ type, amount, days, of }, index): PostedLine[] => {
    const id = `s${index}`;
    const on = `2026-11-0${1 + (days % 9)}`;
    const posted = (line: PostedLine): PostedLine[] => {
      open.push({ ...line, id });
      return [{ ...line, id }];
    };
    const changed = open[of % Math.max(1, open.length)];
    switch (type) {
      case 0:
        return posted({
          ...policy,
          id,
          effective: on,
          data: { ...(policy.data as object), binding: `0.${10 + amount}` },
        });
      case 1:
        return posted({
          ...deal,
          type: 'DealProbabilityAssessed',
          effective: on,
          data: { probability: `0.${10 + amount}`, method: 'as seen' },
        });
      case 2:
        return posted(
          line('FundsRepaid', on, {
            repaymentId: id,
            money: usd(amount),
            kind: 'returnOfCapital',
            recallable: amount % 2 === 0,
          }),
        );
      case 3:
        return posted(
          line('CommitmentChanged', on, {
            committed: usd(100_000_000_000 + amount),
            reason: 'agreed',
            changeType: 'amendment',
          }),
        );
      case 4:
        return posted({ ...signed(on, amount % 2 === 0 ? 'yes' : 'no') });
      default: {
        if (changed === undefined) return [];
        open.splice(open.indexOf(changed), 1);
        const change = { corrects: changed.id, reason: 'misread', approvedBy: { id: 'controller-1' } };
        if (type === 5) return [{ ...changed, ...change, id, action: 'cancel', data: null }];
        return posted({ ...changed, ...change, action: 'correct', effective: on });
      }
    }
  });
}

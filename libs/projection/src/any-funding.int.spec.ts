import {
  availableOf,
  fold,
  funding,
  refuse,
  subtract,
  sum,
  type FundingEvent,
  type FundingState,
} from '@deal-ledger/domain';
import { fundingPosition, spendForecast, type Row } from '@deal-ledger/reports';
import fc from 'fast-check';
import { describeWithPostgres } from '../../../tests/harness';
import { recorded, type PostedLine } from './testing';
import { deal, expectToAddUp, line, policy, positionsOn, proposed, turningPoints, usd } from './testing-fundings';
import { projected } from './testing-projection';

interface Step {
  readonly type: number;
  readonly tranche: number;
  readonly amount: number;
  readonly days: number;
  /** Days after which it is learned of, where that is out of order. */
  readonly late: number;
  readonly odd: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.nat(14),
  tranche: fc.nat(2),
  amount: fc.integer({ min: 1, max: 60 }),
  days: fc.integer({ min: 0, max: 9 }),
  late: fc.integer({ min: 0, max: 60 }),
  odd: fc.boolean(),
});

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describeWithPostgres(`any history of fundings (seed ${seed})`, (url) => {
  it('adds up to what is committed at every position and day, and ends where the rules end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 10, maxLength: 50 }), { minLength: 3, maxLength: 5 }),
        fc.boolean(),
        async (histories, inOrder) => {
          const fundings = histories.map((steps, index) => valid(`f${index}`, steps, inOrder));
          const all = [policy, deal, ...fundings.flatMap(({ lines }) => lines)];
          const { projection } = await projected(url, spendForecast, all);
          try {
            const days = turningPoints(
              fundings.flatMap(({ lines }) => lines.flatMap(({ effective }) => effective ?? [])),
            );
            for (const asOf of [Math.ceil(all.length / 2), all.length])
              for (const row of await positionsOn(projection, asOf, days)) expectToAddUp(row);
            for (const { id, state } of fundings) {
              const { rows } = await projection.read(fundingPosition, { effectiveOn: '2027-12-31', fundingId: id });
              expect(figures(rows)).toEqual(figuresOf(state));
            }
          } finally {
            await projection.stop();
          }
        },
      ),
      { seed, numRuns: 6, endOnFailure: true },
    );
  }, 120_000);
});

/** Only those of the steps that the rules let through, as lines to post, and the state they lead to. */
function valid(
  id: string,
  steps: readonly Step[],
  inOrder: boolean,
): { id: string; lines: PostedLine[]; state: FundingState } {
  const lines = [proposed({ amount: { ceiling: usd(100) } }, id)];
  const events = lines.map((posted, index) => recorded(posted, index + 1) as FundingEvent);
  let day = Date.parse('2026-01-01');
  const context = {
    today: '2028-01-01',
    position: 0,
    exists: () => true,
    peek: () => undefined,
    state: () => undefined,
  };
  for (const [index, wanted] of begun(steps).entries()) {
    day += wanted.days * 86_400_000;
    // Out of order: facts are learned long after they happened.
    const at = inOrder ? day : day - wanted.late * 86_400_000;
    const posted = lineOf(id, index, wanted, new Date(at).toISOString().slice(0, 10));
    const event = recorded(posted, events.length + 1) as FundingEvent;
    if (refuse(funding, fold(funding, events), event, context) !== undefined) continue;
    lines.push(posted);
    events.push(event);
  }
  return { id, lines, state: fold(funding, events) as FundingState };
}

/** Most begin with a commitment and tranches, because so much else waits for them. */
function begun(steps: readonly Step[]): readonly Step[] {
  const [first] = steps;
  if (first === undefined || first.amount > 45) return steps;
  const soon = [0, 2, 3].map((type) => ({ ...first, type, tranche: type % 2, odd: true }));
  return [...soon, ...steps];
}

function lineOf(id: string, index: number, { type, tranche: number, amount, odd }: Step, day: string): PostedLine {
  const trancheId = `T${number}`;
  const make = (name: string, data: object): PostedLine => line(name, day, data, id);
  const money = usd(amount);
  switch (type) {
    case 0:
      return make('FundingCommitted', { committed: usd(80 + number) });
    case 1:
    case 13:
    case 14:
      return make('CommitmentChanged', { committed: usd(60 + amount), changeType: 'amendment', reason: 'agreed' });
    case 2:
    case 3:
      return make('TrancheScheduled', {
        trancheId,
        amount: { ceiling: usd(Math.ceil(amount / 2)) },
        condition: { type: odd ? 'none' : 'milestone' },
      });
    case 4:
      return make('TrancheConditionMet', { trancheId, evidence: 'seen' });
    case 5:
    case 6:
      return make('FundsCalled', {
        callId: `c${amount % 4}`,
        trancheId,
        money: usd(Math.ceil(amount / 2)),
        dueOn: day,
      });
    case 7:
    case 8:
      return make('FundsReceived', {
        receiptId: `r${index}`,
        trancheId,
        money: usd(Math.ceil(amount / 8)),
        ...(odd ? { callId: `c${amount % 4}` } : {}),
      });
    case 9:
      return make('FundsRepaid', {
        repaymentId: `p${index}`,
        money: usd(Math.ceil(amount / 8)),
        kind: odd ? 'principal' : 'returnOfCapital',
        recallable: odd,
      });
    case 10:
      return make('TrancheCancelled', { trancheId, reason: 'not needed' });
    case 11:
      return make('TrancheConditionMet', { trancheId, evidence: 'seen' });
    default:
      // Also early, and before anything is committed.
      return amount > 52
        ? make('FundingClosed', { outcome: 'expired', reason: 'over' })
        : make('FundsReceived', { receiptId: `r${index}`, trancheId, money });
  }
}

const plain = (amount: unknown): string => subtract(String(amount), '0');

function figures(rows: readonly Row[]): object {
  return rows.map(
    ({ trancheId, stage, committed: owed, received: got, repaid, undrawn, cancelled, available: free }) => ({
      trancheId,
      ...(trancheId === null
        ? { stage, committed: plain(owed), repaid: plain(repaid), undrawn: plain(undrawn) }
        : { available: plain(free) }),
      received: plain(got),
      cancelled: plain(cancelled),
    }),
  );
}

/** The same figures, from the state that the rules fold. */
function figuresOf(state: FundingState): object {
  const committed = state.committed ?? '0';
  // What nobody ever owed is withdrawn, not cancelled.
  const isWithdrawn = state.stage === 'closed' && state.committed === null;
  const left = subtract(subtract(committed, state.received), state.cancelled);
  return [
    {
      trancheId: null,
      stage: state.stage,
      committed,
      repaid: state.repaid,
      undrawn: state.stage === 'committed' ? sum([left, state.recallable]) : '0',
      received: state.received,
      cancelled: isWithdrawn ? '0' : state.cancelled,
    },
    ...Object.entries(state.tranches)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([trancheId, each]) => ({
        trancheId,
        available: each.conditionStatus === 'open' ? '0' : plain(availableOf(state, each)),
        received: each.received,
        cancelled: isWithdrawn ? '0' : each.cancelled,
      })),
  ];
}

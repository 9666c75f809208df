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
import { projected } from './testing-projection';

const usd = (amount: string | number) => ({ currency: 'USD', amount: String(amount) });
const approvedBy = { id: 'controller-1' };

const policy: PostedLine = {
  stream: 'reference/policy',
  type: 'ProbabilityPolicySet',
  data: { exploring: '0.10', announced: '0.30', preliminary: '0.50', binding: '0.95', fundingUnlinkedProposed: '0.20' },
};
const deal: PostedLine = {
  stream: 'deal/d',
  type: 'DealOpened',
  data: {
    dealId: 'd',
    title: 'd',
    kinds: ['lease'],
    parties: [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'openai', role: 'lessee' },
    ],
  },
};
const signed = (effective: string, binding: string): PostedLine => ({
  stream: 'deal/d',
  type: 'AgreementSigned',
  effective,
  data: { instrument: 'loi', binding },
});
const line = (type: string, effective: string, data: object, id = 'f'): PostedLine => ({
  stream: `funding/${id}`,
  type,
  effective,
  approvedBy,
  data,
});
const proposed = (extra: object = {}, id = 'f'): PostedLine =>
  line(
    'FundingProposed',
    '2025-10-05',
    {
      fundingId: id,
      funderIds: ['nvidia'],
      recipientId: 'openai',
      instrument: 'equity',
      amount: { ceiling: usd(100_000_000_000) },
      dealId: 'd',
      ...extra,
    },
    id,
  );
const committed = (amount = 100_000_000_000): PostedLine =>
  line('FundingCommitted', '2026-03-31', {
    committed: usd(amount),
    availability: { from: '2026-04-01', to: '2031-12-31' },
  });
const tranche = (trancheId: string, amount: object, type = 'milestone'): PostedLine =>
  line('TrancheScheduled', '2025-10-07', {
    trancheId,
    amount,
    condition: { type, description: `condition of ${trancheId}` },
    window: '2026-41',
  });
const T1 = tranche('T1', { ceiling: usd(10_000_000_000) });
const T2 = tranche('T2', { ceiling: usd(90_000_000_000) });
const met = line('TrancheConditionMet', '2026-09-30', { trancheId: 'T1', evidence: 'seen' });
const called = line('FundsCalled', '2026-10-05', {
  callId: 'c1',
  trancheId: 'T1',
  money: usd(4_000_000_000),
  dueOn: '2026-10-20',
});
const received = line('FundsReceived', '2026-10-20', {
  receiptId: 'r1',
  callId: 'c1',
  trancheId: 'T1',
  money: usd(4_000_000_000),
});
const BINDING = [policy, deal, signed('2026-03-31', 'yes')];
const DRAWN = [...BINDING, proposed(), T1, T2, committed(), met, called, received];

describeWithPostgres('funding position', (url) => {
  async function read(lines: readonly PostedLine[], query: Record<string, string> = {}) {
    const { projection } = await projected(url, spendForecast, lines);
    try {
      return await projection.read(fundingPosition, { effectiveOn: '2026-12-31', ...query });
    } finally {
      await projection.stop();
    }
  }
  const rows = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await read(lines, query)).rows;
  const whole = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await rows(lines, query)).find(({ trancheId }) => trancheId === null);

  it('tells what is received, available and locked', async () => {
    const { rows: shown, meta } = await read(DRAWN);
    expect(shown).toMatchObject([
      {
        trancheId: null,
        stage: 'committed',
        ladder: 'committed',
        committed: '100000000000.00',
        called: '4000000000.00',
        calledOverdue: '0.00',
        received: '4000000000.00',
        outstanding: '4000000000.00',
        available: '6000000000.00',
        locked: '90000000000.00',
        undrawn: '96000000000.00',
        utilisation: '0.0400',
        probability: '0.95',
        weightedRemaining: '91200000000.00',
        availabilityEnd: '2031-12-31',
        flags: [],
      },
      {
        trancheId: 'T1',
        conditionText: 'condition of T1',
        conditionStatus: 'met',
        window: '2026-41',
        committed: '10000000000.00',
        available: '6000000000.00',
        locked: '0.00',
        received: '4000000000.00',
        utilisation: '0.4000',
      },
      {
        trancheId: 'T2',
        conditionStatus: 'open',
        available: '0.00',
        locked: '90000000000.00',
        weightedRemaining: null,
        probability: null,
      },
    ]);
    expect(meta.totals).toMatchObject({
      byCurrency: [
        { committed: '100000000000.00', received: '4000000000.00', openCalls: '0.00', notInTranche: '0.00' },
      ],
    });
  });

  it('locks the tranches of a proposal, and weighs it by the stage of its deal on that day', async () => {
    const lines = [policy, deal, proposed(), signed('2025-09-22', 'no'), T1, T2];
    expect(await whole(lines)).toMatchObject({
      ladder: 'indicated',
      locked: '100000000000.00',
      available: '0.00',
      committed: '0.00',
      probability: '0.50',
      weightedRemaining: '50000000000.00',
    });
    // The policy is of 2025-10-05.
    expect(await whole(lines, { effectiveOn: '2025-09-30' })).toMatchObject({
      ladder: 'indicated',
      probability: null,
      weightedRemaining: null,
    });
    expect(await whole(lines, { effectiveOn: '2025-09-21' })).toMatchObject({ ladder: 'pipeline' });
  });

  it('is what it was on an earlier day', async () => {
    expect(await whole(DRAWN, { effectiveOn: '2026-03-30' })).toMatchObject({
      stage: 'proposed',
      committed: '0.00',
      available: '0.00',
      locked: '100000000000.00',
      availabilityEnd: null,
    });
    expect(await whole(DRAWN, { effectiveOn: '2026-09-29' })).toMatchObject({
      stage: 'committed',
      available: '0.00',
      locked: '100000000000.00',
    });
    expect(await whole(DRAWN, { effectiveOn: '2026-10-10' })).toMatchObject({
      called: '4000000000.00',
      received: '0.00',
      available: '6000000000.00',
    });
  });

  it('flags a call that is past due', async () => {
    const lines = [...BINDING, proposed(), T1, committed(), met, called];
    expect(await whole(lines, { effectiveOn: '2026-10-20' })).toMatchObject({ calledOverdue: '0.00', flags: [] });
    expect(await whole(lines, { effectiveOn: '2026-10-21' })).toMatchObject({
      calledOverdue: '4000000000.00',
      flags: ['CALL_OVERDUE'],
    });
    const late = line('FundsReceived', '2026-11-01', {
      receiptId: 'r1',
      callId: 'c1',
      trancheId: 'T1',
      money: usd(1_000_000_000),
    });
    expect(await whole([...lines, late])).toMatchObject({ calledOverdue: '3000000000.00', received: '1000000000.00' });
  });

  it('makes a tranche without condition available from the commitment on', async () => {
    const lines = [...BINDING, proposed(), tranche('T1', { ceiling: usd(10) }, 'none'), committed()];
    expect((await rows(lines))[1]).toMatchObject({ conditionStatus: 'none', available: '10.00', locked: '0.00' });
    expect((await rows(lines, { effectiveOn: '2026-03-30' }))[1]).toMatchObject({
      available: '0.00',
      locked: '10.00',
      committed: '0.00',
    });
  });

  it('keeps what is drawn of a cancelled tranche, and cancels the rest', async () => {
    const cancelled = line('TrancheCancelled', '2026-11-01', { trancheId: 'T1', reason: 'not needed' });
    const [total, one] = await rows([...DRAWN, cancelled]);
    expect(one).toMatchObject({
      received: '4000000000.00',
      cancelled: '6000000000.00',
      available: '0.00',
      undrawn: '0.00',
    });
    expect(total).toMatchObject({
      cancelled: '6000000000.00',
      undrawn: '90000000000.00',
      locked: '90000000000.00',
      weightedRemaining: '85500000000.00',
    });
  });

  it('cancels all that is undrawn when it is closed', async () => {
    const closed = line('FundingClosed', '2026-11-01', { outcome: 'expired', reason: 'over' });
    const [total, one, two] = await rows([...DRAWN, closed]);
    expect(total).toMatchObject({
      stage: 'closed',
      ladder: null,
      cancelled: '96000000000.00',
      undrawn: '0.00',
      available: '0.00',
      locked: '0.00',
      probability: null,
      weightedRemaining: '0.00',
    });
    expect(one).toMatchObject({ cancelled: '6000000000.00', available: '0.00' });
    expect(two).toMatchObject({ cancelled: '90000000000.00', locked: '0.00' });
  });

  it('adds a recallable repayment to what is undrawn, never to what is available', async () => {
    const repaid = (repaymentId: string, kind: string, recallable: boolean): PostedLine =>
      line('FundsRepaid', '2026-11-01', {
        repaymentId,
        money: usd(1_000_000_000),
        kind,
        ...(recallable ? { recallable } : {}),
      });
    expect(
      await whole([
        ...DRAWN,
        repaid('a', 'returnOfCapital', true),
        repaid('b', 'principal', false),
        repaid('c', 'interest', false),
      ]),
    ).toMatchObject({
      repaid: '2000000000.00',
      outstanding: '2000000000.00',
      undrawn: '97000000000.00',
      available: '6000000000.00',
      received: '4000000000.00',
    });
  });

  it('weighs a funding without a deal by the policy for one', async () => {
    expect(await whole([policy, proposed({ dealId: null })])).toMatchObject({
      ladder: 'pipeline',
      probability: '0.20',
      weightedRemaining: '20000000000.00',
    });
    expect(await whole([policy, proposed({ dealId: null }), committed()])).toMatchObject({
      ladder: 'committed',
      probability: '0.95',
      weightedRemaining: '95000000000.00',
    });
  });

  it('knows the amount of a secret proposal once it is committed', async () => {
    const secret = proposed({ amount: { undisclosed: true } });
    expect(await whole([...BINDING, secret, committed()])).toMatchObject({
      ceiling: null,
      committed: '100000000000.00',
      currency: 'USD',
      undisclosed: false,
      weightedRemaining: '95000000000.00',
    });
  });

  it('says nothing of what is left of a secret tranche', async () => {
    const lines = [...BINDING, proposed(), tranche('S', { undisclosed: true }), committed()];
    expect((await rows(lines))[1]).toMatchObject({ ceiling: null, locked: null, available: '0.00', undisclosed: true });
    const open = line('TrancheConditionMet', '2026-09-30', { trancheId: 'S', evidence: 'seen' });
    expect((await rows([...lines, open]))[1]).toMatchObject({
      available: null,
      locked: '0.00',
      conditionStatus: 'met',
    });
  });

  it('shows no amount in another currency', async () => {
    expect(await whole(DRAWN, { reportingCurrency: 'KRW' })).toMatchObject({
      currency: 'KRW',
      committed: null,
      received: null,
      weightedRemaining: null,
      utilisation: '0.0400',
      flags: ['FX_RATE_MISSING'],
    });
  });
});

interface Step {
  readonly type: number;
  readonly tranche: number;
  readonly amount: number;
  readonly days: number;
  readonly odd: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.nat(11),
  tranche: fc.nat(2),
  amount: fc.integer({ min: 1, max: 60 }),
  days: fc.integer({ min: 0, max: 9 }),
  odd: fc.boolean(),
});

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describeWithPostgres(`any history of fundings (seed ${seed})`, (url) => {
  it('adds up to what is committed at every position and day, and ends where the rules end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 5, maxLength: 40 }), { minLength: 3, maxLength: 5 }),
        fc.boolean(),
        async (histories, inOrder) => {
          const fundings = histories.map((steps, index) => valid(`f${index}`, steps, inOrder));
          const all = [policy, deal, ...fundings.flatMap(({ lines }) => lines)];
          const { projection } = await projected(url, spendForecast, all);
          try {
            const days = ['2026-02-01', '2026-04-01', '2027-12-31'];
            const positions = [Math.ceil(all.length / 2), all.length];
            for (const asOf of positions) {
              for (const effectiveOn of days) {
                for (const { id } of fundings) {
                  const { rows, meta } = await projection.read(fundingPosition, {
                    asOf: String(asOf),
                    effectiveOn,
                    fundingId: id,
                  });
                  if (rows[0] !== undefined) expectIdentity(rows[0], meta.totals);
                }
              }
            }
            if (!inOrder) return;
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
  const context = { today: '2028-01-01', exists: () => true, peek: () => undefined, state: () => undefined };
  for (const [index, wanted] of steps.entries()) {
    day += wanted.days * 86_400_000;
    // Out of order: facts are learned long after they happened.
    const at = inOrder ? day : day - wanted.amount * 86_400_000;
    const posted = lineOf(id, index, wanted, new Date(at).toISOString().slice(0, 10));
    const event = recorded(posted, events.length + 1) as FundingEvent;
    if (refuse(funding, fold(funding, events), event, context) !== undefined) continue;
    lines.push(posted);
    events.push(event);
  }
  return { id, lines, state: fold(funding, events) as FundingState };
}

function lineOf(id: string, index: number, { type, tranche: number, amount, odd }: Step, day: string): PostedLine {
  const trancheId = `T${number}`;
  const make = (name: string, data: object): PostedLine => line(name, day, data, id);
  const money = usd(amount);
  switch (type) {
    case 0:
      return make('FundingCommitted', { committed: usd(80 + number) });
    case 1:
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
      return make('FundsCalled', { callId: `c${index % 4}`, trancheId, money: usd(Math.ceil(amount / 4)), dueOn: day });
    case 7:
    case 8:
      return make('FundsReceived', {
        receiptId: `r${index}`,
        trancheId,
        money: usd(Math.ceil(amount / 8)),
        ...(odd ? { callId: `c${index % 4}` } : {}),
      });
    case 9:
      return make('FundsRepaid', {
        repaymentId: `p${index}`,
        money,
        kind: odd ? 'principal' : 'returnOfCapital',
        recallable: odd,
      });
    case 10:
      return make('TrancheCancelled', { trancheId, reason: 'not needed' });
    default:
      return odd && amount > 50
        ? make('FundingClosed', { outcome: 'expired', reason: 'over' })
        : make('TrancheConditionMet', { trancheId, evidence: 'seen' });
  }
}

function expectIdentity(total: Row, totals: object): void {
  if (/^0(?:\.0*)?$/.test(String(total['committed']))) return;
  const [sums] = (totals as { byCurrency: Record<string, string>[] }).byCurrency;
  const parts = ['received', 'openCalls', 'available', 'locked', 'notInTranche', 'cancelled'].map(
    (column) => sums?.[column] ?? 'missing',
  );
  expect({ parts, sum: subtract(sum(parts), '0') }).toEqual({
    parts,
    sum: subtract(sums?.['committed'] ?? 'missing', '0'),
  });
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
  const left = subtract(subtract(committed, state.received), state.cancelled);
  return [
    {
      trancheId: null,
      stage: state.stage,
      committed,
      repaid: state.repaid,
      undrawn: state.stage === 'closed' ? '0' : sum([left, state.recallable]),
      received: state.received,
      cancelled: state.cancelled,
    },
    ...Object.entries(state.tranches)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([trancheId, each]) => ({
        trancheId,
        available: each.conditionStatus === 'open' ? '0' : plain(availableOf(state, each)),
        received: each.received,
        cancelled: each.cancelled,
      })),
  ];
}

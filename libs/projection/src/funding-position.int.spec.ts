import { fundingPosition, spendForecast } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import {
  BINDING,
  called,
  committed,
  deal,
  DRAWN,
  line,
  met,
  policy,
  proposed,
  signed,
  T1,
  T2,
  tranche,
  usd,
} from './testing-fundings';
import { projected } from './testing-projection';

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

  it('has nothing committed, undrawn or cancelled of what was withdrawn while it was only proposed', async () => {
    const closed = line('FundingClosed', '2026-02-01', { outcome: 'withdrawn', reason: 'over' });
    const { rows: shown, meta } = await read([...BINDING, proposed(), T1, closed]);
    const nothing = { committed: '0.00', undrawn: '0.00', cancelled: '0.00', locked: '0.00', available: '0.00' };
    expect(shown).toMatchObject([
      { trancheId: null, stage: 'closed', ladder: null, weightedRemaining: '0.00', ...nothing },
      { trancheId: 'T1', ceiling: '10000000000.00', ...nothing },
    ]);
    expect(meta.totals).toMatchObject({ byCurrency: [{ notInTranche: '0.00', ...nothing }] });
  });

  it('has nothing below zero where cash is dated before the commitment', async () => {
    const early = line('FundsReceived', '2026-02-01', { receiptId: 'r', trancheId: 'T1', money: usd(5) });
    const lines = [...BINDING, proposed(), T1, committed(), met, early];
    expect(await rows(lines, { effectiveOn: '2026-02-15' })).toMatchObject([
      { stage: 'proposed', committed: '0.00', received: '5.00', undrawn: '0.00', cancelled: '0.00', utilisation: null },
      { trancheId: 'T1', committed: '0.00', received: '5.00', undrawn: '0.00', locked: '9999999995.00' },
    ]);
  });

  it('has nothing below zero where by the day more was drawn than committed', async () => {
    const first = committed(1);
    const more = line('CommitmentChanged', '2026-09-01', {
      committed: usd(10_000_000_000),
      changeType: 'amendment',
      reason: 'agreed',
    });
    const early = line('FundsReceived', '2026-05-01', { receiptId: 'r', trancheId: 'T1', money: usd(5) });
    const T0 = tranche('T1', { undisclosed: true }, 'none');
    const { rows: shown, meta } = await read([...BINDING, proposed(), T0, first, more, early], {
      effectiveOn: '2026-06-01',
    });
    expect(shown[0]).toMatchObject({ committed: '1.00', received: '5.00', undrawn: '0.00', cancelled: '0.00' });
    expect(meta.totals).toMatchObject({ byCurrency: [{ notInTranche: '-4.00' }] });
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

  it('names of the amounts that are null those alone that lack a rate', async () => {
    const balances = ['ceiling', 'committed', 'available', 'called', 'received', 'outstanding', 'undrawn', 'locked'];
    await expect(read(DRAWN, { reportingCurrency: 'KRW', onMissingFx: 'fail' })).rejects.toMatchObject({
      code: 'FX_RATE_MISSING',
      message: expect.stringContaining('the first is f (') as string,
      members: {
        cells: [
          { key: { fundingId: 'f', trancheId: null }, columns: [...balances, 'weightedRemaining'] },
          {
            key: { fundingId: 'f', trancheId: 'T1' },
            columns: ['ceiling', 'committed', 'available', 'called', 'received', 'undrawn'],
          },
          { key: { fundingId: 'f', trancheId: 'T2' }, columns: ['ceiling', 'committed', 'undrawn', 'locked'] },
        ],
      },
    });
  });
});

import { circularFlows, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { DRAWN, line, proposed, usd } from './testing-fundings';
import { closed, payment, rate, won } from './testing-money';
import { projected } from './testing-projection';
import { deal, leg, pick, reported, signed } from './testing-reports';

const dollars = (firm: number, ceiling = firm) => ({ money: { firm: usd(firm), ceiling: usd(ceiling) } });

/** A binding deal in which the one is to pay the other. */
const pays = (payer: string, payee: string, terms: object = dollars(1)): PostedLine[] => {
  const id = `${payer}-${payee}`;
  return [deal(id), leg({ providers: [payer], receivers: [payee], ...terms }, id), signed('2026-03-31', 'yes', id)];
};
const paid = (dealId: string, amount: number, kind = 'prepayment'): PostedLine =>
  payment(kind, '2026-04-30', kind, usd(amount), dealId);
/** A committed funding without a deal. */
const funds = (funder: string, recipient: string, amount: number, id = `${funder}-${recipient}`): PostedLine[] => [
  proposed({ funderIds: [funder], recipientId: recipient, dealId: null, amount: { ceiling: usd(amount) } }, id),
  line('FundingCommitted', '2026-03-31', { committed: usd(amount) }, id),
];

const SIDES = ['forward', 'back', 'overlap', 'recycledShare'];
const onBasis = (basis: string): string[] => SIDES.map((side) => side + basis);

describeWithPostgres('circular flows', (url) => {
  const flows = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, supplierCommitments, circularFlows, lines, query)).rows;

  it('holds what a funder gives against what comes back, by what may be, what is committed and what was paid', async () => {
    const contract = leg({
      ...dollars(84_000_000_000, 210_000_000_000),
      schedule: { method: 'evenMonths', from: '2026-07', to: '2033-06' },
    });
    const { rows, meta } = await reported(url, supplierCommitments, circularFlows, [
      ...DRAWN,
      contract,
      paid('d', 5_000_000_000),
    ]);
    expect(rows).toMatchObject([
      {
        cycleId: 'financingLoop/nvidia/openai',
        parties: ['nvidia', 'openai'],
        length: 2,
        kind: 'financingLoop',
        dealIds: ['d'],
        fundingIds: ['f'],
        sameDeal: true,
        undisclosedEdges: 0,
        nettingAgreement: false,
        currency: 'USD',
        flags: [],
      },
    ]);
    expect(pick(rows, ...onBasis('Ceiling'))).toEqual([
      ['100000000000.00', '210000000000.00', '100000000000.00', '1.0000'],
    ]);
    expect(pick(rows, ...onBasis('Committed'))).toEqual([
      ['100000000000.00', '84000000000.00', '84000000000.00', '0.8400'],
    ]);
    expect(pick(rows, ...onBasis('Cash'))).toEqual([['4000000000.00', '5000000000.00', '4000000000.00', '1.0000']]);
    expect(meta.totals).toMatchObject({
      financingLoop: 1,
      reciprocalTrade: 0,
      truncated: false,
      statement: expect.stringContaining('no proof') as string,
    });
  });

  it('shows a loop of which a part is kept secret, without an overlap', async () => {
    const announced: PostedLine = { stream: 'deal/d', type: 'DealAnnounced', effective: '2025-09-30', data: {} };
    const secret = [deal(), proposed(), leg({ money: { undisclosed: true } })];
    const rows = await flows([...secret, announced]);
    expect(pick(rows, 'undisclosedEdges', ...onBasis('Ceiling'))).toEqual([[1, '100000000000.00', null, null, null]]);
    expect(pick(rows, ...onBasis('Committed'))).toEqual([['0.00', '0.00', '0.00', null]]);
    const binding = await flows([...secret, signed('2026-03-31', 'yes'), paid('d', 7)]);
    expect(pick(binding, ...onBasis('Committed'))).toEqual([['0.00', null, null, null]]);
    expect(pick(binding, ...onBasis('Cash'))).toEqual([['0.00', '7.00', '0.00', null]]);
  });

  it('shows what is exchanged in kind, without money', async () => {
    const secret = { quantity: { undisclosed: true } };
    const barter = (answer: object) => [
      deal(),
      leg({ legId: 'L1', class: 'supply', providers: ['hitachi'], receivers: ['openai'], ...secret }),
      leg({ class: 'inKind', providers: ['openai'], receivers: ['hitachi'], reciprocalOf: 'L1', ...secret, ...answer }),
    ];
    expect(await flows(barter({}))).toMatchObject([
      {
        cycleId: 'reciprocalTrade/hitachi/openai',
        kind: 'reciprocalTrade',
        length: 2,
        dealIds: ['d'],
        fundingIds: [],
        sameDeal: true,
        forwardCeiling: null,
        backCeiling: null,
        overlapCash: null,
        undisclosedEdges: 2,
        currency: null,
      },
    ]);
    const sold = { class: 'payment', category: 'equipment', money: dollars(3).money, quantity: null };
    expect(await flows(barter(sold))).toEqual([]);
  });

  it('finds who pays each other, once, and tells it from a funding that comes back the same way', async () => {
    const rows = await flows([...pays('b', 'a', dollars(5)), ...pays('a', 'b', dollars(3)), ...funds('b', 'a', 4)]);
    expect(pick(rows, 'cycleId', 'sameDeal', 'dealIds', ...onBasis('Committed'))).toEqual([
      ['crossPurchase/a/b', false, ['a-b', 'b-a'], '3.00', '5.00', '3.00', '1.0000'],
      ['financingLoop/b/a', false, ['a-b'], '4.00', '3.00', '3.00', '0.7500'],
    ]);
  });

  it('takes of a way through several parties the least hop, by fundings as well as payments', async () => {
    const lines = [
      ...funds('a', 'b', 10),
      ...pays('b', 'c', dollars(8)),
      ...funds('c', 'd', 3),
      ...pays('c', 'd', dollars(4)),
      ...pays('d', 'a', dollars(9)),
    ];
    expect(pick(await flows(lines), 'cycleId', 'length', ...onBasis('Committed'))).toEqual([
      ['financingLoop/a/b/c/d', 4, '10.00', '7.00', '7.00', '0.7000'],
      ['financingLoop/c/d/a/b', 4, '3.00', '8.00', '3.00', '1.0000'],
    ]);
    expect(await flows(lines, { maxLength: '3' })).toEqual([]);
  });

  it('meets no party twice on its way', async () => {
    const pairs = ['a', 'b'].flatMap((spoke) => [...pays('x', spoke), ...pays(spoke, 'x')]);
    expect(pick(await flows(pairs, { maxLength: '6' }), 'cycleId')).toEqual([
      ['crossPurchase/a/x'],
      ['crossPurchase/b/x'],
    ]);
  });

  it('is no loop of fundings alone', async () => {
    expect(await flows([...funds('a', 'b', 1), ...funds('b', 'a', 1)])).toEqual([]);
  });

  it('adds what goes side by side between two parties', async () => {
    const second = leg({ legId: 'L3', providers: ['b'], receivers: ['a'], ...dollars(2, 6) }, 'b-a');
    const rows = await flows([
      ...funds('a', 'b', 10),
      ...funds('a', 'b', 5, 'more'),
      ...pays('b', 'a', dollars(8)),
      second,
    ]);
    expect(pick(rows, 'fundingIds', ...onBasis('Ceiling'))).toEqual([
      [['a-b', 'more'], '15.00', '14.00', '14.00', '0.9333'],
    ]);
    expect(pick(rows, ...onBasis('Committed'))).toEqual([['15.00', '10.00', '10.00', '0.6667']]);
  });

  it('knows nothing of a part of a joint side, and all of a share', async () => {
    const joint = [
      ...funds('a', 'x', 10),
      ...pays('x', 'joint', { receivers: ['a', 'b'], ...dollars(6) }),
      paid('x-joint', 2),
    ];
    const unsplit = await flows(joint);
    expect(pick(unsplit, 'cycleId', 'undisclosedEdges', 'flags')).toEqual([
      ['financingLoop/a/x', 1, ['JOINT_UNSPLIT']],
    ]);
    expect(pick(unsplit, 'backCeiling', 'backCommitted', 'backCash', 'overlapCeiling')).toEqual([
      [null, null, null, null],
    ]);
    const several = proposed({ funderIds: ['a', 'z'], recipientId: 'x', dealId: null }, 'several');
    const syndicate = await flows([several, ...pays('x', 'a', dollars(6))]);
    expect(pick(syndicate, 'cycleId', 'forwardCeiling', 'backCeiling', 'flags')).toEqual([
      ['financingLoop/a/x', null, '6.00', ['JOINT_UNSPLIT']],
    ]);
    const shares = [
      { partyId: 'a', share: '0.75' },
      { partyId: 'b', share: '0.25' },
    ];
    const split = await flows([
      ...funds('a', 'x', 10),
      ...pays('x', 'joint', { receivers: ['a', 'b'], shares, ...dollars(6) }),
      paid('x-joint', 2),
    ]);
    expect(pick(split, 'backCeiling', 'backCommitted', 'backCash', 'undisclosedEdges', 'flags')).toEqual([
      ['4.50', '4.50', '1.50', 0, []],
    ]);
  });

  it('counts what is closed as the cash that went, and not at all where none did', async () => {
    const loop = [...funds('a', 'b', 10), ...pays('b', 'a', dollars(8))];
    expect(await flows([...loop, closed('2026-06-30', 'terminated', 'b-a')])).toEqual([]);
    const after = await flows([...loop, paid('b-a', 2), closed('2026-06-30', 'terminated', 'b-a')]);
    expect(pick(after, 'forwardCommitted', 'backCeiling', 'backCommitted', 'backCash', 'undisclosedEdges')).toEqual([
      ['10.00', '0.00', '0.00', '2.00', 0],
    ]);
    const withdrawn = line('FundingClosed', '2026-06-30', { outcome: 'withdrawn', reason: 'over' }, 'a-b');
    expect(await flows([...loop, withdrawn])).toEqual([]);
  });

  it('counts cash as received, whatever was repaid, and as paid, less what came back', async () => {
    const free = line(
      'TrancheScheduled',
      '2025-10-07',
      { trancheId: 'T', amount: { ceiling: usd(10) }, condition: { type: 'none' } },
      'a-b',
    );
    const received = line('FundsReceived', '2026-04-01', { receiptId: 'r', trancheId: 'T', money: usd(7) }, 'a-b');
    const repaid = line('FundsRepaid', '2026-05-01', { repaymentId: 'p', money: usd(3), kind: 'principal' }, 'a-b');
    const rows = await flows([
      ...funds('a', 'b', 10),
      free,
      received,
      repaid,
      ...pays('b', 'a', dollars(8)),
      paid('b-a', 5),
      paid('b-a', 1, 'refund'),
    ]);
    expect(pick(rows, ...onBasis('Cash'))).toEqual([['7.00', '4.00', '4.00', '0.5714']]);
  });

  it('adds nothing in several currencies, and says so', async () => {
    const lines = [...funds('a', 'b', 10), ...pays('b', 'a', { money: { firm: won('1450') } })];
    const { projection } = await projected(url, supplierCommitments, lines);
    const mixed = (await projection.read(circularFlows, { effectiveOn: '2026-12-31' })).rows;
    expect(pick(mixed, 'currency', 'forwardCeiling', 'backCeiling', 'overlapCeiling', 'flags')).toEqual([
      [null, null, null, null, ['SEVERAL_CURRENCIES']],
    ]);
    const query = { effectiveOn: '2026-12-31', reportingCurrency: 'USD' };
    const unconverted = (await projection.read(circularFlows, query)).rows;
    expect(pick(unconverted, 'currency', 'forwardCeiling', 'backCeiling', 'backCash', 'flags')).toEqual([
      ['USD', '10.00', null, '0.00', ['FX_RATE_MISSING']],
    ]);
    await expect(projection.read(circularFlows, { ...query, onMissingFx: 'fail' })).rejects.toMatchObject({
      members: { cells: [{ columns: ['backCeiling', 'backCommitted', 'overlapCeiling', 'overlapCommitted'] }] },
    });
    await projection.stop();
  });

  it('converts what may be at the closing rate, and cash at the spot rate of its day', async () => {
    const lines = [
      ...funds('a', 'b', 10),
      ...pays('b', 'a', { money: { firm: won('1450'), ceiling: won('14500') } }),
      payment('p1', '2026-04-30', 'prepayment', won('1400'), 'b-a'),
      payment('p2', '2026-05-31', 'prepayment', won('1300'), 'b-a'),
      rate('spot', '2026-04-30', '1400'),
      rate('closing', '2026-12-31', '1450'),
    ];
    const query = { reportingCurrency: 'USD' };
    const stale = await flows(lines, query);
    expect(pick(stale, 'backCeiling', 'backCommitted', 'backCash', 'overlapCash', 'flags')).toEqual([
      ['10.00', '1.00', null, null, ['FX_RATE_STALE']],
    ]);
    const { rows, meta } = await reported(
      url,
      supplierCommitments,
      circularFlows,
      [...lines, rate('spot', '2026-05-29', '1300')],
      query,
    );
    expect(pick(rows, 'backCeiling', 'backCommitted', 'backCash', 'overlapCash', 'flags')).toEqual([
      ['10.00', '1.00', '2.00', '0.00', []],
    ]);
    expect(meta.fxRates).toHaveLength(3);
  });

  it('stops after a thousand cycles, says so, and finds those of one party', async () => {
    const parties = Array.from({ length: 34 }, (_, index) => `p${index + 10}`);
    const many = deal('many');
    const legs = parties.flatMap((payer) =>
      parties
        .filter((payee) => payee !== payer)
        .map((payee) =>
          leg({ legId: `${payer}-${payee}`, providers: [payer], receivers: [payee], ...dollars(1) }, 'many'),
        ),
    );
    const { projection, writer } = await projected(url, supplierCommitments, [many]);
    for (let at = 0; at < legs.length; at += 100) await writer.post(...legs.slice(at, at + 100));
    await projection.caughtUp();
    const { rows, meta } = await projection.read(circularFlows);
    expect(rows).toHaveLength(1_000);
    expect(rows.every(({ flags }) => (flags as string[]).includes('TRUNCATED'))).toBe(true);
    // The shortest first: all of two parties are among them.
    expect(rows.filter(({ length }) => length === 2)).toHaveLength((34 * 33) / 2);
    expect(meta.totals).toMatchObject({ truncated: true, crossPurchase: 1_000 });

    const one = await projection.read(circularFlows, { party: 'p43', maxLength: '2' });
    expect(one.rows).toHaveLength(33);
    expect(one.rows[0]).toMatchObject({ cycleId: 'crossPurchase/p10/p43', flags: [] });
    await projection.stop();
  }, 30_000);

  it('is asked for a kind, a party or the least overlap', async () => {
    const lines = [...pays('b', 'a', dollars(5)), ...pays('a', 'b', dollars(3)), ...funds('b', 'a', 4)];
    const { projection } = await projected(url, supplierCommitments, lines);
    const found = async (query: Record<string, string>) =>
      (await projection.read(circularFlows, { effectiveOn: '2026-12-31', ...query })).rows.map(({ kind }) => kind);
    expect(await found({ kind: 'crossPurchase' })).toEqual(['crossPurchase']);
    expect(await found({ party: 'a' })).toEqual(['crossPurchase', 'financingLoop']);
    expect(await found({ party: 'c' })).toEqual([]);
    expect(await found({ minOverlap: '3' })).toEqual(['crossPurchase', 'financingLoop']);
    expect(await found({ minOverlap: '3.01' })).toEqual([]);
    await expect(found({ maxLength: '7' })).rejects.toThrow();
    await projection.stop();
  });
});

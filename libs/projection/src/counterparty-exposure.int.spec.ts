import { counterpartyExposure, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { line, proposed, usd } from './testing-fundings';
import { closed, cost, FIRST_YEAR, payment } from './testing-money';
import { projected } from './testing-projection';
import { deal, leg, pick, reported, signed } from './testing-reports';

const party = (partyId: string, country = 'US'): PostedLine => ({
  stream: `party/${partyId}`,
  type: 'PartyRegistered',
  data: { partyId, name: partyId, country, aliases: [] },
});
const relation = (fromPartyId: string, kind: string, toPartyId: string, extra: object = {}): PostedLine => ({
  stream: `party/${fromPartyId}`,
  type: 'PartyRelationRecorded',
  data: { fromPartyId, toPartyId, relation: kind, ...extra },
});
/** All of it in one period. */
const lump = (period: string) => ({ schedule: { method: 'lump', period } });
/** A binding contract of openai to pay one dollar to the receiver. */
const contract = (receiver: string, terms: object = {}): PostedLine[] => [
  deal(receiver),
  leg({ receivers: [receiver], money: { firm: usd('1') }, ...lump('2027'), ...terms }, receiver),
  signed('2026-03-31', 'yes', receiver),
];

describeWithPostgres('counterparty exposure', (url) => {
  const exposure = (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    reported(url, supplierCommitments, counterpartyExposure, lines, query);
  const rows = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await exposure(lines, query)).rows;
  const groups = async (lines: readonly PostedLine[]) =>
    Object.fromEntries((await rows(lines)).map(({ partyId, groupId }) => [partyId, groupId]));

  it('tells after the first year of two contracts, one of them in won, what is owed, and what is funded', async () => {
    const { rows: shown, meta } = await exposure(FIRST_YEAR, { reportingCurrency: 'USD' });
    expect(shown).toMatchObject([
      {
        entityId: 'openai',
        partyId: 'nvidia',
        owedFirmRemaining: '78000000000.00',
        owedCeilingRemaining: '195000000000.00',
        incurredUnpaid: '1000000000.00',
        prepaidUnapplied: '0.00',
        fundingIndicatedCeiling: '0.00',
        fundingCommittedUndrawn: '96000000000.00',
        fundingLocked: '90000000000.00',
        fundingReceivedNet: '4000000000.00',
        shareOfOwedFirm: '0.8899',
        flags: [],
      },
      {
        entityId: 'openai',
        partyId: 'samsung+skhynix',
        // Converted once: by the month it would be a cent more.
        owedFirmRemaining: '9655172413.79',
        prepaidUnapplied: '965517241.38',
        incurredUnpaid: '0.00',
        fundingReceivedNet: '0.00',
        shareOfOwedFirm: '0.1101',
        flags: ['JOINT_UNSPLIT'],
      },
    ]);
    expect(meta.totals).toMatchObject({ byCurrency: [{ owedFirmRemaining: '87655172413.79' }] });
    expect(meta.fxRates).toMatchObject([{ rateType: 'closing', onDate: '2026-12-31', rate: '1450' }]);
  });

  it('keeps of a closed deal what is unpaid and what is paid ahead', async () => {
    const ended = (id: string, ...cash: PostedLine[]) => [
      ...contract(id),
      ...cash,
      closed('2026-06-30', 'terminated', id),
    ];
    const shown = await rows([
      ...ended('owed', cost('c', '2026-04-30', usd(1), {}, 'owed')),
      ...ended('paid', payment('p', '2026-04-30', 'prepayment', usd(1), 'paid')),
    ]);
    expect(pick(shown, 'partyId', 'openDeals', 'owedFirmRemaining', 'incurredUnpaid', 'prepaidUnapplied')).toEqual([
      ['owed', 0, '0.00', '1.00', '0.00'],
      ['paid', 0, '0.00', '0.00', '1.00'],
    ]);
  });

  it('owes what falls due after the date or at no stated time, and only by binding legs', async () => {
    const money = { firm: usd('10'), ceiling: usd('25') };
    const schedule = {
      method: 'explicit',
      lines: [
        { period: '2026', money: { firm: usd('4'), ceiling: usd('10') } },
        { period: '2027', money: { firm: usd('6'), ceiling: usd('15') } },
      ],
    };
    const shown = await rows([
      ...contract('due', { money, schedule }),
      ...contract('unscheduled', { money, schedule: { method: 'unscheduled' } }),
      deal('talk'),
      leg({ receivers: ['talk'], money, schedule }, 'talk'),
      signed('2026-03-31', 'no', 'talk'),
    ]);
    expect(pick(shown, 'partyId', 'owedFirmRemaining', 'owedCeilingRemaining', 'shareOfOwedFirm', 'openDeals')).toEqual(
      [
        ['unscheduled', '10.00', '25.00', '0.6250', 1],
        ['due', '6.00', '15.00', '0.3750', 1],
        ['talk', '0.00', '0.00', '0.0000', 1],
      ],
    );
  });

  it('gives each party of a shared side its own row, and cuts to the cent', async () => {
    const shares = ['a', 'b', 'c'].map((partyId, index) => ({ partyId, share: index === 0 ? '0.34' : '0.33' }));
    const shown = await rows([
      deal(),
      leg({ receivers: ['a', 'b', 'c'], shares, money: { firm: usd('1.00') }, ...lump('2027') }),
      signed('2026-03-31', 'yes'),
    ]);
    expect(pick(shown, 'partyId', 'owedFirmRemaining', 'openDeals', 'flags')).toEqual([
      ['a', '0.34', 1, []],
      ['b', '0.33', 1, []],
      ['c', '0.33', 1, []],
    ]);
  });

  it('keeps a joint side without shares one party, found by each of its members', async () => {
    const lines = [
      party('samsung', 'KR'),
      party('skhynix', 'KR'),
      relation('samsung', 'suppliesTo', 'nvidia'),
      relation('skhynix', 'suppliesTo', 'nvidia', { itemId: 'hbm' }),
      relation('skhynix', 'suppliesTo', 'openai'),
      deal(),
      leg({ receivers: ['samsung', 'skhynix'], money: { undisclosed: true } }),
      leg({
        legId: 'L1',
        class: 'supply',
        providers: ['samsung', 'skhynix'],
        receivers: ['openai'],
        quantity: { ceiling: { unit: 'EA', value: '900000' } },
        per: 'P1M',
      }),
    ];
    const shown = await rows(lines);
    expect(shown).toMatchObject([
      {
        entityId: 'openai',
        partyId: 'samsung+skhynix',
        groupId: 'samsung+skhynix',
        openDeals: 1,
        owedFirmRemaining: '0',
        shareOfOwedFirm: null,
        undisclosedLegs: 1,
        suppliesToCompetingParties: ['nvidia'],
        currency: null,
        flags: ['JOINT_UNSPLIT'],
      },
    ]);
    const { projection } = await projected(url, supplierCommitments, lines);
    const found = async (query: Record<string, string>) =>
      (await projection.read(counterpartyExposure, query)).rows.length;
    expect(await found({ party: 'skhynix' })).toBe(1);
    expect(await found({ party: 'samsung+skhynix', entity: 'openai' })).toBe(1);
    expect(await found({ group: 'samsung', country: 'KR' })).toBe(1);
    expect(await found({ party: 'nvidia' })).toBe(0);
    expect(await found({ entity: 'samsung' })).toBe(0);
    expect(await found({ country: 'US' })).toBe(0);
    await projection.stop();
  });

  it('shows what a funding was proposed for apart from what is committed, and of that what is locked', async () => {
    const secret = proposed({ amount: { undisclosed: true }, dealId: null, funderIds: ['mgx'] }, 'g');
    const tranche = line('TrancheScheduled', '2025-10-07', {
      trancheId: 'T',
      amount: { ceiling: usd(100_000_000_000) },
      condition: { type: 'milestone', description: 'a gigawatt' },
    });
    const announced: PostedLine = { stream: 'deal/d', type: 'DealAnnounced', effective: '2025-09-30', data: {} };
    const talk = [deal(), proposed(), secret, tranche];
    const columns = [
      'partyId',
      'openDeals',
      'fundingIndicatedCeiling',
      'fundingCommittedUndrawn',
      'fundingLocked',
      'fundingReceivedNet',
      'flags',
    ];
    const mgx = ['mgx', 0, '0', '0', '0', '0', ['UNDISCLOSED_FUNDING']];
    expect(pick(await rows(talk), ...columns)).toEqual([mgx, ['nvidia', 1, '0.00', '0.00', '0.00', '0.00', []]]);
    expect(pick(await rows([...talk, announced]), ...columns)).toEqual([
      mgx,
      ['nvidia', 1, '100000000000.00', '0.00', '0.00', '0.00', []],
    ]);
    const secretly = proposed({ amount: { undisclosed: true } });
    expect(pick(await rows([deal(), announced, secretly]), ...columns)).toEqual([
      ['nvidia', 1, null, '0', '0', '0', ['UNDISCLOSED_FUNDING']],
    ]);
    const committed = line('FundingCommitted', '2026-03-31', { committed: usd(100_000_000_000) });
    expect(pick(await rows([...talk, announced, committed]), ...columns)).toEqual([
      mgx,
      ['nvidia', 1, '0.00', '100000000000.00', '100000000000.00', '0.00', []],
    ]);
  });

  it('takes what was repaid from what was received', async () => {
    const free = line('TrancheScheduled', '2025-10-07', {
      trancheId: 'T',
      amount: { ceiling: usd(10) },
      condition: { type: 'none' },
    });
    const shown = await rows([
      proposed({ dealId: null }),
      free,
      line('FundingCommitted', '2026-03-31', { committed: usd(10) }),
      line('FundsReceived', '2026-04-01', { receiptId: 'r', trancheId: 'T', money: usd(7) }),
      line('FundsRepaid', '2026-05-01', { repaymentId: 'p', money: usd(3), kind: 'returnOfCapital', recallable: true }),
      line('FundsRepaid', '2026-05-01', { repaymentId: 'i', money: usd(1), kind: 'interest' }),
    ]);
    expect(pick(shown, 'fundingReceivedNet', 'fundingCommittedUndrawn', 'fundingLocked')).toEqual([
      ['4.00', '6.00', '0.00'],
    ]);
  });

  it('has nothing below zero undrawn where by the day more was drawn than committed', async () => {
    const changed = (effective: string, amount: number) =>
      line('CommitmentChanged', effective, { committed: usd(amount), changeType: 'amendment', reason: 'agreed' });
    const free = line('TrancheScheduled', '2026-10-01', {
      trancheId: 'T',
      amount: { ceiling: usd(90) },
      condition: { type: 'none' },
    });
    const shown = await rows([
      proposed({ dealId: null }),
      line('FundingCommitted', '2026-03-01', { committed: usd(80) }),
      changed('2026-09-01', 50),
      changed('2026-06-01', 90),
      free,
      line('FundsReceived', '2026-10-05', { receiptId: 'r', trancheId: 'T', money: usd(90) }),
    ]);
    expect(pick(shown, 'fundingReceivedNet', 'fundingCommittedUndrawn')).toEqual([['90.00', '0.00']]);
  });

  it('counts secret legs between the two whichever way they go, and shows who is provided for without money', async () => {
    const secret = { quantity: { undisclosed: true } };
    const shown = await rows([
      deal(),
      leg({ legId: 'L1', class: 'supply', providers: ['hitachi'], receivers: ['openai'], ...secret }),
      leg({ class: 'inKind', providers: ['openai'], receivers: ['hitachi'], reciprocalOf: 'L1', ...secret }),
    ]);
    expect(pick(shown, 'entityId', 'partyId', 'openDeals', 'undisclosedLegs', 'owedFirmRemaining')).toEqual([
      ['hitachi', 'openai', 1, 2, '0'],
      ['openai', 'hitachi', 1, 2, '0'],
    ]);
  });

  it('knows of a deal of which nothing more is known', async () => {
    expect(pick(await rows([deal()]), 'entityId', 'partyId', 'openDeals')).toEqual([
      ['nvidia', 'openai', 1],
      ['openai', 'nvidia', 1],
    ]);
  });

  it('goes up the owners of more than half to the top of the group', async () => {
    expect(
      await groups([
        ...['mgx', 'g42', 'half', 'unit', 'alone'].flatMap((id) => contract(id)),
        ...['mgx', 'g42', 'half', 'unit', 'fund', 'state'].map((id) => party(id)),
        relation('mgx', 'ownedBy', 'fund', { share: '0.51' }),
        relation('fund', 'ownedBy', 'state'),
        relation('g42', 'ownedBy', 'fund', { share: '0.2' }),
        relation('g42', 'ownedBy', 'mgx', { share: '0.6' }),
        relation('half', 'ownedBy', 'state', { share: '0.5' }),
        relation('state', 'groupOf', 'unit'),
        relation('unit', 'suppliesTo', 'mgx'),
      ]),
    ).toEqual({ mgx: 'state', g42: 'state', half: 'half', unit: 'state', alone: 'alone' });
  });

  it('makes those that own each other in a circle one group', async () => {
    const lines = [
      ...['a', 'b', 'c', 'below'].flatMap((id) => contract(id)),
      ...['a', 'b', 'c', 'below'].map((id) => party(id)),
      relation('b', 'ownedBy', 'c'),
      relation('c', 'ownedBy', 'a'),
      relation('a', 'ownedBy', 'b'),
      relation('below', 'ownedBy', 'c'),
    ];
    expect(await groups(lines)).toEqual({ a: 'a', b: 'a', c: 'a', below: 'a' });
    expect(await rows(lines, { group: 'a' })).toHaveLength(4);
  });

  it('does not name as competing whoever belongs to the group of the entity', async () => {
    const shown = await rows([
      ...contract('tsmc'),
      party('tsmc', 'TW'),
      party('lab'),
      relation('lab', 'ownedBy', 'openai'),
      relation('tsmc', 'suppliesTo', 'lab'),
      relation('tsmc', 'suppliesTo', 'nvidia'),
      relation('tsmc', 'suppliesTo', 'amd'),
    ]);
    expect(pick(shown, 'suppliesToCompetingParties')).toEqual([[['amd', 'nvidia']]]);
  });

  it('gives no share of amounts in several currencies', async () => {
    const lines = [
      ...contract('nvidia'),
      ...contract('samsung', { money: { firm: { currency: 'KRW', amount: '1450' } } }),
    ];
    expect(pick(await rows(lines), 'partyId', 'currency', 'owedFirmRemaining', 'shareOfOwedFirm', 'flags')).toEqual([
      ['samsung', 'KRW', '1450', null, ['SEVERAL_CURRENCIES']],
      ['nvidia', 'USD', '1.00', null, ['SEVERAL_CURRENCIES']],
    ]);
    const { rows: shown, meta } = await exposure(lines, { reportingCurrency: 'USD' });
    expect(pick(shown, 'partyId', 'currency', 'owedFirmRemaining', 'shareOfOwedFirm', 'flags')).toEqual([
      ['nvidia', 'USD', '1.00', null, []],
      ['samsung', 'USD', null, null, ['FX_RATE_MISSING']],
    ]);
    expect(meta.totals).toMatchObject({ byCurrency: [{ owedFirmRemaining: null, fundingLocked: '0.00' }] });
  });
});

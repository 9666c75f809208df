import { dealRegister, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { projected } from './testing-projection';
import { deal, leg, pick, policy, reported, usd } from './testing-reports';

const onDeal = (type: string, effective: string, data: object, more: object = {}): PostedLine => ({
  stream: 'deal/d',
  type,
  effective,
  data,
  ...more,
});
const announced = (effective: string, data: object = {}) => onDeal('DealAnnounced', effective, data);
const paper = (effective: string, data: object) => onDeal('AgreementSigned', effective, data);
const letter = (effective: string, data: object = {}) =>
  paper(effective, { instrument: 'loi', binding: 'no', signedOn: effective, ...data });
const contract = (effective: string, data: object = {}) =>
  paper(effective, { instrument: 'definitive', binding: 'yes', signedOn: effective, ...data });
const assessed = (effective: string, probability: string) =>
  onDeal('DealProbabilityAssessed', effective, { probability, method: 'judgement' });
const closed = (effective: string, outcome: string) => onDeal('DealClosed', effective, { outcome, reason: 'over' });
const changed = (effective: string, amount: string, data: object) =>
  onDeal('LegTermsChanged', effective, { legId: 'L2', terms: { money: { ceiling: usd(amount) } }, ...data });
const party = (partyId: string, name: string, aliases: readonly string[], country?: string): PostedLine => ({
  stream: `party/${partyId}`,
  type: 'PartyRegistered',
  data: { partyId, name, aliases, country },
});
const NVIDIA = party('nvidia', 'NVIDIA Corporation', ['Nvidia', 'إنفيديا'], 'US');

describeWithPostgres('the deal register', (url) => {
  const register = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, supplierCommitments, dealRegister, lines, query)).rows;

  it('shows a deal with its paper, its legs and what it points to', async () => {
    const rows = await register([
      NVIDIA,
      policy,
      deal(),
      leg({ legId: 'L1', class: 'lease', providers: ['nvidia'], receivers: ['openai'] }),
      leg({ money: { undisclosed: true } }),
      leg({ legId: 'L3', class: 'funding', providers: ['nvidia'], receivers: ['openai'], fundingId: 'f' }),
      announced('2025-09', { announcedOn: '2025-09' }),
      announced('2026-01-05'),
      { ...letter('2025-09-22'), id: 'signed', sources: [{ sourceId: 's', attribution: 'named', confidence: 'low' }] },
    ]);
    expect(rows).toEqual([
      {
        dealId: 'd',
        title: 'd',
        kinds: ['lease'],
        parties: ['nvidia', 'openai'],
        stage: 'preliminary',
        derivedStatus: null,
        instrument: 'loi',
        binding: 'no',
        announcedOn: '2025-09',
        signedOn: '2025-09-22',
        effectiveFrom: null,
        expiresOn: null,
        probability: '0.50',
        probabilitySource: 'policy',
        legs: 3,
        undisclosedLegs: 1,
        amendments: 0,
        fundingIds: ['f'],
        siteIds: [],
        lastEventId: 'signed',
        lastChangedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        minConfidence: 'low',
        flags: ['UNDISCLOSED_MONEY'],
      },
    ]);
  });

  it('follows the stage on both clocks', async () => {
    const { projection } = await projected(url, supplierCommitments, [
      policy,
      deal(),
      announced('2025-09'),
      letter('2025-09-22'),
      contract('2026-03-31'),
    ]);
    const stage = async (effectiveOn: string, asOf: string) =>
      (await projection.read(dealRegister, { effectiveOn, asOf })).rows[0]?.['stage'];
    try {
      const matrix = await Promise.all(
        ['2025-09-15', '2025-09-25', '2025-10-05', '2026-04-01'].map(async (day) => [
          await stage(day, '3'),
          await stage(day, '4'),
          await stage(day, '5'),
        ]),
      );
      expect(matrix).toEqual([
        ['exploring', 'exploring', 'exploring'],
        ['exploring', 'preliminary', 'preliminary'],
        ['announced', 'preliminary', 'preliminary'],
        ['announced', 'preliminary', 'binding'],
      ]);
    } finally {
      await projection.stop();
    }
  });

  it('says where the probability is from', async () => {
    const lines = [policy, deal(), letter('2025-09-22'), assessed('2025-11-20', '0.35'), contract('2026-03-31')];
    const columns = ['probability', 'probabilitySource'];
    const on = async (effectiveOn: string, more: PostedLine[] = []) =>
      pick(await register([...lines, ...more], { effectiveOn }), ...columns)[0];
    expect(await on('2025-10-04')).toEqual([null, null]);
    expect(await on('2025-10-05')).toEqual(['0.50', 'policy']);
    expect(await on('2025-11-20')).toEqual(['0.35', 'assessed']);
    expect(await on('2026-03-31')).toEqual(['0.95', 'policy']);
    expect(await on('2026-12-31', [closed('2026-06-30', 'terminated')])).toEqual([null, null]);
  });

  const ending = { effectiveFrom: '2026-07-01', expiresOn: '2033-06-30' };
  const lump = leg({ money: { ceiling: usd('9') }, schedule: { method: 'lump', period: '2026-07' } });
  const open = leg({ money: { ceiling: usd('9') } });
  const cost = onDeal('CostIncurred', '2026-07-31', { costId: 'c', legId: 'L2', period: '2026-07', money: usd('9') });

  it.each<[string, string | null, PostedLine[]]>([
    ['2026-06-30', null, []],
    ['2026-06-30', 'pendingStart', [open, contract('2026-03-31', ending)]],
    ['2026-07-01', 'active', [open, contract('2026-03-31', ending)]],
    ['2033-06-30', 'active', [open, contract('2026-03-31', ending)]],
    ['2033-07-01', 'expired', [open, contract('2026-03-31', ending)]],
    ['2026-07-30', 'active', [lump, contract('2026-03-31')]],
    ['2026-07-31', 'exhausted', [lump, contract('2026-03-31')]],
    ['2026-07-31', 'exhausted', [open, contract('2026-03-31'), cost]],
    ['2026-07-31', 'active', [leg({ money: { undisclosed: true } }), contract('2026-03-31')]],
    ['2026-07-01', null, [letter('2026-03-31', { expiresOn: '2026-09-30' })]],
    ['2026-07-02', 'loiLapsing', [letter('2026-03-31', { expiresOn: '2026-09-30' })]],
    ['2026-10-01', 'expired', [letter('2026-03-31', { expiresOn: '2026-09-30' })]],
    ['2026-07-31', null, [lump, contract('2026-03-31'), closed('2026-07-31', 'completed')]],
  ])('derives on %s the status %s', async (effectiveOn, status, lines) => {
    expect(pick(await register([deal(), ...lines], { effectiveOn }), 'derivedStatus')).toEqual([[status]]);
  });

  it('counts amendments in force, and legs until they are removed', async () => {
    const lines = [
      deal(),
      open,
      leg({ legId: 'L4', money: { undisclosed: true } }),
      contract('2026-03-31'),
      changed('2026-04-01', '10', { changeType: 'disclosure' }),
      changed('2026-05-01', '11', { changeType: 'amendment', amendmentNo: 1 }),
      changed('2026-05-01', '11', { changeType: 'amendment', amendmentNo: 1, legId: 'L4' }),
      changed('2026-05-01', '12', { changeType: 'amendment', effectiveFrom: '2027-01-01' }),
      onDeal('LegRemoved', '2026-09-01', { legId: 'L4', reason: 'left out' }),
    ];
    const on = async (effectiveOn: string) => pick(await register(lines, { effectiveOn }), 'amendments', 'legs')[0];
    expect(await on('2026-04-30')).toEqual([0, 2]);
    expect(await on('2026-08-31')).toEqual([1, 2]);
    expect(await on('2027-01-01')).toEqual([2, 1]);
  });

  it('names fundings and sites that name the deal', async () => {
    const funding: PostedLine = {
      stream: 'funding/of-it',
      type: 'FundingProposed',
      data: {
        fundingId: 'of-it',
        funderIds: ['nvidia'],
        recipientId: 'openai',
        instrument: 'equity',
        amount: { undisclosed: true },
        dealId: 'd',
      },
    };
    const site: PostedLine = {
      stream: 'site/s',
      type: 'SiteAnnounced',
      data: { siteId: 's', name: 'S', country: 'AE', partnerIds: [], dealIds: ['d'], power: { undisclosed: true } },
    };
    const rows = await register([deal(), deal('e'), funding, site]);
    expect(pick(rows, 'dealId', 'fundingIds', 'siteIds')).toEqual([
      ['d', ['of-it'], ['s']],
      ['e', [], []],
    ]);
  });

  it('finds deals by what they are, and by who is in them', async () => {
    const owned: PostedLine = {
      stream: 'party/nvidia',
      type: 'PartyRelationRecorded',
      data: { fromPartyId: 'nvidia', toPartyId: 'holding', relation: 'ownedBy' },
    };
    const other: PostedLine = {
      ...deal('other'),
      data: {
        ...(deal('other').data as object),
        kinds: ['supply'],
        parties: ['samsung', 'skhynix'].map((partyId) => ({ partyId, role: 'partner' })),
      },
    };
    const lines = [
      NVIDIA,
      party('samsung', 'Samsung', ['سامسونج'], 'KR'),
      party('holding', 'Holding', ['Holding']),
      owned,
      deal(),
      other,
      contract('2026-03-31'),
    ];
    const { projection } = await projected(url, supplierCommitments, lines);
    const found = async (query: Record<string, string>) =>
      pick((await projection.read(dealRegister, { effectiveOn: '2026-12-31', ...query })).rows, 'dealId').flat();
    try {
      expect(await found({})).toEqual(['d', 'other']);
      expect(await found({ stage: 'binding' })).toEqual(['d']);
      expect(await found({ derivedStatus: 'active' })).toEqual(['d']);
      expect(await found({ kind: 'supply' })).toEqual(['other']);
      expect(await found({ party: 'skhynix' })).toEqual(['other']);
      expect(await found({ group: 'holding' })).toEqual(['d']);
      expect(await found({ group: 'samsung' })).toEqual(['other']);
      expect(await found({ country: 'KR' })).toEqual(['other']);
      expect(await found({ text: 'إنفيديا' })).toEqual(['d']);
      expect(await found({ text: 'NVIDIA corp' })).toEqual(['d']);
      expect(await found({ text: 'ｎｖｉｄｉａ' })).toEqual(['d']);
      expect(await found({ text: 'nvi\u200Bdia' })).toEqual(['d']);
      expect(await found({ text: 'OTHER' })).toEqual(['other']);
      expect(await found({ text: '%' })).toEqual([]);
    } finally {
      await projection.stop();
    }
  });

  it('counts the deals of each stage', async () => {
    const answer = await reported(url, supplierCommitments, dealRegister, [
      deal(),
      deal('e'),
      open,
      contract('2026-03-31'),
    ]);
    expect(answer.meta.totals).toEqual({
      byStage: { exploring: 1, announced: 0, preliminary: 0, binding: 1, closed: 0 },
      legs: 1,
      undisclosedLegs: 0,
    });
  });
});

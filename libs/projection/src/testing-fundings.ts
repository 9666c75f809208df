import { subtract, sum } from '@deal-ledger/domain';
import type { Row } from '@deal-ledger/reports';
import type { PostedLine } from './testing';
import { reportsSchemaOf } from './report-functions';
import type { TestProjection } from './testing-projection';

export const usd = (amount: string | number) => ({ currency: 'USD', amount: String(amount) });
const approvedBy = { id: 'controller-1' };

export const policy: PostedLine = {
  stream: 'reference/policy',
  type: 'ProbabilityPolicySet',
  data: { exploring: '0.10', announced: '0.30', preliminary: '0.50', binding: '0.95', fundingUnlinkedProposed: '0.20' },
};
export const deal: PostedLine = {
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
export const signed = (effective: string, binding: string): PostedLine => ({
  stream: 'deal/d',
  type: 'AgreementSigned',
  effective,
  data: { instrument: 'loi', binding },
});
export const line = (type: string, effective: string, data: object, id = 'f'): PostedLine => ({
  stream: `funding/${id}`,
  type,
  effective,
  approvedBy,
  data,
});
export const proposed = (extra: object = {}, id = 'f'): PostedLine =>
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
export const committed = (amount = 100_000_000_000): PostedLine =>
  line('FundingCommitted', '2026-03-31', {
    committed: usd(amount),
    availability: { from: '2026-04-01', to: '2031-12-31' },
  });
export const tranche = (trancheId: string, amount: object, type = 'milestone'): PostedLine =>
  line('TrancheScheduled', '2025-10-07', {
    trancheId,
    amount,
    condition: { type, description: `condition of ${trancheId}` },
    window: '2026-41',
  });
export const T1 = tranche('T1', { ceiling: usd(10_000_000_000) });
export const T2 = tranche('T2', { ceiling: usd(90_000_000_000) });
export const met = line('TrancheConditionMet', '2026-09-30', { trancheId: 'T1', evidence: 'seen' });
export const called = line('FundsCalled', '2026-10-05', {
  callId: 'c1',
  trancheId: 'T1',
  money: usd(4_000_000_000),
  dueOn: '2026-10-20',
});
export const received = line('FundsReceived', '2026-10-20', {
  receiptId: 'r1',
  callId: 'c1',
  trancheId: 'T1',
  money: usd(4_000_000_000),
});
export const BINDING = [policy, deal, signed('2026-03-31', 'yes')];
export const DRAWN = [...BINDING, proposed(), T1, T2, committed(), met, called, received];

const PARTS = ['received', 'openCalls', 'available', 'locked', 'notInTranche', 'cancelled'] as const;
const NEVER_NEGATIVE = [
  ...PARTS,
  'committed',
  'called',
  'calledOverdue',
  'outstanding',
  'undrawn',
  'weightedRemaining',
];

/** The days on which something becomes true of what happened on these, and those before them. */
export function turningPoints(effective: Iterable<string>): string[] {
  const days = new Set<string>();
  for (const day of effective) {
    days.add(day);
    days.add(new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10));
  }
  return [...days].sort();
}

/** Every row of the report on fundings as known at a position, for each of the days. */
export function positionsOn(projection: TestProjection, asOf: number, days: readonly string[]): Promise<Row[]> {
  return projection.query<Row>(
    `select d.day as on, p.* from unnest($2::text[]) as d(day)
     cross join lateral ${reportsSchemaOf(projection.schema)}.funding_position(as_of => $1, effective_on => d.day::date) as p`,
    [asOf, days],
  );
}

/** Expects every dollar of a commitment in one place, none before there is one, and nothing below zero. */
export function expectToAddUp(row: Row): void {
  const below = NEVER_NEGATIVE.filter((column) => String(row[column] ?? '').startsWith('-'));
  expect([row, below]).toEqual([row, []]);
  if (row['trancheId'] !== null) return;
  const amount = (column: string): string => subtract(String(row[column]), '0');
  const isCommitted = row['stage'] === 'committed' || amount('committed') !== '0';
  const parts = Object.fromEntries(PARTS.map((part) => [part, amount(part)]));
  if (isCommitted) {
    expect({ row, parts, sum: sum(Object.values(parts)) }).toEqual({ row, parts, sum: amount('committed') });
  } else {
    const { received, openCalls } = parts;
    expect({ row, received, openCalls }).toEqual({ row, received: '0', openCalls: '0' });
  }
}

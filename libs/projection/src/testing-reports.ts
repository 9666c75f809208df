import type { ReportDefinition, ReportSet, Row } from '@deal-ledger/reports';
import type { PostedLine } from './testing';
import { projected, type ReportAnswer } from './testing-projection';

export const usd = (amount: string) => ({ currency: 'USD', amount });

export const policy: PostedLine = {
  id: 'policy-1',
  stream: 'reference/policy',
  type: 'ProbabilityPolicySet',
  data: { exploring: '0.10', announced: '0.30', preliminary: '0.50', binding: '0.95', fundingUnlinkedProposed: '0.20' },
};
export const deal = (id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'DealOpened',
  data: {
    dealId: id,
    title: id,
    kinds: ['lease'],
    parties: [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'openai', role: 'lessee' },
    ],
  },
});
export const signed = (effective: string, binding: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'AgreementSigned',
  effective,
  data: { instrument: 'definitive', binding },
});
export const leg = (data: object, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'LegAdded',
  data: {
    legId: 'L2',
    class: 'payment',
    category: 'computeRental',
    providers: ['openai'],
    receivers: ['nvidia'],
    ...data,
  },
});
export const forecast = (version: number, basis: string, lines: object[], extra: object = {}): PostedLine => ({
  stream: 'forecast/rental',
  type: 'ForecastPublished',
  data: {
    forecastId: 'rental',
    version,
    entityId: 'openai',
    measure: 'computeRental',
    basis,
    method: 'a method',
    lines,
    ...extra,
  },
});
export const withdrawn = (version: number, effective: string): PostedLine => ({
  stream: 'forecast/rental',
  type: 'ForecastWithdrawn',
  effective,
  data: { version, reason: 'out of date' },
});
export const line = (period: string, scenario: string, amount: string): object => ({
  period,
  scenario,
  money: usd(amount),
});

/** A contract of 84 to 210 billion over seven years, signed on 2026-03-31. */
export const RENTAL = [
  policy,
  deal(),
  leg({
    money: { firm: usd('84000000000'), ceiling: usd('210000000000') },
    schedule: { method: 'evenMonths', from: '2026-07', to: '2033-06' },
  }),
  signed('2026-03-31', 'yes'),
];
export const STATED = forecast(1, 'statedToInvestors', [
  line('2025', 'base', '16000000000'),
  line('2029', 'high', '400000000000'),
]);
export const ASSUMED = forecast(2, 'assumed', [
  line('2025', 'base', '16000000000'),
  line('2026', 'base', '35777087640.00'),
  line('2027', 'base', '80000000000'),
  line('2028', 'base', '178885438199.98'),
  line('2029', 'base', '400000000000'),
]);
/** Given these events, what the report says on a day; by default the last of 2026. */
export async function reported(
  url: string,
  set: ReportSet,
  report: ReportDefinition,
  lines: readonly PostedLine[],
  query: Record<string, string> = {},
): Promise<ReportAnswer> {
  const { projection } = await projected(url, set, lines);
  try {
    return await projection.read(report, { effectiveOn: '2026-12-31', ...query });
  } finally {
    await projection.stop();
  }
}

/** Of each row these columns. */
export const pick = (rows: readonly Row[], ...columns: string[]): unknown[][] =>
  rows.map((row) => columns.map((column) => row[column]));

/** Events as teams post them, for tests that are about something else than their content. */

const SOURCES = [{ sourceId: 'contract', attribution: 'official', confidence: 'high' }] as const;
const DAY = '2025-10-05';
const usd = (amount: number | string): object => ({ currency: 'USD', amount: String(amount) });

export interface StreamEvent {
  readonly stream: string;
  readonly id: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

const event = (stream: string, id: string, type: string, data: object, more: object = {}): StreamEvent => ({
  stream,
  id,
  type,
  effective: DAY,
  sources: SOURCES,
  data,
  ...more,
});

export const sourceRegistered = (): StreamEvent =>
  event(
    'source/contract',
    'source',
    'SourceRegistered',
    { sourceId: 'contract', kind: 'contract', language: 'en', title: 'A contract', publishedOn: null },
    { sources: [] },
  );

export const partyRegistered = (partyId: string): StreamEvent =>
  event(`party/${partyId}`, `party-${partyId}`, 'PartyRegistered', { partyId, name: partyId, aliases: [partyId] });

export const dealOpened = (dealId: string, ...parties: readonly string[]): StreamEvent =>
  event(`deal/${dealId}`, `deal-${dealId}`, 'DealOpened', {
    dealId,
    title: dealId,
    kinds: ['supply'],
    parties: parties.map((partyId) => ({ partyId, role: 'supplier' })),
  });

/** A committed funding with one tranche that can be called at once. */
export const fundingReady = (fundingId: string, tranche: number | string): StreamEvent[] => {
  const stream = `funding/${fundingId}`;
  return [
    event(stream, 'proposed', 'FundingProposed', {
      fundingId,
      funderIds: ['lender'],
      recipientId: 'borrower',
      instrument: 'debt',
      amount: { ceiling: usd(tranche) },
    }),
    event(
      stream,
      'committed',
      'FundingCommitted',
      { committed: usd(tranche), signedOn: DAY, availability: { from: DAY, to: '2099-12-31' } },
      { approvedBy: { id: 'controller-1' } },
    ),
    event(stream, 'tranche', 'TrancheScheduled', {
      trancheId: 'T1',
      amount: { ceiling: usd(tranche) },
      condition: { type: 'none', description: 'none' },
    }),
  ];
};

export const fundsCalled = (fundingId: string, callId: string, amount: number | string): StreamEvent =>
  event(`funding/${fundingId}`, callId, 'FundsCalled', {
    callId,
    trancheId: 'T1',
    money: usd(amount),
    dueOn: '2026-12-31',
  });

/** What the events of these tests rest on. */
export const groundwork = (): StreamEvent[] => [
  sourceRegistered(),
  partyRegistered('lender'),
  partyRegistered('borrower'),
];

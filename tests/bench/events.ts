import { groundwork, partyRegistered, type StreamEvent } from '../support/events';

const DAY = '2025-10-05';
const SOURCES = [{ sourceId: 'contract', attribution: 'official', confidence: 'high' }];
const APPROVED = { approvedBy: { id: 'controller-1' } };
const SUPPLIERS = ['maker', 'builder', 'operator'] as const;

const usd = (millions: number): object => ({ currency: 'USD', amount: `${millions}000000` });

const event = (stream: string, id: string, type: string, data: object, more: object = {}): StreamEvent => ({
  stream,
  id,
  type,
  effective: DAY,
  sources: SOURCES,
  data,
  ...more,
});

/** What all other events rest on. */
export const foundations = (): StreamEvent[] => [
  ...groundwork(),
  ...SUPPLIERS.map(partyRegistered),
  event('reference/items', 'item-chip', 'ItemDefined', { itemId: 'chip', name: 'A chip', defaultUnit: 'EA' }),
  event('pool/chips', 'pool-chips', 'PoolDefined', {
    poolId: 'chips',
    scope: 'global',
    itemId: 'chip',
    unit: 'EA',
    per: 'P1M',
  }),
  event('reference/policy', 'policy', 'ProbabilityPolicySet', {
    exploring: '0.1',
    announced: '0.3',
    preliminary: '0.5',
    binding: '0.9',
    fundingUnlinkedProposed: '0.2',
  }),
];

/** A body of about 400 bytes for `/v1/engagements/{id}/events`. */
export const engagementBody = (engagementId: string): string =>
  JSON.stringify({
    events: [
      {
        id: 'planned',
        type: 'EngagementPlanned',
        effective: DAY,
        sources: SOURCES,
        data: {
          engagementId,
          participants: ['lender', 'borrower'],
          places: ['Seoul'],
          purpose: 'Talks about memory for the next data centre, and about who would pay for the line that makes it.',
          asks: ['capacity'],
          topics: ['supply of memory'],
          window: 'first week of October',
        },
      },
    ],
  });

const STORY_EVENTS = 20;
const STORIES = [deals, fundings, reservations, forecasts, fundings];

/** Commits of a ledger as it may be: a fifth deals, two fifths fundings, reservations and forecasts. */
export function* commits(prefix: string, events: number, eventsPerCommit: number): Generator<StreamEvent[]> {
  let commit: StreamEvent[] = [];
  for (let story = 0; story * STORY_EVENTS < events; story += 1) {
    const tell = STORIES[story % STORIES.length] as (typeof STORIES)[number];
    for (const one of tell(`${prefix}-${story}`)) {
      commit.push(one);
      if (commit.length < eventsPerCommit) continue;
      yield commit;
      commit = [];
    }
  }
  if (commit.length > 0) yield commit;
}

function deals(name: string): StreamEvent[] {
  return upTo(4).flatMap((index) => {
    const dealId = `${name}-${index}`;
    const stream = `deal/${dealId}`;
    const supplier = SUPPLIERS[index % SUPPLIERS.length] as string;
    const sides = { providers: [supplier], receivers: ['borrower'] };
    return [
      event(stream, 'opened', 'DealOpened', {
        dealId,
        title: `Chips for ${dealId}`,
        kinds: ['supply'],
        parties: [
          { partyId: supplier, role: 'supplier' },
          { partyId: 'borrower', role: 'buyer' },
        ],
      }),
      event(stream, 'announced', 'DealAnnounced', { announcedOn: DAY, by: [supplier] }),
      event(stream, 'goods', 'LegAdded', {
        legId: 'goods',
        class: 'supply',
        ...sides,
        itemId: 'chip',
        quantity: { firm: { unit: 'EA', value: '120000' } },
        schedule: { method: 'evenMonths', from: '2026-01', to: '2026-06' },
      }),
      event(stream, 'price', 'LegAdded', {
        legId: 'price',
        class: 'payment',
        category: 'purchase',
        providers: sides.receivers,
        receivers: sides.providers,
        money: { firm: usd(600), ceiling: usd(900) },
        schedule: { method: 'evenMonths', from: '2026-01', to: '2026-06' },
        reciprocalOf: 'goods',
      }),
      event(stream, 'signed', 'AgreementSigned', { instrument: 'definitive', binding: 'yes', signedOn: DAY }, APPROVED),
    ];
  });
}

function fundings(name: string): StreamEvent[] {
  return upTo(2).flatMap((index) => {
    const fundingId = `${name}-${index}`;
    const stream = `funding/${fundingId}`;
    const call = (callId: string): StreamEvent =>
      event(stream, callId, 'FundsCalled', { callId, trancheId: 'T1', money: usd(10), dueOn: '2026-12-31' });
    const receipt = (callId: string): StreamEvent =>
      event(stream, `${callId}-in`, 'FundsReceived', {
        receiptId: `${callId}-in`,
        callId,
        trancheId: 'T1',
        money: usd(10),
      });
    return [
      event(stream, 'proposed', 'FundingProposed', {
        fundingId,
        funderIds: ['lender'],
        recipientId: 'borrower',
        instrument: 'debt',
        amount: { ceiling: usd(100) },
      }),
      event(
        stream,
        'committed',
        'FundingCommitted',
        { committed: usd(100), signedOn: DAY, availability: { from: DAY, to: '2099-12-31' } },
        APPROVED,
      ),
      event(stream, 'tranche', 'TrancheScheduled', {
        trancheId: 'T1',
        amount: { ceiling: usd(100) },
        condition: { type: 'none', description: 'none' },
      }),
      ...['C1', 'C2', 'C3'].flatMap((callId) => [call(callId), receipt(callId)]),
      call('C4'),
    ];
  });
}

function reservations(name: string): StreamEvent[] {
  return upTo(10).flatMap((index) => {
    const reservationId = `${name}-${index}`;
    const stream = `reservation/${reservationId}`;
    return [
      event(stream, 'requested', 'CapacityRequested', {
        reservationId,
        buyerId: 'borrower',
        supplierIds: ['maker'],
        itemId: 'chip',
        rate: { expected: { unit: 'EA', value: '5000' } },
        per: 'P1M',
        window: '2026',
        poolIds: ['chips'],
        priorityAsked: true,
      }),
      event(stream, 'granted', 'AllocationPriorityGranted', { tier: 'preferred' }),
    ];
  });
}

function forecasts(name: string): StreamEvent[] {
  return upTo(10).flatMap((index) => {
    const forecastId = `${name}-${index}`;
    return [1, 2].map((version) =>
      event(`forecast/${forecastId}`, `version-${version}`, 'ForecastPublished', {
        forecastId,
        version,
        entityId: 'borrower',
        measure: 'capex',
        basis: 'internalPlan',
        lines: ['2026', '2027'].flatMap((period) => [
          { period, scenario: 'base', money: usd(500 * version) },
          { period, scenario: 'high', money: usd(700 * version) },
        ]),
      }),
    );
  });
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

import { ITEMS, moneyIn, PARTIES, qtyClaim, qtyIn, unitOf, type Dice, type Proposals } from './any.testing';
import { deal, funding } from './any-deal.testing';
import type { engagementEvents } from './engagement';
import type { forecastEvents } from './forecast';
import type { partyEvents } from './party';
import type { poolEvents } from './pool';
import type { referenceEvents } from './reference';
import type { reportRunEvents } from './report-run';
import type { reservationEvents } from './reservation';
import type { siteEvents } from './site';
import type { sourceEvents } from './source';

const reservation: Proposals<typeof reservationEvents> = {
  CapacityRequested: (reservationId, dice) => {
    const [buyerId = '', ...supplierIds] = dice.some(PARTIES, dice.between(2, 3));
    return {
      reservationId,
      buyerId,
      supplierIds,
      itemId: 'hbm',
      rate: qtyClaim('WFR', dice),
      per: dice.oneOf(['P1M', 'P1Y']),
      poolIds: dice.some(['global', 'own'], dice.between(0, 2)),
      priorityAsked: dice.happens(0.5),
      ...dice.maybe({ window: dice.effective() }),
      ...dice.maybe({ dealId: 'd1', ...dice.maybe({ legId: 'L1' }) }, 0.3),
    };
  },
  CapacityReserved: (_, dice) => ({
    binding: dice.happens(0.7),
    ...dice.maybe({ takeOrPay: { minShare: dice.oneOf(['0.5', '0.8']) } }),
    ...dice.maybe({ validUntil: dice.day() }, 0.3),
  }),
  RampScheduled: (_, dice) => {
    const unit = unitOf(dice);
    return {
      rampVersion: dice.between(1, 2),
      lines: dice.some(PLANNED, dice.between(2, 5)).map((period) => ({
        period,
        qty: qtyIn(unit, dice),
        ...dice.maybe({ firmness: dice.oneOf(['firm', 'makeAuth', 'forecast'] as const) }),
      })),
    };
  },
  AllocationPriorityGranted: (_, dice) => ({
    tier: dice.oneOf(['first', 'preferred', 'standard'] as const),
    ...dice.maybe({ rank: dice.between(1, 3) }),
  }),
  QuantityDelivered: (_, dice) => ({
    deliveryId: `x${dice.between(1, 5)}`,
    period: plannedPeriod(dice),
    qty: qtyIn(unitOf(dice), dice, 8),
    overDelivery: dice.happens(0.4),
    ...dice.maybe({ siteId: 'abilene' }, 0.2),
  }),
  DeliveryAccepted: (_, dice) => ({
    deliveryId: `x${dice.between(1, 5)}`,
    acceptedQty: qtyIn('WFR', dice, 8),
    rejectedQty: qtyIn('WFR', dice, 2),
  }),
  DeliverySlipped: (_, dice) => ({
    slipId: `s${dice.between(1, 4)}`,
    fromPeriod: plannedPeriod(dice),
    toPeriod: plannedPeriod(dice),
    qty: qtyIn(unitOf(dice), dice, 20),
    reason: 'yield',
  }),
  ShortfallDeclared: (_, dice) => ({
    shortfallId: `m${dice.between(1, 3)}`,
    period: plannedPeriod(dice),
    qty: qtyIn(unitOf(dice), dice, 10),
    byParty: dice.oneOf(['supplier', 'buyer'] as const),
    remedy: dice.oneOf(['makeUp', 'payment', 'waived'] as const),
  }),
  ReservationClosed: (_, dice) => ({
    outcome: dice.oneOf(['fulfilled', 'cancelled'] as const),
    reason: 'no more needed',
  }),
};

const PLANNED = ['2026-01', '2026-02', '2026-03', '2026-Q2', '2026-41', '2027'];
const plannedPeriod = (dice: Dice): string => dice.oneOf(PLANNED);

const pool: Proposals<typeof poolEvents> = {
  PoolDefined: (poolId, dice) => ({
    poolId,
    ...(poolId === 'global' ? { scope: 'global' as const } : { scope: 'supplier' as const, supplierId: 'samsung' }),
    itemId: 'hbm',
    unit: unitOf(dice),
    per: dice.oneOf(['P1M', 'P1Y']),
  }),
  CapacityDeclared: (_, dice) => ({
    from: dice.period(),
    rate: qtyIn(unitOf(dice), dice, 90),
    basis: dice.oneOf(['declared', 'contracted', 'thirdPartyEstimate'] as const),
    ...dice.maybe({ to: '2027' }, 0.3),
  }),
  AvailabilityAnnounced: (_, dice) => ({ firstDeliveryWindow: dice.effective() }),
};

const reference: Proposals<typeof referenceEvents> = {
  ItemDefined: (_, dice) => ({
    itemId: dice.oneOf([...ITEMS, 'rack', 'licence']),
    name: 'Something',
    defaultUnit: unitOf(dice),
  }),
  UnitConversionAssumed: (_, dice) => ({
    fromUnit: 'WFR',
    toUnit: 'EA',
    factor: { expected: String(dice.between(1, 90)) },
    from: dice.period(),
    ...dice.maybe({ itemId: 'hbm' }),
  }),
  FxRateRecorded: (_, dice) => ({
    ...dice.oneOf([
      { base: 'USD', quote: 'KRW' },
      { base: 'KRW', quote: 'USD' },
    ]),
    rate: String(dice.between(1, 1400)),
    onDate: dice.day(),
    rateType: dice.oneOf(['spot', 'closing'] as const),
  }),
  ProbabilityPolicySet: (_, dice) => ({
    exploring: '0.1',
    announced: dice.oneOf(['0.3', '0.4']),
    preliminary: dice.oneOf(['0.5', '0.6']),
    binding: '0.95',
    fundingUnlinkedProposed: dice.oneOf(['0.2', '0.25']),
    ...dice.maybe({ from: dice.day() }),
  }),
};

const source: Proposals<typeof sourceEvents> = {
  SourceRegistered: (sourceId, dice) => ({
    sourceId,
    kind: dice.oneOf(['press', 'filing', 'contract', 'official', 'internal'] as const),
    language: 'en',
    title: 'A document',
    ...dice.maybe({ publishedOn: dice.effective() }),
  }),
};

const party: Proposals<typeof partyEvents> = {
  PartyRegistered: (partyId, dice) => ({
    partyId,
    name: partyId,
    aliases: [partyId, ...dice.some(['The Maker', 'Acme'], 1)],
  }),
  PartyAliasAdded: (_, dice) => ({ alias: dice.oneOf(['The Maker', 'Acme', '三星']) }),
  PartyRelationRecorded: (fromPartyId, dice) => ({
    fromPartyId,
    toPartyId: dice.oneOf([...PARTIES, 'stargate'].filter((id) => id !== fromPartyId)),
    relation: dice.oneOf(['ownedBy', 'groupOf', 'suppliesTo'] as const),
    ...dice.maybe({ share: dice.oneOf(['0.4', '0.6', '1']) }),
  }),
};

const meeting = (engagementId: string, dice: Dice) => ({
  engagementId,
  participants: dice.some(PARTIES, dice.between(1, 3)),
  asks: dice.some(['memory', 'priority'], dice.between(0, 2)),
  ...dice.maybe({ dealIds: ['d1'] }, 0.3),
});
const engagement: Proposals<typeof engagementEvents> = {
  EngagementPlanned: meeting,
  EngagementHeld: (id, dice) => ({ ...meeting(id, dice), ...dice.maybe({ outcome: 'agreed' }) }),
  EngagementCancelled: () => ({ reason: 'no time' }),
};

const forecast: Proposals<typeof forecastEvents> = {
  ForecastPublished: (forecastId, dice) => ({
    forecastId,
    version: dice.between(1, 4),
    entityId: dice.happens(0.8) ? 'openai' : 'nvidia',
    measure: dice.happens(0.8) ? 'computeRental' : 'memory',
    basis: dice.oneOf(['statedToInvestors', 'internalPlan', 'pitchedPlan'] as const),
    lines: dice.some(['2026', '2027', '2026-07', '2026-Q4', null], dice.between(1, 3)).map((period) => ({
      period,
      scenario: dice.oneOf(['low', 'base', 'high'] as const),
      money: moneyIn('USD', dice),
    })),
  }),
  ForecastWithdrawn: (_, dice) => ({ version: dice.between(1, 3), reason: 'out of date' }),
};

const power = (dice: Dice) => qtyClaim(dice.oneOf(['MW', 'GW']), dice);
const site: Proposals<typeof siteEvents> = {
  SiteAnnounced: (siteId, dice) => ({
    siteId,
    name: 'Abilene',
    country: 'US',
    partnerIds: dice.some(PARTIES, 1),
    dealIds: dice.happens(0.3) ? ['d1'] : [],
    power: power(dice),
  }),
  SitePhasePlanned: (_, dice) => ({
    phaseId: dice.oneOf(['A', 'B']),
    power: power(dice),
    ...dice.maybe({ targetOnline: dice.effective() }),
  }),
  SitePhaseStatusChanged: (_, dice) => ({
    phaseId: dice.oneOf(['A', 'B']),
    status: dice.oneOf(['planned', 'underConstruction', 'energised', 'operational', 'cancelled'] as const),
    ...dice.maybe({ power: power(dice) }, 0.3),
  }),
};

const reportRun: Proposals<typeof reportRunEvents> = {
  ReportPublished: (runId, dice) => ({
    runId,
    report: 'spend-outlook',
    asOf: dice.between(0, 40),
    effectiveOn: dice.day(),
    filter: {},
    format: 'csv',
    rows: dice.between(0, 9),
    sha256: 'a'.repeat(64),
  }),
};

/** Of every kind and type `data` that might be posted to the stream with this id; valid or not. */
export const PROPOSALS: Readonly<Record<string, Readonly<Record<string, (id: string, dice: Dice) => unknown>>>> = {
  source,
  party,
  reference,
  engagement,
  deal,
  funding,
  forecast,
  pool,
  reservation,
  site,
  'report-run': reportRun,
};

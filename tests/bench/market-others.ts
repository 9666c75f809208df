import type { StreamEvent } from '../support/events';
import type { Chance } from './chance';
import { correction } from './market-deals';
import { APPROVED, dayIn, event, monthAfter, money, type Market } from './market-terms';

/** A funding in three tranches, called month by month. */
export function* funding(market: Market, fundingId: string, first: string, chance: Chance): Generator<StreamEvent> {
  const stream = `funding/${fundingId}`;
  const currency = chance.percent(75) ? 'USD' : 'EUR';
  const on = (month: number): string => dayIn(monthAfter(first, month), chance);
  const linked = market.deals.length > 0 && chance.percent(60) ? chance.oneOf(market.deals) : undefined;
  const part = chance.between(10, 900) * 1_000_000;
  yield event(stream, 'proposed', on(0), 'FundingProposed', {
    fundingId,
    funderIds: [chance.oftenFirst(market.funders)],
    recipientId: linked?.buyer ?? chance.oftenFirst(market.buyers),
    instrument: chance.oneOf(['debt', 'equity']),
    amount: { ceiling: money(currency, 4 * part) },
    ...(linked === undefined ? {} : { dealId: linked.dealId }),
  });
  if (chance.percent(15)) return;
  const availability = { from: `${first}-01`, to: '2031-12-31' };
  yield event(
    stream,
    'committed',
    on(1),
    'FundingCommitted',
    { committed: money(currency, 3 * part), availability },
    APPROVED,
  );
  for (const [index, type] of ['none', 'milestone', 'date'].entries()) {
    yield event(stream, `t${index}`, on(1), 'TrancheScheduled', {
      trancheId: `T${index}`,
      amount: { ceiling: money(currency, part) },
      condition: { type, description: `condition ${index}` },
    });
  }
  yield event(stream, 'met', on(2), 'TrancheConditionMet', { trancheId: 'T1', evidence: 'the first gigawatt' });
  for (let call = 0; call < 20; call += 1) {
    const trancheId = `T${call % 2}`;
    const called = money(currency, Math.floor(part / 10) - 1, chance.between(0, 99));
    yield event(stream, `call${call}`, on(2 + call), 'FundsCalled', {
      callId: `call${call}`,
      trancheId,
      money: called,
      dueOn: `${monthAfter(first, 3 + call)}-28`,
    });
    const receipt = { receiptId: `in${call}`, callId: `call${call}`, trancheId, money: called };
    yield event(stream, receipt.receiptId, on(3 + call), 'FundsReceived', receipt);
    if (chance.percent(3)) {
      const less = { ...receipt, money: money(currency, Math.floor(part / 10) - 2) };
      yield correction(stream, receipt.receiptId, on(3 + call), 'FundsReceived', less);
    }
    if (call % 6 === 5) {
      yield event(stream, `out${call}`, on(4 + call), 'FundsRepaid', {
        repaymentId: `out${call}`,
        money: money(currency, Math.floor(part / 50)),
        kind: 'principal',
        recallable: chance.percent(30),
      });
    }
  }
  if (chance.percent(20))
    yield event(stream, 'void', on(24), 'TrancheCancelled', { trancheId: 'T2', reason: 'not needed' });
}

/** A reservation with a ramp of eighteen months: delivered month by month, some of it late or short. */
export function* reservation(
  market: Market,
  reservationId: string,
  first: string,
  chance: Chance,
): Generator<StreamEvent> {
  const stream = `reservation/${reservationId}`;
  const on = (month: number): string => dayIn(monthAfter(first, month), chance);
  const linked = market.deals.length > 0 && chance.percent(50) ? chance.oneOf(market.deals) : undefined;
  const pool = chance.oneOf(market.pools);
  const rate = chance.between(50, 4_000);
  const qty = (value: number): object => ({ unit: 'EA', value: String(value) });
  const period = (month: number): string => monthAfter(first, 2 + month);
  yield event(stream, 'requested', on(0), 'CapacityRequested', {
    reservationId,
    buyerId: linked?.buyer ?? chance.oftenFirst(market.buyers),
    supplierIds: [linked?.supplier ?? chance.oftenFirst(market.suppliers)],
    itemId: pool.itemId,
    rate: { expected: qty(2 * rate) },
    per: 'P1M',
    window: `${period(0)}/${period(17)}`,
    poolIds: [pool.poolId],
    priorityAsked: true,
    ...(linked === undefined ? {} : { dealId: linked.dealId, legId: 'goods-a' }),
  });
  yield event(stream, 'granted', on(0), 'AllocationPriorityGranted', {
    tier: chance.oneOf(['first', 'preferred', 'standard']),
  });
  const binding = chance.percent(70);
  yield event(stream, 'reserved', on(1), 'CapacityReserved', { binding, takeOrPay: { minShare: '0.8' } }, APPROVED);
  const lines = Array.from({ length: 18 }, (_, month) => ({
    period: period(month),
    qty: qty(rate),
    firmness: month < 12 ? 'firm' : 'forecast',
  }));
  yield event(stream, 'ramp1', on(1), 'RampScheduled', { rampVersion: 1, lines });
  for (let month = 0; month < 16; month += 1) {
    const delivered = rate - (chance.percent(20) ? chance.below(Math.ceil(rate / 10)) : 0);
    const deliveryId = `d${month}`;
    yield event(stream, deliveryId, on(2 + month), 'QuantityDelivered', {
      deliveryId,
      period: period(month),
      qty: qty(delivered),
    });
    const rejected = chance.percent(15) ? chance.below(10) : 0;
    yield event(stream, `a${month}`, on(3 + month), 'DeliveryAccepted', {
      deliveryId,
      acceptedQty: qty(delivered - rejected),
      rejectedQty: qty(rejected),
    });
    if (delivered < rate && chance.percent(50)) {
      yield event(stream, `short${month}`, on(3 + month), 'ShortfallDeclared', {
        shortfallId: `short${month}`,
        period: period(month),
        qty: qty(rate - delivered),
        byParty: 'supplier',
        remedy: 'makeUp',
      });
    }
    if (chance.percent(5)) {
      yield event(stream, `s${month}`, on(2 + month), 'DeliverySlipped', {
        slipId: `s${month}`,
        fromPeriod: period(16),
        toPeriod: period(17),
        qty: qty(1),
        reason: 'a line that is not ready',
      });
    }
  }
  yield event(stream, 'ramp2', on(18), 'RampScheduled', { rampVersion: 2, lines });
}

/** A forecast that is published anew every quarter. */
export function* forecast(market: Market, forecastId: string, first: string, chance: Chance): Generator<StreamEvent> {
  const stream = `forecast/${forecastId}`;
  const entityId = chance.oneOf(market.buyers);
  const measure = chance.oneOf(['computeRental', 'memory', 'accelerators', 'power', 'construction']);
  for (let version = 1; version <= 8; version += 1) {
    const on = dayIn(monthAfter(first, 3 * version), chance);
    yield event(stream, `v${version}`, on, 'ForecastPublished', {
      forecastId,
      version,
      entityId,
      measure,
      basis: 'internalPlan',
      lines: ['2025', '2026', '2027'].flatMap((period) => [
        { period, scenario: 'base', money: money('USD', chance.between(1, 900) * 1_000_000) },
        { period, scenario: 'high', money: money('USD', chance.between(901, 1_900) * 1_000_000) },
      ]),
    });
    if (chance.percent(5))
      yield event(stream, `w${version}`, on, 'ForecastWithdrawn', { version, reason: 'a mistake in it' });
  }
}

/** A pool and what it can produce, year by year. */
export function* pool(market: Market, poolId: string, first: string, chance: Chance): Generator<StreamEvent> {
  const stream = `pool/${poolId}`;
  const on = dayIn(first, chance);
  const itemId = chance.oneOf(market.items);
  yield event(stream, 'defined', on, 'PoolDefined', { poolId, scope: 'global', itemId, unit: 'EA', per: 'P1M' });
  market.pools.push({ poolId, itemId });
  for (let year = 0; year < 4; year += 1) {
    yield event(stream, `y${year}`, on, 'CapacityDeclared', {
      from: monthAfter(first, 12 * year),
      rate: { unit: 'EA', value: String(chance.between(10_000, 90_000)) },
      basis: 'declared',
    });
  }
}

/** A site with two phases. */
export function* site(market: Market, siteId: string, first: string, chance: Chance): Generator<StreamEvent> {
  const stream = `site/${siteId}`;
  const on = (month: number): string => dayIn(monthAfter(first, month), chance);
  const power = (): object => ({ firm: { unit: 'MW', value: String(chance.between(10, 900)) } });
  const dealIds = market.deals.length > 0 ? [chance.oneOf(market.deals).dealId] : [];
  yield event(stream, 'announced', on(0), 'SiteAnnounced', {
    siteId,
    name: `Site ${siteId}`,
    country: chance.oneOf(['US', 'KR', 'AE', 'NO']),
    partnerIds: [chance.oneOf(market.buyers)],
    dealIds,
    power: power(),
  });
  for (const phaseId of ['one', 'two']) {
    for (const month of [1, 6]) {
      const targetOnline = monthAfter(first, 18 + month);
      yield event(stream, `${phaseId}${month}`, on(month), 'SitePhasePlanned', {
        phaseId,
        power: power(),
        targetOnline,
      });
    }
    for (const [index, status] of ['underConstruction', 'energised', 'operational'].entries())
      yield event(stream, `${phaseId}-${status}`, on(7 + index), 'SitePhaseStatusChanged', { phaseId, status });
  }
}

/** A meeting that took place. */
export function* engagement(
  market: Market,
  engagementId: string,
  first: string,
  chance: Chance,
): Generator<StreamEvent> {
  const about = {
    engagementId,
    participants: [chance.oneOf(market.buyers), chance.oneOf(market.suppliers)],
    places: ['Seoul'],
    asks: ['moreCapacity'],
    topics: ['the next line'],
    dealIds: market.deals.length > 0 ? [chance.oneOf(market.deals).dealId] : [],
  };
  yield event(`engagement/${engagementId}`, 'planned', dayIn(first, chance), 'EngagementPlanned', about);
  yield event(`engagement/${engagementId}`, 'held', dayIn(monthAfter(first, 1), chance), 'EngagementHeld', about);
}

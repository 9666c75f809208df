import { firstDay, hi, idOf, lastDay, measureOfClaim, type ReservationEvent } from '@deal-ledger/domain';
import { negated } from '../decimal';
import { holds, type PostingRule } from '../posting';

/** What buyers ask for, and of which pools. */
export const reservationPostings: PostingRule<null, ReservationEvent> = {
  kind: 'reservation',
  evolve: () => null,

  post(_, event) {
    if (event.type !== 'CapacityRequested') return [];
    const { buyerId, supplierIds, itemId, rate, per, window, poolIds, dealId, legId, scopeNote } = event.data;
    const subject = idOf(event.stream);
    const amount = hi(rate);
    const unit = measureOfClaim(rate);
    return [
      holds('request', subject, {
        buyerId,
        supplierIds,
        itemId,
        per: per ?? null,
        unit: unit ?? null,
        undisclosed: rate.undisclosed === true,
        firstMonth: window == null ? null : firstDay(window).slice(0, 7),
        lastMonth: window == null ? null : lastDay(window).slice(0, 7),
        poolIds,
        dealId: dealId ?? null,
        legId: legId ?? null,
        scopeNote: scopeNote ?? null,
      }),
      ...(amount === null || negated(amount) === '0' ? [] : [{ measure: 'request.ceiling', subject, unit, amount }]),
    ];
  },
};

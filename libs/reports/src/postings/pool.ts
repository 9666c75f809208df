import { firstDay, idOf, lastDay, type Day, type PoolEvent } from '@deal-ledger/domain';
import { negated } from '../decimal';
import { canonical, holds, type PostingRule } from '../posting';
import { inserted, insertion, type Since } from '../timeline';

interface Window {
  readonly from: Day;
  readonly to: Day;
}

/** The windows announced for first deliveries, each from the day of its announcement, in order of day. */
export interface PoolTimes {
  readonly windows: readonly Since<Window>[];
}

/** A pool's item and unit, the capacities declared for it, and when its deliveries begin. */
export const poolPostings: PostingRule<PoolTimes, PoolEvent> = {
  kind: 'pool',

  evolve(state, event) {
    const windows = state?.windows ?? [];
    if (event.type !== 'AvailabilityAnnounced') return { windows };
    return { windows: inserted(windows, windowOf(event)) };
  },

  post(before, event) {
    const poolId = idOf(event.stream);
    switch (event.type) {
      case 'PoolDefined': {
        const { scope, supplierId, itemId, unit, per } = event.data;
        return [holds('pool', poolId, { scope, supplierId: supplierId ?? null, itemId, unit, per })];
      }
      case 'CapacityDeclared': {
        const { from, to, rate, bound, basis } = event.data;
        // A declaration counts by the month that a row is for, not by the report's date.
        const description = {
          eventId: event.id,
          version: event.version,
          firstMonth: firstDay(from).slice(0, 7),
          lastMonth: to == null ? null : lastDay(to).slice(0, 7),
          bound: bound ?? null,
          basis,
        };
        const capacity = {
          measure: 'pool.capacity',
          subject: poolId,
          value: canonical({ eventId: event.id }),
          unit: rate.unit,
          amount: rate.value,
        };
        return [holds('pool.declaration', poolId, description), ...(negated(rate.value) === '0' ? [] : [capacity])];
      }
      case 'AvailabilityAnnounced':
        return insertion(before?.windows ?? [], windowOf(event), (window) => [
          holds('pool.availability', poolId, window),
        ]);
    }
  },
};

function windowOf({ data, effective }: Extract<PoolEvent, { type: 'AvailabilityAnnounced' }>): Since<Window> {
  const { firstDeliveryWindow } = data;
  return {
    from: effective.from,
    value: { from: firstDay(firstDeliveryWindow), to: lastDay(firstDeliveryWindow) },
  };
}

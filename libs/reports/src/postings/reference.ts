import { firstDay, idOf, type ConversionData, type PolicyData, type ReferenceEvent } from '@deal-ledger/domain';
import { holds, type Posting, type PostingRule } from '../posting';
import { inserted, insertion, type Since } from '../timeline';

type Policy = PolicyData & { readonly eventId: string };

/** The policies by the day they begin; of items, conversions and rates none depends on another. */
export interface ReferenceTimes {
  readonly policies: readonly Since<Policy>[];
}

/** Items, conversions of units, exchange rates, and the probability policy by date: the one that began last is in force. */
export const referencePostings: PostingRule<ReferenceTimes, ReferenceEvent> = {
  kind: 'reference',

  evolve(state, event) {
    const policies = state?.policies ?? [];
    return { policies: event.type === 'ProbabilityPolicySet' ? inserted(policies, policyOf(event)) : policies };
  },

  post(before, event) {
    switch (event.type) {
      case 'ItemDefined': {
        const { itemId, name, defaultUnit } = event.data;
        return [holds('item', itemId, { name, defaultUnit })];
      }
      case 'UnitConversionAssumed':
        return [conversion(event.data, event.id, event.version)];
      case 'FxRateRecorded': {
        const { base, quote, rate, onDate, rateType } = event.data;
        return [holds('fx', `${base}/${quote}`, { rateType, onDate, rate, eventId: event.id })];
      }
      case 'ProbabilityPolicySet':
        return insertion(before?.policies ?? [], policyOf(event), (policy) => policyLines(idOf(event.stream), policy));
    }
  },
};

function policyOf({ id, data, effective }: Extract<ReferenceEvent, { type: 'ProbabilityPolicySet' }>): Since<Policy> {
  // Without a day of its own a policy holds from the event's day on.
  return { from: data.from ?? effective.from, value: { ...data, eventId: id } };
}

function policyLines(
  policyId: string,
  { exploring, announced, preliminary, binding, fundingUnlinkedProposed, eventId }: Policy,
): Posting[] {
  return [holds('policy', policyId, { exploring, announced, preliminary, binding, fundingUnlinkedProposed, eventId })];
}

// A conversion counts by the period that a row is for, not by the report's date.
function conversion(
  { fromUnit, toUnit, itemId, factor, from }: ConversionData,
  eventId: string,
  version: number,
): Posting {
  const subject = itemId == null ? `${fromUnit}/${toUnit}` : `${fromUnit}/${toUnit}/${itemId}`;
  return holds('conversion', subject, {
    from: firstDay(from),
    factor: factor.expected ?? factor.ceiling ?? factor.firm,
    eventId,
    version,
  });
}

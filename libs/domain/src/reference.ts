import { z } from 'zod';
import { EMPTY, get, put, type Keyed } from './keyed';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { refusal, type Refusal } from './refusal';
import { DaySchema, Fraction, Id, text, UnitSchema } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const referenceEvents = {
  ItemDefined: {
    class: 'I',
    schemaVersion: 1,
    summary: 'Something that is supplied or reserved, with the unit it is usually counted in.',
    data: z.strictObject({ itemId: Id, name: text(200), defaultUnit: UnitSchema }),
  },
  ProbabilityPolicySet: {
    class: 'T',
    schemaVersion: 1,
    summary: 'The probability of a deal in each stage, and of a proposed funding that belongs to no deal.',
    data: z.strictObject({
      exploring: Fraction,
      announced: Fraction,
      preliminary: Fraction,
      binding: Fraction,
      fundingUnlinkedProposed: Fraction,
      from: DaySchema.nullish(),
      note: text().nullish(),
    }),
  },
} as const satisfies EventTypes;

export type ReferenceEvent = EventOf<typeof referenceEvents>;
export type ItemData = z.output<typeof referenceEvents.ItemDefined.data>;
export type PolicyData = z.output<typeof referenceEvents.ProbabilityPolicySet.data>;

/** `reference/items` */
export interface ItemsState {
  readonly items: Keyed<ItemData>;
}

/** `reference/policy` */
export interface PolicyState {
  readonly policy: PolicyData;
}

export type ReferenceState = ItemsState | PolicyState;

/** Each type has one stream, so that everybody finds it without knowing an id. */
const STREAM_OF = {
  ItemDefined: 'reference/items',
  ProbabilityPolicySet: 'reference/policy',
} as const satisfies Record<ReferenceEvent['type'], string>;

export const reference: StreamKind<ReferenceState, ReferenceEvent> = {
  name: 'reference',
  route: 'references',
  events: referenceEvents,
  opening: ['ItemDefined', 'ProbabilityPolicySet'],
  reopening: ['ItemDefined', 'ProbabilityPolicySet'],

  refuse(state, event): Refusal | undefined {
    const home = STREAM_OF[event.type];
    if (event.stream !== home) {
      return refusal('VALIDATION_FAILED', `${event.type} was posted to ${event.stream}; it belongs in ${home}.`, {
        pointer: '/type',
      });
    }
    if (event.type === 'ItemDefined' && get(itemsOf(state), event.data.itemId) !== undefined) {
      const { itemId } = event.data;
      return refusal('ITEM_EXISTS', `Item "${itemId}" is defined already; choose another id.`, {
        pointer: '/data/itemId',
        details: { itemId },
      });
    }
    return undefined;
  },

  evolve(state, event): ReferenceState {
    switch (event.type) {
      case 'ItemDefined':
        return { items: put(itemsOf(state), event.data.itemId, event.data) };
      case 'ProbabilityPolicySet':
        return { policy: event.data };
    }
  },
};

function itemsOf(state: ReferenceState | undefined): Keyed<ItemData> {
  return state !== undefined && 'items' in state ? state.items : EMPTY;
}

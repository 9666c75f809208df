import { z } from 'zod';
import { check } from './check';
import { BOUNDS } from './claim';
import { firstDay, lastDay } from './calendar';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { unknown, unknownItem } from './references';
import { refusal } from './refusal';
import { opened } from './state';
import { EdtfSchema, Id, Note, Per, PeriodSchema, QtySchema, text, UnitSchema } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const poolEvents = {
  PoolDefined: {
    class: 'I',
    schemaVersion: 1,
    summary: 'The capacity of a supplier, or of the whole world, for one item is followed.',
    refusals: ['REF_NOT_FOUND'],
    data: z
      .strictObject({
        poolId: Id.describe("The pool's own id."),
        scope: z.enum(['supplier', 'global']).describe("One supplier's capacity, or the world's."),
        supplierId: Id.nullish().describe('Whose capacity; none of a global pool.'),
        itemId: Id.describe('What is produced, a defined item.'),
        unit: UnitSchema.describe('What it is counted in; every declared rate has it.'),
        per: Per.describe('The time that a declared rate is for.'),
        note: Note,
      })
      .check(
        check(({ scope, supplierId }, report) => {
          if (scope === 'global' && supplierId != null) {
            report(
              'VALIDATION_FAILED',
              `A global pool has no supplier, "${supplierId}" was given; leave it out or make the scope supplier.`,
              ['supplierId'],
            );
          }
          if (scope === 'supplier' && supplierId == null) {
            report(
              'VALIDATION_FAILED',
              "A supplier's pool names no supplier; give supplierId or make the scope global.",
              ['supplierId'],
            );
          }
        }),
      ),
  },
  CapacityDeclared: {
    class: 'T',
    schemaVersion: 1,
    summary: 'How much there is from a period on, and on whose word.',
    refusals: ['PERIOD_INVALID', 'DERIVED_NEEDS_DERIVATION', 'UNIT_MISMATCH'],
    data: z
      .strictObject({
        from: PeriodSchema.describe('First period that it is for.'),
        to: PeriodSchema.nullish().describe('Last period that it is for; null: until further notice.'),
        rate: QtySchema.describe("How much there is per time of the pool, in the pool's unit."),
        bound: z.enum(BOUNDS).nullish().describe('How the rate was meant.'),
        basis: z.enum(['declared', 'contracted', 'thirdPartyEstimate', 'derived']).describe('On whose word.'),
        derivation: text().nullish().describe('From what and how it was worked out; needed where it is derived.'),
      })
      .check(
        check(({ from, to, basis, derivation }, report) => {
          if (to != null && lastDay(to) < firstDay(from)) {
            report('PERIOD_INVALID', `The capacity ends in ${to}, before it begins in ${from}; swap the two.`, ['to']);
          }
          if (basis === 'derived' && derivation == null) {
            report(
              'DERIVED_NEEDS_DERIVATION',
              'The capacity is derived and no derivation is given; say from what and how.',
              ['derivation'],
            );
          }
        }),
      ),
  },
  AvailabilityAnnounced: {
    class: 'T',
    schemaVersion: 1,
    summary: 'When first deliveries are expected. A later window than the last one is a slip, never an overwrite.',
    refusals: [],
    data: z.strictObject({
      firstDeliveryWindow: EdtfSchema.describe('When the first deliveries are expected; later than before is a slip.'),
      note: Note,
    }),
  },
} as const satisfies EventTypes;

export type PoolEvent = EventOf<typeof poolEvents>;
export type PoolData = z.output<typeof poolEvents.PoolDefined.data>;
export type CapacityData = z.output<typeof poolEvents.CapacityDeclared.data>;

export interface PoolState {
  readonly pool: PoolData;
  readonly declarations: readonly (CapacityData & { readonly eventId: string })[];
  /** EDTF windows of first delivery, in the order announced. */
  readonly windows: readonly string[];
}

export const pool: StreamKind<PoolState, PoolEvent> = {
  name: 'pool',
  route: 'pools',
  events: poolEvents,
  opening: ['PoolDefined'],
  identity: 'poolId',

  refuse(state, event, context) {
    switch (event.type) {
      case 'PoolDefined': {
        const { supplierId, itemId } = event.data;
        return (
          unknown(context, 'party', supplierId, '/data/supplierId') ?? unknownItem(context, itemId, '/data/itemId')
        );
      }
      case 'CapacityDeclared': {
        const { unit } = event.data.rate;
        const { pool } = opened(state, event);
        if (unit === pool.unit) return undefined;
        return refusal(
          'UNIT_MISMATCH',
          `The capacity is in ${unit}, ${event.stream} counts ${pool.unit}; declare it in ${pool.unit}, or correct the pool.`,
          {
            pointer: '/data/rate/unit',
            details: { unit, poolUnit: pool.unit },
          },
        );
      }
      case 'AvailabilityAnnounced':
        return undefined;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'PoolDefined':
        return { pool: event.data, declarations: [], windows: [] };
      case 'CapacityDeclared': {
        const before = opened(state, event);
        const declaration = { ...event.data, eventId: event.id };
        return { ...before, declarations: [...before.declarations, declaration] };
      }
      case 'AvailabilityAnnounced': {
        const before = opened(state, event);
        return { ...before, windows: [...before.windows, event.data.firstDeliveryWindow] };
      }
    }
  },
};

import { z } from 'zod';
import { check } from './check';
import type { Decimal } from './decimal';
import { EMPTY, get, put, type Keyed } from './keyed';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { unknownItem } from './references';
import { refusal, type Refusal } from './refusal';
import {
  CurrencySchema,
  DaySchema,
  EdtfSchema,
  FactorClaim,
  Fraction,
  Id,
  Note,
  PositiveSchema,
  text,
  UnitSchema,
} from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const referenceEvents = {
  ItemDefined: {
    class: 'I',
    schemaVersion: 1,
    summary: 'Something that is supplied or reserved, with the unit it is usually counted in.',
    refusals: ['ITEM_EXISTS'],
    data: z.strictObject({
      itemId: Id.describe('The item, by an id of its own.'),
      name: text(200).describe('What people call it.'),
      defaultUnit: UnitSchema.describe('What it is usually counted in.'),
    }),
  },
  UnitConversionAssumed: {
    class: 'T',
    schemaVersion: 1,
    summary: 'How many of one unit are taken for one of another, of an item or of all: an assumption with a source.',
    refusals: ['REF_NOT_FOUND'],
    data: z
      .strictObject({
        fromUnit: UnitSchema.describe('The unit that is converted.'),
        toUnit: UnitSchema.describe('The unit that it is converted into.'),
        itemId: Id.nullish().describe('Null: whatever is counted.'),
        factor: FactorClaim.describe('So many toUnit make one fromUnit.'),
        from: EdtfSchema.describe('The day or period from which it is assumed.'),
        note: Note,
      })
      .check(
        check(({ fromUnit, toUnit }, report) => {
          if (fromUnit === toUnit) {
            report('VALIDATION_FAILED', `${fromUnit} is converted to itself; name another unit.`, ['toUnit']);
          }
        }),
      ),
  },
  FxRateRecorded: {
    class: 'I',
    schemaVersion: 1,
    summary: 'What one unit of the base currency was worth in the quote currency on a day.',
    refusals: ['RATE_DUPLICATE'],
    data: z
      .strictObject({
        base: CurrencySchema.describe('The currency of which there is one.'),
        quote: CurrencySchema.describe('The currency that it is worth so many of.'),
        rate: PositiveSchema.describe('So many of quote for one of base.'),
        onDate: DaySchema.describe('The day of the rate.'),
        rateType: z
          .enum(['spot', 'closing', 'average', 'budget'])
          .describe(
            'Spot for what moved on its day, closing for balances and what is to come; the others are on record only.',
          ),
        note: Note,
      })
      .check(
        check(({ base, quote }, report) => {
          if (base === quote) {
            report('VALIDATION_FAILED', `A rate of ${base} in ${quote} is 1; name two currencies.`, ['quote']);
          }
        }),
      ),
  },
  ProbabilityPolicySet: {
    class: 'T',
    schemaVersion: 1,
    summary: 'The probability of a deal in each stage, and of a proposed funding that belongs to no deal.',
    refusals: [],
    data: z.strictObject({
      exploring: Fraction.describe('Of a deal that is only talked about.'),
      announced: Fraction.describe('Of a deal that was announced.'),
      preliminary: Fraction.describe('Of a deal with a paper that does not bind.'),
      binding: Fraction.describe('Of a binding deal, and of a committed funding without an open deal.'),
      fundingUnlinkedProposed: Fraction.describe('Of a proposed funding without an open deal.'),
      from: DaySchema.nullish().describe('First day that it applies on; without, the day the event takes effect.'),
      note: Note,
    }),
  },
} as const satisfies EventTypes;

export type ReferenceEvent = EventOf<typeof referenceEvents>;
export type ItemData = z.output<typeof referenceEvents.ItemDefined.data>;
export type ConversionData = z.output<typeof referenceEvents.UnitConversionAssumed.data>;
export type RateData = z.output<typeof referenceEvents.FxRateRecorded.data>;
export type PolicyData = z.output<typeof referenceEvents.ProbabilityPolicySet.data>;

/** `reference/items` */
export interface ItemsState {
  readonly items: Keyed<ItemData>;
}

/** `reference/conversions` */
export interface ConversionsState {
  /** The one assumed last, by units and item. */
  readonly conversions: Keyed<ConversionData>;
}

/** `reference/fx`, or any other stream of rates */
export interface RatesState {
  /** By currencies, day and type: `USD-KRW-2026-11-15-spot`. */
  readonly rates: Keyed<Decimal>;
}

/** `reference/policy` */
export interface PolicyState {
  readonly policy: PolicyData;
}

export type ReferenceState = ItemsState | ConversionsState | RatesState | PolicyState;

/** Each type has one stream, so that everybody finds it without knowing an id. */
const STREAM_OF = {
  ItemDefined: 'reference/items',
  UnitConversionAssumed: 'reference/conversions',
  FxRateRecorded: 'reference/fx',
  ProbabilityPolicySet: 'reference/policy',
} as const satisfies Record<ReferenceEvent['type'], string>;

/** Rates are many: besides their one stream they may stand in others of its name, `reference/fx-ecb`. */
const MORE_RATES = `${STREAM_OF.FxRateRecorded}-`;

export const reference: StreamKind<ReferenceState, ReferenceEvent> = {
  name: 'reference',
  route: 'references',
  events: referenceEvents,
  opening: ['ItemDefined', 'UnitConversionAssumed', 'FxRateRecorded', 'ProbabilityPolicySet'],
  reopening: ['ItemDefined', 'UnitConversionAssumed', 'FxRateRecorded', 'ProbabilityPolicySet'],

  refuse(state, event, context): Refusal | undefined {
    const elsewhere = outOfPlace(event);
    if (elsewhere !== undefined) return elsewhere;
    switch (event.type) {
      case 'ItemDefined': {
        const { itemId } = event.data;
        if (get(itemsOf(state), itemId) === undefined) return undefined;
        return refusal('ITEM_EXISTS', `Item "${itemId}" is defined already; choose another id.`, {
          pointer: '/data/itemId',
          details: { itemId },
        });
      }
      case 'UnitConversionAssumed':
        return unknownItem(context, event.data.itemId, '/data/itemId');
      case 'FxRateRecorded': {
        const recorded = get(ratesOf(state), rateKey(event.data));
        return recorded === undefined ? undefined : duplicate(event.data, `${recorded} in ${event.stream}`);
      }
      case 'ProbabilityPolicySet':
        return undefined;
    }
  },

  evolve(state, event): ReferenceState {
    switch (event.type) {
      case 'ItemDefined':
        return { items: put(itemsOf(state), event.data.itemId, event.data) };
      case 'UnitConversionAssumed':
        return { conversions: put(conversionsOf(state), conversionKey(event.data), event.data) };
      case 'FxRateRecorded':
        return { rates: put(ratesOf(state), rateKey(event.data), event.data.rate) };
      case 'ProbabilityPolicySet':
        return { policy: event.data };
    }
  },

  takes(event) {
    if (event.type !== 'FxRateRecorded') return [];
    return [{ stream: `rate/${rateKey(event.data)}`, taken: (owner) => duplicate(event.data, `in ${owner}`) }];
  },
};

function outOfPlace({ stream, type }: ReferenceEvent): Refusal | undefined {
  const home = STREAM_OF[type];
  if (stream === home || (type === 'FxRateRecorded' && stream.startsWith(MORE_RATES))) return undefined;
  return refusal('VALIDATION_FAILED', `${type} was posted to ${stream}; it belongs in ${home}.`, { pointer: '/type' });
}

function duplicate({ base, quote, rate, onDate, rateType }: RateData, recorded: string): Refusal {
  return refusal(
    'RATE_DUPLICATE',
    `The ${rateType} rate ${base}/${quote} of ${onDate} was posted as ${rate}, and there is one already: ${recorded}. Correct that one instead.`,
    { pointer: '/data', details: { base, quote, onDate, rateType } },
  );
}

function rateKey({ base, quote, onDate, rateType }: RateData): string {
  return `${base}-${quote}-${onDate}-${rateType}`;
}

function conversionKey({ fromUnit, toUnit, itemId }: ConversionData): string {
  return itemId == null ? `${fromUnit}/${toUnit}` : `${fromUnit}/${toUnit}/${itemId}`;
}

function itemsOf(state: ReferenceState | undefined): Keyed<ItemData> {
  return state !== undefined && 'items' in state ? state.items : EMPTY;
}

function conversionsOf(state: ReferenceState | undefined): Keyed<ConversionData> {
  return state !== undefined && 'conversions' in state ? state.conversions : EMPTY;
}

function ratesOf(state: ReferenceState | undefined): Keyed<Decimal> {
  return state !== undefined && 'rates' in state ? state.rates : EMPTY;
}

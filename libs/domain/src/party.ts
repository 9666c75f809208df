import { z } from 'zod';
import { check } from './check';
import { EMPTY, get, put, type Keyed } from './keyed';
import { idOf, type EventOf, type EventTypes, type KeyClaim, type StreamKind } from './kind';
import { unknown, unknownItem } from './references';
import { refusal } from './refusal';
import { asCompared } from './sameness';
import { opened } from './state';
import { Fraction, Id, text } from './values';

const ALIAS_MAX = 200;

const Alias = text(ALIAS_MAX).check(
  check((alias, report) => {
    const { length } = normalAlias(alias);
    if (length < 1 || length > ALIAS_MAX) {
      report(
        'VALIDATION_FAILED',
        `Compared without case, form and what shows nothing, the alias has ${length} characters; 1 to ${ALIAS_MAX} are allowed.`,
      );
    }
  }),
);

// Kept for ever: what was once written must parse. Widen, never narrow.
export const partyEvents = {
  PartyRegistered: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A company or other body that deals name, with every name it goes by.',
    refusals: ['PARTY_ALIAS_TAKEN'],
    data: z.strictObject({
      partyId: Id.describe("The party's own id."),
      name: text(200).describe('The name that reports show.'),
      country: z
        .string()
        .regex(/^[A-Z]{2}$/, 'An ISO 3166 country code of two letters.')
        .nullish()
        .describe('An ISO 3166 country code of two letters.'),
      lei: z
        .string()
        .regex(/^[A-Z0-9]{18}\d{2}$/, 'An ISO 17442 legal entity identifier of 20 characters.')
        .nullish()
        .describe('An ISO 17442 legal entity identifier of 20 characters.'),
      aliases: z
        .array(Alias)
        .max(50)
        .overwrite(withoutRepetition)
        .describe('Names in any script; two parties never share one.'),
    }),
  },
  PartyAliasAdded: {
    class: 'I',
    schemaVersion: 1,
    summary: 'One more name that this party goes by, in any script.',
    refusals: ['PARTY_ALIAS_TAKEN'],
    data: z.strictObject({ alias: Alias.describe('The name; two parties never share one.') }),
  },
  PartyRelationRecorded: {
    class: 'I',
    schemaVersion: 1,
    summary: 'How this party stands to another: who owns, groups, supplies or operates for whom.',
    refusals: ['REF_NOT_FOUND'],
    data: z
      .strictObject({
        fromPartyId: Id.describe('This party.'),
        toPartyId: Id.describe('The other party.'),
        relation: z
          .enum(['ownedBy', 'groupOf', 'suppliesTo', 'operatingPartnerOf'])
          .describe('What this party is to the other: owned by it, its group, its supplier, or its operating partner.'),
        share: Fraction.nullish().describe('Of ownedBy: the part that the other owns.'),
        itemId: Id.nullish().describe('Of suppliesTo: what it supplies.'),
      })
      .check(
        check(({ fromPartyId, toPartyId }, report) => {
          if (fromPartyId === toPartyId) {
            report('VALIDATION_FAILED', `"${toPartyId}" cannot stand in a relation to itself; name another party.`, [
              'toPartyId',
            ]);
          }
        }),
      ),
  },
} as const satisfies EventTypes;

export type PartyEvent = EventOf<typeof partyEvents>;
export type PartyData = z.output<typeof partyEvents.PartyRegistered.data>;
export type PartyRelation = z.output<typeof partyEvents.PartyRelationRecorded.data>;

export interface PartyState {
  /** As registered. */
  readonly party: PartyData;
  /** Every name it goes by, as written first, by the form in which names are compared. */
  readonly aliases: Keyed<string>;
  readonly relations: readonly PartyRelation[];
}

export const party: StreamKind<PartyState, PartyEvent> = {
  name: 'party',
  route: 'parties',
  events: partyEvents,
  opening: ['PartyRegistered'],
  identity: 'partyId',

  refuse(_, event, context) {
    switch (event.type) {
      case 'PartyRegistered':
      case 'PartyAliasAdded':
        return undefined;
      case 'PartyRelationRecorded': {
        const { fromPartyId, toPartyId, itemId } = event.data;
        if (fromPartyId !== idOf(event.stream)) {
          return refusal(
            'VALIDATION_FAILED',
            `fromPartyId is "${fromPartyId}" but the stream is ${event.stream}; record a relation with the party it starts from.`,
            {
              pointer: '/data/fromPartyId',
            },
          );
        }
        return unknown(context, 'party', toPartyId, '/data/toPartyId') ?? unknownItem(context, itemId, '/data/itemId');
      }
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'PartyRegistered':
        return { party: event.data, aliases: event.data.aliases.reduce(named, EMPTY), relations: [] };
      case 'PartyAliasAdded': {
        const before = opened(state, event);
        return { ...before, aliases: named(before.aliases, event.data.alias) };
      }
      case 'PartyRelationRecorded': {
        const before = opened(state, event);
        return { ...before, relations: [...before.relations, event.data] };
      }
    }
  },

  takes(event) {
    switch (event.type) {
      case 'PartyRegistered':
        return event.data.aliases.map((alias) => claimOf(alias, '/data/aliases'));
      case 'PartyAliasAdded':
        return [claimOf(event.data.alias, '/data/alias')];
      case 'PartyRelationRecorded':
        return [];
    }
  },
};

function named(aliases: Keyed<string>, alias: string): Keyed<string> {
  const normal = normalAlias(alias);
  return get(aliases, normal) === undefined ? put(aliases, normal, alias) : aliases;
}

/** The form in which aliases are compared: as any name, and with single spaces. */
export function normalAlias(alias: string): string {
  return asCompared(alias).replace(/\s+/gu, ' ').trim();
}

const ALIAS_KEY = 'alias/';

/** The key stream under which a key is sought that was named when aliases were compared more narrowly. */
export function keyAsCompared(stream: string): string {
  return stream.startsWith(ALIAS_KEY) ? ALIAS_KEY + normalAlias(stream.slice(ALIAS_KEY.length)) : stream;
}

function withoutRepetition(aliases: string[]): string[] {
  const seen = new Map<string, string>();
  for (const alias of aliases) {
    const normal = normalAlias(alias);
    if (!seen.has(normal)) seen.set(normal, alias);
  }
  return [...seen.values()];
}

function claimOf(alias: string, pointer: string): KeyClaim {
  return {
    stream: ALIAS_KEY + normalAlias(alias),
    taken: (owner) =>
      refusal('PARTY_ALIAS_TAKEN', `"${alias}" already names ${owner}; leave the alias out or use that party.`, {
        pointer,
        details: { alias, owner },
      }),
  };
}

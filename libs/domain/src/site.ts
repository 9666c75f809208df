import { z } from 'zod';
import { measureOfClaim } from './claim';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { unknown } from './references';
import { refusal } from './refusal';
import { unitOf } from './unit';
import { Id, ids, QtyClaim, text } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const siteEvents = {
  SiteAnnounced: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A data centre or other place is planned: where, by whom, how much power.',
    data: z.strictObject({
      siteId: Id,
      name: text(200),
      country: z.string().regex(/^[A-Z]{2}$/, 'An ISO 3166 country code of two letters.'),
      place: text(200).nullish(),
      partnerIds: ids(0, 50),
      dealIds: ids(0, 50),
      fundingIds: ids(0, 50).nullish(),
      power: QtyClaim,
      note: text().nullish(),
    }),
  },
} as const satisfies EventTypes;

export type SiteEvent = EventOf<typeof siteEvents>;
export type SiteData = z.output<typeof siteEvents.SiteAnnounced.data>;

export interface SiteState {
  readonly site: SiteData;
}

export const site: StreamKind<SiteState, SiteEvent> = {
  name: 'site',
  route: 'sites',
  events: siteEvents,
  opening: ['SiteAnnounced'],
  identity: 'siteId',

  refuse(_, { data }, context) {
    const unit = measureOfClaim(data.power);
    if (unit !== undefined && unitOf(unit)?.dimension !== 'power') {
      return refusal('UNIT_MISMATCH', `Power is stated in ${unit}, which does not measure power; use MW or GW.`, {
        pointer: '/data/power',
        details: { unit },
      });
    }
    return (
      unknown(context, 'party', data.partnerIds, '/data/partnerIds') ??
      unknown(context, 'deal', data.dealIds, '/data/dealIds') ??
      unknown(context, 'funding', data.fundingIds, '/data/fundingIds')
    );
  },

  evolve: (_, { data }) => ({ site: data }),
};

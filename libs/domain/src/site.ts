import { z } from 'zod';
import type { Day } from './calendar';
import { measureOfClaim } from './claim';
import { EMPTY, get, put, type Keyed } from './keyed';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { notFound, unknown } from './references';
import { refusal, type Refusal } from './refusal';
import { opened } from './state';
import { unitOf } from './unit';
import { EdtfSchema, Id, ids, Note, QtyClaim, text } from './values';

/** How far a phase is. It may skip forward, never go back; what is cancelled stays so. */
export const PHASE_STATUSES = ['planned', 'underConstruction', 'energised', 'operational', 'cancelled'] as const;
export type PhaseStatus = (typeof PHASE_STATUSES)[number];

// Kept for ever: what was once written must parse. Widen, never narrow.
export const siteEvents = {
  SiteAnnounced: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A data centre or other place is planned: where, by whom, how much power.',
    refusals: ['UNIT_MISMATCH', 'REF_NOT_FOUND'],
    data: z.strictObject({
      siteId: Id.describe("The site's own id."),
      name: text(200).describe('What people call it.'),
      country: z
        .string()
        .regex(/^[A-Z]{2}$/, 'An ISO 3166 country code of two letters.')
        .describe('An ISO 3166 country code of two letters.'),
      place: text(200).nullish().describe('Where in the country.'),
      partnerIds: ids(0, 50).describe('Parties that build or run it.'),
      dealIds: ids(0, 50).describe('Deals that it is part of.'),
      fundingIds: ids(0, 50).nullish().describe('Fundings that it is paid from.'),
      power: QtyClaim.describe('Power of the whole site, in MW or GW.'),
      note: Note,
    }),
  },
  SitePhasePlanned: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A phase of a site is planned, or planned anew: how much power, and by when. A later target is a slip.',
    refusals: ['UNIT_MISMATCH'],
    data: z.strictObject({
      phaseId: Id.describe('The phase, by an id within the site.'),
      power: QtyClaim.describe('Power of the phase, in MW or GW.'),
      targetOnline: EdtfSchema.nullish().describe('When it is to be online.'),
      derivation: text().nullish().describe('From what and how the figures were worked out.'),
      note: Note,
    }),
  },
  SitePhaseStatusChanged: {
    class: 'F',
    schemaVersion: 1,
    summary: 'How far a phase has come, and the power it then has where that is known.',
    refusals: ['REF_NOT_FOUND', 'STATUS_REGRESSION', 'UNIT_MISMATCH'],
    data: z.strictObject({
      phaseId: Id.describe('The phase of this site.'),
      status: z.enum(PHASE_STATUSES).describe('How far it is; it may skip forward, never back.'),
      power: QtyClaim.nullish().describe('The power that it then has, in MW or GW.'),
      note: Note,
    }),
  },
} as const satisfies EventTypes;

export type SiteEvent = EventOf<typeof siteEvents>;
export type SiteData = z.output<typeof siteEvents.SiteAnnounced.data>;

export type PhaseData = z.output<typeof siteEvents.SitePhasePlanned.data>;

/** That a phase reached a status, on the latest day it may have. */
export interface StatusReached {
  readonly on: Day;
  readonly status: PhaseStatus;
}

export interface Phase {
  /** As planned last. */
  readonly plan: PhaseData;
  readonly statuses: readonly StatusReached[];
}

export interface SiteState {
  readonly site: SiteData;
  readonly phases: Keyed<Phase>;
}

type StatusEvent = Extract<SiteEvent, { type: 'SitePhaseStatusChanged' }>;

export const site: StreamKind<SiteState, SiteEvent> = {
  name: 'site',
  route: 'sites',
  events: siteEvents,
  opening: ['SiteAnnounced'],
  identity: 'siteId',

  refuse(state, event, context) {
    switch (event.type) {
      case 'SiteAnnounced': {
        const { power, partnerIds, dealIds, fundingIds } = event.data;
        return (
          notPower(power) ??
          unknown(context, 'party', partnerIds, '/data/partnerIds') ??
          unknown(context, 'deal', dealIds, '/data/dealIds') ??
          unknown(context, 'funding', fundingIds, '/data/fundingIds')
        );
      }
      case 'SitePhasePlanned':
        return notPower(event.data.power);
      case 'SitePhaseStatusChanged':
        return refuseStatus(opened(state, event), event);
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'SiteAnnounced':
        return { site: event.data, phases: EMPTY };
      case 'SitePhasePlanned': {
        const { site, phases } = opened(state, event);
        const { phaseId } = event.data;
        const statuses = get(phases, phaseId)?.statuses ?? [];
        return { site, phases: put(phases, phaseId, { plan: event.data, statuses }) };
      }
      case 'SitePhaseStatusChanged': {
        const { site, phases } = opened(state, event);
        const { phaseId, status } = event.data;
        const phase = get(phases, phaseId);
        if (phase === undefined) throw new Error(`phase ${phaseId}, which does not exist`);
        const statuses = [...phase.statuses, { on: event.effective.to, status }];
        return { site, phases: put(phases, phaseId, { ...phase, statuses }) };
      }
    }
  },
};

function refuseStatus({ phases }: SiteState, { data, stream, effective }: StatusEvent): Refusal | undefined {
  const { phaseId, status, power } = data;
  const phase = get(phases, phaseId);
  if (phase === undefined) return notFound('phase', phaseId, '/data/phaseId');
  const on = effective.to;
  const further = phase.statuses.find((before) => before.on <= on && rank(before.status) > rank(status));
  if (further === undefined) return power == null ? undefined : notPower(power);
  return refusal(
    'STATUS_REGRESSION',
    `Phase ${phaseId} of ${stream} would be ${status} on ${on}, but it is ${further.status} since ${further.on}; ` +
      'a phase never goes back. Correct the date, or the earlier event.',
    {
      pointer: '/data/status',
      details: { status, on, recordedStatus: further.status, recordedOn: further.on },
    },
  );
}

function rank(status: PhaseStatus): number {
  return PHASE_STATUSES.indexOf(status);
}

function notPower(power: SiteData['power']): Refusal | undefined {
  const unit = measureOfClaim(power);
  if (unit === undefined || unitOf(unit)?.dimension === 'power') return undefined;
  return refusal('UNIT_MISMATCH', `Power is stated in ${unit}, which does not measure power; use MW or GW.`, {
    pointer: '/data/power',
    details: { unit },
  });
}

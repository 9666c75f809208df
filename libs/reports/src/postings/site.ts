import {
  idOf,
  keyed,
  lastDay,
  measureOf,
  numberOf,
  PHASE_STATUSES,
  type Claim,
  type Keyed,
  type PhaseData,
  type PhaseStatus,
  type Qty,
  type SiteEvent,
} from '@deal-ledger/domain';
import { negated } from '../decimal';
import { difference, holds, type Posting, type PostingRule } from '../posting';
import { reached } from '../stage';
import { inserted, timeline, type Since } from '../timeline';

interface PhaseTimes {
  readonly plan: PhaseData;
  /** The target that was stated first. */
  readonly firstTarget: string | null;
  /** In order of day. */
  readonly statuses: readonly Since<PhaseStatus>[];
  /** The power that the phase has by day, where a status says so; in order of day. */
  readonly powers: readonly Since<Claim<Qty>>[];
}

/** The phases of a site, each as planned last and as far as it has come. */
export type SiteTimes = Keyed<PhaseTimes>;

/** A site, its phases with their power and targets, and their status by date. */
export const sitePostings: PostingRule<SiteTimes, SiteEvent> = {
  kind: 'site',

  evolve(state = keyed.EMPTY, event) {
    switch (event.type) {
      case 'SiteAnnounced':
        return keyed.EMPTY;
      case 'SitePhasePlanned': {
        const plan = event.data;
        const before = keyed.get(state, plan.phaseId);
        const firstTarget = before?.firstTarget ?? plan.targetOnline ?? null;
        const { statuses = [], powers = [] } = before ?? {};
        return keyed.put(state, plan.phaseId, { plan, firstTarget, statuses, powers });
      }
      case 'SitePhaseStatusChanged': {
        const { phaseId, status, power } = event.data;
        const phase = keyed.get(state, phaseId);
        if (phase === undefined) return state;
        const from = event.effective.to;
        return keyed.put(state, phaseId, {
          ...phase,
          statuses: inserted(phase.statuses, { from, value: status }),
          powers: power == null ? phase.powers : inserted(phase.powers, { from, value: power }),
        });
      }
    }
  },

  post(before = keyed.EMPTY, event, after) {
    const siteId = idOf(event.stream);
    switch (event.type) {
      case 'SiteAnnounced': {
        const { name, country, place, partnerIds, dealIds, fundingIds, power } = event.data;
        return [
          holds('site', siteId, {
            name,
            country,
            place: place ?? null,
            partnerIds,
            dealIds,
            fundingIds: fundingIds ?? [],
            ...stated(power),
          }),
          ...powerLine(siteId, power),
        ];
      }
      case 'SitePhasePlanned':
      case 'SitePhaseStatusChanged': {
        const { phaseId } = event.data;
        const subject = `${siteId}/${phaseId}`;
        return difference(lines(subject, keyed.get(before, phaseId)), lines(subject, keyed.get(after, phaseId)));
      }
    }
  },
};

/** All lines of one phase, of which no more is known than it has targets and statuses. */
function lines(subject: string, phase: PhaseTimes | undefined): Posting[] {
  if (phase === undefined) return [];
  const { plan, firstTarget, statuses, powers } = phase;
  const target = plan.targetOnline ?? null;
  return [
    holds('site.phase', subject, {
      targetOnline: target,
      targetDay: target === null ? null : lastDay(target),
      firstTarget,
      firstTargetDay: firstTarget === null ? null : lastDay(firstTarget),
      ...stated(plan.power),
    }),
    ...timeline(reached(statuses, PHASE_STATUSES), (status) => [holds('site.status', subject, { status })]),
    ...timeline([{ from: undefined, value: plan.power }, ...powers], (power) => powerLine(subject, power)),
  ];
}

function stated(power: Claim<Qty>): object {
  const value = likely(power);
  return { unit: value === undefined ? null : measureOf(value), undisclosed: power.undisclosed === true };
}

function powerLine(subject: string, power: Claim<Qty>): Posting[] {
  const value = likely(power);
  if (value === undefined || negated(numberOf(value)) === '0') return [];
  return [{ measure: 'site.power', subject, unit: measureOf(value), amount: numberOf(value) }];
}

/** What is expected, else the most it can be. */
function likely({ expected, ceiling, firm }: Claim<Qty>): Qty | undefined {
  return expected ?? ceiling ?? firm;
}

import type { Day } from './calendar';
import type { Money } from './claim';
import { add, subtract, type Decimal } from './decimal';
import type { AgreementData, DealData, DealEvent, DealEventOf, PaymentKind } from './deal-events';
import { EMPTY, get, put, type Keyed } from './keyed';
import { addedLeg, withTerms, type Leg } from './leg';
import { opened } from './state';

/** From talk to contract, and to its end. A deal may skip forward, never go back. */
export const STAGES = ['exploring', 'announced', 'preliminary', 'binding', 'closed'] as const;
export type Stage = (typeof STAGES)[number];

/** That a stage was reached, on the latest day it may have been. */
export interface Milestone {
  readonly on: Day;
  /** Of several on one day the order they were recorded in. */
  readonly version: number;
  readonly stage: Stage;
  readonly eventId: string;
}

export interface Agreement extends AgreementData {
  /** Latest day it may have been signed on. */
  readonly on: Day;
  readonly eventId: string;
}

/** A probability that somebody gave the deal. */
export interface Assessment {
  readonly on: Day;
  readonly version: number;
  readonly probability: Decimal;
  readonly eventId: string;
}

/** What was incurred and paid under a leg, in `currency`. */
export interface Cash {
  readonly currency: string;
  readonly incurred: Decimal;
  /** Settlements, prepayments and deposits, less refunds; without what was reversed. */
  readonly paid: Decimal;
}

export interface Payment {
  readonly legId: string;
  readonly kind: PaymentKind;
  readonly money: Money;
  readonly isReversed: boolean;
}

export interface DealState {
  readonly deal: DealData;
  /** By day, and of one day in the order recorded. */
  readonly milestones: readonly Milestone[];
  /** By day, and of one day in the order recorded. */
  readonly agreements: readonly Agreement[];
  /** By day, and of one day in the order recorded. */
  readonly assessments: readonly Assessment[];
  readonly legs: Readonly<Record<string, Leg>>;
  /** The highest number that an amendment has. */
  readonly lastAmendmentNo: number;
  /** By leg; of those that have costs or payments, apart from the terms because it changes so much more often. */
  readonly cash: Keyed<Cash>;
  readonly costs: Keyed<true>;
  readonly payments: Keyed<Payment>;
}

/** The state after `event`; never argues. */
export function evolveDeal(state: DealState | undefined, event: DealEvent): DealState {
  switch (event.type) {
    case 'DealOpened':
      return {
        deal: event.data,
        milestones: [],
        agreements: [],
        assessments: [],
        legs: {},
        lastAmendmentNo: 0,
        cash: EMPTY,
        costs: EMPTY,
        payments: EMPTY,
      };
    case 'DealAnnounced':
      return reached(opened(state, event), event, 'announced');
    case 'AgreementSigned': {
      const before = opened(state, event);
      const agreement: Agreement = { ...event.data, on: event.effective.to, eventId: event.id };
      return {
        ...reached(before, event, stageOfSignature(event.data)),
        agreements: inserted(before.agreements, agreement),
      };
    }
    case 'LegAdded':
      return withLeg(opened(state, event), addedLeg(event));
    case 'LegTermsChanged': {
      const before = opened(state, event);
      const { lastAmendmentNo } = before;
      return {
        ...withLeg(before, withTerms(existing(before, event.data.legId), event)),
        lastAmendmentNo: Math.max(lastAmendmentNo, event.data.amendmentNo ?? 0),
      };
    }
    case 'LegRemoved': {
      const before = opened(state, event);
      return withLeg(before, { ...existing(before, event.data.legId), removedFrom: event.effective.from });
    }
    case 'DealProbabilityAssessed': {
      const before = opened(state, event);
      const { id: eventId, version, effective, data } = event;
      const assessment = { on: effective.to, version, probability: data.probability, eventId };
      return { ...before, assessments: inserted(before.assessments, assessment) };
    }
    case 'CostIncurred': {
      const before = opened(state, event);
      const { costId, legId, money } = event.data;
      const after = withCash(before, legId, money, ({ incurred }) => ({ incurred: add(incurred, money.amount) }));
      return { ...after, costs: put(before.costs, costId, true as const) };
    }
    case 'PaymentMade':
      return paid(opened(state, event), event.data);
    case 'PaymentReversed':
      return reversed(opened(state, event), event.data.paymentId);
    case 'DealClosed':
      return reached(opened(state, event), event, 'closed');
  }
}

/** The stage a deal had reached by the end of `day`, or at any time if no day is given. */
export function stageAt({ milestones }: Pick<DealState, 'milestones'>, day?: Day): Stage {
  let stage: Stage = 'exploring';
  for (const milestone of milestones) {
    if (day !== undefined && milestone.on > day) break;
    if (rankOf(milestone.stage) > rankOf(stage)) stage = milestone.stage;
  }
  return stage;
}

/**
 * The assessments that counted one after the other, each from its day on; nothing where the deal's
 * stage decides alone. An assessment is of a deal in its stage, so it lapses when the stage changes.
 */
export function assessmentsInForce({
  milestones,
  assessments,
}: DealState): { on: Day; assessment: Assessment | null }[] {
  const inForce: { on: Day; assessment: Assessment | null }[] = [];
  let stage: Stage = 'exploring';
  for (const fact of [...milestones, ...assessments].sort(byDay)) {
    if ('probability' in fact) inForce.push({ on: fact.on, assessment: fact });
    else if (rankOf(fact.stage) > rankOf(stage)) {
      stage = fact.stage;
      if (inForce.length > 0) inForce.push({ on: fact.on, assessment: null });
    }
  }
  return inForce;
}

/** Whether a binding agreement was ever signed. It stays so when the deal is closed. */
export function isBound({ milestones }: DealState): boolean {
  return milestones.some(({ stage }) => stage === 'binding');
}

/** How far along a stage is. */
export function rankOf(stage: Stage): number {
  return STAGES.indexOf(stage);
}

/** The stage that a paper makes of a deal. */
export function stageOfSignature({ binding }: AgreementData): Stage {
  return binding === 'yes' ? 'binding' : 'preliminary';
}

/** The leg with this id, if the deal has it or had it. */
export function legOf({ legs }: DealState, legId: string): Leg | undefined {
  return Object.hasOwn(legs, legId) ? legs[legId] : undefined;
}

/** What was incurred under a leg and is not covered by what was paid; negative if more was paid. */
export function unpaidOf({ incurred, paid }: Pick<Cash, 'incurred' | 'paid'>): Decimal {
  return subtract(incurred, paid);
}

function existing(state: DealState, legId: string): Leg {
  const leg = legOf(state, legId);
  if (leg === undefined) throw new Error(`leg ${legId}, which does not exist`);
  return leg;
}

function withLeg(state: DealState, leg: Leg): DealState {
  return { ...state, legs: { ...state.legs, [leg.terms.legId]: leg } };
}

function withCash(
  state: DealState,
  legId: string,
  { currency }: Money,
  change: (cash: Cash) => Partial<Cash>,
): DealState {
  const before = get(state.cash, legId) ?? { currency, incurred: '0', paid: '0' };
  return { ...state, cash: put(state.cash, legId, { ...before, ...change(before) }) };
}

function paid(state: DealState, { paymentId, legId, kind, money }: DealEventOf<'PaymentMade'>['data']): DealState {
  const payment: Payment = { legId, kind, money, isReversed: false };
  const after = withCash(state, legId, money, (cash) => ({ paid: add(cash.paid, netOf(payment)) }));
  return { ...after, payments: put(state.payments, paymentId, payment) };
}

function reversed(state: DealState, paymentId: string): DealState {
  const payment = get(state.payments, paymentId);
  if (payment === undefined) throw new Error(`payment ${paymentId}, which does not exist`);
  const after = withCash(state, payment.legId, payment.money, (cash) => ({
    paid: subtract(cash.paid, netOf(payment)),
  }));
  return { ...after, payments: put(state.payments, paymentId, { ...payment, isReversed: true }) };
}

/** What a payment adds to what was paid. */
function netOf({ kind, money }: Pick<Payment, 'kind' | 'money'>): Decimal {
  return kind === 'refund' ? subtract('0', money.amount) : money.amount;
}

function reached(state: DealState, { id: eventId, version, effective }: DealEvent, stage: Stage): DealState {
  return { ...state, milestones: inserted(state.milestones, { on: effective.to, version, stage, eventId }) };
}

function byDay(a: Milestone | Assessment, b: Milestone | Assessment): number {
  if (a.on !== b.on) return a.on < b.on ? -1 : 1;
  return a.version - b.version;
}

function inserted<Dated extends { readonly on: Day }>(list: readonly Dated[], entry: Dated): Dated[] {
  const after = list.findIndex(({ on }) => on > entry.on);
  return list.toSpliced(after < 0 ? list.length : after, 0, entry);
}

import type { Day } from './calendar';
import { hi, measureOfClaim } from './claim';
import { add, least, subtract, type Decimal } from './decimal';
import { moved, recommitted, type Dated, type Movement } from './funding-days';
import type { FundingData, FundingEvent, TrancheData } from './funding-events';
import { EMPTY, get, put, type Keyed } from './keyed';
import { opened } from './state';

export type FundingStage = 'proposed' | 'committed' | 'closed';

/** `none` needs nothing, `open` waits. */
export type ConditionStatus = 'none' | 'open' | 'met' | 'waived';

/** Amounts are decimals in the funding's currency. */
export interface Tranche {
  readonly terms: TrancheData;
  /** Latest day it may have been scheduled on. */
  readonly on: Day;
  /** The most it can be; null when undisclosed. */
  readonly hi: Decimal | null;
  readonly conditionStatus: ConditionStatus;
  /** Called and not yet received. */
  readonly calledOpen: Decimal;
  readonly received: Decimal;
  readonly cancelled: Decimal;
  readonly isCancelled: boolean;
}

export interface Call {
  readonly trancheId: string;
  /** Latest day it may have been made on. */
  readonly on: Day;
  readonly dueOn: Day;
  /** What of it has not been received. */
  readonly open: Decimal;
}

/** Amounts are decimals in `currency`. */
export interface FundingState {
  readonly funding: FundingData;
  /** Of the first amount that anybody stated; every later one has the same. */
  readonly currency: string | null;
  readonly stage: FundingStage;
  /** What is committed in the end, by day; null until committed. */
  readonly committed: Decimal | null;
  /** What is committed from which day on; in order of day. */
  readonly commitments: readonly Dated[];
  /** What moved on which day; in order of day. */
  readonly movements: readonly Movement[];
  /** Day of the latest fact that cannot follow a closing; null before the first. */
  readonly lastOn: Day | null;
  readonly availability: { readonly from: Day | null; readonly to: Day | null };
  readonly tranches: Readonly<Record<string, Tranche>>;
  /** Sum of the tranches that state an amount, cancelled ones in full. */
  readonly scheduled: Decimal;
  readonly calledOpen: Decimal;
  /** Gross: what was repaid stays in it. */
  readonly received: Decimal;
  /** Principal and returned capital. */
  readonly repaid: Decimal;
  /** What of `repaid` may be called again. */
  readonly recallable: Decimal;
  readonly cancelled: Decimal;
  readonly calls: Keyed<Call>;
  readonly receipts: Keyed<true>;
  readonly repayments: Keyed<true>;
}

/** The state after `event`; never argues. */
export function evolveFunding(state: FundingState | undefined, event: FundingEvent): FundingState {
  const after = evolved(state, event);
  switch (event.type) {
    case 'FundingProposed':
    case 'TrancheScheduled':
    case 'FundsRepaid':
    case 'FundingClosed':
      return after;
    default:
      return { ...after, lastOn: latest(after.lastOn, event.effective.to) };
  }
}

function latest(known: Day | null, day: Day): Day {
  return known === null || known < day ? day : known;
}

function evolved(state: FundingState | undefined, event: FundingEvent): FundingState {
  switch (event.type) {
    case 'FundingProposed':
      return proposed(event.data);
    case 'FundingCommitted': {
      const { committed, availability } = event.data;
      return {
        ...inCurrency(opened(state, event), committed.currency),
        stage: 'committed',
        committed: committed.amount,
        commitments: [{ on: event.effective.to, amount: committed.amount }],
        availability: availability ?? { from: null, to: null },
      };
    }
    case 'CommitmentChanged':
      return changed(opened(state, event), event);
    case 'TrancheScheduled':
      return scheduled(opened(state, event), event);
    case 'TrancheConditionMet': {
      const conditionStatus = event.data.waived === true ? 'waived' : 'met';
      return withTranche(opened(state, event), event.data.trancheId, () => ({ conditionStatus }));
    }
    case 'FundsCalled':
      return called(opened(state, event), event);
    case 'FundsReceived':
      return received(opened(state, event), event);
    case 'FundsRepaid':
      return repaid(opened(state, event), event);
    case 'TrancheCancelled':
      return cancelled(opened(state, event), event.data.trancheId);
    case 'FundingClosed':
      return closed(opened(state, event));
  }
}

export type FundingEventOf<Type extends FundingEvent['type']> = Extract<FundingEvent, { type: Type }>;

/** The tranche with this id, if the funding has it. */
export function trancheOf({ tranches }: FundingState, trancheId: string): Tranche | undefined {
  return Object.hasOwn(tranches, trancheId) ? tranches[trancheId] : undefined;
}

/**
 * What can still be called from a tranche whose condition holds: its amount less what was
 * received, is called or was cancelled, and never more than is left of the whole commitment.
 */
export function availableOf(state: FundingState, tranche: Tranche): Decimal {
  if (state.stage !== 'committed' || state.committed === null || tranche.isCancelled) return '0';
  const left = uncalledOf(state, state.committed);
  return tranche.hi === null ? left : least(undrawnOf(tranche.hi, tranche), left);
}

/** What of the whole commitment is neither received nor called nor cancelled. */
function uncalledOf(state: FundingState, committed: Decimal): Decimal {
  return subtract(committed, state.received, state.calledOpen, state.cancelled);
}

/** What of a tranche of at most `hi` is neither received nor called nor cancelled. */
export function undrawnOf(hi: Decimal, tranche: Tranche): Decimal {
  return subtract(hi, tranche.received, tranche.calledOpen, tranche.cancelled);
}

function proposed(data: FundingData): FundingState {
  return {
    funding: data,
    currency: measureOfClaim(data.amount) ?? null,
    stage: 'proposed',
    committed: null,
    commitments: [],
    movements: [],
    lastOn: null,
    availability: { from: null, to: null },
    tranches: {},
    scheduled: '0',
    calledOpen: '0',
    received: '0',
    repaid: '0',
    recallable: '0',
    cancelled: '0',
    calls: EMPTY,
    receipts: EMPTY,
    repayments: EMPTY,
  };
}

function scheduled(state: FundingState, { data: terms, effective }: FundingEventOf<'TrancheScheduled'>): FundingState {
  const limit = hi(terms.amount);
  const tranche: Tranche = {
    terms,
    on: effective.to,
    hi: limit,
    conditionStatus: terms.condition.type === 'none' ? 'none' : 'open',
    calledOpen: '0',
    received: '0',
    cancelled: '0',
    isCancelled: false,
  };
  return {
    ...inCurrency(state, measureOfClaim(terms.amount)),
    tranches: { ...state.tranches, [terms.trancheId]: tranche },
    scheduled: add(state.scheduled, limit ?? '0'),
  };
}

function changed(state: FundingState, { data, effective }: FundingEventOf<'CommitmentChanged'>): FundingState {
  const { amount } = data.committed;
  const commitments = recommitted(state.commitments, { on: effective.to, amount });
  return { ...state, committed: commitments.at(-1)?.amount ?? amount, commitments };
}

function called(state: FundingState, { data, effective }: FundingEventOf<'FundsCalled'>): FundingState {
  const { callId, trancheId, money, dueOn } = data;
  const on = effective.to;
  const call: Call = { trancheId, on, dueOn, open: money.amount };
  const after = withTranche(state, trancheId, ({ calledOpen }) => ({ calledOpen: add(calledOpen, money.amount) }));
  return {
    ...after,
    movements: moved(state.movements, on, drawnFrom(trancheOf(state, trancheId), money.amount)),
    calledOpen: add(state.calledOpen, money.amount),
    calls: put(state.calls, callId, call),
  };
}

function received(state: FundingState, { data, effective }: FundingEventOf<'FundsReceived'>): FundingState {
  const { receiptId, callId, trancheId, money } = data;
  const call = callId == null ? undefined : get(state.calls, callId);
  const answered = call === undefined ? '0' : money.amount;
  const after = withTranche(state, trancheId, (tranche) => ({
    calledOpen: subtract(tranche.calledOpen, answered),
    received: add(tranche.received, money.amount),
  }));
  return {
    ...after,
    movements: receivedOn(state, effective.to, data, call),
    calledOpen: subtract(state.calledOpen, answered),
    received: add(state.received, money.amount),
    receipts: put(state.receipts, receiptId, true),
    calls:
      callId == null || call === undefined
        ? state.calls
        : put(state.calls, callId, { ...call, open: subtract(call.open, money.amount) }),
  };
}

/** What is called is drawn from the day of the call on, or from that of its receipt if it came before. */
function receivedOn(
  state: FundingState,
  on: Day,
  { trancheId, money: { amount } }: FundingEventOf<'FundsReceived'>['data'],
  call: Call | undefined,
): readonly Movement[] {
  const tranche = trancheOf(state, trancheId);
  const after = moved(state.movements, on, { outstanding: amount });
  if (call === undefined) return moved(after, on, drawnFrom(tranche, amount));
  if (on >= call.on) return after;
  return moved(moved(after, on, drawnFrom(tranche, amount)), call.on, drawnFrom(tranche, subtract('0', amount)));
}

function drawnFrom(tranche: Tranche | undefined, amount: Decimal): Pick<Movement, 'drawn' | 'ofUndisclosed'> {
  return { drawn: amount, ofUndisclosed: tranche?.hi === null ? amount : '0' };
}

function repaid(state: FundingState, { data, effective }: FundingEventOf<'FundsRepaid'>): FundingState {
  const { repaymentId, money, kind, recallable } = data;
  const repayments = put(state.repayments, repaymentId, true as const);
  if (kind === 'interest') return { ...state, repayments };
  return {
    ...state,
    repayments,
    movements: moved(state.movements, effective.to, { outstanding: subtract('0', money.amount) }),
    repaid: add(state.repaid, money.amount),
    recallable: recallable === true ? add(state.recallable, money.amount) : state.recallable,
  };
}

function cancelled(state: FundingState, trancheId: string): FundingState {
  const tranche = trancheOf(state, trancheId);
  const undrawn = tranche === undefined || tranche.hi === null ? '0' : undrawnOf(tranche.hi, tranche);
  // Tranches of undisclosed amount may have taken what this one would have had.
  const rest = state.committed === null ? undrawn : least(undrawn, uncalledOf(state, state.committed));
  const after = withTranche(state, trancheId, (before) => ({
    cancelled: add(before.cancelled, rest),
    isCancelled: true,
  }));
  return { ...after, cancelled: add(state.cancelled, rest) };
}

// domain: closing cancels everything undrawn, what stands in no tranche included
function closed(state: FundingState): FundingState {
  const after = Object.keys(state.tranches).reduce(cancelled, state);
  return {
    ...after,
    stage: 'closed',
    cancelled: state.committed === null ? after.cancelled : subtract(state.committed, state.received),
  };
}

function withTranche(
  state: FundingState,
  trancheId: string,
  change: (tranche: Tranche) => Partial<Tranche>,
): FundingState {
  const tranche = trancheOf(state, trancheId);
  if (tranche === undefined) throw new Error(`tranche ${trancheId}, which does not exist`);
  return { ...state, tranches: { ...state.tranches, [trancheId]: { ...tranche, ...change(tranche) } } };
}

function inCurrency(state: FundingState, currency: string | undefined): FundingState {
  return state.currency !== null || currency === undefined ? state : { ...state, currency };
}

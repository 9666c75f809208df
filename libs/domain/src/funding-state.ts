import type { Day } from './calendar';
import { hi, measureOfClaim } from './claim';
import { add, least, subtract, type Decimal } from './decimal';
import type { FundingData, FundingEvent, TrancheData } from './funding-events';
import { EMPTY, get, put, type Keyed } from './keyed';
import { opened } from './state';

export type FundingStage = 'proposed' | 'committed' | 'closed';

/** `none` needs nothing, `open` waits. */
export type ConditionStatus = 'none' | 'open' | 'met' | 'waived';

/** Amounts are decimals in the funding's currency. */
export interface Tranche {
  readonly terms: TrancheData;
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
  /** Null until committed. */
  readonly committed: Decimal | null;
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
  switch (event.type) {
    case 'FundingProposed':
      return proposed(event.data);
    case 'FundingCommitted': {
      const { committed, availability } = event.data;
      return {
        ...inCurrency(opened(state, event), committed.currency),
        stage: 'committed',
        committed: committed.amount,
        availability: availability ?? { from: null, to: null },
      };
    }
    case 'CommitmentChanged':
      return { ...opened(state, event), committed: event.data.committed.amount };
    case 'TrancheScheduled':
      return scheduled(opened(state, event), event.data);
    case 'TrancheConditionMet': {
      const conditionStatus = event.data.waived === true ? 'waived' : 'met';
      return withTranche(opened(state, event), event.data.trancheId, () => ({ conditionStatus }));
    }
    case 'FundsCalled':
      return called(opened(state, event), event.data);
    case 'FundsReceived':
      return received(opened(state, event), event.data);
    case 'FundsRepaid':
      return repaid(opened(state, event), event.data);
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

function scheduled(state: FundingState, terms: TrancheData): FundingState {
  const limit = hi(terms.amount);
  const tranche: Tranche = {
    terms,
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

function called(
  state: FundingState,
  { callId, trancheId, money, dueOn }: FundingEventOf<'FundsCalled'>['data'],
): FundingState {
  const call: Call = { trancheId, dueOn, open: money.amount };
  const after = withTranche(state, trancheId, ({ calledOpen }) => ({ calledOpen: add(calledOpen, money.amount) }));
  return {
    ...after,
    calledOpen: add(state.calledOpen, money.amount),
    calls: put(state.calls, callId, call),
  };
}

function received(state: FundingState, data: FundingEventOf<'FundsReceived'>['data']): FundingState {
  const { receiptId, callId, trancheId, money } = data;
  const call = callId == null ? undefined : get(state.calls, callId);
  const answered = call === undefined ? '0' : money.amount;
  const after = withTranche(state, trancheId, (tranche) => ({
    calledOpen: subtract(tranche.calledOpen, answered),
    received: add(tranche.received, money.amount),
  }));
  return {
    ...after,
    calledOpen: subtract(state.calledOpen, answered),
    received: add(state.received, money.amount),
    receipts: put(state.receipts, receiptId, true),
    calls:
      callId == null || call === undefined
        ? state.calls
        : put(state.calls, callId, { ...call, open: subtract(call.open, money.amount) }),
  };
}

function repaid(state: FundingState, data: FundingEventOf<'FundsRepaid'>['data']): FundingState {
  const { repaymentId, money, kind, recallable } = data;
  const repayments = put(state.repayments, repaymentId, true as const);
  if (kind === 'interest') return { ...state, repayments };
  return {
    ...state,
    repayments,
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

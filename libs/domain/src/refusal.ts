/**
 * Every reason the ledger has for saying no, with the HTTP status it is answered with:
 * 422 when the body alone decides, 404 when there is no such stream, 409 when the body
 * contradicts what is recorded.
 */
export const REFUSALS = {
  // The body alone decides.
  VALIDATION_FAILED: 422,
  UNKNOWN_FIELD: 422,
  SOURCE_REQUIRED: 422,
  REASON_REQUIRED: 422,
  FOUR_EYES_REQUIRED: 422,
  COMMAND_ID_REUSED: 422,
  COMMIT_TOO_BROAD: 422,
  AMOUNT_FORMAT: 422,
  AMOUNT_SCALE: 422,
  AMOUNT_NEGATIVE: 422,
  CURRENCY_UNKNOWN: 422,
  UNIT_UNKNOWN: 422,
  CLAIM_EMPTY: 422,
  CLAIM_ORDER: 422,
  CLAIM_UNDISCLOSED_WITH_VALUE: 422,
  PERIOD_INVALID: 422,
  PROBABILITY_RANGE: 422,
  SCENARIO_ORDER: 422,
  SCHEDULE_SUM_MISMATCH: 422,
  AMENDMENT_NEEDS_AGREEMENT: 422,
  ASSUMED_NEEDS_METHOD: 422,
  BINDING_NEEDS_DOCUMENT: 422,
  DEAL_NEEDS_PARTIES: 422,
  DERIVED_NEEDS_DERIVATION: 422,
  LEG_NEEDS_MONEY: 422,

  // Who posts, and on top of what.
  STREAM_NOT_FOUND: 404,
  STREAM_EXISTS: 409,
  VERSION_CONFLICT: 412,

  // What is recorded says otherwise.
  CORRECTION_TARGET_NOT_FOUND: 409,
  CORRECTION_TYPE_MISMATCH: 409,
  CORRECTION_SUPERSEDED: 409,
  CORRECTION_BREAKS_HISTORY: 409,
  FIRST_EVENT_NOT_CANCELLABLE: 409,
  FUTURE_DATED_FACT: 409,
  REF_NOT_FOUND: 409,
  CURRENCY_MISMATCH: 409,
  UNIT_MISMATCH: 409,
  PARTY_ALIAS_TAKEN: 409,
  ITEM_EXISTS: 409,
  RATE_DUPLICATE: 409,
  ENGAGEMENT_ALREADY_HELD: 409,
  ENGAGEMENT_CANCELLED: 409,
  STATUS_REGRESSION: 409,
  FORECAST_VERSION_GAP: 409,
  FORECAST_MISMATCH: 409,
  FORECAST_ALREADY_WITHDRAWN: 409,
  POSITION_UNKNOWN: 409,
  DEAL_CLOSED: 409,
  STAGE_REGRESSION: 409,
  BINDING_REQUIRED: 409,
  OUTCOME_STAGE_MISMATCH: 409,
  CLOSE_WITH_UNPAID: 409,
  LEG_EXISTS: 409,
  LEG_SAME_PARTY: 409,
  LEG_FUNDING_HAS_AMOUNT: 409,
  LEG_RECIPROCAL_NOT_FOUND: 409,
  LEG_CURRENCY_LOCKED: 409,
  LEG_HAS_ACTUALS: 409,
  AMENDMENT_NUMBER_GAP: 409,
  CEILING_BELOW_INCURRED: 409,
  COST_EXISTS: 409,
  COST_EXCEEDS_CEILING: 409,
  PAYMENT_EXISTS: 409,
  PAYMENT_EXCEEDS_INCURRED: 409,
  PAYMENT_ALREADY_REVERSED: 409,
  REFUND_EXCEEDS_PAID: 409,
  FUNDING_ALREADY_COMMITTED: 409,
  FUNDING_NOT_COMMITTED: 409,
  FUNDING_CLOSED: 409,
  COMMITTED_EXCEEDS_CEILING: 409,
  COMMITTED_BELOW_DRAWN: 409,
  TRANCHE_EXISTS: 409,
  TRANCHES_EXCEED_COMMITMENT: 409,
  TRANCHE_CONDITION_UNMET: 409,
  CONDITION_ALREADY_MET: 409,
  OUTSIDE_AVAILABILITY: 409,
  CALL_EXISTS: 409,
  CALL_EXCEEDS_AVAILABLE: 409,
  RECEIPT_EXISTS: 409,
  RECEIPT_EXCEEDS_CALL: 409,
  RECEIPT_EXCEEDS_TRANCHE: 409,
  REPAYMENT_EXISTS: 409,
  REPAYMENT_EXCEEDS_OUTSTANDING: 409,
  NOTHING_TO_CANCEL: 409,
  OPEN_CALL: 409,
  RESERVATION_CLOSED: 409,
  RAMP_VERSION_GAP: 409,
  RAMP_EXCEEDS_LEG: 409,
  RAMP_BELOW_DELIVERED: 409,
  DELIVERY_EXISTS: 409,
  DELIVERY_EXCEEDS_SCHEDULE: 409,
  DELIVERY_ALREADY_DECIDED: 409,
  ACCEPTANCE_MISMATCH: 409,
  SLIP_EXISTS: 409,
  SLIP_NOT_FORWARD: 409,
  SLIP_EXCEEDS_PLANNED: 409,
  SHORTFALL_EXISTS: 409,
  SHORTFALL_EXCEEDS_GAP: 409,
  PERIOD_NOT_ENDED: 409,
} as const;

export type RefusalCode = keyof typeof REFUSALS;

export type RefusalDetails = Readonly<Record<string, string | number | null>>;

/** Why something is not recorded. A value, never thrown. */
export interface Refusal {
  readonly code: RefusalCode;
  /** What was refused, the two numbers that clash, and what to do about it. */
  readonly message: string;
  /** RFC 6901 pointer to the offending value. A rule gives it within the event, `/data/money`. */
  readonly pointer?: string;
  /** The same numbers and ids as in the message, for machines. */
  readonly details?: RefusalDetails;
}

/** Makes a refusal; leaves out what is not given. */
export function refusal(
  code: RefusalCode,
  message: string,
  where: { readonly pointer?: string; readonly details?: RefusalDetails } = {},
): Refusal {
  return { code, message, ...where };
}

/** The HTTP status that a refusal code is answered with. */
export function statusOf(code: RefusalCode): number {
  return REFUSALS[code];
}

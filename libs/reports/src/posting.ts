import type { Fact } from '@deal-ledger/domain';

/**
 * One additive line that an event writes. A figure is a formula over sums of these, and nothing
 * in it is ever updated or deleted: a change of mind is a line of the opposite sign.
 */
export interface Posting {
  /** What is measured, for example `leg.ceiling` or `deal.stage`. */
  readonly measure: string;
  /** Whose it is, for example `nvda-openai/L1`. */
  readonly subject: string;
  /** For a ±1 line of something that is not a number: its value, as canonical JSON text. */
  readonly value?: string | undefined;
  /** The bucket a time-phased amount falls in (EDTF period), absent for amounts without one. */
  readonly period?: string | undefined;
  /** Counts in reports for this date and later; absent: whenever known. `YYYY-MM-DD`. */
  readonly effective?: string | undefined;
  /** Currency or unit of the amount; absent for ±1 lines. */
  readonly unit?: string | undefined;
  /** Exact decimal. */
  readonly amount: string;
}

/** What one event of a stream kind adds to the postings. Pure. */
export interface PostingRule<State = unknown> {
  /** The stream kind it listens to. */
  readonly kind: string;
  post(before: State | undefined, event: Fact, after: State): readonly Posting[];
}

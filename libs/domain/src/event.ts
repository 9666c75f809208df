import type { Effective } from './values';

export type Action = 'new' | 'correct' | 'cancel';

export interface Person {
  readonly id: string;
  readonly role?: string | undefined;
}

export type Attribution =
  'official' | 'named' | 'documentary' | 'anonymousSources' | 'analyst' | 'unattributed' | 'internal' | 'synthetic';

export type Confidence = 'high' | 'medium' | 'low';

export interface SourceReference {
  readonly sourceId: string;
  readonly locator?: string | undefined;
  readonly attribution: Attribution;
  readonly confidence: Confidence;
}

/** An event as decided: what was posted, plus who posted it and where it stands in its stream. */
export interface LedgerEvent<Type extends string = string, Data = unknown> {
  readonly id: string;
  /** `kind/id`, for example `deal/nvda-openai`. */
  readonly stream: string;
  /** Place in the stream, from 1. */
  readonly version: number;
  readonly type: Type;
  readonly schemaVersion: number;
  readonly effective: Effective;
  readonly action: Action;
  /** Id of the event that this one corrects or cancels. */
  readonly corrects?: string | undefined;
  readonly reason?: string | undefined;
  readonly actor: Person;
  readonly onBehalfOf?: Person | undefined;
  readonly approvedBy?: Person | undefined;
  /** The `Idempotency-Key` it was posted with. */
  readonly commandId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly sources: readonly SourceReference[];
  readonly data: Data;
}

/** An event that is a fact: it has a place in the ledger's total order. */
export interface Fact<Type extends string = string, Data = unknown> extends LedgerEvent<Type, Data> {
  /** Position of its commit in the ledger. */
  readonly position: number;
  /** Place in its commit, from 0. */
  readonly ordinal: number;
  /** Append time of its commit, RFC 3339 UTC, never running backwards along positions. */
  readonly recordedAt: string;
}

import type { Refusal } from '@deal-ledger/domain';
import type { Verdict } from './decision';
import type { RecordedPost } from './streams';

export interface Answer {
  /** Position of the commit in the ledger; absent in a dry run. */
  readonly position?: number;
  /** In the order they were posted. */
  readonly events: readonly Omit<RecordedPost, 'contentHash'>[];
}

export type PostResult =
  | { readonly outcome: 'recorded'; readonly answer: Answer; readonly replayed: boolean }
  | { readonly outcome: 'wouldRecord'; readonly answer: Answer }
  /** `position`: how much of the ledger the refusal rests on. `index`: which event. */
  | { readonly outcome: 'refused'; readonly refusal: Refusal; readonly index?: number; readonly position: number }
  | {
      readonly outcome: 'stale';
      readonly stream: string;
      readonly expected: number;
      readonly actual: number;
      readonly position: number;
    }
  | { readonly outcome: 'tooLarge'; readonly message: string }
  /** Rivals always came first. Nothing was recorded. */
  | { readonly outcome: 'contended'; readonly tries: number }
  | Unavailable
  /** It may be recorded or not: the same request, sent again, finds out. */
  | { readonly outcome: 'unknown'; readonly afterMs: number };

/** Nothing was recorded. */
export interface Unavailable {
  readonly outcome: 'unavailable';
  readonly reason: string;
}

export type Reading<Found> = (Found & { readonly position: number }) | Unavailable;

/** An event as it is answered. */
export const bare = ({ stream, id, version, type }: Omit<RecordedPost, 'contentHash'>): Answer['events'][number] => ({
  stream,
  id,
  version,
  type,
});

/** The answer to a request that was accepted; without `position` it is that of a dry run. */
export const answerTo = (verdict: Verdict, position?: number): Answer => ({
  ...(position === undefined ? {} : { position }),
  events: verdict.kind === 'accepted' ? verdict.decision.events.slice(0, verdict.decision.posted).map(bare) : [],
});

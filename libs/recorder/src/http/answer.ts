import { REFUSALS, type Refusal } from '@deal-ledger/domain';
import type { PostResult } from '../recorder';

/** An answer before it is HTTP: an import's lines are made of the same. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A problem's own members (RFC 9457); title, type and instance come from the service. */
export interface ProblemAnswer {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly code: string; readonly pointer?: string; readonly message: string }[];
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
}

/** The answer to one stream's post, or the problem. */
export function answerOf(result: PostResult, stream?: string): { readonly ok: HttpAnswer } | { readonly problem: ProblemAnswer } {
  switch (result.outcome) {
    case 'recorded':
    case 'wouldRecord': {
      const { position, events } = result.answer;
      const version = events.at(-1)?.version ?? 0;
      const created = result.outcome === 'recorded' && !result.replayed;
      const place = position === undefined ? {} : { position };
      return {
        ok: {
          status: created ? 201 : 200,
          headers: {
            ...(stream === undefined ? {} : { etag: `"${version}"` }),
            ...(result.outcome === 'recorded' && result.replayed ? { 'idempotent-replayed': 'true' } : {}),
          },
          body:
            stream === undefined
              ? { ...place, events }
              : { stream, version, ...place, events: events.map(({ id, version: at, type }) => ({ id, version: at, type })) },
        },
      };
    }
    case 'refused': {
      const { refusal, index, position } = result;
      const pointer = index === undefined ? refusal.pointer : `/events/${index}${refusal.pointer ?? ''}`;
      return {
        problem: {
          status: REFUSALS[refusal.code],
          code: refusal.code,
          detail: refusal.message,
          errors: [{ code: refusal.code, ...(pointer === undefined ? {} : { pointer }), message: refusal.message }],
          extra: { ...refusal.details, position },
        },
      };
    }
    case 'stale': {
      const { stream: which, expected, actual, position } = result;
      const detail = `${which} is at version ${actual}, If-Match says ${expected}. Read it again and decide on what it is now.`;
      return { problem: { status: 412, code: 'VERSION_CONFLICT', detail, extra: { expected, actual, position } } };
    }
    case 'tooLarge':
      return { problem: { status: 413, code: 'COMMIT_TOO_LARGE', detail: result.message } };
    case 'contended':
      return {
        problem: {
          status: 503,
          code: 'CONTENDED',
          detail: `Others wrote to the same streams first, ${result.tries} times in a row. Nothing was recorded. Send the same request again.`,
          retryAfterSeconds: 1,
        },
      };
    case 'unavailable':
      return { problem: { status: 503, code: 'UNAVAILABLE', detail: `Nothing was recorded: ${result.reason}. Send the same request again.`, retryAfterSeconds: 2 } };
    case 'unknown':
      return {
        problem: {
          status: 503,
          code: 'OUTCOME_UNKNOWN',
          detail: `The ledger did not confirm within ${result.afterMs} ms, so whether this was recorded is unknown. Send the same request again, unchanged: if it was recorded, you get its answer; if not, it is recorded now, once.`,
          retryAfterSeconds: 2,
        },
      };
  }
}

/** Everything that is wrong with a body, at once. */
export function invalidBody(refusals: readonly Refusal[]): ProblemAnswer {
  const [first] = refusals;
  return {
    status: 422,
    code: refusals.length === 1 && first ? first.code : 'VALIDATION_FAILED',
    detail: refusals.length === 1 && first ? first.message : `${refusals.length} things are wrong with the body; each is listed under errors.`,
    errors: refusals.slice(0, 100).map(({ code, pointer, message }) => ({ code, ...(pointer === undefined ? {} : { pointer }), message })),
  };
}

import { REFUSALS, type Refusal } from '@deal-ledger/domain';
import { Problem, type FieldError } from '@deal-ledger/service';
import type { PostResult } from '../results';

/** An answer before it is HTTP: an import's lines are made of the same. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The answer to a post; with `stream`, to one of a single stream. */
export function answerOf(result: PostResult, stream?: string): HttpAnswer | Problem {
  switch (result.outcome) {
    case 'recorded':
    case 'wouldRecord': {
      const { position, events } = result.answer;
      const version = events.at(-1)?.version ?? 0;
      const created = result.outcome === 'recorded' && !result.replayed;
      const place = position === undefined ? {} : { position };
      return {
        status: created ? 201 : 200,
        headers: {
          ...(stream === undefined ? {} : { etag: `"${version}"` }),
          ...(result.outcome === 'recorded' && result.replayed ? { 'idempotent-replayed': 'true' } : {}),
        },
        body:
          stream === undefined
            ? { ...place, events }
            : {
                stream,
                version,
                ...place,
                events: events.map(({ id, version: at, type }) => ({ id, version: at, type })),
              },
      };
    }
    case 'refused': {
      const { refusal, index, position } = result;
      const pointer = index === undefined ? refusal.pointer : `/events/${index}${refusal.pointer ?? ''}`;
      return new Problem({
        status: REFUSALS[refusal.code],
        code: refusal.code,
        detail: refusal.message,
        errors: [fieldError(refusal.code, pointer, refusal.message)],
        members: { ...refusal.details, position },
      });
    }
    case 'stale': {
      const { stream: which, expected, actual, position } = result;
      const detail = `${which} is at version ${actual}, If-Match says ${expected}. Read it again and decide on what it is now.`;
      return new Problem({ status: 412, code: 'VERSION_CONFLICT', detail, members: { expected, actual, position } });
    }
    case 'tooLarge':
      return new Problem({ status: 413, code: 'COMMIT_TOO_LARGE', detail: result.message });
    case 'contended':
      return new Problem({
        status: 503,
        code: 'CONTENDED',
        detail: `Others wrote to the same streams first, ${result.tries} times in a row. Nothing was recorded. Send the same request again.`,
        retryAfterS: 1,
      });
    case 'unavailable':
      return new Problem({
        status: 503,
        code: 'UNAVAILABLE',
        detail: `Nothing was recorded: ${result.reason}. Send the same request again.`,
        retryAfterS: 2,
      });
    case 'unknown':
      return new Problem({
        status: 503,
        code: 'OUTCOME_UNKNOWN',
        detail: `The ledger did not confirm within ${result.afterMs} ms, so whether this was recorded is unknown. Send the same request again, unchanged: if it was recorded, you get its answer; if not, it is recorded now, once.`,
        retryAfterS: 2,
      });
  }
}

/** Everything that is wrong with a body, at once. */
export function invalidBody(refusals: readonly Refusal[]): Problem {
  const [first] = refusals;
  return new Problem({
    status: 422,
    code: refusals.length === 1 && first ? first.code : 'VALIDATION_FAILED',
    detail:
      refusals.length === 1 && first
        ? first.message
        : `${refusals.length} things are wrong with the body; each is listed under errors.`,
    errors: refusals.slice(0, MAX_ERRORS).map(({ code, pointer, message }) => fieldError(code, pointer, message)),
  });
}

/** A body of a thousand faults does not make an answer of a thousand. */
const MAX_ERRORS = 100;

const fieldError = (code: string, pointer: string | undefined, message: string): FieldError => ({
  code,
  message,
  ...(pointer === undefined ? {} : { pointer }),
});

import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** One thing that is wrong with a request, and where. */
export interface FieldError {
  readonly code: string;
  readonly message: string;
  /** JSON pointer (RFC 6901) into the body. */
  readonly pointer?: string;
  /** Name of a query parameter, path parameter or header. */
  readonly parameter?: string;
}

export interface ProblemOptions {
  readonly status: number;
  /** Stable and for programs, for example `CALL_EXCEEDS_AVAILABLE`. */
  readonly code: string;
  /** For people: what was refused, the numbers that clash, what to do. */
  readonly detail: string;
  /** A few words that are the same for every problem of this code; by default the code in words. */
  readonly title?: string;
  readonly errors?: readonly FieldError[];
  /** Further members of the answer: the numbers that clash, the position decided on. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Retry-After`; 429 and 503 carry 1 second when nothing else is said. */
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** What goes over the wire: an RFC 9457 problem details object. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly [member: string]: unknown;
}

/** An answer that is not a success. Controllers and libraries throw it; the filter writes it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(options: ProblemOptions) {
    super(options.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.title = options.title ?? inWords(options.code);
    this.errors = options.errors;
    this.members = options.members ?? {};
    this.headers = withRetryAfter(options);
  }

  /** The problem details object, with `instance` when the request's path is known. */
  body(instance?: string): ProblemBody {
    return {
      ...this.members,
      type: `urn:deal-ledger:problem:${this.code}`,
      title: this.title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(instance === undefined ? {} : { instance }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

/** Turns anything thrown into a problem. What was not meant for the caller becomes 500 `INTERNAL`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HttpException) return problemOfStatus(error.getStatus(), error.message, error);
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  if (error instanceof Error && error.name === 'FastifyError' && typeof status === 'number') {
    return problemOfStatus(status, error.message, error);
  }
  return internal(error);
}

function problemOfStatus(status: number, detail: string, cause: unknown): Problem {
  if (status < 400 || status >= 500) return status === 503 ? unavailable(detail, cause) : internal(cause);
  return new Problem({ status, code: CODES[status] ?? codeOfPhrase(status), detail, cause });
}

const CODES: Readonly<Record<number, string>> = {
  400: 'MALFORMED_REQUEST',
  404: 'NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  414: 'URL_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'HEADERS_TOO_LARGE',
};

function codeOfPhrase(status: number): string {
  return (STATUS_CODES[status] ?? 'refused').toUpperCase().replaceAll(/[^A-Z]+/g, '_');
}

function unavailable(detail: string, cause: unknown): Problem {
  return new Problem({ status: 503, code: 'UNAVAILABLE', detail, cause });
}

function internal(cause: unknown): Problem {
  return new Problem({
    status: 500,
    code: 'INTERNAL',
    detail: 'Something went wrong on our side. Whether the request took effect is unknown; the log has the details.',
    cause,
  });
}

/** `CALL_EXCEEDS_AVAILABLE` → `Call exceeds available`. */
function inWords(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function withRetryAfter(options: ProblemOptions): Readonly<Record<string, string>> {
  const seconds = options.retryAfterS ?? (options.status === 503 || options.status === 429 ? 1 : undefined);
  return { ...options.headers, ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }) };
}

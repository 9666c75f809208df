import { Problem } from '@deal-ledger/service';
import { z } from 'zod';
import type { PostRequest } from '../decision';
import { canBeRepeated } from './request';

type HeadersIn = Readonly<Record<string, string | undefined>>;

/** What a post may carry besides its body, for the documentation. */
export const PostHeaders = z.object({
  'if-match': z
    .string()
    .regex(/^"(0|[1-9]\d{0,14})"$/)
    .optional()
    .describe('The version that the stream must have, in quotes, as its ETag gives it; "0": it must not exist yet.'),
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional()
    .describe(
      '1 to 200 visible ASCII characters. Needed where events have no ids: the same key and body again gets the first answer.',
    ),
});

export const PostQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .describe(
      'true: decide as the real call would and answer as it would, with the same refusals, but with 200 where it would record, and record nothing. What the figures would be, before and after, POST /v1/preview says.',
    ),
});

export const etagOf = (version: number): string => `"${version}"`;

/** @throws Problem when the header is there and is no version */
export function expectedVersionOf(headers: HeadersIn): number | undefined {
  const value = headers['if-match'];
  if (value === undefined) return undefined;
  if (!PostHeaders.shape['if-match'].safeParse(value).success) {
    throw malformed(
      'if-match',
      'If-Match takes the version the stream must have, in quotes, as its ETag gives it: If-Match: "3". "0" means that it must not exist yet.',
    );
  }
  return Number(value.slice(1, -1));
}

/** @throws Problem when the header is there and is no key */
export function idempotencyKeyOf(headers: HeadersIn): string | undefined {
  const value = headers['idempotency-key'];
  if (value === undefined || PostHeaders.shape['idempotency-key'].safeParse(value).success) return value;
  throw malformed('idempotency-key', 'Idempotency-Key takes 1 to 200 visible ASCII characters.');
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A W3C trace context is passed on with the commit; anything else is not ours to complain about. */
export function traceparentOf(headers: HeadersIn): string | undefined {
  const value = headers['traceparent'];
  return value !== undefined && TRACEPARENT.test(value) ? value : undefined;
}

/** @throws Problem when the request could not be told from its own repetition */
export function requireIdentity(request: PostRequest): void {
  if (canBeRepeated(request)) return;
  throw new Problem({
    status: 400,
    code: 'IDEMPOTENCY_REQUIRED',
    detail:
      'Give every event an "id" of yours, or the request an Idempotency-Key header: otherwise a repeated request could be recorded twice.',
    errors: request.events.flatMap(({ id }, index) =>
      id === undefined
        ? [
            {
              code: 'IDEMPOTENCY_REQUIRED',
              pointer: `/events/${index}/id`,
              message: 'is missing, and there is no Idempotency-Key',
            },
          ]
        : [],
    ),
  });
}

const malformed = (parameter: string, message: string): Problem =>
  new Problem({
    status: 400,
    code: 'VALIDATION_FAILED',
    detail: message,
    errors: [{ code: 'VALIDATION_FAILED', parameter, message }],
  });

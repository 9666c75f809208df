import type { LogRecord, NewRecord } from '@deal-ledger/log';
import { z } from 'zod';

const CONTENT_TYPE = 'application/vnd.deal-ledger.refusal+json';
const SHA256 = /^[0-9a-f]{64}$/;

/** U+0000 and lone surrogates, as JSON writes them: no store can give them back. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/i;

const count = z.int().min(0);
const sha256 = z.string().regex(SHA256);

/**
 * A post that was refused, or many of one sort: who, when, what for, and what tells the post from
 * others; nothing that was in it but the names of its streams and what it belongs to.
 */
const RefusedPostSchema = z.object({
  /** `one`: a post. `repeated`: further ones of the same body. `more`: further ones that are only counted. */
  how: z.enum(['one', 'repeated', 'more']),
  count: count.min(1),
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
  /** The service that refused, and its route. Null, as are actor, status and code, where `more` are of several. */
  service: z.string(),
  route: z.string().nullable(),
  actor: z.string().nullable(),
  status: count.max(599).nullable(),
  code: z.string().nullable(),
  /** What was wrong and where, the first of it. */
  faults: z.array(z.object({ code: z.string(), pointer: z.string().nullable() })),
  /** The numbers, days, units and ids that the answer named. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  streams: z.array(z.string()),
  correlationIds: z.array(z.string()),
  /** Of the body as it came; null when none was read. */
  bodySha256: sha256.nullable(),
  bodyBytes: count.nullable(),
  /** Of the `Idempotency-Key`. */
  keySha256: sha256.nullable(),
  /** The last position of the ledger that was known when it was refused; -1: none. */
  ledgerPosition: z.int().min(-1),
});

export type RefusedPost = z.output<typeof RefusedPostSchema>;

/** As it stands in the log of refusals: a retry may have put it in twice, under one id. */
export interface RecordedRefusal extends RefusedPost {
  readonly id: string;
}

/** The record of a refusal, in the log of refusals. */
export function encodeRefusal({ id, ...refused }: RecordedRefusal): NewRecord {
  return {
    key: refused.streams[0] ?? refused.route ?? '',
    value: Buffer.from(JSON.stringify(refused)),
    headers: { 'content-type': CONTENT_TYPE, id },
  };
}

/** The refusal in a record, or nothing: whatever else stands in the log is not ours to understand. */
export function decodeRefusal({ value, headers }: LogRecord): RecordedRefusal | undefined {
  const named = new Map(headers.map(([name, content]) => [name, content.toString()]));
  const id = named.get('id');
  if (named.get('content-type') !== CONTENT_TYPE || id === undefined || value === null) return undefined;
  try {
    const parsed = RefusedPostSchema.safeParse(JSON.parse(value.toString()));
    if (!parsed.success) return undefined;
    const refusal = { id, ...parsed.data };
    return UNSTORABLE.test(JSON.stringify(refusal)) ? undefined : refusal;
  } catch {
    return undefined;
  }
}

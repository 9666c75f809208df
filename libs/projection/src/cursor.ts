import { createHash } from 'node:crypto';
import { Problem } from '@deal-ledger/service';
import { z } from 'zod';

/** Where a page ended: of which question, and after which row. */
export interface Cursor {
  readonly report: string;
  /** Every parameter of the question, as it would be asked again. */
  readonly query: Readonly<Record<string, string>>;
  /** How the reader put the position, which may have been an instant. */
  readonly asOf: string;
  /** The key of the last row, as JSON. */
  readonly after: string;
}

const Payload = z.strictObject({
  report: z.string(),
  query: z.record(z.string(), z.string()),
  asOf: z.string(),
  after: z.string(),
});

const CHECKSUM_BYTES = 9;
/** A cursor holds the filters that were asked for, each as long as a parameter may be. */
export const MAX_CURSOR_LENGTH = 8_000;

/** Opaque text of a cursor. */
export function encodeCursor(cursor: Cursor): string {
  const payload = Buffer.from(JSON.stringify(cursor));
  return Buffer.concat([checksumOf(payload), payload]).toString('base64url');
}

/**
 * The cursor that a report gave. Its checksum tells what was cut off or mistyped, and no more than
 * that: whatever it says is validated like a query.
 * @throws Problem when it is none of this report's.
 */
export function decodeCursor(report: string, text: string): Cursor {
  const bytes = Buffer.from(text, 'base64url');
  // Decoding passes over what is superfluous; a cursor is the text that was given, and no other.
  if (bytes.toString('base64url') !== text) throw notOurs(report);
  const payload = bytes.subarray(CHECKSUM_BYTES);
  if (!bytes.subarray(0, CHECKSUM_BYTES).equals(checksumOf(payload))) throw notOurs(report);
  const parsed = Payload.safeParse(JSON.parse(payload.toString()));
  if (!parsed.success || parsed.data.report !== report) throw notOurs(report);
  return parsed.data;
}

/** What came with the cursor may repeat what it pins, and say nothing else. */
export function refuseOtherThan({ query, asOf }: Cursor, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    const pinned = query[name];
    if (value === pinned || (name === 'asOf' && value === asOf)) continue;
    throw new Problem({
      status: 400,
      code: 'CURSOR_MISMATCH',
      detail: `The cursor goes on with ${name}=${pinned ?? '(none)'} and was asked for with ${name}=${String(value)}. Repeat what the first page was asked for, or leave it away.`,
      members: { parameter: name },
    });
  }
}

/** Of a cursor whose row is not there, or that is no cursor of the report at all. */
export const notOurs = (report: string): Problem =>
  new Problem({
    status: 400,
    code: 'CURSOR_INVALID',
    detail: `This is no cursor that ${report} gives. Take it from meta.nextCursor as it is, or start again without one.`,
  });

const checksumOf = (payload: Buffer): Buffer =>
  createHash('sha256').update('deal-ledger cursor 1\n').update(payload).digest().subarray(0, CHECKSUM_BYTES);

import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { takesGzip } from './formats';

/** Shorter answers are as large compressed. */
const MIN_BYTES = 1_024;

const compressed = promisify(gzip);

/** The request headers that an answer depends on. */
export interface Wanted {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** A body that is there both ways. */
export interface Zipped {
  readonly plain: Buffer;
  readonly zipped: Buffer;
}

/**
 * Sends a body that is for ever the same under its tag: not at all to whoever has it already, and
 * compressed to whoever takes it so. The body is only made when it is needed.
 */
export async function sendTagged(
  reply: FastifyReply,
  tag: string,
  wanted: Wanted,
  body: () => Promise<string | AsyncIterable<string> | Zipped>,
): Promise<void> {
  const isCompressed = takesGzip(wanted.acceptEncoding);
  // Two encodings are two representations, and have two tags.
  const etag = `"${tag}${isCompressed ? '-gzip' : ''}"`;
  reply.headers({ etag, vary: 'accept, accept-encoding', 'cache-control': 'private, no-cache' });
  if (isKnown(etag, wanted.ifNoneMatch)) {
    await reply.code(304).removeHeader('content-type').send();
    return;
  }
  const made = await body();
  if (typeof made === 'string') {
    if (!isCompressed || made.length < MIN_BYTES) await reply.send(made);
    else await reply.header('content-encoding', 'gzip').send(await compressed(made));
    return;
  }
  if ('zipped' in made) {
    const content = isCompressed ? made.zipped : made.plain;
    if (isCompressed) reply.header('content-encoding', 'gzip');
    await reply.header('content-digest', digestOf(content)).send(content);
    return;
  }
  const stream = Readable.from(made);
  if (!isCompressed) await reply.send(stream);
  else {
    const zipped = createGzip();
    // When either end fails, both are destroyed, and the answer is cut off for all to see.
    pipeline(stream, zipped, () => undefined);
    await reply.header('content-encoding', 'gzip').send(zipped);
  }
}

/** Of the bytes as they are sent (RFC 9530). */
const digestOf = (content: Buffer): string => `sha-256=:${createHash('sha256').update(content).digest('base64')}:`;

function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

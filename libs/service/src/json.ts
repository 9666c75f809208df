import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { duplicateKey, membersIn } from './duplicate-key';
import { Problem } from './problem';
import { escapePointer } from './validate';

/** Deeper JSON is refused: nothing that is recorded here comes near, and recursion over it must stay cheap. */
export const MAX_JSON_DEPTH = 32;

type JsonParser = (bytes: Buffer) => unknown;

/**
 * A JSON parser for what strangers send. It refuses with 400: bytes that are not UTF-8, nesting
 * deeper than {@link MAX_JSON_DEPTH}, keys that poison prototypes or come twice in one object, and
 * strings that no store can give back as they came (U+0000, lone surrogates).
 */
export function jsonParser(fastify: Pick<FastifyInstance, 'getDefaultJsonParser'>): JsonParser {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  return (bytes) => {
    if (bytes.length === 0) throw malformed('the body is empty');
    if (!isUtf8(bytes)) throw malformed('it is not UTF-8');
    const members = membersWithin(bytes);
    const text = bytes.toString('utf8');
    const value = parseOrRefuse(parse, text);
    // Of a key that comes twice only the last value is kept.
    if (membersIn(value) !== members) throw duplicateKey(text);
    if (text.includes('\\u')) refuseUnstorable(value, '');
    return value;
  };
}

function parseOrRefuse(parse: ReturnType<FastifyInstance['getDefaultJsonParser']>, text: string): unknown {
  let result: unknown;
  let failed = false;
  // The parser calls back before it returns; its type speaks of a request that it never looks at.
  (parse as unknown as (request: undefined, text: string, done: (error: Error | null, value: unknown) => void) => void)(
    undefined,
    text,
    (error, value) => {
      failed = error !== null;
      result = value;
    },
  );
  if (!failed) return result;
  try {
    JSON.parse(text);
  } catch (error) {
    throw malformed((error as Error).message);
  }
  throw new Problem({
    status: 400,
    code: 'FORBIDDEN_KEY',
    detail: 'The JSON has a key "__proto__" or "constructor" that could change how objects behave. Rename it.',
  });
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COLON = 0x3a;

/**
 * How many members the objects in a JSON text have, if it is not too deep. Looks at the bytes, so
 * that nothing is built of what is.
 */
function membersWithin(bytes: Buffer): number {
  const { length } = bytes;
  let depth = 0;
  let members = 0;
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      for (i += 1; i < length && bytes[i] !== QUOTE; i += 1) if (bytes[i] === BACKSLASH) i += 1;
    } else if (byte === COLON) {
      members += 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) {
        throw new Problem({
          status: 400,
          code: 'JSON_TOO_DEEP',
          detail: `The JSON is nested deeper than ${MAX_JSON_DEPTH} levels. Flatten it.`,
          members: { maximum: MAX_JSON_DEPTH },
        });
      }
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
    }
  }
  return members;
}

function refuseUnstorable(value: unknown, pointer: string): void {
  if (typeof value === 'string') {
    refuseUnstorableText(value, pointer);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      refuseUnstorableText(key, pointer);
      refuseUnstorable(member, `${pointer}/${escapePointer(key)}`);
    }
  }
}

function refuseUnstorableText(text: string, pointer: string): void {
  if (isStorable(text)) return;
  throw new Problem({
    status: 400,
    code: 'UNSTORABLE_TEXT',
    detail: 'A text has U+0000 or half of a surrogate pair in it, which cannot be stored and given back as it came.',
    errors: [{ code: 'UNSTORABLE_TEXT', pointer, message: 'U+0000 or a lone surrogate' }],
  });
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function isStorable(text: string): boolean {
  return !text.includes('\0') && !LONE_SURROGATE.test(text);
}

function malformed(why: string): Problem {
  return new Problem({ status: 400, code: 'MALFORMED_JSON', detail: `The body is not JSON: ${why}.` });
}

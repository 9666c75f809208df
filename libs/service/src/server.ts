import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyHttpOptions, FastifyRequest } from 'fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { jsonParser } from './json';
import { operationOf, type OperationDoc } from './operation';
import { PROBLEM_CONTENT_TYPE, Problem } from './problem';
import { sendProblem } from './problem-filter';
import { keepBytes, putBytes } from './problems';
import type { Routes } from './routes';

/** What Nest adds to fastify's own options. */
type ServerOptions = FastifyHttpOptions<Server> & { readonly skipMiddie: boolean };

/** Answers are data and never a page: nothing in them may run, be framed or be guessed to be something else. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The fastify server under Nest: its limits, parsers and hooks. */
export function serverAdapter(bodyLimitBytes: number, routes: Routes, log: Logger): FastifyAdapter {
  const options: ServerOptions = {
    bodyLimit: bodyLimitBytes,
    // Two hooks per request less; we use no Express-style middleware.
    skipMiddie: true,
    // Longer than the slowest import; what stands still is cut off much sooner.
    requestTimeout: 30 * 60_000,
    connectionTimeout: 120_000,
    keepAliveTimeout: 72_000,
    // Requests on a connection that outlives the order to stop are still answered, and told to close.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    http: { headersTimeout: 15_000 },
    frameworkErrors: (error, request, reply) =>
      sendProblem(
        request as FastifyRequest,
        reply as FastifyReply,
        new Problem({ status: 400, code: 'MALFORMED_URL', detail: error.message }),
      ),
    clientErrorHandler: answerClientError,
  };
  const adapter = new FastifyAdapter(options);
  const fastify = adapter.getInstance<FastifyInstance>();
  routes.watch(fastify);
  addParsers(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done(
      encodingRefusal(request.headers['content-encoding']) ??
        queryRefusal(operationOf(request.routeOptions.config), request.query),
    );
  });
  if (log.isLevelEnabled('debug')) logRequests(fastify, log);
  return adapter;
}

/** Bodies are read as they come. */
function encodingRefusal(encoding: string | undefined): Problem | undefined {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return undefined;
  return new Problem({
    status: 415,
    code: 'UNSUPPORTED_CONTENT_ENCODING',
    detail: `A body in the content encoding "${encoding.slice(0, 100)}" is not read. Send it as it is, without Content-Encoding.`,
    headers: { 'accept-encoding': 'identity' },
  });
}

/** A route that documents no query takes none. Where it documents one, its handler validates it. */
function queryRefusal(operation: OperationDoc | undefined, query: unknown): Problem | undefined {
  if (operation === undefined || operation.hidden === true || operation.query !== undefined) return undefined;
  // Without a query string the object is empty, and this costs nothing.
  const names = Object.keys(query as object);
  if (names.length === 0) return undefined;
  return new Problem({
    status: 400,
    code: 'VALIDATION_FAILED',
    detail: `This route takes no query parameters and was given ${names.join(', ')}. Leave them out.`,
    errors: names.map((parameter) => ({ code: 'UNKNOWN_PARAMETER', parameter, message: 'there is no such parameter' })),
  });
}

function addParsers(fastify: FastifyInstance): void {
  const parse = jsonParser(fastify);
  keepBytes(fastify);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    putBytes(request, body as Buffer);
    if (operationOf(request.routeOptions.config)?.ndjsonBody !== undefined) {
      done(wrongMediaType('application/x-ndjson', request), undefined);
      return;
    }
    try {
      refuseCharset(request.headers['content-type']);
      done(null, parse(body as Buffer));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
  fastify.addContentTypeParser('application/x-ndjson', (request, payload, done) => {
    if (operationOf(request.routeOptions.config)?.ndjsonBody === undefined) {
      done(wrongMediaType('application/json', request), undefined);
      return;
    }
    try {
      refuseCharset(request.headers['content-type']);
      done(null, payload);
    } catch (error) {
      done(error as Error, undefined);
    }
  });
  fastify.addContentTypeParser('*', (request, _payload, done) => {
    const isNdjson = operationOf(request.routeOptions.config)?.ndjsonBody !== undefined;
    done(wrongMediaType(isNdjson ? 'application/x-ndjson' : 'application/json', request), undefined);
  });
}

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/** JSON is UTF-8 (RFC 8259), so in another charset a body would say something else than its sender meant. */
function refuseCharset(contentType: string | undefined): void {
  const charset = CHARSET.exec(contentType ?? '')?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new Problem({
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    detail: `A body in the charset "${charset.slice(0, 100)}" is not read. Send it in UTF-8, with charset=utf-8 or without charset.`,
  });
}

function wrongMediaType(right: string, { headers }: FastifyRequest): Problem {
  const given = headers['content-type'];
  return new Problem({
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    detail: `This route takes ${right}, and the body came ${given === undefined ? 'without a Content-Type' : `as "${given.slice(0, 100)}"`}. Send it as Content-Type: ${right}.`,
  });
}

function logRequests(fastify: FastifyInstance, log: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const { method, url, id } = request;
    log.debug(
      { requestId: id, method, url, status: reply.statusCode, elapsedMs: Math.round(reply.elapsedTime) },
      'request',
    );
    done();
  });
}

/** What is not even HTTP never reaches a route, so the answer is written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, phrase, code } = CLIENT_ERRORS[error.code ?? ''] ?? {
    status: 400,
    phrase: 'Bad Request',
    code: 'MALFORMED_REQUEST',
  };
  const body = JSON.stringify(
    new Problem({ status, code, detail: `The request could not be read: ${error.message}.` }).body(),
  );
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    `content-type: ${PROBLEM_CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const CLIENT_ERRORS: Readonly<Record<string, { status: number; phrase: string; code: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, phrase: 'Request Timeout', code: 'REQUEST_TIMEOUT' },
  HPE_HEADER_OVERFLOW: { status: 431, phrase: 'Request Header Fields Too Large', code: 'HEADERS_TOO_LARGE' },
};

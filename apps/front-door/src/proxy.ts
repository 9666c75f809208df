import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy';
import { Problem, sendProblem, unlisted } from '@deal-ledger/service';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ROUTES, type ServiceName } from './routes';
import type { Upstreams } from './settings';

/** Bodies are passed on as they come, both ways, so their time is not limited, only how long nothing comes. */
const CONNECTIONS = {
  connections: 128,
  connect: { timeout: 2_000 },
  headersTimeout: 60_000,
  bodyTimeout: 120_000,
};

/** Registers every route of the table. */
export function addProxies(fastify: FastifyInstance, upstreams: Upstreams): void {
  void fastify.register((scope, _, done) => {
    // Bodies are not ours to parse here.
    scope.removeAllContentTypeParsers();
    for (const [prefix, service] of Object.entries(ROUTES)) {
      void scope.register(httpProxy, proxyTo(service, upstreams[service], prefix));
    }
    done();
  });
}

function proxyTo(service: ServiceName, upstream: string, prefix: string): FastifyHttpProxyOptions {
  return {
    upstream,
    prefix,
    rewritePrefix: prefix,
    config: unlisted(`Passed on to ${service}`),
    undici: CONNECTIONS,
    disableRequestLogging: true,
    replyOptions: {
      // A refusal with 503 is the caller's to see, not ours to repeat.
      retryDelay: () => null,
      // We have taken the body already; a service must not be asked whether it wants it.
      rewriteRequestHeaders: (_, { expect: _expect, ...headers }) => headers,
      onError: (answer, { error }) => {
        const reply = answer as unknown as FastifyReply;
        sendProblem(reply.request, reply, problemOfUpstream(service, error));
      },
    },
  };
}

const NEVER_REACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

function problemOfUpstream(service: ServiceName, error: Error): Problem {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException;
  if (NEVER_REACHED.has(cause.code ?? '')) return serviceAway(service, error);
  if (cause.code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new Problem({
      status: 504,
      code: 'SERVICE_TIMEOUT',
      detail: `The service ${service} did not answer in time. Whether the request took effect is unknown; the same request may be sent again.`,
      members: { service },
      cause: error,
    });
  }
  return new Problem({
    status: 502,
    code: 'SERVICE_BROKE_OFF',
    detail: `The service ${service} broke off. Whether the request took effect is unknown; the same request may be sent again.`,
    members: { service },
    cause: error,
  });
}

/** The service cannot be reached at all, so nothing has happened there. */
export function serviceAway(service: ServiceName, cause: unknown): Problem {
  return new Problem({
    status: 503,
    code: 'SERVICE_AWAY',
    detail: `The service ${service} cannot be reached; nothing was done. Send the request again later.`,
    members: { service },
    cause,
  });
}

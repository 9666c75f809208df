import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { PROBLEM_CONTENT_TYPE, Problem, problemOf } from './problem';
import type { Problems } from './problems';
import type { Routes } from './routes';

/** Writes whatever was thrown as problem details. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Logger,
    private readonly routes: Routes,
    private readonly problems: Problems,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = request.is404 ? this.noRoute(request) : problemOf(error);
    if (problem.status >= 500 && problem.code === 'INTERNAL') {
      this.log.error(
        { err: error, requestId: request.id, method: request.method, url: request.url },
        'unexpected error',
      );
    }
    if (reply.raw.headersSent) {
      // An answer that was being streamed cannot become a problem any more; cutting it off shows that it is not whole.
      this.log.warn({ err: error, requestId: request.id }, 'failed while the answer was on its way');
      reply.raw.destroy();
      return;
    }
    sendProblem(request, reply, problem);
    this.problems.sent({ request, problem });
  }

  private noRoute(request: FastifyRequest): Problem {
    const path = pathOf(request.url);
    const allowed = this.routes.methodsOf(path);
    if (allowed.length === 0) {
      return new Problem({
        status: 404,
        code: 'ROUTE_NOT_FOUND',
        detail: `There is no ${path} here. GET /openapi.json lists every route.`,
      });
    }
    return new Problem({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      detail: `${path} does not take ${request.method}; it takes ${allowed.join(', ')}.`,
      headers: { allow: allowed.join(', ') },
    });
  }
}

/** Answers `request` with a problem. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  const { requestId } = problem.code === 'INTERNAL' ? { requestId: request.id } : {};
  const body = { ...problem.body(pathOf(request.url)), ...(requestId === undefined ? {} : { requestId }) };
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .send(JSON.stringify(body));
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

import type { FastifyInstance } from 'fastify';
import { operationOf, type OperationDoc } from './operation';

export interface Route {
  readonly method: string;
  /** As fastify writes it: `/v1/deals/:id`. */
  readonly url: string;
  readonly operation: OperationDoc | undefined;
}

/** Every route of a server, as they were registered. */
export class Routes {
  private readonly routes: Route[] = [];
  private patterns: { readonly pattern: RegExp; readonly method: string }[] | undefined;

  /** Starts collecting; must come before the first route is registered. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat()) this.routes.push({ method: one, url, operation: operationOf(config) });
    });
  }

  all(): readonly Route[] {
    return this.routes;
  }

  /** The methods that `path` has, when it has any. */
  methodsOf(path: string): string[] {
    this.patterns ??= this.routes.map(({ method, url }) => ({ method, pattern: patternOf(url) }));
    const methods = this.patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods)].sort();
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

import { RouteConfig } from '@nestjs/platform-fastify';
import type { z } from 'zod';

/** An answer in the documentation: a schema of its JSON, or more about it. */
export type AnswerDoc = z.ZodType | Answer;

export interface Answer {
  readonly description?: string;
  /** Of the `application/json` answer. */
  readonly json?: z.ZodType;
  /** Of one line of an `application/x-ndjson` answer. */
  readonly ndjson?: z.ZodType;
  /** Further media types in which it can be had, for example `text/csv`. */
  readonly also?: readonly string[];
  /** Headers of the answer: name → meaning. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the documentation says about one route, and what its requests may carry. */
export interface OperationDoc {
  readonly summary: string;
  readonly description?: string;
  /** Groups routes on the page; by default the path's part after the version. */
  readonly tag?: string;
  /** Left out of the document: routes that serve the documentation itself. */
  readonly hidden?: boolean;
  readonly params?: z.ZodObject;
  /** Without it, a request with any query parameter is refused. */
  readonly query?: z.ZodObject;
  /** Names in lower case. */
  readonly headers?: z.ZodObject;
  /** Of the JSON body. */
  readonly body?: z.ZodType;
  /** Of one line, where the body is `application/x-ndjson`; the handler gets the stream as its body. */
  readonly ndjsonBody?: z.ZodType;
  /** Of the body, where it is a text; the process takes it as bytes. */
  readonly textBody?: string;
  readonly responses: Readonly<Record<number, AnswerDoc>> & {
    /** Statuses that are answered with problem details. */
    readonly problems?: readonly number[];
  };
}

/** A route's configuration in fastify, where {@link Operation} leaves its documentation. */
export interface OperationConfig {
  readonly operation?: OperationDoc;
}

/** Documents a route. Every route needs it: a service with an undocumented one does not start. */
export const Operation = (operation: OperationDoc): MethodDecorator => RouteConfig({ operation });

/** The documentation that a route was given, when it was. */
export function operationOf(config: object | undefined): OperationDoc | undefined {
  return (config as OperationConfig | undefined)?.operation;
}

/** Configuration of a route that the document does not list and whose query is its own affair: plugins, proxied routes. */
export const unlisted = (summary: string): OperationConfig => ({ operation: { summary, hidden: true, responses: {} } });

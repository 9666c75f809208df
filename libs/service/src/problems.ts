import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Problem } from './problem';

/** A request that was answered with a problem. */
export interface Answered {
  readonly request: FastifyRequest;
  readonly problem: Problem;
}

type Listener = (answered: Answered) => void;

/** Tells libraries of requests that were answered with a problem, once the answer is on its way. */
@Injectable()
export class Problems {
  private readonly listeners: Listener[] = [];

  /** `listener` must not throw. */
  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** An answer was sent. Nobody who listens can hold it up any more. */
  sent(answered: Answered): void {
    if (this.listeners.length === 0) return;
    setImmediate(() => {
      for (const listener of this.listeners) listener(answered);
    });
  }
}

interface WithBytes {
  bytes: Buffer | undefined;
}

/** Gives every request a place for its body's bytes, so that all requests keep one shape. */
export const keepBytes = (fastify: FastifyInstance): unknown => fastify.decorateRequest('bytes', undefined);

export const putBytes = (request: FastifyRequest, bytes: Buffer): void => {
  (request as unknown as WithBytes).bytes = bytes;
};

/** A JSON body as it came, whatever was made of it; nothing where none was read. */
export const bytesOf = (request: FastifyRequest): Buffer | undefined => (request as unknown as WithBytes).bytes;

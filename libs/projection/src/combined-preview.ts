import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post, Query, Res, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { bodyOf, Operation, PROBLEM_CONTENT_TYPE, queryOf } from '@deal-ledger/service';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { PreviewAnswer, PreviewBody, PreviewQuery } from './preview.controller';

const PATH = 'v1/preview';

interface Part {
  readonly reports: readonly unknown[];
  readonly position: number;
}

/** How the parts are asked: posts to an address, and gives the answer whatever its status. */
export type Asking = (fastify: FastifyInstance, url: string, body: object, headers: Headers) => Promise<PartAnswer>;

type Headers = Readonly<Record<string, string>>;

export interface PartAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Asks services that run in the same process. */
export const withinProcess: Asking = async (fastify, url, payload, headers) => {
  const {
    statusCode,
    headers: answered,
    body,
  } = await fastify.inject({ method: 'POST', url, payload, headers: { ...headers } });
  return { status: statusCode, headers: answered, body };
};

/**
 * The route that asks first whether the events would be recorded, at `commits`, then every projection
 * what they would do, at `previews`.
 */
export function combinedPreviewController(
  { commits, previews }: { readonly commits: string; readonly previews: readonly string[] },
  ask: Asking,
): Type {
  @Controller(PATH)
  class CombinedPreviewController {
    constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

    @Post()
    @HttpCode(200)
    @Operation({
      summary: 'Whether events would be recorded, and what they would do to the figures; nothing is recorded',
      description:
        'A refusal is the one that /v1/commits would answer, and answers with dryRun=true. Else per report of every projection the rows that would change, before and after: what a dry run does not say.',
      tag: 'preview',
      query: PreviewQuery,
      body: PreviewBody,
      responses: { 200: { json: PreviewAnswer }, problems: [400, 404, 409, 413, 415, 422, 503] },
    })
    async preview(
      @Query(queryOf(PreviewQuery)) query: Record<string, string>,
      @Body(bodyOf(z.looseObject({}))) body: object,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const asked = new URLSearchParams(query).toString();
      const post = (url: string, headers: Headers = {}) =>
        ask(this.host.httpAdapter.getInstance<FastifyInstance>(), url, body, headers);
      const dryRun = await post(`${commits}?dryRun=true`, { 'idempotency-key': randomUUID() });
      if (dryRun.status >= 300) return refused(reply, dryRun);
      // What is recorded already changes nothing when it is posted again.
      const isRecorded = dryRun.headers['idempotent-replayed'] === 'true';
      const parts: Part[] = [];
      for (const answer of await Promise.all(previews.map((url) => post(`${url}?${asked}`)))) {
        if (answer.status !== 200) return refused(reply, answer);
        parts.push(JSON.parse(answer.body) as Part);
      }
      await reply.send({
        ...parts[0],
        position: Math.min(...parts.map(({ position }) => position)),
        reports: isRecorded ? [] : parts.flatMap(({ reports }) => reports),
      });
    }
  }
  return CombinedPreviewController;
}

async function refused(reply: FastifyReply, { status, headers, body }: PartAnswer): Promise<void> {
  const retryAfter = headers['retry-after'];
  if (typeof retryAfter === 'string') reply.header('retry-after', retryAfter);
  await reply.code(status).header('content-type', PROBLEM_CONTENT_TYPE).send(asOfHere(body));
}

/** The caller asked here and not the part. What is no problem in JSON is not ours to change. */
function asOfHere(body: string): string {
  try {
    return JSON.stringify({ ...(JSON.parse(body) as object), instance: `/${PATH}` });
  } catch {
    return body;
  }
}

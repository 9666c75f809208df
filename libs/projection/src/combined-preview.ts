import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post, Query, Res, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { bodyOf, Operation, PROBLEM_CONTENT_TYPE, queryOf } from '@deal-ledger/service';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { PreviewAnswer, PreviewBody, PreviewQuery } from './preview.controller';

interface Part {
  readonly reports: readonly unknown[];
  readonly position: number;
}

/**
 * The route that asks first whether the events would be recorded, then every projection what they
 * would do: of services that run in one process, the previews at `paths`.
 */
export function combinedPreviewController(paths: readonly string[]): Type {
  @Controller('v1/preview')
  class CombinedPreviewController {
    constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

    @Post()
    @HttpCode(200)
    @Operation({
      summary: 'Whether events would be recorded, and what they would do to the figures; nothing is recorded',
      description:
        'A refusal is the one that /v1/commits would answer. Else per report of every projection the rows that would change.',
      tag: 'preview',
      query: PreviewQuery,
      body: PreviewBody,
      responses: { 200: { json: PreviewAnswer }, problems: [400, 404, 409, 413, 415, 422, 503] },
    })
    async preview(
      @Query(queryOf(PreviewQuery)) query: Record<string, string>,
      @Body(bodyOf(PreviewBody)) body: object,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const asked = new URLSearchParams(query).toString();
      const dryRun = await this.post('v1/commits?dryRun=true', body, { 'idempotency-key': randomUUID() });
      if (dryRun.statusCode >= 300) return refused(reply, dryRun);
      // What is recorded already changes nothing when it is posted again.
      const isRecorded = dryRun.headers['idempotent-replayed'] === 'true';
      const parts: Part[] = [];
      for (const path of paths) {
        const answer = await this.post(`${path}?${asked}`, body);
        if (answer.statusCode !== 200) return refused(reply, answer);
        parts.push(answer.json<Part>());
      }
      await reply.send({
        ...parts[0],
        position: Math.min(...parts.map(({ position }) => position)),
        reports: isRecorded ? [] : parts.flatMap(({ reports }) => reports),
      });
    }

    private post(path: string, payload: object, headers: Record<string, string> = {}) {
      const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
      return fastify.inject({ method: 'POST', url: `/${path}`, payload, headers });
    }
  }
  return CombinedPreviewController;
}

async function refused(
  reply: FastifyReply,
  answer: { readonly statusCode: number; readonly body: string },
): Promise<void> {
  await reply.code(answer.statusCode).header('content-type', PROBLEM_CONTENT_TYPE).send(answer.body);
}

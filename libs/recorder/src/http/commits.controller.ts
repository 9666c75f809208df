import { Readable } from 'node:stream';
import { Body, Controller, Headers, HttpCode, Inject, Post, Query, Res, StreamableFile } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { jsonParser, Operation, Problem, queryOf } from '@deal-ledger/service';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { PostEvents } from '../messages';
import { Sequence } from '../sequence';
import { answerOf, invalidBody } from './answer';
import { expectedVersionOf, idempotencyKeyOf, PostHeaders, PostQuery, requireIdentity, traceparentOf } from './headers';
import { answerLines, type ImportLine } from './import';
import { RefusedPosts } from './refused-posts';
import { LOCAL_ACTOR, readCommit } from './request';
import { CommitAnswerSchema, CommitBodySchema, ImportLineSchema, ImportResultSchema, MAX_LINE_BYTES } from './schemas';

const isStream = (body: unknown): body is AsyncIterable<Buffer> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body;

/** Commits of several streams, and many commits at once. Takes every kind of stream. */
@Controller('v1')
export class CommitsController {
  private readonly parse: (bytes: Buffer) => unknown;

  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(RefusedPosts) private readonly refused: RefusedPosts,
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
  ) {
    this.parse = jsonParser(httpAdapter.getInstance<FastifyInstance>());
  }

  @Post('commits')
  @Operation({
    summary: 'Records events of several streams, all or nothing',
    description: 'If-Match and Idempotency-Key are about the stream of the first event.',
    query: PostQuery,
    headers: PostHeaders,
    body: CommitBodySchema,
    responses: {
      201: { description: 'Recorded.', json: CommitAnswerSchema },
      200: {
        description: 'Recorded before by the same request, or a dry run.',
        json: CommitAnswerSchema,
        headers: { 'idempotent-replayed': 'true, when it was recorded before.' },
      },
      problems: [400, 404, 409, 412, 413, 415, 422, 503],
    },
  })
  async commit(
    @Query(queryOf(PostQuery)) { dryRun }: z.output<typeof PostQuery>,
    @Headers() headers: Record<string, string | undefined>,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const expectedVersion = expectedVersionOf(headers);
    const commandId = idempotencyKeyOf(headers);
    const read = readCommit(body);
    if (!read.ok) throw invalidBody(read.refusals);
    const request = {
      events: read.value,
      actor: LOCAL_ACTOR,
      expectedVersion,
      commandId,
      traceparent: traceparentOf(headers),
    };
    requireIdentity(request);
    const answer = answerOf(await this.commands.execute(new PostEvents(request, dryRun === 'true')));
    if (answer instanceof Problem) throw answer;
    reply.code(answer.status).headers(answer.headers);
    return answer.body;
  }

  @Post('import')
  @HttpCode(200)
  @Operation({
    summary: 'Records many commits, a line each',
    description:
      'NDJSON both ways, at the same time: a line is a commit, and gets a line of answer, in order. A line that is refused does not stop the others. Nothing is doubled when the whole is sent again.',
    ndjsonBody: ImportLineSchema,
    responses: { 200: { description: 'One line per line.', ndjson: ImportResultSchema }, problems: [400, 415, 503] },
  })
  import(@Body() body: AsyncIterable<Buffer>, @Res({ passthrough: true }) reply: FastifyReply): StreamableFile {
    if (!isStream(body)) {
      throw new Problem({
        status: 400,
        code: 'BODY_REQUIRED',
        detail: 'Send commits as NDJSON, one a line, with content-type: application/x-ndjson.',
      });
    }
    const sequence = new Sequence();
    void reply.header('content-type', 'application/x-ndjson');
    return new StreamableFile(
      Readable.from(
        answerLines(body, (line) => this.answer(line, sequence)),
        { objectMode: false, highWaterMark: 256 * 1024 },
      ),
      { type: 'application/x-ndjson' },
    );
  }

  private async answer({ number, bytes }: ImportLine, sequence: Sequence): Promise<string> {
    let body: unknown;
    try {
      body = this.bodyIn(bytes);
      const request = requestIn(body);
      const answer = answerOf(await this.commands.execute(new PostEvents(request, false, sequence)));
      if (answer instanceof Problem) throw answer;
      return JSON.stringify({ line: number, status: answer.status, ...answer.body });
    } catch (error) {
      const problem =
        error instanceof Problem
          ? error
          : new Problem({
              status: 500,
              code: 'INTERNAL',
              detail: 'Something went wrong with this line on our side.',
              cause: error,
            });
      this.refused.line(bytes, body, problem);
      return JSON.stringify({ line: number, ...problem.body() });
    }
  }

  private bodyIn(bytes: Buffer | undefined): unknown {
    if (bytes === undefined) {
      throw new Problem({
        status: 413,
        code: 'LINE_TOO_LONG',
        detail: `A line has at most ${MAX_LINE_BYTES} bytes. Split the commit.`,
      });
    }
    return this.parse(bytes);
  }
}

/** A line is checked as the body of a request of its own would be. */
function requestIn(body: unknown): PostEvents['request'] {
  const read = readCommit(body, ['idempotencyKey']);
  if (!read.ok) throw invalidBody(read.refusals);
  const key = (body as { idempotencyKey?: unknown }).idempotencyKey;
  if (key !== undefined && typeof key !== 'string') {
    throw new Problem({ status: 422, code: 'VALIDATION_FAILED', detail: '"idempotencyKey" is a string.' });
  }
  const request = { events: read.value, actor: LOCAL_ACTOR, commandId: idempotencyKeyOf({ 'idempotency-key': key }) };
  requireIdentity(request);
  return request;
}

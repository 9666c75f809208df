import { Body, Controller, Get, Headers, Inject, Param, Post, Query, Res, type Type } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Operation, paramsOf, Problem, queryOf } from '@deal-ledger/service';
import { shown, type StreamKind } from '@deal-ledger/domain';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ListStreams, PostEvents, ReadStream } from '../messages';
import type { Recorder } from '../recorder';
import { answerOf, invalidBody } from './answer';
import {
  etagOf,
  expectedVersionOf,
  idempotencyKeyOf,
  PostHeaders,
  PostQuery,
  requireIdentity,
  traceparentOf,
} from './headers';
import { LOCAL_ACTOR, readStreamPost, streamName } from './request';
import { postBodySchema, StreamAnswerSchema, StreamListSchema, StreamSchema } from './schemas';

const StreamId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'An id has 1 to 100 of the characters A-Z a-z 0-9 . _ - and begins with a letter or digit.',
  );
const IdParams = z.strictObject({ id: StreamId });

const PAGE = 100;
const PAGE_MAX = 1_000;

const ListQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `A number from 1 to ${PAGE_MAX}.`)
    .transform(Number)
    .pipe(z.number().max(PAGE_MAX, `At most ${PAGE_MAX}.`))
    .default(PAGE)
    .describe(`How many streams a page has at most, up to ${PAGE_MAX}.`),
  cursor: StreamId.optional().describe('nextCursor of the page before this one; without it the list begins.'),
});

const POST_PROBLEMS = [400, 404, 409, 412, 413, 415, 422, 503];

/** The routes of one kind of stream. */
export function streamsController(kind: StreamKind): Type {
  @Controller(`v1/${kind.route}`)
  class StreamsController {
    constructor(
      @Inject(CommandBus) private readonly commands: CommandBus,
      @Inject(QueryBus) private readonly queries: QueryBus,
    ) {}

    @Post(':id/events')
    @Operation({
      summary: `Records events of a ${kind.name}`,
      description:
        'All of them are recorded, or none. Give every event an id, or the request an Idempotency-Key: then the same request may be sent again until it is answered.',
      params: IdParams,
      query: PostQuery,
      headers: PostHeaders,
      body: postBodySchema(kind),
      responses: {
        201: { description: 'Recorded.', json: StreamAnswerSchema, headers: { etag: 'The version of the stream.' } },
        200: {
          description: 'Recorded before by the same request, or a dry run.',
          json: StreamAnswerSchema,
          headers: { 'idempotent-replayed': 'true, when it was recorded before.' },
        },
        problems: POST_PROBLEMS,
      },
    })
    async post(
      @Param(paramsOf(IdParams)) { id }: z.output<typeof IdParams>,
      @Query(queryOf(PostQuery)) { dryRun }: z.output<typeof PostQuery>,
      @Headers() headers: Record<string, string | undefined>,
      @Body() body: unknown,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<unknown> {
      const stream = `${kind.name}/${id}`;
      const expectedVersion = expectedVersionOf(headers);
      const commandId = idempotencyKeyOf(headers);
      const read = readStreamPost(kind, stream, body);
      if (!read.ok) throw invalidBody(read.refusals);
      const request = {
        events: read.value,
        actor: LOCAL_ACTOR,
        expectedVersion,
        commandId,
        traceparent: traceparentOf(headers),
      };
      requireIdentity(request);
      const answer = answerOf(await this.commands.execute(new PostEvents(request, dryRun === 'true')), stream);
      if (answer instanceof Problem) throw answer;
      reply.code(answer.status).headers(answer.headers);
      return answer.body;
    }

    @Get(':id')
    @Operation({
      summary: `What the events of a ${kind.name} add up to`,
      params: IdParams,
      responses: {
        200: { json: StreamSchema, headers: { etag: 'The version of the stream.' } },
        problems: [400, 404, 503],
      },
    })
    async read(
      @Param(paramsOf(IdParams)) { id }: z.output<typeof IdParams>,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<z.output<typeof StreamSchema>> {
      const name = `${kind.name}/${id}`;
      const reading: Awaited<ReturnType<Recorder['read']>> = await this.queries.execute(new ReadStream(name));
      if ('outcome' in reading) throw answerOf(reading);
      const { stream, position } = reading;
      if (!stream) {
        throw new Problem({
          status: 404,
          code: 'STREAM_NOT_FOUND',
          detail: `There is no ${name} up to position ${position}. GET /v1/${kind.route} lists what there is.`,
          members: { stream: name, position },
        });
      }
      reply.header('etag', etagOf(stream.version));
      return {
        stream: name,
        version: stream.version,
        position: stream.position,
        readAt: position,
        state: shown(stream.state),
      };
    }

    @Get()
    @Operation({
      summary: `Every ${kind.name} there is, page by page`,
      description:
        'In the order of their ids. What is recorded between two pages neither moves nor repeats a stream; it is in a page to come if its id is.',
      query: ListQuery,
      responses: { 200: StreamListSchema, problems: [400, 503] },
    })
    async list(
      @Query(queryOf(ListQuery)) { limit, cursor }: z.output<typeof ListQuery>,
    ): Promise<z.output<typeof StreamListSchema>> {
      const reading: Awaited<ReturnType<Recorder['list']>> = await this.queries.execute(new ListStreams(kind.name));
      if ('outcome' in reading) throw answerOf(reading);
      const { ids, position } = reading;
      const from = cursor === undefined ? 0 : ids.findIndex((id) => id > cursor);
      const page = from < 0 ? [] : ids.slice(from, from + limit);
      const isLast = from < 0 || from + limit >= ids.length;
      return {
        streams: page.map((id) => ({ stream: streamName(kind, id) ?? `${kind.name}/${id}`, id })),
        nextCursor: isLast ? null : (page.at(-1) ?? null),
        readAt: position,
      };
    }
  }
  Object.defineProperty(StreamsController, 'name', { value: `${kind.route}Controller` });
  return StreamsController;
}

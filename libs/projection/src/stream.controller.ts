import { Controller, Get, Headers, Inject, Param, Query, Res, type Type } from '@nestjs/common';
import { catalogue } from '@deal-ledger/domain';
import { Operation, paramsOf, queryOf } from '@deal-ledger/service';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { hashOf } from './question';
import { knownAt, Position } from './reading';
import { sendTagged } from './representation';
import type { Reports } from './reports';
import { MAX_EVENTS, MAX_FIELDS } from './streams';

const Params = z.strictObject({
  kind: z.enum(Object.keys(catalogue)).describe('What kind of stream, as its name begins.'),
  id: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
      'has 1 to 100 of the characters A-Z a-z 0-9 . _ - and begins with a letter or digit',
    )
    .describe('And which one.'),
});

const StreamQuery = z.strictObject({
  asOf: knownAt(
    'What was known: up to this position of the ledger, or up to this past instant. By default all that is known now.',
  ).default('latest'),
  minPosition: Position.optional().describe(
    'Waits until the ledger is projected up to here: the position that a post was answered with.',
  ),
  pointer: z
    .string()
    .max(1_000)
    .regex(/^(?:\/(?:[^~/]|~[01])*)*$/, 'is a JSON pointer: /legs/L1, with ~1 for a / and ~0 for a ~ in a name')
    .default('')
    .describe('Only this part of the state, a JSON pointer. By default all of it.'),
});

const PersonSchema = z.object({ id: z.string(), role: z.string().optional() });

const OriginSchema = z
  .object({
    eventId: z.string(),
    version: z
      .int()
      .describe('Its place in the stream, from 1; of a correction its own, not that of what it corrects.'),
    position: z.int().describe('Where its commit stands in the ledger.'),
    ordinal: z.int().describe('Its place in the commit, from 0.'),
    type: z.string(),
    recordedAt: z.iso.datetime(),
    effective: z.string().describe('When it is true in the world, as EDTF.'),
    action: z.enum(['new', 'correct', 'cancel']),
    inPlaceOf: z.string().nullable().describe('The first event of those that it corrects, in whose place it stands.'),
    reason: z.string().nullable(),
    actor: PersonSchema,
    onBehalfOf: PersonSchema.nullable(),
    approvedBy: PersonSchema.nullable(),
    sources: z.array(
      z.object({
        sourceId: z.string(),
        locator: z.string().nullish(),
        attribution: z.string(),
        confidence: z.string(),
      }),
    ),
  })
  .meta({ id: 'OriginEvent' });

const StreamOriginsSchema = z
  .object({
    stream: z.string(),
    version: z.int().min(1).describe('How many events it had.'),
    position: z.int().min(0).describe('Of the last of them.'),
    asOfPosition: z.int().min(0).describe('The last position that is counted.'),
    asOfRecordedAt: z.iso.datetime(),
    pointer: z.string().describe('Of the part that is shown; empty: all of it.'),
    state: z.unknown().describe('What its events in force add up to, as GET of the stream shows it.'),
    fields: z
      .array(
        z.object({
          pointer: z.string().describe('JSON pointer into the whole state.'),
          value: z.unknown(),
          eventId: z.string().describe('The event that set its present value, after corrections; see events.'),
        }),
      )
      .describe('Every part of the state that has no parts of its own, in its order.'),
    events: z.array(OriginSchema).describe('Each event that a field comes from, once, in the order recorded.'),
    unknownEvents: z.int().min(0).describe('Events of a newer version, which are not counted.'),
  })
  .meta({ id: 'StreamOrigins' });

/** The route that shows a stream as it was known, and which event each field of it comes from. */
export function streamController(token: symbol): Type {
  @Controller('v1/audit/streams')
  class StreamController {
    constructor(@Inject(token) private readonly reports: Reports) {}

    @Get(':kind/:id')
    @Operation({
      summary: 'A stream as known at a position, with the event that each field of it comes from',
      description:
        `What its events in force add up to: a correction stands in the place of what it corrects, what was cancelled nowhere. A field comes from the last of them after which it had its value. ` +
        `At most ${MAX_EVENTS} events and ${MAX_FIELDS} fields; with pointer a part of the state. The same question has the same answer for ever.`,
      params: Params,
      query: StreamQuery,
      headers: z.object({
        'if-none-match': z.string().optional().describe('The ETag of an answer that the reader still has.'),
      }),
      responses: {
        200: {
          json: StreamOriginsSchema,
          headers: {
            ETag: 'Of the answer: the same tag, the same bytes.',
            'Ledger-Position': 'How far the ledger is projected.',
          },
        },
        304: { description: 'The reader has this answer.' },
        problems: [400, 404, 503],
      },
    })
    async read(
      @Param(paramsOf(Params)) { kind, id }: z.output<typeof Params>,
      @Query(queryOf(StreamQuery)) query: z.output<typeof StreamQuery>,
      @Headers('accept-encoding') acceptEncoding: string | undefined,
      @Headers('if-none-match') ifNoneMatch: string | undefined,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const body = JSON.stringify(await this.reports.stream(`${kind}/${id}`, query));
      reply.headers({
        'content-type': 'application/json; charset=utf-8',
        'ledger-position': this.reports.projectedPosition,
      });
      await sendTagged(reply, hashOf(body), { acceptEncoding, ifNoneMatch }, async () => body);
    }
  }
  return StreamController;
}

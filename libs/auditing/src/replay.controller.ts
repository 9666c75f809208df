import { Readable } from 'node:stream';
import { Operation, queryOf } from '@deal-ledger/service';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { REPLAY_FORMATS, replayed, type Verdict } from './replay-formats';
import { Replays } from './replays';

const position = z
  .string()
  .regex(/^\d{1,15}$/, 'a position is a whole number, as the answer to a post gives it')
  .transform(Number)
  .meta({ type: 'integer' });

const ReplayQuery = z.strictObject({
  from: position.default(0).describe('The first position. By default 0: from the beginning.'),
  to: position.optional().describe('The last position. By default all there is when the request comes.'),
  format: z
    .enum(['ndjson', 'cloudevents'])
    .default('ndjson')
    .describe('ndjson: a record a line. cloudevents: all events as one batch of CloudEvents 1.0, an event a line.'),
  include: z
    .enum(['facts', 'void', 'foreign', 'void,foreign'])
    .default('facts')
    .describe('What else than facts: void commits, foreign bytes, or both as void,foreign. By default facts alone.'),
});

const Met = z.object({
  number: z.int().describe('The highest number of its writer before it; 0 if it is the first.'),
  heads: z.array(
    z.object({
      stream: z.string(),
      expected: z.string().nullable(),
      found: z.string().nullable(),
      version: z.int(),
    }),
  ),
  sequence: z.object({ event: z.int(), next: z.int() }).optional(),
});

const base64 = z.string().describe('Bytes in Base64.');

const ReplayLine = z
  .object({
    position: z.int().min(0),
    recordedAt: z.iso.datetime(),
    verdict: z.enum(['fact', 'void', 'foreign']),
    reason: z.string().optional().describe('Why it is no fact.'),
    met: Met.optional().describe('What a void commit met at its place.'),
    commit: z.string().optional().describe('writer/number, by which it is named as a head.'),
    heads: z
      .record(z.string(), z.string().nullable())
      .optional()
      .describe('Per stream that it writes or relies on the commit that it was decided on, or null.'),
    events: z.array(z.looseObject({})).optional().describe('CloudEvents 1.0, as they were recorded.'),
    record: z
      .object({
        key: base64.nullable(),
        value: base64.nullable(),
        headers: z.array(z.array(z.string())).describe('Name and, in Base64, value of each.'),
      })
      .optional()
      .describe('Of foreign bytes all that there is.'),
  })
  .meta({ id: 'ReplayLine' });

/** The route that streams the ledger as its log has it. */
@Controller('v1/audit/replay')
export class ReplayController {
  constructor(@Inject(Replays) private readonly replays: Replays) {}

  @Get()
  @Operation({
    summary: 'The whole history, or a stretch of it, straight from the log',
    description:
      'Every record in log order with its verdict, judged anew by the rule that everybody goes by; no table is asked. The same stretch is the same bytes for ever, as NDJSON also line by line: one that was cut off goes on with from, the position after the last whole line. ' +
      'As CloudEvents each event has the extension attributes position, recordedat, commit and verdict (and voidreason) beside those that were recorded; foreign bytes hold no events and are in NDJSON only. What is before from is judged on the way, so that a late stretch takes a moment to begin.',
    query: ReplayQuery,
    responses: {
      200: {
        ndjson: ReplayLine,
        also: ['application/cloudevents-batch+json'],
        headers: {
          'Replay-From': 'The first position.',
          'Replay-To': 'The last position; one before the first where there is nothing.',
        },
      },
      problems: [400, 503],
    },
  })
  async read(
    @Query(queryOf(ReplayQuery)) query: z.output<typeof ReplayQuery>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const stretch = await this.replays.stretch(query.from, query.to);
    const format = REPLAY_FORMATS[query.format];
    const verdicts = new Set(['fact', ...query.include.split(',')]) as ReadonlySet<Verdict>;
    const bytes = await this.replays.made(stretch, gone.signal, (parts) => replayed(format, parts, verdicts));
    reply.headers({ 'content-type': format.mediaType, 'replay-from': stretch.from, 'replay-to': stretch.to });
    await reply.send(Readable.from(bytes));
  }
}

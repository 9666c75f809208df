import { Readable } from 'node:stream';
import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import { isDay } from '@deal-ledger/domain';
import {
  csvWriter,
  formatOf,
  isTransient,
  MEDIA_TYPES,
  ndjsonWriter,
  Position,
  written,
  type Format,
} from '@deal-ledger/projection';
import type { Row } from '@deal-ledger/reports';
import { instantMs, Operation, Problem, queryOf } from '@deal-ledger/service';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { RefusalsReader } from './refusals-reader';
import { MAX_LATER, RefusalRow } from './refusals-rows';

const PAGE = 100;
const PAGE_MAX = 1_000;

const word = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'is text without control characters')
  .max(200);
const moment = z
  .string()
  .refine(
    (given) => isDay(given) || instantMs(given) !== undefined,
    'give a day as YYYY-MM-DD, or an instant like 2025-12-31T23:59:00Z',
  );

const RefusalsQuery = z.strictObject({
  code: word.optional().describe('Only refusals with this code, of the whole or of one fault.'),
  actor: word.optional().describe('Only refusals of what this one posted.'),
  stream: word.optional().describe('Only refusals of posts for this stream: `kind/id`.'),
  correlation: word.optional().describe('Only refusals of posts that said that they belong to this.'),
  from: moment.optional().describe('Only from this day (UTC) or instant on.'),
  to: moment.optional().describe('Only up to this day (UTC), with it, or before this instant.'),
  after: Position.optional().describe(
    'Goes on behind this position: meta.nextCursor, or the header Report-Next-Cursor. The other parameters are given again.',
  ),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `A number from 1 to ${PAGE_MAX}.`)
    .transform(Number)
    .pipe(z.number().max(PAGE_MAX, `At most ${PAGE_MAX}.`))
    .optional()
    .describe(`Rows of a page, at most ${PAGE_MAX}. By default ${PAGE}; as CSV or NDJSON by default all rows at once.`),
  format: z.enum(['json', 'csv', 'ndjson']).optional().describe('Goes before the Accept header. By default json.'),
});

const Answer = z
  .object({
    rows: z.array(RefusalRow),
    meta: z.object({
      nextCursor: z.string().nullable().describe('Give it as after for the next page; null on the last.'),
    }),
  })
  .meta({ id: 'Refusals' });

/** Where refused posts are read. */
@Controller('v1/audit/refusals')
export class RefusalsController {
  constructor(@Inject(RefusalsReader) private readonly refusals: RefusalsReader) {}

  @Get()
  @Operation({
    summary: 'Every post that was refused, and what was accepted after it',
    description:
      `In the order recorded. Of a body there is a hash and no content. With each refusal stand the first ${MAX_LATER} events that were recorded after it under one of its correlation ids; where it has none, those of the same actor in the same streams. ` +
      'Refusals that came too fast, or again and again, are in rows that count them.',
    query: RefusalsQuery,
    responses: {
      200: {
        json: Answer,
        ndjson: RefusalRow,
        also: ['text/csv'],
        headers: {
          'Refusals-Position': 'How far the log of refusals is read.',
          'Report-Next-Cursor': 'As meta.nextCursor, where the answer is a page and not the last.',
        },
      },
      problems: [400, 503],
    },
  })
  async read(
    @Query(queryOf(RefusalsQuery)) query: z.output<typeof RefusalsQuery>,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const format = formatOf(query.format, accept);
    reply.headers({ 'content-type': MEDIA_TYPES[format], 'refusals-position': this.refusals.position });
    if (format !== 'json' && query.limit === undefined) {
      await reply.send(Readable.from(written(writerOf(format), this.all(query))));
      return;
    }
    const { rows, nextCursor } = await this.page(query, query.limit ?? PAGE);
    if (nextCursor !== null) reply.header('report-next-cursor', nextCursor);
    if (format === 'json') await reply.send(JSON.stringify({ rows, meta: { nextCursor } }));
    else await reply.send(writerOf(format).head + writerOf(format).rows(rows));
  }

  private async *all(query: z.output<typeof RefusalsQuery>): AsyncGenerator<readonly Row[]> {
    for (let after = query.after; ;) {
      const { rows, nextCursor } = await this.page({ ...query, after }, PAGE_MAX);
      yield rows;
      if (nextCursor === null) return;
      after = Number(nextCursor);
    }
  }

  private async page(
    { code, actor, stream, correlation, from, to, after = -1 }: z.output<typeof RefusalsQuery>,
    limit: number,
  ): Promise<{ readonly rows: readonly Row[]; readonly nextCursor: string | null }> {
    const asked = { code, actor, stream, correlation, fromMs: startOf(from), beforeMs: endOf(to), after };
    try {
      const found = await this.refusals.rows(asked, limit + 1);
      const rows = found.slice(0, limit);
      return { rows, nextCursor: found.length > limit ? String(rows.at(-1)?.['position']) : null };
    } catch (error) {
      if (!isTransient(error)) throw error;
      throw new Problem({
        status: 503,
        code: 'UNAVAILABLE',
        detail: 'The database did not answer in time. Ask again; a filter makes the answer smaller.',
        cause: error,
      });
    }
  }
}

const DAY_MS = 24 * 3_600_000;

const msOf = (given: string): number => instantMs(isDay(given) ? `${given}T00:00:00Z` : given) ?? NaN;
const startOf = (from: string | undefined): number | undefined => (from === undefined ? undefined : msOf(from));
const endOf = (to: string | undefined): number | undefined =>
  to === undefined ? undefined : msOf(to) + (isDay(to) ? DAY_MS : 0);

const writerOf = (format: Exclude<Format, 'json'>) =>
  format === 'csv' ? csvWriter({ row: RefusalRow }, false) : ndjsonWriter;

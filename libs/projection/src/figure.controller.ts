import { Controller, Get, Headers, Inject, Query, Req, Res, type Type } from '@nestjs/common';
import type { ReportDefinition, Row } from '@deal-ledger/reports';
import { Operation, queryOf } from '@deal-ledger/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Explained } from './explanation';
import { explainSchema, varianceSchema, type ExplainQuery, type VarianceQuery } from './figure-query';
import type { Listed } from './figures';
import { csvWriter, formatOf, MEDIA_TYPES, ndjsonWriter } from './formats';
import { hashOf, ruleVersionOf } from './question';
import type { Format } from './reading';
import { sendTagged } from './representation';
import type { Reports } from './reports';
import { PATIENCE_MS } from './underway';
import { Contribution, MAX_STEPS } from './variance';

const COMMON_META = {
  effectiveOn: z.iso.date(),
  reportingCurrency: z.string().nullable(),
  fxPolicy: z.enum(['standard', 'closing']),
  rowCount: z.int().min(0).describe('Of the whole answer, not of the page.'),
  nextCursor: z.string().nullable().describe('Give it as cursor for the next page; null on the last.'),
};

const ExplanationSchema = z
  .object({
    rows: z.array(Explained),
    meta: z.object({
      key: z.string(),
      column: z.string(),
      value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]).describe('As in the row.'),
      asOfPosition: z.int().min(0),
      ...COMMON_META,
    }),
  })
  .meta({ id: 'Explanation' });

const VarianceSchema = z
  .object({
    rows: z.array(Contribution),
    meta: z.object({
      measure: z.string(),
      key: z.string().nullable().describe('Null: all rows.'),
      fromPosition: z.int().min(0),
      toPosition: z.int().min(0),
      ...COMMON_META,
    }),
  })
  .meta({ id: 'Variance' });

const HEADERS = {
  ETag: 'Of the answer and its format: the same tag, the same bytes.',
  'Ledger-Position': 'How far the ledger is projected.',
  'Report-Next-Cursor': 'As in meta.nextCursor, where the answer is a page and not the last.',
};

interface Wanted {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** The routes that open and compare the figures of one report. `token` injects the {@link Reports} that has it. */
export function figureController(token: symbol, definition: ReportDefinition): Type {
  const explain = explainSchema(definition);
  const variance = varianceSchema(definition);
  const ruleVersion = ruleVersionOf(definition);

  @Controller('v1/reports')
  class FigureController {
    constructor(@Inject(token) private readonly reports: Reports) {}

    @Get(`${definition.name}/explain`)
    @Operation({
      summary: `What a figure of ${definition.name} rests on: its postings and their events`,
      description:
        'Of amounts every posting, whether it was taken back or not; of attributes those that hold. In the order in which they were recorded.',
      tag: 'reports',
      query: explain,
      responses: {
        200: { json: ExplanationSchema, ndjson: Explained, also: ['text/csv'], headers: HEADERS },
        304: { description: 'The reader has this answer.' },
        problems: [400, 404, 503],
      },
    })
    async explain(
      @Query(queryOf(explain)) query: ExplainQuery,
      @Headers('accept') accept: string | undefined,
      @Headers('accept-encoding') acceptEncoding: string | undefined,
      @Headers('if-none-match') ifNoneMatch: string | undefined,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const format = formatOf(query.format, accept);
      const listed = await this.reports.explain(definition, query, request.query as object, format !== 'json');
      await this.send(reply, listed, Explained, format, { acceptEncoding, ifNoneMatch });
    }

    @Get(`${definition.name}/variance`)
    @Operation({
      summary: `Which events moved a figure of ${definition.name} between two states of knowledge`,
      description:
        'Event by event, for one day and one way to convert. The contributions of a row add up to its delta exactly; a figure that is null counts as zero. ' +
        'Events that contribute nothing are left away. Of corrections in one commit that hold only with one another, the last one has the contribution. ' +
        `Up to ${MAX_STEPS} events between the positions bear on the report, or for a key on its row: more are refused with 400 TOO_MANY_EVENTS. ` +
        `What is not worked out in ${PATIENCE_MS / 1_000} s is answered 503 TOO_SLOW and worked on: the same question asked again after Retry-After has its answer in the end.`,
      tag: 'reports',
      query: variance,
      responses: {
        200: { json: VarianceSchema, ndjson: Contribution, also: ['text/csv'], headers: HEADERS },
        304: { description: 'The reader has this answer.' },
        problems: [400, 404, 409, 503],
      },
    })
    async variance(
      @Query(queryOf(variance)) query: VarianceQuery,
      @Headers('accept') accept: string | undefined,
      @Headers('accept-encoding') acceptEncoding: string | undefined,
      @Headers('if-none-match') ifNoneMatch: string | undefined,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const format = formatOf(query.format, accept);
      const listed = await this.reports.variance(definition, query, request.query as object, format !== 'json');
      await this.send(reply, listed, Contribution, format, { acceptEncoding, ifNoneMatch });
    }

    private async send(
      reply: FastifyReply,
      { rows, meta }: Listed,
      row: z.ZodObject,
      format: Format,
      wanted: Wanted,
    ): Promise<void> {
      const body =
        format === 'json'
          ? JSON.stringify({ rows, meta })
          : written(format === 'csv' ? csvWriter({ row }, false) : ndjsonWriter, rows);
      reply.headers({ 'content-type': MEDIA_TYPES[format], 'ledger-position': this.reports.projectedPosition });
      if (meta.nextCursor !== null) reply.header('report-next-cursor', meta.nextCursor);
      await sendTagged(reply, hashOf([ruleVersion, format, body]), wanted, async () => body);
    }
  }

  return FigureController;
}

const written = (writer: ReturnType<typeof csvWriter>, rows: readonly Row[]): string => writer.head + writer.rows(rows);

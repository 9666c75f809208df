import { Controller, Get, Headers, Inject, Query, Res, type Type } from '@nestjs/common';
import type { ReportDefinition } from '@deal-ledger/reports';
import { Operation, queryOf } from '@deal-ledger/service';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { csvOf, formatOf, MEDIA_TYPES, ndjsonOf } from './formats';
import { querySchema, type ReportQuery } from './reading';
import type { Reports } from './reports';

/** The route of one report. `token` injects the {@link Reports} that it is read from. */
export function reportController(token: symbol, definition: ReportDefinition): Type {
  const query = querySchema(definition);

  @Controller('v1/reports')
  class ReportController {
    constructor(@Inject(token) private readonly reports: Reports) {}

    @Get(definition.name)
    @Operation({
      summary: definition.summary,
      description:
        'As known at a position of the ledger, for a day. The same question has the same answer for ever. ' +
        'Amounts are decimal text; null is not stated, undisclosed or not applicable, never zero.',
      tag: 'reports',
      query,
      responses: {
        200: {
          json: answerSchema(definition),
          ndjson: definition.row,
          also: ['text/csv'],
          headers: {
            'Ledger-Position': 'How far the ledger is projected.',
            'Report-As-Of-Position': 'As in meta.asOfPosition.',
            'Report-Effective-On': 'As in meta.effectiveOn.',
          },
        },
        problems: [400, 503],
      },
    })
    async read(
      @Query(queryOf(query)) asked: ReportQuery,
      @Headers('accept') accept: string | undefined,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const { rows, meta } = await this.reports.read(definition, asked);
      const format = formatOf(asked.format, accept);
      const body =
        format === 'csv'
          ? csvOf(definition, rows)
          : format === 'ndjson'
            ? ndjsonOf(rows)
            : JSON.stringify({ rows, meta });
      await reply
        .headers({
          'content-type': MEDIA_TYPES[format],
          vary: 'accept',
          'ledger-position': this.reports.projectedPosition,
          'report-as-of-position': meta.asOfPosition,
          'report-effective-on': meta.effectiveOn,
        })
        .send(body);
    }
  }

  return ReportController;
}

function answerSchema({ name, row, totalsSchema }: ReportDefinition): z.ZodObject {
  return z
    .object({
      rows: z.array(row),
      meta: z.object({
        asOfPosition: z.int().min(0).describe('The last position that is counted.'),
        asOfRecordedAt: z.iso.datetime().describe('When it was recorded.'),
        effectiveOn: z.iso.date(),
        reportingCurrency: z.string().nullable(),
        fxRates: z.array(z.unknown()).max(0).describe('Rates used; there are none in this release.'),
        policyEventId: z.string().nullable().describe('The probability policy that the figures rest on, if any does.'),
        rowCount: z.int().min(0),
        totals: totalsSchema,
        nextCursor: z.null().describe('Every row is in this answer.'),
      }),
    })
    .meta({ id: `${name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}Report` });
}

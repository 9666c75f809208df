import { Controller, Get, Headers, Inject, Query, Req, Res, type Type } from '@nestjs/common';
import { filingOf, pathOf, type ReportDefinition, type Row } from '@deal-ledger/reports';
import { Operation, queryOf } from '@deal-ledger/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { formatOf, jsonOf, MEDIA_TYPES, writerOf, written } from './formats';
import { hashOf, keyOf, ruleVersionOf } from './question';
import { querySchema, type Format, type ReportQuery } from './reading';
import { sendTagged } from './representation';
import type { Asked, Reports } from './reports';
import { LONG } from './walk';

/** The route of one report. `token` injects the {@link Reports} that it is read from. */
export function reportController(token: symbol, definition: ReportDefinition): Type {
  const query = querySchema(definition);
  const ruleVersion = ruleVersionOf(definition);
  const row = z.union([definition.row, tombstoneSchema(definition)]);

  @Controller(pathOf(definition))
  class ReportController {
    constructor(@Inject(token) private readonly reports: Reports) {}

    @Get()
    @Operation({
      summary: definition.summary,
      description:
        'As known at a position of the ledger, for a day. The same question has the same answer for ever, and a tag by which it is known again. ' +
        'Amounts are decimal text; null is not stated, undisclosed or not applicable, never zero.',
      ...(definition.path === undefined ? { tag: 'reports' } : {}),
      query,
      headers: z.object({
        'if-none-match': z.string().optional().describe('The ETag of an answer that the reader still has.'),
      }),
      responses: {
        200: {
          json: answerSchema(definition, row),
          ndjson: row,
          also: ['text/csv'],
          headers: {
            ETag: 'Of the question, the page and the format: the same tag, the same bytes.',
            'Ledger-Position': 'How far the ledger is projected.',
            'Report-As-Of-Position': 'As in meta.asOfPosition.',
            'Report-Effective-On': 'As in meta.effectiveOn.',
            'Report-Next-Cursor': 'As in meta.nextCursor, where the answer is a page and not the last.',
          },
        },
        304: { description: 'The reader has this answer.' },
        problems: [400, 409, 503],
      },
    })
    async read(
      @Query(queryOf(query)) parsed: ReportQuery,
      @Headers('accept') accept: string | undefined,
      @Headers('accept-encoding') acceptEncoding: string | undefined,
      @Headers('if-none-match') ifNoneMatch: string | undefined,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const asked = await this.reports.ask(definition, parsed, request.query as Record<string, unknown>);
      const { question, recordedAt, after, limit, refusesUnconverted } = asked;
      const format = formatOf(parsed.format, accept);
      const tag = hashOf([keyOf(question), recordedAt, ruleVersion, format, after, limit, refusesUnconverted]);
      reply.headers({
        'content-type': MEDIA_TYPES[format],
        'ledger-position': this.reports.projectedPosition,
        'report-as-of-position': question.position,
        'report-effective-on': question.effectiveOn,
      });
      await sendTagged(reply, tag, { acceptEncoding, ifNoneMatch }, () => this.body(asked, format, reply));
    }

    private async body(asked: Asked, format: Format, reply: FastifyReply): Promise<string | AsyncIterable<string>> {
      const { limit, after, question } = asked;
      if (format !== 'json' && limit === undefined && after === undefined)
        return written(writerOf(question, format), await this.reports.all(asked));
      const page = await this.reports.page(asked);
      if (page.meta.nextCursor !== null) reply.header('report-next-cursor', page.meta.nextCursor);
      if (format === 'json') return jsonOf(page);
      const writer = writerOf(question, format);
      return writer.head + writer.rows(page.lines.map((line) => JSON.parse(line) as Row));
    }
  }

  return ReportController;
}

/** What is left of a row that is gone since the position of `changedSince`. */
function tombstoneSchema({ name, row, key }: ReportDefinition): z.ZodObject {
  return z
    .object({
      ...Object.fromEntries(key.map((column) => [column, row.shape[column] as z.ZodType])),
      deleted: z.literal(true).describe('The row with this key is gone since the position of changedSince.'),
    })
    .meta({ id: `${pascal(name)}Gone` });
}

function answerSchema(definition: ReportDefinition, row: z.ZodType): z.ZodObject {
  const { name, totalsSchema, walked } = definition;
  const filing = filingOf(definition);
  const uncounted = (schema: z.ZodType, meaning: string): z.ZodType =>
    walked === undefined
      ? schema.describe(meaning)
      : schema
          .nullable()
          .describe(
            `${meaning} Null of ${LONG} positions or more, which are not counted, unless ${walked.unless.join(' or ')} is given.`,
          );
  return z
    .object({
      rows: z.array(row),
      meta: z.object({
        asOfPosition: z.int().min(0).describe('The last position that is counted.'),
        asOfRecordedAt: z.iso.datetime().describe('When it was recorded.'),
        effectiveOn: z.iso.date(),
        changedSince: z.int().min(0).nullable().describe('Only what has changed since this position; null: all rows.'),
        reportingCurrency: z.string().nullable(),
        fxPolicy: z.enum(['standard', 'closing']),
        fxRates: z
          .array(
            z.object({
              base: z.string(),
              quote: z.string(),
              rateType: z.string().describe('spot or closing.'),
              onDate: z.iso.date(),
              rate: z.string().describe('One of base is so many of quote.'),
              eventId: z.string().describe('The event that recorded it.'),
            }),
          )
          .describe('The rates that any row is converted by.'),
        policyEventId: z
          .string()
          .nullable()
          .describe(
            'The event that set the probabilities by stage which the report weights by; null when no row has one in its column policyEventId in SQL.',
          ),
        unknownEvents: z
          .int()
          .min(0)
          .describe('Events up to the position that a newer version recorded and that no figure counts yet.'),
        ...(filing === undefined
          ? {}
          : {
              columns: z
                .object(Object.fromEntries(Object.keys(filing).map((column) => [column, FilingSchema])))
                .describe('What these columns are filed as.'),
            }),
        rowCount: uncounted(z.int().min(0), 'Of the whole answer, not of the page.'),
        totals: uncounted(totalsSchema, 'Of all rows of the filter, whatever the page.'),
        nextCursor: z.string().nullable().describe('Give it as cursor for the next page; null on the last.'),
      }),
    })
    .meta({ id: `${pascal(name)}Report` });
}

const FilingSchema = z.object({ xbrlElement: z.string().describe('Element of a public taxonomy.') });

const pascal = (name: string): string => name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

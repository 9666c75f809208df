import { Body, Controller, Get, Headers, Inject, Param, Post, Res, type Type } from '@nestjs/common';
import type { ReportDefinition } from '@deal-ledger/reports';
import { Operation, paramsOf } from '@deal-ledger/service';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { MEDIA_TYPES } from './formats';
import { PublishedSchema, wantedOf, wantedSchema } from './publish';
import type { ReportRunData } from '@deal-ledger/domain';
import { sendTagged } from './representation';
import type { Reports } from './reports';

const RunParams = z.strictObject({ runId: PublishedSchema.shape.runId });

const PublishedAnswer = PublishedSchema.meta({ id: 'ReportRun' });

/** The routes of what was given out of one report. `token` injects the {@link Reports} that keeps it. */
export function reportRunController(token: symbol, definition: ReportDefinition): Type {
  const { name } = definition;
  const wanted = wantedSchema(definition);

  @Controller(`v1/reports/${name}/runs`)
  class ReportRunController {
    constructor(@Inject(token) private readonly reports: Reports) {}

    @Post()
    @Operation({
      summary: `Makes all of ${name} once and keeps its bytes, so that they can be given out again`,
      description:
        'The answer is the data of the event ReportPublished, to be posted to /v1/report-runs/{runId}/events: until then the ledger does not say that the report was given out. ' +
        'The same request again has the same answer; another under the same run id is refused with 409 REPORT_RUN_DIFFERS. ' +
        'A run id is one of all reports, and belongs to the one of which a ReportPublished was recorded first: until then projections that do not see what each other keep may each take it, and what comes second is refused then, with STREAM_EXISTS when it is posted and with REPORT_RUN_DIFFERS when it is asked for again. Begin run ids with the name of the report.',
      tag: 'reports',
      body: wanted,
      responses: {
        201: {
          description: 'Made and kept.',
          json: PublishedAnswer,
          headers: { Location: 'Where the bytes are.' },
        },
        200: { description: 'Kept before.', json: PublishedAnswer, headers: { Location: 'Where the bytes are.' } },
        problems: [400, 409, 413, 415, 422, 503],
      },
    })
    async publish(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReportRunData> {
      const { published, wasKept } = await this.reports.publish(definition, wantedOf(wanted, body));
      reply.code(wasKept ? 200 : 201).header('location', `/v1/reports/${name}/runs/${published.runId}`);
      return published;
    }

    @Get(':runId')
    @Operation({
      summary: `What was given out of ${name} under this id, to the byte`,
      description:
        'Kept and not made again: whatever was corrected since, and by whatever rules the report is made now.',
      tag: 'reports',
      params: RunParams,
      headers: z.object({
        'if-none-match': z.string().optional().describe('The ETag of bytes that the reader still has.'),
      }),
      responses: {
        200: {
          description: 'The bytes, in the format that they were made in.',
          json: z.looseObject({}),
          also: ['text/csv', 'application/x-ndjson'],
          headers: {
            ETag: 'The SHA-256 of the bytes in hexadecimal digits, as in the event; compressed with -gzip after it.',
            'Content-Digest': 'The SHA-256 of what is sent (RFC 9530).',
            'Ledger-Position': 'How far the ledger is projected.',
            'Report-As-Of-Position': 'The last position that is counted.',
            'Report-Effective-On': 'The day.',
            'Report-Published':
              'What the ledger says up to Ledger-Position: yes (a ReportPublished says the same of this run), no (there is none), differs (it has another fingerprint or asks something else), cancelled.',
          },
        },
        304: { description: 'The reader has these bytes.' },
        problems: [400, 404, 503],
      },
    })
    async read(
      @Param(paramsOf(RunParams)) { runId }: z.output<typeof RunParams>,
      @Headers('accept-encoding') acceptEncoding: string | undefined,
      @Headers('if-none-match') ifNoneMatch: string | undefined,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const { published, standing, bytes } = await this.reports.run(definition, runId);
      reply.headers({
        'content-type': MEDIA_TYPES[published.format],
        'ledger-position': this.reports.projectedPosition,
        'report-as-of-position': published.asOf,
        'report-effective-on': published.effectiveOn,
        'report-published': standing,
      });
      await sendTagged(reply, published.sha256, { acceptEncoding, ifNoneMatch }, bytes);
    }
  }

  return ReportRunController;
}

import { Body, Controller, HttpCode, Inject, Post, Query, type Type } from '@nestjs/common';
import { currencyScale, isDay, WHICH_STREAM } from '@deal-ledger/domain';
import { MAX_POSTED_EVENTS } from '@deal-ledger/ledger';
import type { ReportSet } from '@deal-ledger/reports';
import { bodyOf, Operation, queryOf } from '@deal-ledger/service';
import { z } from 'zod';
import type { FxPolicy } from './reading';
import type { ProposedCommit } from './preview';
import type { Reports } from './reports';

export const PreviewQuery = z.strictObject({
  effectiveOn: z.string().refine(isDay, 'give a day as YYYY-MM-DD').optional().describe('By default today (UTC).'),
  reportingCurrency: z
    .string()
    .refine((code) => currencyScale(code) !== undefined, 'is no active ISO 4217 currency; write for example USD')
    .optional()
    .describe('Every amount in this currency; by default each in its own.'),
  fxPolicy: z.enum(['standard', 'closing']).default('standard'),
});

export const PreviewBody = z
  .strictObject({
    events: z
      .array(z.looseObject({ stream: z.string(WHICH_STREAM).describe('`kind/id`.'), type: z.string() }))
      .min(1)
      .max(MAX_POSTED_EVENTS)
      .describe('As they would be posted to /v1/commits.'),
  })
  .meta({ id: 'PreviewedCommit' });

const RowSchema = z.record(z.string(), z.unknown());

export const PreviewAnswer = z
  .object({
    position: z.int().describe('The position that the events would come after.'),
    effectiveOn: z.iso.date(),
    reportingCurrency: z.string().nullable(),
    fxPolicy: z.enum(['standard', 'closing']),
    reports: z.array(
      z.object({
        report: z.string(),
        rowCount: z.int().min(0).describe('How many of its rows would change.'),
        rows: z
          .array(
            z.object({
              key: RowSchema,
              before: RowSchema.nullable().describe('Null: the row would be new.'),
              after: RowSchema.nullable().describe('Null: the row would be gone.'),
              difference: RowSchema.describe('After less before, of the numbers that change; null counts as zero.'),
            }),
          )
          .describe('At most 1,000 of them.'),
      }),
    ),
  })
  .meta({ id: 'Preview' });

/** The route that shows what events would do to the figures of a projection. */
export function previewController(token: symbol, set: Pick<ReportSet, 'rules' | 'reports'>, path: string): Type {
  @Controller(path)
  class PreviewController {
    constructor(@Inject(token) private readonly reports: Reports) {}

    @Post()
    @HttpCode(200)
    @Operation({
      summary: 'What events would do to the figures; nothing is recorded',
      description:
        "Per report of this projection the rows that would change, before and after. Whether the events would be recorded at all is asked of a recording service, with dryRun=true. Behind the front door /v1/preview does both, with every projection's reports.",
      tag: 'preview',
      query: PreviewQuery,
      body: PreviewBody,
      responses: { 200: { json: PreviewAnswer }, problems: [400, 409, 413, 415, 422, 503] },
    })
    preview(
      @Query(queryOf(PreviewQuery)) query: { effectiveOn?: string; reportingCurrency?: string; fxPolicy: FxPolicy },
      @Body(bodyOf(PreviewBody)) body: ProposedCommit,
    ): ReturnType<Reports['preview']> {
      return this.reports.preview(set, body, query);
    }
  }
  return PreviewController;
}

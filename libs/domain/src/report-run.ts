import { z } from 'zod';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { refusal } from './refusal';
import { CurrencySchema, DaySchema, Id, Note, text, Word } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const reportRunEvents = {
  ReportPublished: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A report was given out: what was asked, as of which position, and the fingerprint of its bytes.',
    refusals: ['POSITION_UNKNOWN'],
    data: z.strictObject({
      runId: Id.describe("The run's own id."),
      report: z
        .string()
        .regex(/^[a-z][a-z-]{0,49}$/, 'The name of a report as in its address, such as "spend-outlook".')
        .describe('The name of a report as in its address, such as "spend-outlook".'),
      asOf: z.int().min(0).describe('The position up to which the ledger was known.'),
      effectiveOn: DaySchema.describe('The day that the report is for.'),
      reportingCurrency: CurrencySchema.nullish().describe('The currency that it was converted into.'),
      fxPolicy: Word.nullish().describe('By which rates it was converted.'),
      filter: z.record(text(100), text(500)).describe('What else was asked, by the names of the parameters.'),
      format: z.enum(['json', 'ndjson', 'csv']).describe('In which form it was given out.'),
      rows: z.int().min(0).describe('How many rows it had.'),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits in lower case.')
        .describe('Of the bytes given out: 64 hexadecimal digits in lower case.'),
      note: Note,
    }),
  },
} as const satisfies EventTypes;

export type ReportRunEvent = EventOf<typeof reportRunEvents>;
export type ReportRunData = z.output<typeof reportRunEvents.ReportPublished.data>;

export interface ReportRunState {
  readonly run: ReportRunData;
}

export const reportRun: StreamKind<ReportRunState, ReportRunEvent> = {
  name: 'report-run',
  route: 'report-runs',
  events: reportRunEvents,
  opening: ['ReportPublished'],
  identity: 'runId',
  rather:
    'a run id belongs to what was published first under it: give the report out again under another run id, or correct what was said of this one',

  refuse(_, { data }, { position }) {
    if (data.asOf <= position) return undefined;
    return refusal(
      'POSITION_UNKNOWN',
      `The report is as of position ${data.asOf}, the ledger ends at ${position}; give the position that the report was answered with.`,
      { pointer: '/data/asOf', details: { asOf: data.asOf, lastPosition: position } },
    );
  },

  evolve: (_, { data }) => ({ run: data }),
};

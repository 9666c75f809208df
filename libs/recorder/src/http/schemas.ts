import { catalogue, postedSchema, type StreamKind } from '@deal-ledger/domain';
import { MAX_POSTED_EVENTS } from '@deal-ledger/ledger';
import { z } from 'zod';

/** How many bytes a line of an import may have. */
export const MAX_LINE_BYTES = 1024 * 1024;

const RecordedEventSchema = z.strictObject({
  id: z.string().describe('The id it was posted with, or the one it was given.'),
  version: z.int().positive().describe('Its place in the stream, from 1.'),
  type: z.string(),
});

const Position = z.int().nonnegative().describe('Place of the commit in the ledger: the same for everyone.');

export const StreamAnswerSchema = z
  .strictObject({
    stream: z.string().describe('`kind/id`, for example `deal/nvda-openai`.'),
    version: z.int().positive().describe('The version of the stream after this; also the ETag.'),
    position: Position.optional().describe('Place of the commit in the ledger; absent in a dry run.'),
    events: z.array(RecordedEventSchema),
  })
  .meta({ id: 'Recorded' });

export const CommitAnswerSchema = z
  .strictObject({
    position: Position.optional().describe('Place of the commit in the ledger; absent in a dry run.'),
    events: z.array(RecordedEventSchema.extend({ stream: z.string() })),
  })
  .meta({ id: 'RecordedCommit' });

export const StreamSchema = z
  .strictObject({
    stream: z.string(),
    version: z.int().positive().describe('How many events it has; also the ETag.'),
    position: z.int().nonnegative().describe('Position of the last commit that wrote it.'),
    readAt: z.int().nonnegative().describe('Position of the last record looked at for this answer.'),
    state: z
      .unknown()
      .describe('What its events add up to; what is kept by id stands in plain objects under those ids.'),
  })
  .meta({ id: 'Stream' });

export const StreamListSchema = z
  .strictObject({
    streams: z.array(z.strictObject({ stream: z.string(), id: z.string() })),
    nextCursor: z.string().nullable().describe('Give it as cursor for the next page; null on the last one.'),
    readAt: z.int().nonnegative().describe('Position of the last record looked at for this answer.'),
  })
  .meta({ id: 'StreamList' });

/** What is posted to one stream. */
export const postBodySchema = (kind: StreamKind): z.ZodType =>
  z
    .strictObject({ events: z.array(postedSchema(kind)).min(1).max(MAX_POSTED_EVENTS) })
    .describe('Recorded together, or not at all.');

/** What is posted to several streams at once, and a line of an import. */
export const CommitBodySchema = z
  .strictObject({
    events: z
      .array(
        z.looseObject({
          stream: z.string().describe(`\`kind/id\`; kinds: ${Object.keys(catalogue).join(', ')}.`),
          type: z.string(),
        }),
      )
      .min(1)
      .max(MAX_POSTED_EVENTS)
      .describe('Each as it would be posted to its own stream, with `stream` added.'),
  })
  .meta({ id: 'Commit' });

export const ImportLineSchema = CommitBodySchema.extend({ idempotencyKey: z.string().optional() }).meta({
  id: 'ImportLine',
});

export const ImportResultSchema = z
  .looseObject({
    line: z.int().positive().describe('Number of the line, from 1.'),
    status: z.int().describe('What the commit would have been answered as a request of its own.'),
    position: Position.optional(),
    events: z.array(RecordedEventSchema.extend({ stream: z.string() })).optional(),
    code: z.string().optional(),
    detail: z.string().optional(),
  })
  .meta({ id: 'ImportResult' });

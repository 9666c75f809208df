import { z } from 'zod';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { DaySchema, EdtfSchema, Id, text } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const sourceEvents = {
  SourceRegistered: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A document or judgement that other events rest on.',
    refusals: [],
    needsNoSource: true,
    data: z.strictObject({
      sourceId: Id.describe("The source's own id."),
      kind: z.enum(['press', 'filing', 'contract', 'official', 'internal']).describe('What sort of document it is.'),
      language: z
        .string()
        .regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'A BCP 47 language tag such as "ar" or "en-GB".')
        .describe('A BCP 47 language tag such as "ar" or "en-GB".'),
      title: text(500).describe('Its title, in its own language.'),
      publisher: text(200).nullish().describe('Who brought it out.'),
      url: z
        .url({ protocol: /^https?$/, error: 'An address that begins with http:// or https://.' })
        .max(2_000)
        .nullish()
        .describe('Where it was found.'),
      publishedOn: EdtfSchema.nullish().describe('When it was brought out.'),
      retrievedAt: z
        .union([
          z.iso.datetime({ offset: true, error: 'A day, or an instant such as 2025-10-05T09:30:00Z.' }),
          DaySchema,
        ])
        .nullish()
        .describe('When it was looked at.'),
      contentSha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits in lower case.')
        .nullish()
        .describe('Of the document: 64 hexadecimal digits in lower case.'),
    }),
  },
} as const satisfies EventTypes;

export type SourceEvent = EventOf<typeof sourceEvents>;
export type SourceData = z.output<typeof sourceEvents.SourceRegistered.data>;

export interface SourceState {
  readonly source: SourceData;
}

export const source: StreamKind<SourceState, SourceEvent> = {
  name: 'source',
  route: 'sources',
  events: sourceEvents,
  opening: ['SourceRegistered'],
  identity: 'sourceId',
  refuse: () => undefined,
  evolve: (_, event) => ({ source: event.data }),
};

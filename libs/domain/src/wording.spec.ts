import { z } from 'zod';
import { parseEvent } from './posted';
import { source } from './source';
import { deal } from './deal';
import type { StreamKind } from './kind';

const event = (type: string, data: object) => ({
  type,
  effective: '2026-01-01',
  sources: [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }],
  data,
});

const messages = (kind: StreamKind, input: unknown): string[] => {
  const parsed = parseEvent(kind, input);
  return parsed.ok ? [] : parsed.refusals.map(({ pointer, message }) => `${pointer}: ${message}`);
};

describe('what is wrong by its shape', () => {
  const document = { sourceId: 'press', kind: 'press', language: 'ar', title: 'A title' };

  it.each<[string, object, string]>([
    ['is missing', { title: undefined }, '/data/title: Nothing stands here; give a text.'],
    ['is of another type', { title: 7 }, '/data/title: 7 stands here; give a text.'],
    ['is empty', { title: '' }, '/data/title: The text has 0 characters, fewer than 1; give at least 1.'],
    [
      'is too long',
      { title: 'x'.repeat(501) },
      '/data/title: The text has 501 characters, more than 500; give at most 500.',
    ],
    [
      'is none of those allowed',
      { kind: 'blog' },
      '/data/kind: "blog" is none of "press", "filing", "contract", "official", "internal"; choose one of these.',
    ],
    [
      'has another form',
      { language: 'Arabic!' },
      '/data/language: "Arabic!" cannot stand here; write a BCP 47 language tag such as "ar" or "en-GB".',
    ],
    [
      'is no address',
      { url: 'www' },
      '/data/url: "www" cannot stand here; write an address that begins with http:// or https://.',
    ],
  ])('is told when it %s, with what to do', (_, change, message) =>
    expect(messages(source, event('SourceRegistered', { ...document, ...change }))).toEqual([message]),
  );

  it('is told of lists, numbers, unions and names', () => {
    const { events, ...kind } = deal;
    const data = z.strictObject({
      list: z.array(z.int()).min(2).max(2),
      count: z.int().min(1),
      either: z.discriminatedUnion('method', [z.object({ method: z.literal('lump') })]),
      record: z.record(z.string().min(2), z.string()),
    });
    const made = { ...kind, events: { ...events, Made: { ...events.DealAnnounced, data } } } as unknown as StreamKind;
    const wrong = { list: [1], count: 0, either: { method: 'x' }, record: { a: 'b' } };
    expect(messages(made, event('Made', wrong))).toEqual([
      '/data/list: The list has 1 entries, fewer than 2; give at least 2.',
      '/data/count: The number is 0, fewer than 1; give at least 1.',
      '/data/either/method: No form of what may stand here fits; give one of "lump".',
      '/data/record/a: "a" cannot be a name here; choose another.',
    ]);
  });

  it('is told of what an event rests on, and why it is posted', () => {
    expect(messages(deal, { ...event('DealAnnounced', {}), sources: [] })).toEqual([
      '/sources: No source is named, an event rests on 1 or more; name in sources what says so.',
    ]);
    expect(messages(deal, event('LegRemoved', { legId: 'L1' }))).toEqual([
      '/data/reason: No reason is given, and one is needed; say why in reason.',
    ]);
  });
});

import { sourceEvents, type SourceState } from './source';
import { given, poster } from './testing';

describe('a source', () => {
  const source = poster(sourceEvents, 'source/press');
  const PRESS = { sourceId: 'press', kind: 'press', language: 'ar', title: 'مقال' } as const;

  it('is registered with what is known of it', () => {
    const state = given().when(source('SourceRegistered', { ...PRESS, publishedOn: '2025-10-0X', publisher: null }));
    expect(state.thenState<SourceState>('source/press').source.publishedOn).toBe('2025-10-0X');
  });

  it('is registered once', () =>
    given(source('SourceRegistered', PRESS)).when(source('SourceRegistered', PRESS)).thenRefused('STREAM_EXISTS'));

  it.each([
    ['url', 'javascript:alert(1)'],
    ['language', 'Arabic!'],
    ['contentSha256', 'abc'],
    ['retrievedAt', 'today'],
  ])('is refused with %s %p', (field, value) =>
    given()
      .when({ stream: 'source/press', type: 'SourceRegistered', data: { ...PRESS, [field]: value } })
      .thenRefused('VALIDATION_FAILED', `/data/${field}`),
  );
});

import type { z } from 'zod';
import { siteEvents, type SiteState } from './site';
import { given, poster } from './testing';

type Site = z.input<typeof siteEvents.SiteAnnounced.data>;

const post = poster(siteEvents, 'site/abu-dhabi');
const announced = (data: Partial<Site> = {}) =>
  post('SiteAnnounced', {
    siteId: 'abu-dhabi',
    name: 'Abu Dhabi',
    country: 'AE',
    partnerIds: ['openai'],
    dealIds: [],
    power: { undisclosed: true },
    ...data,
  });

describe('a site', () => {
  it('may keep its power secret, or state it in a unit of power', () => {
    given().when(announced()).thenRecorded();
    const { site } = given()
      .when(announced({ power: { expected: { unit: 'GW', value: '1' } } }))
      .thenState<SiteState>('site/abu-dhabi');
    expect(site.power.expected).toEqual({ unit: 'GW', value: '1' });
  });

  it('is refused with power in anything else', () =>
    given()
      .when(announced({ power: { expected: { unit: 'MWH', value: '1' } } }))
      .thenRefused('UNIT_MISMATCH', '/data/power', { unit: 'MWH' }));

  it.each<[string, Partial<Site>]>([
    ['/data/partnerIds/1', { partnerIds: ['openai', 'g42'] }],
    ['/data/dealIds/0', { dealIds: ['stargate'] }],
    ['/data/fundingIds/0', { fundingIds: ['mgx'] }],
  ])('is refused with an unknown reference at %s', (pointer, data) =>
    given().when(announced(data)).thenRefused('REF_NOT_FOUND', pointer),
  );

  it('is announced once', () => given(announced()).when(announced()).thenRefused('STREAM_EXISTS'));
});

import type { z } from 'zod';
import { get } from './keyed';
import { siteEvents, type PhaseStatus, type SiteState } from './site';
import { cancellation, given, poster, type Draft } from './testing';

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

const phase = (data: Partial<z.input<typeof siteEvents.SitePhasePlanned.data>> = {}) =>
  post('SitePhasePlanned', {
    phaseId: 'P1',
    power: { expected: { unit: 'MW', value: '200' }, bound: 'exact' },
    targetOnline: '2026',
    ...data,
  });
const reaches = (status: PhaseStatus, effective: string): Draft =>
  post('SitePhaseStatusChanged', { phaseId: 'P1', status }, { effective });

describe('a phase of a site', () => {
  it('is planned with its power and a target, and may be planned anew', () => {
    const { phases } = given(announced(), phase())
      .when(phase({ targetOnline: '2027-Q1', power: { undisclosed: true } }))
      .thenState<SiteState>('site/abu-dhabi');
    expect(get(phases, 'P1')?.plan).toMatchObject({ targetOnline: '2027-33', power: { undisclosed: true } });
  });

  it('is refused with power in anything else', () =>
    given(announced())
      .when(phase({ power: { expected: { unit: 'EA', value: '1' } } }))
      .thenRefused('UNIT_MISMATCH', '/data/power', { unit: 'EA' }));

  it('belongs to a site that was announced', () => given().when(phase()).thenRefused('STREAM_NOT_FOUND'));

  it('goes on from planned to operational, and may skip', () => {
    const { phases } = given(announced(), phase(), reaches('underConstruction', '2026-01-01'))
      .when(reaches('operational', '2026-03-01'))
      .thenState<SiteState>('site/abu-dhabi');
    expect(get(phases, 'P1')?.statuses.map(({ status }) => status)).toEqual(['underConstruction', 'operational']);
  });

  it.each<[PhaseStatus, PhaseStatus]>([
    ['operational', 'energised'],
    ['energised', 'underConstruction'],
    ['underConstruction', 'planned'],
    ['cancelled', 'underConstruction'],
  ])('does not go back from %s to %s', (further, status) =>
    given(announced(), phase(), reaches(further, '2026-03-01'))
      .when(reaches(status, '2026-03-01'))
      .thenRefused('STATUS_REGRESSION', '/data/status', {
        status,
        on: '2026-03-01',
        recordedStatus: further,
        recordedOn: '2026-03-01',
      }),
  );

  it('may have come less far on a day that is learned of late', () =>
    given(announced(), phase(), reaches('operational', '2026-03-01'))
      .when(reaches('energised', '2026-02-28'))
      .thenRecorded());

  it('has a status only once it is planned', () =>
    given(announced())
      .when(reaches('planned', '2026-01-01'))
      .thenRefused('REF_NOT_FOUND', '/data/phaseId', { kind: 'phase', id: 'P1' }));

  it('has a status with power in a unit of power', () =>
    given(announced(), phase())
      .when(
        post('SitePhaseStatusChanged', {
          phaseId: 'P1',
          status: 'energised',
          power: { firm: { unit: 'MWH', value: '1' } },
        }),
      )
      .thenRefused('UNIT_MISMATCH', '/data/power', { unit: 'MWH' }));

  it('has no status of tomorrow', () =>
    given(announced(), phase())
      .today('2026-03-01')
      .when(reaches('energised', '2026-03-02'))
      .thenRefused('FUTURE_DATED_FACT'));

  it('stays planned while it has a status', () => {
    const plan = { ...phase(), id: 'plan' };
    given(announced(), plan, { ...reaches('energised', '2026-03-01'), id: 'status' })
      .when(cancellation('plan', plan))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'status',
        offendingCode: 'REF_NOT_FOUND',
      });
  });
});

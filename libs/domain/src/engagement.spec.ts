import { engagementEvents, type EngagementState } from './engagement';
import { cancellation, given, poster } from './testing';

const meet = poster(engagementEvents, 'engagement/asia');
const MEETING = { engagementId: 'asia', participants: ['openai', 'samsung'], asks: ['orderPriority'] };
const planned = meet('EngagementPlanned', { ...MEETING, window: 'after the summer' });
const held = meet('EngagementHeld', {
  ...MEETING,
  remarks: [{ partyId: 'samsung', person: 'J. Lee', text: 'Perhaps' }],
});
const off = meet('EngagementCancelled', { reason: 'travel ban' });

describe('a meeting', () => {
  it('may be planned and then held', () => {
    const state = given(planned).when(held).thenState<EngagementState>('engagement/asia');
    expect([state.planned?.window, state.held?.remarks?.length]).toEqual(['after the summer', 1]);
  });

  it('may be held without having been planned', () =>
    expect(given().when(held).thenState<EngagementState>('engagement/asia').planned).toBeNull());

  it('is held once', () => given(held).when(held).thenRefused('ENGAGEMENT_ALREADY_HELD'));

  it('is not planned after it was held', () => given(held).when(planned).thenRefused('STREAM_EXISTS'));

  it('is not held in the future', () =>
    given(planned)
      .today('2026-06-01')
      .when({ ...held, effective: '2026-06-02' })
      .thenRefused('FUTURE_DATED_FACT'));

  it('is refused without participants', () =>
    given()
      .when(meet('EngagementHeld', { ...MEETING, participants: [] }))
      .thenRefused('VALIDATION_FAILED', '/data/participants'));

  it('is refused with a party nobody registered', () =>
    given()
      .when(meet('EngagementHeld', { ...MEETING, participants: ['openai', 'tsmc'] }))
      .thenRefused('REF_NOT_FOUND', '/data/participants/1'));

  it.each([
    ['/data/dealIds/0', { dealIds: ['chips'] }],
    ['/data/reservationIds/0', { reservationIds: ['hbm'] }],
  ])('is refused about something nobody recorded, at %s', (pointer, about) =>
    given()
      .when(meet('EngagementPlanned', { ...MEETING, ...about }))
      .thenRefused('REF_NOT_FOUND', pointer),
  );

  it('is refused with a remark of a party nobody registered', () =>
    given()
      .when(meet('EngagementHeld', { ...MEETING, remarks: [{ text: 'Hm' }, { partyId: 'tsmc', text: 'No' }] }))
      .thenRefused('REF_NOT_FOUND', '/data/remarks/1/partyId'));

  it('that was planned may be cancelled', () => {
    const state = given(planned).when(off).thenState<EngagementState>('engagement/asia');
    expect([state.planned?.window, state.cancelled?.reason]).toEqual(['after the summer', 'travel ban']);
  });

  it.each([
    ['held', held],
    ['cancelled a second time', off],
  ])('that was cancelled is not %s', (_, next) => given(planned, off).when(next).thenRefused('ENGAGEMENT_CANCELLED'));

  it('that was held is not cancelled', () => given(held).when(off).thenRefused('ENGAGEMENT_ALREADY_HELD'));

  it('that nobody planned is not cancelled', () => given().when(off).thenRefused('STREAM_NOT_FOUND'));

  it('is cancelled for a reason', () =>
    given(planned)
      .when({ ...off, data: {} })
      .thenRefused('REASON_REQUIRED', '/data/reason'));

  it('is not cancelled in the future', () =>
    given(planned)
      .today('2026-06-01')
      .when({ ...off, effective: '2026-06-02' })
      .thenRefused('FUTURE_DATED_FACT'));

  it('is on again once its cancelling is taken back', () =>
    given(planned, { ...off, id: 'off' }, cancellation('off', off))
      .when(held)
      .thenRecorded());
});

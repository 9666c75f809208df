import { catalogue } from './catalogue';
import { dealEvents } from './deal';
import { funding, fundingEvents, type FundingState } from './funding';
import { fold, kindOf } from './rules';
import { CONTROLLER, given, poster } from './testing';

const deal = poster(dealEvents, 'deal/alliance');
const fund = poster(fundingEvents, 'funding/alliance');

const dealOpened = deal('DealOpened', {
  dealId: 'alliance',
  title: 'Alliance',
  kinds: ['lease'],
  parties: [
    { partyId: 'nvidia', role: 'lessor' },
    { partyId: 'openai', role: 'lessee' },
  ],
});

describe('any stream', () => {
  it('begins with an opening event', () => given().when(deal('DealAnnounced', {})).thenRefused('STREAM_NOT_FOUND'));

  it('begins once', () => given(dealOpened).when(dealOpened).thenRefused('STREAM_EXISTS'));

  it('bears the id that its opening event names', () =>
    given()
      .when({ ...dealOpened, stream: 'deal/another' })
      .thenRefused('VALIDATION_FAILED', '/data/dealId'));

  it('rests on sources that exist', () => {
    const sources = [
      { sourceId: 'filing', attribution: 'official', confidence: 'high' },
      { sourceId: 'rumour', attribution: 'official', confidence: 'high' },
    ];
    given()
      .when({ ...dealOpened, sources })
      .thenRefused('REF_NOT_FOUND', '/sources/1/sourceId', { kind: 'source', id: 'rumour' });
  });

  it('needs a source for everything but a source', () =>
    given()
      .when({ ...dealOpened, sources: [] })
      .thenRefused('SOURCE_REQUIRED', '/sources'));
});

describe('a fact', () => {
  it('of today anywhere on earth is recorded', () =>
    given(dealOpened)
      .today('2026-06-01')
      .when(deal('DealAnnounced', {}, { effective: '2026-06-01' }))
      .thenRecorded());

  it('of tomorrow is refused', () => {
    given(dealOpened)
      .today('2026-06-01')
      .when(deal('DealAnnounced', {}, { effective: '2026-06-02' }))
      .thenRefused('FUTURE_DATED_FACT', '/effective', { from: '2026-06-02', today: '2026-06-01' });
  });

  it('that began before today may still be going on', () =>
    given(dealOpened)
      .today('2026-06-01')
      .when(deal('DealAnnounced', {}, { effective: '2026-06' }))
      .thenRecorded());

  it('may be learned late', () =>
    given(dealOpened)
      .when(deal('DealAnnounced', {}, { effective: '2019' }))
      .thenRecorded());
});

describe('terms', () => {
  it('may lie ahead', () =>
    given()
      .today('2026-06-01')
      .when({ ...dealOpened, effective: '2027' })
      .thenRecorded());
});

describe('what needs a second person', () => {
  const proposed = fund('FundingProposed', {
    fundingId: 'alliance',
    funderIds: ['nvidia'],
    recipientId: 'openai',
    instrument: 'debt',
    amount: { undisclosed: true },
  });
  const committed = fund('FundingCommitted', { committed: { currency: 'USD', amount: '1' } });

  it('is refused without one', () => given(proposed).when(committed).thenRefused('FOUR_EYES_REQUIRED', '/approvedBy'));

  it('is refused when the poster approves', () =>
    given(proposed)
      .when({ ...committed, approvedBy: { id: 'finance-1' } })
      .thenRefused('FOUR_EYES_REQUIRED', '/approvedBy/id'));

  it('is refused when the one it was posted for approves', () =>
    given(proposed)
      .when({ ...committed, approvedBy: { id: 'cfo' }, onBehalfOf: { id: 'cfo' } })
      .thenRefused('FOUR_EYES_REQUIRED', '/approvedBy/id'));

  it('is recorded with one', () =>
    given(proposed)
      .when({ ...committed, approvedBy: CONTROLLER })
      .thenRecorded());
});

describe('the catalogue', () => {
  it('finds a kind by the name of a stream', () => {
    expect(kindOf('funding/alliance')).toBe(funding);
    expect(kindOf('gossip/alliance')).toBeUndefined();
    expect(kindOf('constructor/alliance')).toBeUndefined();
    expect(kindOf('funding')).toBeUndefined();
  });

  it('names every kind by its own name, and every route once', () => {
    for (const [name, kind] of Object.entries(catalogue)) expect(kind.name).toBe(name);
    const routes = Object.values(catalogue).map(({ route }) => route);
    expect(new Set(routes).size).toBe(routes.length);
  });

  it('opens every kind with types that it has', () => {
    for (const { events, opening, reopening = [] } of Object.values(catalogue)) {
      expect(Object.keys(events)).toEqual(expect.arrayContaining([...opening, ...reopening]));
    }
  });
});

describe('folding a history', () => {
  it('of nothing gives no state', () => expect(fold<FundingState, never>(funding, [])).toBeUndefined());
});

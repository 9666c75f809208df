import fc from 'fast-check';
import {
  called,
  changed,
  committed,
  facility,
  met,
  proposed,
  received,
  repaid,
  stateOf,
  STREAM,
  tranche,
  trancheCancelled,
  usd,
} from './funding.testing';
import { correct } from './correction';
import { funding, type FundingEvent, type FundingState } from './funding';
import { History, inForce } from './history';
import type { StreamKind } from './kind';
import { partyEvents } from './party';
import { poolEvents, type PoolState } from './pool';
import { fold, refuse } from './rules';
import { cancellation, CONTROLLER, correction, given, poster, type Draft } from './testing';

const named = (id: string, draft: Draft): Draft => ({ ...draft, id });

/** Committed 100, T1 of 60; 40 of it called by `call` and received by `receipt`. */
const drawn = () =>
  given(
    named('opening', proposed()),
    named('commitment', committed(100)),
    named('t1', tranche('T1', 60)),
    named('call', called('c1', 'T1', 40)),
    named('receipt', received('r1', 'T1', 40, 'c1')),
  );
const receivedIn = (state: FundingState): string | undefined => state.tranches['T1']?.received;

describe('correcting a fact', () => {
  it('puts what is said now in the place of what was said', () => {
    const state = drawn()
      .when(named('fix', correction('receipt', received('r1', 'T1', 30, 'c1'))))
      .thenState<FundingState>(STREAM);
    expect(receivedIn(state)).toBe('30');
  });

  it('names in the state the event that stands there now', () => {
    const pool = poster(poolEvents, 'pool/p');
    const state = given(
      pool('PoolDefined', {
        poolId: 'p',
        scope: 'supplier',
        supplierId: 'samsung',
        itemId: 'hbm',
        unit: 'WFR',
        per: 'P1M',
      }),
      named('declared', pool('CapacityDeclared', capacity('WFR'))),
      named('fix', correction('declared', pool('CapacityDeclared', capacity('WFR')))),
    ).state<PoolState>('pool/p');
    expect(state?.declarations.map(({ eventId }) => eventId)).toEqual(['fix']);
  });

  it('needs a reason', () =>
    drawn()
      .when({ ...correction('receipt', received('r1', 'T1', 30)), reason: '' })
      .thenRefused('REASON_REQUIRED', '/reason'));

  it('needs a second person', () => {
    const { approvedBy: _, ...alone } = correction('receipt', received('r1', 'T1', 30));
    drawn().when(alone).thenRefused('FOUR_EYES_REQUIRED', '/approvedBy');
    drawn()
      .when({ ...alone, approvedBy: { id: 'finance-1' } })
      .thenRefused('FOUR_EYES_REQUIRED', '/approvedBy/id', { approvedBy: 'finance-1' });
  });

  it('needs an event of the stream', () =>
    drawn()
      .when(correction('another', received('r1', 'T1', 30)))
      .thenRefused('CORRECTION_TARGET_NOT_FOUND', '/corrects', { stream: STREAM, corrects: 'another' }));

  it('needs a stream', () =>
    given()
      .when(correction('receipt', received('r1', 'T1', 30)))
      .thenRefused('STREAM_NOT_FOUND', undefined, { stream: STREAM }));

  it('keeps the type', () =>
    drawn()
      .when(correction('receipt', called('c2', 'T1', 30)))
      .thenRefused('CORRECTION_TYPE_MISMATCH', '/type', {
        corrects: 'receipt',
        expected: 'FundsReceived',
        actual: 'FundsCalled',
      }));

  it('is of the latest correction, not of what that one buried', () => {
    const twice = drawn().and(
      named('first', correction('receipt', received('r1', 'T1', 30, 'c1'))),
      named('second', correction('first', received('r1', 'T1', 20, 'c1'))),
    );
    expect(receivedIn(stateOf(twice))).toBe('20');
    for (const corrects of ['receipt', 'first'])
      twice
        .when(correction(corrects, received('r1', 'T1', 10, 'c1')))
        .thenRefused('CORRECTION_SUPERSEDED', '/corrects', { corrects, latest: 'second' });
  });

  it('is valid in its place by its own rules, and points to what is wrong in it', () =>
    drawn()
      .when(correction('call', called('c1', 'T1', 61)))
      .thenRefused('CALL_EXCEEDS_AVAILABLE', '/data/money/amount'));

  it('is not a fact from the future', () =>
    drawn()
      .today('2026-06-30')
      .when({ ...correction('receipt', received('r1', 'T1', 30, 'c1')), effective: '2026-07-01' })
      .thenRefused('FUTURE_DATED_FACT', '/effective'));

  it('may be of the event that begins the stream', () => {
    const state = drawn()
      .when(correction('opening', proposed({ amount: { ceiling: usd(120), bound: 'upTo' } })))
      .thenState<FundingState>(STREAM);
    expect(state.funding.amount).toMatchObject({ ceiling: usd('120') });
  });

  it('keeps the id of the stream', () =>
    drawn()
      .when(correction('opening', proposed({ fundingId: 'another' })))
      .thenRefused('VALIDATION_FAILED', '/data/fundingId'));

  it('is refused when a later event would no longer be valid, and names the first', () =>
    drawn()
      .when(correction('t1', tranche('T1', 30)))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'call',
        offendingCode: 'CALL_EXCEEDS_AVAILABLE',
      }));

  it('names what the offending event was corrected by', () => {
    const outcome = drawn()
      .and(named('fix', correction('call', called('c1', 'T1', 50))))
      .when(correction('t1', tranche('T1', 45)));
    outcome.thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
      firstOffendingEventId: 'call',
      offendingCode: 'CALL_EXCEEDS_AVAILABLE',
      asCorrectedBy: 'fix',
    });
    expect(outcome.message).toContain('call, which stands as corrected by fix, would be refused');
  });

  it('looks at other streams as they are now, in whatever place it stands', () => {
    const fromNewcomer = proposed({ funderIds: ['newcomer'] });
    const register = poster(partyEvents, 'party/newcomer')('PartyRegistered', {
      partyId: 'newcomer',
      name: 'Newcomer',
      aliases: [],
    });
    drawn().when(correction('opening', fromNewcomer)).thenRefused('REF_NOT_FOUND', '/data/funderIds/0');
    drawn().and(register).when(correction('opening', fromNewcomer)).thenRecorded();
  });
});

describe('cancelling a fact', () => {
  it('leaves the stream as if it had never been posted', () => {
    const state = drawn()
      .when(cancellation('receipt', received('r1', 'T1', 40)))
      .thenState<FundingState>(STREAM);
    expect([receivedIn(state), state.tranches['T1']?.calledOpen]).toEqual(['0', '40']);
  });

  it('removes the fact altogether, not just its latest correction', () => {
    const state = drawn()
      .and(named('fix', correction('receipt', received('r1', 'T1', 30, 'c1'))))
      .when(cancellation('fix', received('r1', 'T1', 30)))
      .thenState<FundingState>(STREAM);
    expect(receivedIn(state)).toBe('0');
  });

  it('is final', () => {
    const cancelled = drawn().and(named('gone', cancellation('receipt', received('r1', 'T1', 40))));
    for (const draft of [
      cancellation('receipt', received('r1', 'T1', 40)),
      correction('receipt', received('r1', 'T1', 40)),
    ])
      cancelled
        .when(draft)
        .thenRefused('CORRECTION_SUPERSEDED', '/corrects', { corrects: 'receipt', cancelledBy: 'gone' });
    cancelled
      .when(correction('gone', received('r1', 'T1', 40)))
      .thenRefused('CORRECTION_SUPERSEDED', '/corrects', { corrects: 'gone', cancelledBy: 'gone' });
  });

  it('never removes the event that begins the stream', () =>
    drawn()
      .when(cancellation('opening', proposed()))
      .thenRefused('FIRST_EVENT_NOT_CANCELLABLE', '/corrects', { corrects: 'opening', stream: STREAM }));

  it('needs a reason, a second person and a source', () => {
    const draft = cancellation('receipt', received('r1', 'T1', 40));
    const { approvedBy: _, ...alone } = draft;
    drawn()
      .when({ ...draft, reason: '' })
      .thenRefused('REASON_REQUIRED', '/reason');
    drawn().when(alone).thenRefused('FOUR_EYES_REQUIRED', '/approvedBy');
    drawn()
      .when({ ...draft, sources: [] })
      .thenRefused('SOURCE_REQUIRED', '/sources');
    const unregistered = [{ sourceId: 'rumour', attribution: 'official', confidence: 'high' }];
    drawn()
      .when({ ...draft, sources: unregistered })
      .thenRefused('REF_NOT_FOUND', '/sources/0/sourceId');
  });

  it('names the type of what it removes, and says nothing in its place', () => {
    drawn()
      .when(cancellation('receipt', called('c1', 'T1', 40)))
      .thenRefused('CORRECTION_TYPE_MISMATCH', '/type');
    drawn()
      .when({ ...cancellation('receipt', received('r1', 'T1', 40)), data: {} })
      .thenRefused('VALIDATION_FAILED', '/data');
  });

  it('is refused when a later event needs what it removes', () =>
    drawn()
      .when(cancellation('call', called('c1', 'T1', 40)))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'receipt',
        offendingCode: 'REF_NOT_FOUND',
      }));
});

describe('several corrections in one commit', () => {
  const pool = poster(poolEvents, 'pool/hbm-global');
  const defined = (unit: 'EA' | 'WFR'): Draft =>
    pool('PoolDefined', { poolId: 'hbm-global', scope: 'global', supplierId: null, itemId: 'hbm', unit, per: 'P1M' });
  const declared = (unit: 'EA' | 'WFR'): Draft => pool('CapacityDeclared', capacity(unit));
  const inChips = () => given(named('evt-0050', defined('EA')), named('evt-0051', declared('EA')));

  it('hold with one another where neither would hold alone', () => {
    inChips()
      .when(correction('evt-0050', defined('WFR')))
      .thenRefused('CORRECTION_BREAKS_HISTORY', '/corrects', {
        firstOffendingEventId: 'evt-0051',
        offendingCode: 'UNIT_MISMATCH',
      });
    inChips()
      .when(correction('evt-0051', declared('WFR')))
      .thenRefused('UNIT_MISMATCH', '/data/rate/unit');
    for (const order of [0, 1]) {
      const both = [correction('evt-0050', defined('WFR')), correction('evt-0051', declared('WFR'))];
      const state = inChips()
        .when(...(order === 0 ? both : both.toReversed()))
        .thenState<PoolState>('pool/hbm-global');
      expect([state.pool.unit, state.declarations.map(({ rate }) => rate.unit)]).toEqual(['WFR', ['WFR']]);
    }
  });

  it('may correct one another', () => {
    const state = drawn()
      .when(
        named('first', correction('receipt', received('r1', 'T1', 99, 'c1'))),
        correction('first', received('r1', 'T1', 20, 'c1')),
      )
      .thenState<FundingState>(STREAM);
    expect(receivedIn(state)).toBe('20');
  });

  it('make room for a new event that comes with them', () => {
    const more = called('c2', 'T1', 30);
    drawn().when(more).thenRefused('CALL_EXCEEDS_AVAILABLE');
    drawn()
      .when(cancellation('receipt', received('r1', 'T1', 40)), cancellation('call', called('c1', 'T1', 40)), more)
      .thenRecorded();
  });

  it('are recorded all or none', () => {
    const scenario = drawn();
    scenario
      .when(correction('receipt', received('r1', 'T1', 30, 'c1')), received('r2', 'T1', 31))
      .thenRefused('RECEIPT_EXCEEDS_TRANCHE');
    expect(receivedIn(stateOf(scenario))).toBe('40');
  });
});

describe('names that must be unique', () => {
  const party = (id: string, aliases: string[]): Draft =>
    poster(partyEvents, `party/${id}`)('PartyRegistered', { partyId: id, name: id, aliases });
  const two = () => given(named('a', party('alpha', ['Alpha', 'Shared'])), named('b', party('beta', ['Beta'])));

  it('are free again once a correction leaves them out', () =>
    two()
      .and(correction('a', party('alpha', ['Alpha'])), correction('b', party('beta', ['Beta', 'shared'])))
      .when(party('gamma', ['Shared']))
      .thenRefused('PARTY_ALIAS_TAKEN', '/data/aliases', { alias: 'Shared', owner: 'party/beta' }));

  it('are taken by a correction as by any event', () =>
    two()
      .when(correction('b', party('beta', ['Beta', 'SHARED'])))
      .thenRefused('PARTY_ALIAS_TAKEN', '/data/aliases', { alias: 'SHARED', owner: 'party/alpha' }));
});

describe('what was invalid before', () => {
  const recorded = (version: number, draft: Draft): FundingEvent =>
    ({
      sources: [],
      ...draft,
      id: `e${version}`,
      version,
      schemaVersion: 1,
      action: draft.action ?? 'new',
      effective: { edtf: '2026-06-01', from: '2026-06-01', to: '2026-06-01' },
      actor: { id: 'finance-1' },
    }) as unknown as FundingEvent;

  it('does not stand in the way of a correction', () => {
    // An overdrawn tranche, as a laxer version may have let it through.
    const history = [proposed(), committed(100), tranche('T1', 60), received('r1', 'T1', 70), repaid('p1', 10)];
    const before = new History(history.map((draft, index) => recorded(index + 1, draft)));
    const fix = recorded(6, correction('e5', repaid('p1', 5)));
    expect(correct(funding as StreamKind, before, [fix], given().context())).toMatchObject({
      ok: true,
      state: { tranches: { T1: { received: '70' } } },
    });
  });
});

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describe(`any history of a funding (seed ${seed})`, () => {
  const amount = fc.integer({ min: 1, max: 70 });
  const trancheId = fc.constantFrom('T1', 'T2');
  const draft: fc.Arbitrary<Draft> = fc.oneof(
    amount.map((n) => changed(n + 80)),
    fc.tuple(trancheId, amount).map(([id, n]) => tranche(id, n)),
    fc.tuple(trancheId, amount).map(([id, n]) => called(`c${n % 5}`, id, n)),
    fc.tuple(trancheId, amount).map(([id, n]) => received(`r${n % 7}`, id, n, n % 2 ? `c${n % 5}` : undefined)),
    amount.map((n) => repaid(`p${n}`, n)),
    trancheId.map((id) => met(id)),
    trancheId.map((id) => trancheCancelled(id)),
  );
  const step = fc.record({
    what: fc.constantFrom('new', 'new', 'correct', 'correct', 'cancel', 'two'),
    draft,
    at: fc.nat(),
    other: fc.nat(),
  });

  it('is in force as if it had been posted right from the beginning', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const scenario = facility();
        for (const { what, draft, at, other } of steps) {
          const { places } = scenario.history(STREAM);
          const change = (number: number, how: 'correct' | 'cancel'): Draft => {
            const place = places[number % places.length];
            if (place === undefined) throw new Error('nothing recorded');
            const target = { stream: STREAM, type: place.original.type };
            if (how === 'cancel') return cancellation(place.latest.id, target);
            const data = draft.type === target.type ? draft.data : place.latest.data;
            return correction(place.latest.id, { ...target, data, effective: '2026-05-01' });
          };
          const drafts =
            what === 'new'
              ? [draft]
              : what === 'two'
                ? [change(at, 'correct'), change(other, 'cancel'), draft]
                : [change(at, what)];
          const { refusals } = scenario.when(...drafts.map((each) => ({ approvedBy: CONTROLLER, ...each })));
          if (what !== 'new' && refusals.length === 0) accepted += 1;
        }
        const events = scenario.history(STREAM).inForce as FundingEvent[];
        expect(fold(funding, events)).toEqual(stateOf(scenario));
        let state: FundingState | undefined;
        for (const event of events) {
          expect(refuse(funding, state, event, scenario.context())).toBeUndefined();
          state = funding.evolve(state, event);
        }
      }),
      { seed, numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

describe('a history', () => {
  const event = (id: string, more: Partial<FundingEvent> = {}): FundingEvent =>
    ({ id, stream: STREAM, type: 'FundsReceived', version: 1, action: 'new', ...more }) as FundingEvent;

  it('tells what became of every event, by the id of any in its chain', () => {
    const history = new History([
      event('a'),
      event('b', { version: 2 }),
      event('c', { version: 3, action: 'correct', corrects: 'b' }),
      event('d', { version: 4, action: 'correct', corrects: 'c' }),
    ]);
    for (const id of ['b', 'c', 'd'])
      expect(history.placeOf(id)).toMatchObject({ original: { id: 'b' }, latest: { id: 'd' }, cancelledBy: undefined });
    history.add(event('e', { version: 5, action: 'cancel', corrects: 'd' }));
    expect(history.placeOf('b')).toMatchObject({ latest: { id: 'd' }, cancelledBy: { id: 'e' }, inForce: undefined });
    expect(history.version).toBe(5);
  });

  it('lets a correction look as if it had been recorded in the place', () =>
    expect(
      inForce([event('a'), event('b', { version: 2 }), event('c', { version: 3, action: 'correct', corrects: 'b' })]),
    ).toEqual([event('a'), event('c', { version: 2, corrects: undefined })]));

  it('goes on by itself once it is copied', () => {
    const history = new History([event('a')]);
    history.copy().add(event('b', { version: 2 }));
    expect(history.version).toBe(1);
  });

  it('does not hold what corrects an event of another stream', () =>
    expect(() => new History([event('a', { action: 'cancel', corrects: 'x' })])).toThrow(
      'which funding/alliance does not have',
    ));
});

function capacity(unit: 'EA' | 'WFR') {
  return {
    from: '2025-10',
    rate: { unit, value: '450000' },
    bound: 'lessThan' as const,
    basis: 'derived' as const,
    derivation: '900000 / 2',
  };
}

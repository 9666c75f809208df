import { z } from 'zod';
import { catalogue } from './catalogue';
import { deal } from './deal';
import { funding } from './funding';
import { parseEvent, postedSchema } from './posted';
import { REFUSALS, statusOf } from './refusal';
import { source } from './source';

const call = {
  id: 'evt-0092',
  type: 'FundsCalled',
  effective: '2026-10-05',
  sources: [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }],
  data: { callId: 'call-1', trancheId: 'T1', money: { currency: 'USD', amount: '4000000000' }, dueOn: '2026-10-20' },
};

/** `CODE /pointer` of each refusal. */
function refusals(input: unknown, kind = funding as Parameters<typeof parseEvent>[0]): string[] {
  const parsed = parseEvent(kind, input, '/events/0');
  return parsed.ok ? [] : parsed.refusals.map(({ code, pointer }) => `${code} ${pointer}`);
}

describe('reading what was posted', () => {
  it('gives the event with its days', () => {
    expect(parseEvent(funding, call)).toEqual({
      ok: true,
      event: {
        ...call,
        schemaVersion: 1,
        action: 'new',
        effective: { edtf: '2026-10-05', from: '2026-10-05', to: '2026-10-05' },
      },
    });
  });

  it('tells everything that is wrong at once, each where it is', () => {
    expect(
      refusals({
        ...call,
        effective: 'soon',
        colour: 'red',
        'a/b~c': 1,
        approvedBy: { id: '' },
        data: { ...call.data, money: { currency: 'USD', amount: '1e9' }, dueOn: '2026-02-30', extra: true },
      }).sort(),
    ).toEqual([
      'AMOUNT_FORMAT /events/0/data/money/amount',
      'PERIOD_INVALID /events/0/data/dueOn',
      'PERIOD_INVALID /events/0/effective',
      'UNKNOWN_FIELD /events/0/a~1b~0c',
      'UNKNOWN_FIELD /events/0/colour',
      'UNKNOWN_FIELD /events/0/data/extra',
      'VALIDATION_FAILED /events/0/approvedBy/id',
    ]);
  });

  it.each([
    ['no object', 5, 'VALIDATION_FAILED /events/0'],
    ['a list', [], 'VALIDATION_FAILED /events/0'],
    ['no type', { ...call, type: undefined }, 'VALIDATION_FAILED /events/0/type'],
    ["another kind's type", { ...call, type: 'DealOpened' }, 'VALIDATION_FAILED /events/0/type'],
    ['what every object has as a type', { ...call, type: 'constructor' }, 'VALIDATION_FAILED /events/0/type'],
    ['no data', { ...call, data: undefined }, 'VALIDATION_FAILED /events/0/data'],
    ['no sources', { ...call, sources: undefined }, 'SOURCE_REQUIRED /events/0/sources'],
    ['an empty list of sources', { ...call, sources: [] }, 'SOURCE_REQUIRED /events/0/sources'],
    ['sources that are no list', { ...call, sources: 'press' }, 'VALIDATION_FAILED /events/0/sources'],
    ['an action that there is not', { ...call, action: 'delete' }, 'VALIDATION_FAILED /events/0/action'],
    ['a new event that corrects another', { ...call, corrects: 'evt-0091' }, 'UNKNOWN_FIELD /events/0/corrects'],
    [
      'a correction of nothing',
      { ...call, action: 'correct', reason: 'a typing error' },
      'VALIDATION_FAILED /events/0/corrects',
    ],
    [
      'a correction without a reason',
      { ...call, action: 'correct', corrects: 'evt-0091' },
      'REASON_REQUIRED /events/0/reason',
    ],
    [
      'a correction that says nothing',
      { ...call, action: 'correct', corrects: 'evt-0091', reason: 'a typing error', data: null },
      'VALIDATION_FAILED /events/0/data',
    ],
    [
      'a cancel that says something',
      { ...call, action: 'cancel', corrects: 'evt-0091', reason: 'posted twice' },
      'VALIDATION_FAILED /events/0/data',
    ],
    [
      'a cancel without a source',
      { ...call, action: 'cancel', corrects: 'evt-0091', reason: 'posted twice', data: null, sources: [] },
      'SOURCE_REQUIRED /events/0/sources',
    ],
    ['a position of its own', { ...call, position: 7 }, 'UNKNOWN_FIELD /events/0/position'],
    [
      'a number for an amount',
      { ...call, data: { ...call.data, money: { currency: 'USD', amount: 4e9 } } },
      'AMOUNT_FORMAT /events/0/data/money/amount',
    ],
    [
      'a cancellation without a reason',
      { ...call, type: 'TrancheCancelled', data: { trancheId: 'T1' } },
      'REASON_REQUIRED /events/0/data/reason',
    ],
    [
      'a cancellation with an empty reason',
      { ...call, type: 'TrancheCancelled', data: { trancheId: 'T1', reason: '' } },
      'REASON_REQUIRED /events/0/data/reason',
    ],
  ])('refuses %s', (_, input, expected) => expect(refusals(input)).toEqual([expected]));

  it('lets a source stand without a source', () => {
    const data = { sourceId: 'press', kind: 'press', language: 'ar', title: 'عنوان' };
    expect(refusals({ ...call, type: 'SourceRegistered', sources: [], data }, source)).toEqual([]);
  });

  it('reads a cancel alike whether it says that it has no data or not', () => {
    const cancel = { ...call, action: 'cancel', corrects: 'evt-0091', reason: 'posted twice', data: undefined };
    const parsed = parseEvent(funding, cancel);
    expect(parsed).toMatchObject({ ok: true, event: { action: 'cancel', corrects: 'evt-0091', data: null } });
    expect(parseEvent(funding, { ...cancel, data: null })).toEqual(parsed);
  });

  it('stores a quarter in the one way EDTF writes it', () => {
    const parsed = parseEvent(deal, { ...call, type: 'DealAnnounced', data: { announcedOn: '2026-Q1' } });
    expect(parsed).toMatchObject({ event: { data: { announcedOn: '2026-33' } } });
  });

  it('reads again what it gave, unchanged', () => {
    const parsed = parseEvent(deal, {
      ...call,
      type: 'DealAnnounced',
      effective: '2026-Q1',
      data: { announcedOn: '2026-Q1' },
    });
    if (!parsed.ok) throw new Error('refused');
    const { effective, schemaVersion: _, corrects: __, ...event } = parsed.event;
    expect(parseEvent(deal, { ...event, effective: effective.edtf })).toEqual(parsed);
  });
});

interface Documented {
  readonly properties: { readonly type: { const?: string; enum?: string[] }; readonly action: { const?: string } };
}

describe('the documentation', () => {
  it.each(Object.values(catalogue).map((kind) => [kind.name, kind] as const))(
    'has a schema of every event of a %s, and one of a cancel',
    (_, kind) => {
      const [ofTypes, cancel] = z.toJSONSchema(postedSchema(kind), { io: 'input' }).anyOf as unknown as [
        { oneOf: Documented[] },
        Documented,
      ];
      const types = Object.keys(kind.events);
      expect(ofTypes.oneOf.map(({ properties }) => properties.type.const)).toEqual(types);
      expect(cancel.properties).toMatchObject({ type: { enum: types }, action: { const: 'cancel' } });
    },
  );

  it('says what a correction needs, and that nothing else may have it', () => {
    const [ofTypes] = z.toJSONSchema(postedSchema(source), { io: 'input' }).anyOf ?? [];
    expect((ofTypes as { oneOf: unknown[] }).oneOf[0]).toMatchObject({
      then: { required: ['corrects', 'reason', 'approvedBy'] },
      else: { properties: { corrects: false } },
    });
  });

  it('shows what an amount looks like', () => {
    const schema = JSON.stringify(z.toJSONSchema(postedSchema(funding), { io: 'input' }));
    expect(schema).toContain('"currency":{"type":"string","pattern":"^[A-Z]{3}$"');
    expect(schema).toContain('"additionalProperties":false');
  });
});

describe('every refusal', () => {
  it('has the status of who decides: the body, the stream, or what is recorded', () => {
    expect(statusOf('AMOUNT_FORMAT')).toBe(422);
    expect(statusOf('STREAM_NOT_FOUND')).toBe(404);
    expect(statusOf('CALL_EXCEEDS_AVAILABLE')).toBe(409);
    expect(statusOf('VERSION_CONFLICT')).toBe(412);
    const body = /^(AMOUNT_|CLAIM_)|_NEEDS_|^(SOURCE|REASON|FOUR_EYES)_REQUIRED$/;
    for (const [code, status] of Object.entries(REFUSALS))
      if (body.test(code)) expect([code, status]).toEqual([code, 422]);
  });
});

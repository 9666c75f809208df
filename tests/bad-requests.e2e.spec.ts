import type { OpenApiDocument } from '@deal-ledger/service';
import { request } from 'node:http';
import { assertDocumented } from './fences/openapi';
import { dataDir } from './support/data-dir';
import { startService, type RunningService } from './harness/services';
import { post, record, send, type Answered } from './support/client';
import { dealOpened, fundsCalled, groundwork, partyRegistered, type StreamEvent } from './support/events';

jest.setTimeout(60_000);

interface Expected {
  readonly status: number;
  readonly code: string;
  /** JSON pointer of the first error, where the body is at fault. */
  readonly pointer?: string;
}
interface BadRequest {
  readonly what: string;
  readonly path?: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected: Expected;
}

const PARTY = '/v1/parties/bad/events';
const FUNDING = '/v1/funding/bad/events';
const withData = (event: StreamEvent, data: object): object => {
  const { stream: _, ...rest } = event;
  return { events: [{ ...rest, data: { ...(rest['data'] as object), ...data } }] };
};
const party = (change: object = {}): object => {
  const { stream: _, ...rest } = partyRegistered('bad');
  return { events: [{ ...rest, ...change }] };
};
const proposed = (amount: unknown): object => ({
  events: [
    {
      id: 'bad',
      type: 'FundingProposed',
      effective: '2025-10-05',
      sources: [{ sourceId: 'contract', attribution: 'official', confidence: 'high' }],
      data: { fundingId: 'bad', funderIds: ['lender'], recipientId: 'borrower', instrument: 'debt', amount },
    },
  ],
});
const usd = (amount: unknown): object => ({ currency: 'USD', amount });
const AMOUNT = '/events/0/data/amount/ceiling/amount';
const nested = (depth: number): string => '{"events":'.concat('['.repeat(depth), ']'.repeat(depth), '}');

const BAD: readonly BadRequest[] = [
  { what: 'is not JSON', body: '{"events": [', expected: { status: 400, code: 'MALFORMED_JSON' } },
  { what: 'is empty', body: '', expected: { status: 400, code: 'MALFORMED_JSON' } },
  { what: 'is a list', body: [], expected: { status: 422, code: 'VALIDATION_FAILED' } },
  { what: 'is null', body: 'null', expected: { status: 422, code: 'VALIDATION_FAILED' } },
  { what: 'has no events', body: {}, expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events' } },
  {
    what: 'has an empty list of events',
    body: { events: [] },
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events' },
  },
  {
    what: 'has 101 events',
    body: {
      events: Array.from({ length: 101 }, (_, index) => ({
        ...(party() as { events: object[] }).events[0],
        id: `e${index}`,
      })),
    },
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events' },
  },
  {
    what: 'has an unknown field beside events',
    body: { ...party(), commit: true },
    expected: { status: 422, code: 'UNKNOWN_FIELD', pointer: '/commit' },
  },
  {
    what: 'has an unknown field in an event',
    body: party({ recordedAt: '2020-01-01' }),
    expected: { status: 422, code: 'UNKNOWN_FIELD', pointer: '/events/0/recordedAt' },
  },
  {
    what: 'has an unknown field in the data',
    body: withData(partyRegistered('bad'), { colour: 'red' }),
    expected: { status: 422, code: 'UNKNOWN_FIELD', pointer: '/events/0/data/colour' },
  },
  {
    what: 'has an event that is a string',
    body: { events: ['PartyRegistered'] },
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events/0' },
  },
  {
    what: 'has an event type of another kind',
    body: party({ type: 'DealOpened' }),
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events/0/type' },
  },
  {
    what: 'has a number where text belongs',
    body: withData(partyRegistered('bad'), { name: 7 }),
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events/0/data/name' },
  },
  {
    what: 'has no sources',
    body: party({ sources: [] }),
    expected: { status: 422, code: 'SOURCE_REQUIRED', pointer: '/events/0/sources' },
  },
  {
    what: 'has a source that nobody registered',
    body: party({ sources: [{ sourceId: 'ghost', attribution: 'official', confidence: 'high' }] }),
    expected: { status: 409, code: 'REF_NOT_FOUND', pointer: '/events/0/sources/0/sourceId' },
  },
  {
    what: 'has a date that is none',
    body: party({ effective: '2025-02-30' }),
    expected: { status: 422, code: 'PERIOD_INVALID', pointer: '/events/0/effective' },
  },
  {
    what: 'has NUL in a text',
    body: withData(partyRegistered('bad'), { name: 'a\0b' }),
    expected: { status: 400, code: 'UNSTORABLE_TEXT', pointer: '/events/0/data/name' },
  },
  {
    what: 'has half a surrogate pair in a text',
    body: JSON.stringify(withData(partyRegistered('bad'), { name: 'HALF' })).replace('HALF', '\\ud800'),
    expected: { status: 400, code: 'UNSTORABLE_TEXT', pointer: '/events/0/data/name' },
  },
  {
    what: 'has a key that poisons prototypes',
    body: '{"events":[],"__proto__":{"admin":true}}',
    expected: { status: 400, code: 'FORBIDDEN_KEY' },
  },
  { what: 'is nested 10,000 levels deep', body: nested(10_000), expected: { status: 400, code: 'JSON_TOO_DEEP' } },
  {
    what: 'is 2 MB long',
    body: withData(partyRegistered('bad'), { name: 'x'.repeat(2_000_000) }),
    expected: { status: 413, code: 'BODY_TOO_LARGE' },
  },
  {
    what: 'is of another content type',
    body: JSON.stringify(party()),
    headers: { 'content-type': 'text/plain' },
    expected: { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
  },
  {
    what: 'is in another charset',
    body: JSON.stringify(party()),
    headers: { 'content-type': 'application/json; charset=iso-8859-1' },
    expected: { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
  },
  {
    what: 'is compressed',
    body: JSON.stringify(party()),
    headers: { 'content-encoding': 'gzip' },
    expected: { status: 415, code: 'UNSUPPORTED_CONTENT_ENCODING' },
  },
  {
    what: 'has a key twice',
    body: '{"events":[],"events":[]}',
    expected: { status: 400, code: 'DUPLICATE_KEY', pointer: '/events' },
  },
  {
    what: 'has an amount that is a JSON number',
    path: FUNDING,
    body: proposed({ ceiling: usd(100) }),
    expected: { status: 422, code: 'AMOUNT_FORMAT', pointer: AMOUNT },
  },
  {
    what: 'has an amount with an exponent',
    path: FUNDING,
    body: proposed({ ceiling: usd('1e5') }),
    expected: { status: 422, code: 'AMOUNT_FORMAT', pointer: AMOUNT },
  },
  {
    what: 'has an amount of -0',
    path: FUNDING,
    body: proposed({ ceiling: usd('-0') }),
    expected: { status: 422, code: 'AMOUNT_FORMAT', pointer: AMOUNT },
  },
  {
    what: 'has an amount with 60 digits',
    path: FUNDING,
    body: proposed({ ceiling: usd('9'.repeat(60)) }),
    expected: { status: 422, code: 'AMOUNT_FORMAT', pointer: AMOUNT },
  },
  {
    what: 'has an amount with thousands separators',
    path: FUNDING,
    body: proposed({ ceiling: usd('1,000') }),
    expected: { status: 422, code: 'AMOUNT_FORMAT', pointer: AMOUNT },
  },
  {
    what: 'has an amount finer than its currency',
    path: FUNDING,
    body: proposed({ ceiling: usd('0.001') }),
    expected: { status: 422, code: 'AMOUNT_SCALE', pointer: AMOUNT },
  },
  {
    what: 'has an amount below zero',
    path: FUNDING,
    body: proposed({ ceiling: usd('-5') }),
    expected: { status: 422, code: 'AMOUNT_NEGATIVE', pointer: AMOUNT },
  },
  {
    what: 'has an unknown currency',
    path: FUNDING,
    body: proposed({ ceiling: { currency: 'XYZ', amount: '1' } }),
    expected: { status: 422, code: 'CURRENCY_UNKNOWN', pointer: '/events/0/data/amount/ceiling/currency' },
  },
  {
    what: 'has a claim with firm above ceiling',
    path: FUNDING,
    body: proposed({ firm: usd('2'), ceiling: usd('1') }),
    expected: { status: 422, code: 'CLAIM_ORDER' },
  },
  {
    what: 'has a claim that is undisclosed and has a value',
    path: FUNDING,
    body: proposed({ undisclosed: true, ceiling: usd('1') }),
    expected: { status: 422, code: 'CLAIM_UNDISCLOSED_WITH_VALUE' },
  },
  {
    what: 'has a claim that says nothing',
    path: FUNDING,
    body: proposed({}),
    expected: { status: 422, code: 'CLAIM_EMPTY' },
  },
  {
    what: 'names a party that nobody registered',
    path: '/v1/deals/bad/events',
    body: { events: [(({ stream: _, ...rest }) => rest)(dealOpened('bad', 'lender', 'ghost'))] },
    expected: { status: 409, code: 'REF_NOT_FOUND', pointer: '/events/0/data/parties/1/partyId' },
  },
  {
    what: 'is for a stream that does not exist',
    path: FUNDING,
    body: { events: [(({ stream: _, ...rest }) => rest)(fundsCalled('bad', 'c', 1))] },
    expected: { status: 404, code: 'STREAM_NOT_FOUND' },
  },
  {
    what: 'opens what exists already',
    path: '/v1/parties/lender/events',
    body: { events: [{ ...(({ stream: _, ...rest }) => rest)(partyRegistered('lender')), id: 'again' }] },
    expected: { status: 409, code: 'STREAM_EXISTS' },
  },
  {
    what: 'opens another stream than its path names',
    body: withData(partyRegistered('bad'), { partyId: 'other' }),
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events/0/data/partyId' },
  },
  {
    what: 'takes a version that is not the present one',
    body: party(),
    headers: { 'if-match': '"7"' },
    expected: { status: 412, code: 'VERSION_CONFLICT' },
  },
  {
    what: 'has an If-Match that is no version',
    body: party(),
    headers: { 'if-match': 'seven' },
    expected: { status: 400, code: 'VALIDATION_FAILED' },
  },
  {
    what: 'has an Idempotency-Key of 300 characters',
    body: party(),
    headers: { 'idempotency-key': 'k'.repeat(300) },
    expected: { status: 400, code: 'VALIDATION_FAILED' },
  },
  {
    what: 'could not be told from its repetition',
    body: party({ id: undefined }),
    expected: { status: 400, code: 'IDEMPOTENCY_REQUIRED', pointer: '/events/0/id' },
  },
  {
    what: 'has one id twice',
    path: '/v1/references/items/events',
    body: {
      events: ['a', 'b'].map((itemId) => ({
        id: 'twice',
        type: 'ItemDefined',
        effective: '2025-10-05',
        sources: [{ sourceId: 'contract', attribution: 'official', confidence: 'high' }],
        data: { itemId, name: itemId, defaultUnit: 'EA' },
      })),
    },
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events/1/id' },
  },
  {
    what: 'has an id that is used with other content',
    path: '/v1/parties/lender/events',
    body: { events: [{ ...(({ stream: _, ...rest }) => rest)(partyRegistered('lender')), effective: '2025-10-04' }] },
    expected: { status: 422, code: 'COMMAND_ID_REUSED', pointer: '/events/0/id' },
  },
  {
    what: 'has an unknown query parameter',
    path: `${PARTY}?force=true`,
    body: party(),
    expected: { status: 400, code: 'VALIDATION_FAILED' },
  },
  {
    what: 'has a path with a blank in the id',
    path: '/v1/parties/a%20b/events',
    body: party(),
    expected: { status: 400, code: 'VALIDATION_FAILED' },
  },
  {
    what: 'has a path that climbs',
    path: '/v1/parties/..%2f..%2fetc/events',
    body: party(),
    expected: { status: 400, code: 'VALIDATION_FAILED' },
  },
  {
    what: 'has a path that is not percent-encoded rightly',
    path: '/v1/parties/%zz/events',
    body: party(),
    expected: { status: 400, code: 'MALFORMED_URL' },
  },
  {
    what: 'is for a kind of stream that does not exist',
    path: '/v1/castles/a/events',
    body: party(),
    expected: { status: 404, code: 'ROUTE_NOT_FOUND' },
  },
  {
    what: 'names an unknown kind of stream in a commit',
    path: '/v1/commits',
    body: { events: [{ ...partyRegistered('bad'), stream: 'castle/a' }] },
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events/0/stream' },
  },
  {
    what: 'names a key stream in a commit',
    path: '/v1/commits',
    body: { events: [{ ...partyRegistered('bad'), stream: 'alias/nvidia' }] },
    expected: { status: 422, code: 'VALIDATION_FAILED', pointer: '/events/0/stream' },
  },
  {
    what: 'takes an alias that another party has',
    body: withData(partyRegistered('bad'), { aliases: ['LENDER'] }),
    expected: { status: 409, code: 'PARTY_ALIAS_TAKEN' },
  },
];

describe('a bad request', () => {
  const data = dataDir();
  let ledger: RunningService;
  let document: OpenApiDocument;

  beforeAll(async () => {
    ledger = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '' },
    });
    await record(`${ledger.url}/v1/commits`, { events: groundwork() });
    document = (await send(`${ledger.url}/openapi.json`)).json as unknown as OpenApiDocument;
  });
  afterAll(async () => {
    await ledger?.stop();
    data.remove();
  });

  /** How much the recorder has read: it moves with anything that is appended, fact or void. */
  const endOfLog = async (): Promise<string> =>
    (await send(`${ledger.url}/v1/parties/lender`)).json['readAt']!.toString();

  async function ask({ path = PARTY, body, headers = {} }: BadRequest): Promise<Answered> {
    if (typeof body !== 'string') return post(`${ledger.url}${path}`, body, headers);
    return send(`${ledger.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  }

  it.each(BAD.map((bad) => [bad.what, bad] as const))(
    'that %s is refused and leaves nothing behind',
    async (_, bad) => {
      const before = await endOfLog();
      const answer = await ask(bad);
      const { code, errors, detail } = answer.json as {
        code: string;
        detail: string;
        errors?: { pointer?: string; code: string }[];
      };
      expect({ status: answer.status, code, pointer: bad.expected.pointer && errors?.[0]?.pointer }).toEqual({
        pointer: undefined,
        ...bad.expected,
      });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(detail.length).toBeGreaterThan(20);
      if (!['ROUTE_NOT_FOUND', 'MALFORMED_URL'].includes(code))
        assertDocumented(document, 'POST', bad.path?.split('?')[0] ?? PARTY, answer.status, answer.json);
      expect(await endOfLog()).toBe(before);
    },
  );

  it('in which everything is wrong gets everything that is wrong at once', async () => {
    const answer = await post(`${ledger.url}${PARTY}`, {
      events: [{ id: ' ', type: 'PartyRegistered', effective: 'soon', sources: [], colour: 'red', data: { name: 1 } }],
    });
    const pointers = (answer.json['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort();
    expect(pointers).toEqual([
      '/events/0/colour',
      '/events/0/data/aliases',
      '/events/0/data/name',
      '/events/0/data/partyId',
      '/events/0/effective',
      '/events/0/id',
      '/events/0/sources',
    ]);
  });

  it('whose sender goes away in the middle leaves nothing behind', async () => {
    const before = await endOfLog();
    await new Promise<void>((gone) => {
      const half = request(`${ledger.url}${PARTY}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': 5_000 },
      });
      half.on('error', () => gone());
      half.write('{"events":[{"id":"half"', () => half.destroy());
      half.on('close', () => gone());
    });
    expect(await endOfLog()).toBe(before);
  });
});

import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import {
  bodyOf,
  createService,
  Operation,
  paramsOf,
  Problem,
  queryOf,
  Readiness,
  settingsOf,
  validHeaders,
  type OpenApiDocument,
} from './index';

const call = z.strictObject({ amount: z.string(), lines: z.array(z.strictObject({ id: z.int() })).default([]) });
const params = z.strictObject({ id: z.string().regex(/^[a-z]+$/) });
const query = z.strictObject({ dryRun: z.enum(['true', 'false']).optional() });
const headers = z.object({
  'if-match': z
    .string()
    .regex(/^"\d+"$/)
    .optional(),
});

@Controller('v1/calls')
class Calls {
  @Post(':id')
  @HttpCode(201)
  @Operation({ summary: 'Call', params, query, headers, body: call, responses: { 201: call, problems: [400, 422] } })
  call(
    @Param(paramsOf(params)) _: z.output<typeof params>,
    @Query(queryOf(query)) __: z.output<typeof query>,
    @Headers() given: unknown,
    @Body(bodyOf(call)) body: z.output<typeof call>,
  ): z.output<typeof call> {
    validHeaders(headers, given);
    return body;
  }

  @Get('fail/:how')
  @Operation({ summary: 'Fail', params: z.object({ how: z.string() }), responses: { problems: [404, 409, 500, 503] } })
  fail(@Param('how') how: string): never {
    if (how === 'refused') {
      throw new Problem({
        status: 409,
        code: 'CALL_EXCEEDS_AVAILABLE',
        detail: 'too much',
        members: { asked: 7, available: 6 },
      });
    }
    if (how === 'contended') throw new Problem({ status: 503, code: 'CONTENDED', detail: 'again', retryAfterS: 2 });
    if (how === 'absent') throw new NotFoundException('no such call');
    throw new Error('password is hunter2');
  }

  @Post('import')
  @HttpCode(200)
  @Operation({ summary: 'Import', ndjsonBody: call, responses: { 200: z.strictObject({ bytes: z.int() }) } })
  async import(@Body() lines: Readable): Promise<{ bytes: number }> {
    let bytes = 0;
    for await (const chunk of lines) bytes += (chunk as Buffer).length;
    return { bytes };
  }
}

@Module({ controllers: [Calls] })
class CallsModule {}

const options = {
  name: 'calls',
  module: CallsModule,
  settings: settingsOf({ LOG_LEVEL: 'silent' }),
  openApi: { title: 'Calls', description: 'Calls for tests.' },
};

describe('a service', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    app = await createService(options);
  });
  afterAll(() => app.close());

  const post = (payload: string | Buffer, more: { url?: string; headers?: Record<string, string> } = {}) =>
    app.inject({
      method: 'POST',
      url: more.url ?? '/v1/calls/first',
      payload,
      headers: { 'content-type': 'application/json', ...more.headers },
    });

  it('answers what the handler gives', async () => {
    const answer = await post('{"amount":"1.00"}');
    expect([answer.statusCode, answer.json()]).toEqual([201, { amount: '1.00', lines: [] }]);
  });

  it('lets nothing in an answer run or be framed', async () => {
    const { headers: given } = await post('{"amount":"1.00"}');
    expect(given['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(given['x-content-type-options']).toBe('nosniff');
  });

  it('lists every error of a body with its pointer', async () => {
    const answer = await post('{"amount":1,"lines":[{"id":"x"}],"extra/field":true}');
    expect(answer.statusCode).toBe(422);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    const { errors } = answer.json<{ errors: { code: string; pointer: string }[] }>();
    expect(errors.map(({ code, pointer }) => [code, pointer])).toEqual([
      ['VALIDATION_FAILED', '/amount'],
      ['VALIDATION_FAILED', '/lines/0/id'],
      ['UNKNOWN_FIELD', '/extra~1field'],
    ]);
  });

  it.each([
    ['an unknown query parameter', '/v1/calls/first?dryrun=true', 'dryrun'],
    ['a wrong query parameter', '/v1/calls/first?dryRun=maybe', 'dryRun'],
    ['a query parameter given twice', '/v1/calls/first?dryRun=true&dryRun=false', 'dryRun'],
    ['a wrong parameter of the path', '/v1/calls/FIRST', 'id'],
    ['any query parameter where none is documented', '/v1/calls/import?x=1', 'x'],
  ])('refuses %s with its name', async (_, url, parameter) => {
    const answer = await post('{"amount":"1"}', { url });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      400,
      { code: 'VALIDATION_FAILED', errors: [{ parameter }] },
    ]);
  });

  it('refuses a wrong header with its name', async () => {
    const answer = await post('{"amount":"1"}', { headers: { 'if-match': 'x' } });
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { errors: [{ parameter: 'if-match' }] }]);
  });

  it.each<[string, string | Buffer, number, string]>([
    ['JSON that ends too early', '{"amount":', 400, 'MALFORMED_JSON'],
    ['an empty body', '', 400, 'MALFORMED_JSON'],
    ['null', 'null', 400, 'BODY_REQUIRED'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'MALFORMED_JSON'],
    ['JSON nested 33 levels deep', '['.repeat(33) + ']'.repeat(33), 400, 'JSON_TOO_DEEP'],
    ['JSON nested a hundred thousand levels deep', '['.repeat(100_000), 400, 'JSON_TOO_DEEP'],
    ['a key that comes twice', '{"amount":"1","lines":[],"amount":"2"}', 400, 'DUPLICATE_KEY'],
    ['__proto__', '{"__proto__":{"admin":true}}', 400, 'FORBIDDEN_KEY'],
    ['constructor.prototype', '{"constructor":{"prototype":{"admin":true}}}', 400, 'FORBIDDEN_KEY'],
    ['a text with U+0000', '{"amount":"a\\u0000b"}', 400, 'UNSTORABLE_TEXT'],
    ['a text with half a surrogate pair', '{"amount":"\\ud83d"}', 400, 'UNSTORABLE_TEXT'],
    ['a body above the limit', `{"amount":"${'x'.repeat(1024 * 1024)}"}`, 413, 'BODY_TOO_LARGE'],
  ])('refuses %s', async (_, payload, status, code) => {
    const answer = await post(payload);
    expect([answer.statusCode, answer.json()]).toMatchObject([status, { status, code }]);
  });

  it('takes JSON nested 32 levels deep, brackets in strings and escaped quotes', async () => {
    const answer = await post(JSON.stringify({ amount: `${'['.repeat(40)}"\\"{{😀` }));
    expect(answer.statusCode).toBe(201);
    const deep = await post('['.repeat(32) + ']'.repeat(32));
    expect(deep.statusCode).toBe(422);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson', 'multipart/form-data'])(
    'refuses a body of %s where it takes JSON',
    async (type) => {
      const answer = await post('{"amount":"1"}', { headers: { 'content-type': type } });
      expect([answer.statusCode, answer.json()]).toMatchObject([
        415,
        {
          code: 'UNSUPPORTED_MEDIA_TYPE',
          detail: `This route takes application/json, and the body came as "${type}". Send it as Content-Type: application/json.`,
        },
      ]);
    },
  );

  it.each(['gzip', 'br', 'deflate, gzip', 'nonsense'])(
    'refuses a body in the content encoding %s',
    async (encoding) => {
      for (const url of ['/v1/calls/first', '/v1/calls/import']) {
        const answer = await post('{"amount":"1"}', { url, headers: { 'content-encoding': encoding } });
        expect([answer.statusCode, answer.headers['accept-encoding'], answer.json()]).toMatchObject([
          415,
          'identity',
          { code: 'UNSUPPORTED_CONTENT_ENCODING', detail: expect.stringContaining('Send it as it is') as string },
        ]);
      }
    },
  );

  it.each([
    ['/v1/calls/first', 'application/json'],
    ['/v1/calls/import', 'application/x-ndjson'],
  ])('at %s takes %s in UTF-8 and in no other charset', async (url, type) => {
    const status = async (contentType: string) =>
      (await post('{"amount":"1"}', { url, headers: { 'content-type': contentType } })).statusCode;
    for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8'])
      expect([charset, await status(`${type}; charset=${charset}`)]).toEqual([
        charset,
        url.endsWith('import') ? 200 : 201,
      ]);
    for (const charset of ['iso-8859-1', 'utf-16', '"us-ascii"', '""'])
      expect([charset, await status(`${type};charset=${charset}`)]).toEqual([charset, 415]);
  });

  it('takes a body that says that it is not encoded', async () => {
    expect((await post('{"amount":"1"}', { headers: { 'content-encoding': 'identity' } })).statusCode).toBe(201);
  });

  it('hands a body of lines to the handler as a stream, whatever its length', async () => {
    const payload = '{"amount":"1"}\n'.repeat(100_000);
    const url = '/v1/calls/import';
    const answer = await post(payload, { url, headers: { 'content-type': 'application/x-ndjson' } });
    expect([answer.statusCode, answer.json()]).toEqual([200, { bytes: payload.length }]);
    const json = await post('{"amount":"1"}', { url });
    expect(json.statusCode).toBe(415);
  });

  it('says what it refuses, the numbers and the path', async () => {
    const answer = await app.inject('/v1/calls/fail/refused');
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toEqual({
      type: 'urn:deal-ledger:problem:CALL_EXCEEDS_AVAILABLE',
      title: 'Call exceeds available',
      status: 409,
      code: 'CALL_EXCEEDS_AVAILABLE',
      detail: 'too much',
      instance: '/v1/calls/fail/refused',
      asked: 7,
      available: 6,
    });
  });

  it('says when to try again', async () => {
    const answer = await app.inject('/v1/calls/fail/contended');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2']);
  });

  it('keeps the reason of an unexpected error to itself', async () => {
    const answer = await app.inject('/v1/calls/fail/badly');
    expect([answer.statusCode, answer.json()]).toMatchObject([
      500,
      { code: 'INTERNAL', requestId: expect.any(String) as string },
    ]);
    expect(answer.body).not.toContain('hunter2');
  });

  it('tells an absent thing from an absent route and from another method', async () => {
    const absent = await app.inject('/v1/calls/fail/absent');
    expect([absent.statusCode, absent.json()]).toMatchObject([404, { code: 'NOT_FOUND' }]);
    const noRoute = await app.inject('/v1/cals');
    expect([noRoute.statusCode, noRoute.json()]).toMatchObject([404, { code: 'ROUTE_NOT_FOUND' }]);
    const method = await app.inject({ method: 'DELETE', url: '/v1/calls/first' });
    expect([method.statusCode, method.headers['allow'], method.json()]).toMatchObject([
      405,
      'POST',
      { code: 'METHOD_NOT_ALLOWED' },
    ]);
  });

  it('refuses a path that is not percent-encoded rightly', async () => {
    const answer = await app.inject('/v1/calls/fail/%FF%ZZ');
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { code: 'MALFORMED_URL' }]);
  });

  it('documents every route, true to its schemas', async () => {
    const document = (await app.inject('/openapi.json')).json<OpenApiDocument>();
    expect(Object.keys(document.paths)).toEqual([
      '/health/live',
      '/health/ready',
      '/v1/calls/{id}',
      '/v1/calls/fail/{how}',
      '/v1/calls/import',
    ]);
    const operation = document.paths['/v1/calls/{id}']?.['post'];
    expect(operation).toMatchObject({
      operationId: 'postV1CallsId',
      tags: ['calls'],
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
        { name: 'dryRun', in: 'query', required: false, schema: { enum: ['true', 'false'] } },
        { name: 'if-match', in: 'header', required: false },
      ],
      requestBody: {
        content: { 'application/json': { schema: { required: ['amount'], additionalProperties: false } } },
      },
      responses: {
        201: { content: { 'application/json': { schema: { required: ['amount', 'lines'] } } } },
        422: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      },
    });
    expect(Object.keys(document.components.schemas)).toEqual(['Live', 'Problem', 'Ready']);
  });

  it('serves the documentation page with all it needs', async () => {
    const page = await app.inject('/docs');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
    expect(parts).toHaveLength(4);
    for (const url of parts) expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200]);
  });

  it.each(['/', '/docs/'])('leads from %s to the documentation page', async (url) => {
    const answer = await app.inject(url);
    expect([answer.statusCode, answer.headers['location']]).toEqual([302, '/docs']);
  });

  it('is ready when every check is', async () => {
    const readiness = app.get(Readiness);
    readiness.register('log', () => 'position 5');
    const ready = await app.inject('/health/ready');
    expect([ready.statusCode, ready.json()]).toEqual([
      200,
      {
        status: 'ready',
        checks: [
          { name: 'process', status: 'up' },
          { name: 'log', status: 'up', detail: 'position 5' },
        ],
      },
    ]);
    readiness.register('database', () => Promise.reject(new Error('connection refused')));
    const notReady = await app.inject('/health/ready');
    expect([notReady.statusCode, notReady.json()]).toMatchObject([
      503,
      {
        code: 'NOT_READY',
        detail: 'Not ready: database (connection refused).',
        checks: [{}, {}, { name: 'database', status: 'down' }],
      },
    ]);
    expect((await app.inject('/health/live')).statusCode).toBe(200);
  });
});

it('does not start with an undocumented route', async () => {
  @Controller()
  class Secret {
    @Get('secret')
    secret(): string {
      return '';
    }
  }
  @Module({ controllers: [Secret] })
  class SecretModule {}
  await expect(createService({ ...options, module: SecretModule })).rejects.toThrow(
    'routes without @Operation: GET /secret',
  );
});

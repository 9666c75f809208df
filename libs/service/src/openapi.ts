import { STATUS_CODES } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Answer, AnswerDoc, OperationDoc } from './operation';
import type { Route } from './routes';

type Json = Record<string, unknown>;

export interface OpenApiInfo {
  readonly title: string;
  readonly description: string;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: OpenApiInfo & { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

const fieldError = z.strictObject({
  code: z.string(),
  message: z.string(),
  pointer: z.string().optional().describe('JSON pointer into the body.'),
  parameter: z.string().optional().describe('Name of a query parameter, path parameter or header.'),
});

/** RFC 9457. Not closed: a problem carries the numbers that clash as members of their own. */
const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable and for programs.'),
    detail: z.string().describe('What was refused, the numbers that clash, what to do.'),
    instance: z.string().optional(),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: 'Problem' });

/** The OpenAPI document of the given routes; those without documentation are left out. */
export function openApiOf(info: OpenApiInfo, routes: readonly Route[]): OpenApiDocument {
  const schemas = new Components();
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, url, operation } of routes) {
    if (operation === undefined || operation.hidden === true || method === 'HEAD') continue;
    const path = url.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[method.toLowerCase()] = operationJson(method, path, operation, schemas);
  }
  return { openapi: '3.1.0', info: { ...info, version: '1' }, paths, components: { schemas: schemas.all() } };
}

function operationJson(method: string, path: string, doc: OperationDoc, schemas: Components): Json {
  const parameters = [
    ...parametersJson('path', doc.params, schemas),
    ...parametersJson('query', doc.query, schemas),
    ...parametersJson('header', doc.headers, schemas),
  ];
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^a-zA-Z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    tags: [doc.tag ?? tagOf(path)],
    summary: doc.summary,
    ...(doc.description === undefined ? {} : { description: doc.description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyJson(doc, schemas),
    responses: responsesJson(doc, schemas),
  };
}

function tagOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return (/^v\d+$/.test(parts[0] ?? '') ? parts[1] : parts[0]) ?? '/';
}

function parametersJson(
  where: 'path' | 'query' | 'header',
  object: z.ZodObject | undefined,
  schemas: Components,
): Json[] {
  return Object.entries(object?.shape ?? {}).map(([name, schema]) => {
    const { description, ...json } = schemas.of(schema as z.ZodType, 'input');
    const required = where === 'path' || !(schema as z.ZodType).safeParse(undefined).success;
    return { name, in: where, required, ...(description === undefined ? {} : { description }), schema: json };
  });
}

function requestBodyJson(doc: OperationDoc, schemas: Components): Json {
  const content: Json = {
    ...(doc.body === undefined ? {} : { 'application/json': { schema: schemas.of(doc.body, 'input') } }),
    ...(doc.ndjsonBody === undefined
      ? {}
      : { 'application/x-ndjson': { schema: schemas.of(doc.ndjsonBody, 'input') } }),
    ...(doc.textBody === undefined ? {} : { 'text/plain': { schema: { type: 'string', description: doc.textBody } } }),
  };
  return Object.keys(content).length === 0 ? {} : { requestBody: { required: true, content } };
}

function responsesJson(doc: OperationDoc, schemas: Components): Json {
  const { problems = [], ...answers } = doc.responses;
  const problem =
    problems.length === 0 ? {} : { 'application/problem+json': { schema: schemas.of(problemSchema, 'output') } };
  return Object.fromEntries([
    ...Object.entries(answers).map(([status, answer]) => [
      status,
      answerJson(Number(status), answer as AnswerDoc, schemas),
    ]),
    ...problems.map((status) => [String(status), { description: STATUS_CODES[status] ?? 'Problem', content: problem }]),
  ]) as Json;
}

function answerJson(status: number, answer: AnswerDoc, schemas: Components): Json {
  const doc: Answer = isSchema(answer) ? { json: answer } : answer;
  const content: Json = {
    ...(doc.json === undefined ? {} : { 'application/json': { schema: schemas.of(doc.json, 'output') } }),
    ...(doc.ndjson === undefined ? {} : { 'application/x-ndjson': { schema: schemas.of(doc.ndjson, 'output') } }),
    ...Object.fromEntries((doc.also ?? []).map((type) => [type, { schema: { type: 'string' } }])),
  };
  const headers = Object.entries(doc.headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    description: doc.description ?? STATUS_CODES[status] ?? 'Answer',
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) as Json }),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

function isSchema(answer: AnswerDoc): answer is z.ZodType {
  return '_zod' in answer;
}

/** Schemas with an id (`.meta({ id })`) become components, each written once and referred to by name. */
class Components {
  private readonly byName = new Map<string, Json>();

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const converted: Json & { $defs?: Record<string, Json> } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
    const { $schema: _, $defs = {}, ...json } = converted;
    const names = this.namesOf($defs, io);
    for (const [id, definition] of Object.entries($defs)) this.byName.set(names(id), renamed(definition, names));
    return renamed(json, names);
  }

  all(): Record<string, Json> {
    return Object.fromEntries([...this.byName].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** What a schema takes and what it gives can differ (defaults); the side that comes second is then named for it. */
  private namesOf(definitions: Record<string, Json>, io: 'input' | 'output'): Names {
    const same: Names = (id) => id;
    const differs = Object.entries(definitions).some(([id, json]) => {
      const known = this.byName.get(id);
      return known !== undefined && !isDeepStrictEqual(known, renamed(json, same));
    });
    return differs ? (id) => `${id}${io === 'input' ? 'Input' : 'Output'}` : same;
  }
}

type Names = (id: string) => string;

const DEFINITION = '#/$defs/';

function renamed(json: Json, names: Names): Json {
  return JSON.parse(JSON.stringify(json), (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value;
    const id = value.startsWith(DEFINITION) ? value.slice(DEFINITION.length) : '#';
    if (id.startsWith('__') || id === '#') throw new Error("a schema that contains itself needs .meta({ id: '…' })");
    return `#/components/schemas/${names(id)}`;
  }) as Json;
}

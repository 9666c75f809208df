import { z } from 'zod';
import { openApiOf } from './openapi';
import type { Route } from './routes';

const info = { title: 'Deals', description: 'For tests.' };
const get = (url: string, json: z.ZodType): Route => ({
  method: 'GET',
  url,
  operation: { summary: url, responses: { 200: json } },
});

describe('the OpenAPI document', () => {
  it('writes a named schema once and refers to it', () => {
    const money = z.strictObject({ amount: z.string() }).meta({ id: 'Money' });
    const document = openApiOf(info, [get('/a', z.array(money)), get('/b/:id', z.strictObject({ of: money }))]);
    expect(document.components.schemas).toEqual({
      Money: {
        type: 'object',
        properties: { amount: { type: 'string' } },
        required: ['amount'],
        additionalProperties: false,
      },
    });
    expect(JSON.stringify(document.paths['/a'])).toContain('"items":{"$ref":"#/components/schemas/Money"}');
    expect(Object.keys(document.paths)).toEqual(['/a', '/b/{id}']);
  });

  it('tells what a named schema takes from what it gives, where they differ', () => {
    const page = z.strictObject({ size: z.int().default(10) }).meta({ id: 'Page' });
    const post: Route = {
      method: 'POST',
      url: '/a',
      operation: { summary: 'a', body: page, responses: { 200: page } },
    };
    const { schemas } = openApiOf(info, [post]).components;
    expect(schemas['Page']).not.toHaveProperty('required');
    expect(schemas['PageOutput']).toHaveProperty('required', ['size']);
  });

  it('takes a named schema that contains itself, and refuses one without a name', () => {
    const tree: z.ZodType = z.strictObject({ leaves: z.array(z.lazy(() => tree)) }).meta({ id: 'Tree' });
    expect(openApiOf(info, [get('/a', tree)]).components.schemas).toHaveProperty('Tree');
    const nameless: z.ZodType = z.strictObject({ leaves: z.array(z.lazy(() => nameless)) });
    expect(() => openApiOf(info, [get('/a', nameless)])).toThrow('needs .meta({ id');
  });

  it('names further media types and headers of an answer', () => {
    const rows = z.strictObject({ rows: z.array(z.string()) });
    const route: Route = {
      method: 'GET',
      url: '/v1/reports/spend-outlook',
      operation: {
        summary: 'Spend',
        responses: { 200: { json: rows, also: ['text/csv'], headers: { etag: 'Version' } } },
      },
    };
    const answer = openApiOf(info, [route]).paths['/v1/reports/spend-outlook']?.['get'];
    expect(answer).toMatchObject({
      tags: ['reports'],
      responses: {
        200: { content: { 'application/json': {}, 'text/csv': {} }, headers: { etag: { description: 'Version' } } },
      },
    });
  });
});

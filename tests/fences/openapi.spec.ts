import { openApiOf } from '@deal-ledger/service';
import { z } from 'zod';
import { assertDocumented } from './openapi';

const money = z.strictObject({ amount: z.string(), currency: z.string() }).meta({ id: 'Money' });
const document = openApiOf({ title: 'Deals', description: 'For tests.' }, [
  {
    method: 'GET',
    url: '/v1/deals/:id',
    operation: {
      summary: 'A deal',
      responses: { 200: z.strictObject({ id: z.string(), paid: money }), problems: [404] },
    },
  },
  {
    method: 'GET',
    url: '/v1/deals/all',
    operation: { summary: 'All', responses: { 200: z.array(z.string()), 204: {} } },
  },
]);

const deal = { id: 'a', paid: { amount: '1.00', currency: 'USD' } };
const problem = { type: 'urn:x', title: 'x', status: 404, code: 'STREAM_NOT_FOUND', detail: 'no such deal' };

describe('an answer', () => {
  it('passes when it is as documented', () => {
    assertDocumented(document, 'GET', '/v1/deals/nvda-openai', 200, deal);
    assertDocumented(document, 'GET', '/v1/deals/nvda-openai', 404, { ...problem, position: 5 });
    assertDocumented(document, 'GET', '/v1/deals/all', 200, ['a']);
    assertDocumented(document, 'GET', '/v1/deals/all', 204, '');
  });

  it.each<[string, string, string, number, unknown, RegExp]>([
    ['a field too many', 'GET', '/v1/deals/x', 200, { ...deal, stage: 'announced' }, /additional properties.*stage/],
    [
      'a field too few, behind a reference',
      'GET',
      '/v1/deals/x',
      200,
      { id: 'a', paid: { amount: '1' } },
      /\/paid.*currency/,
    ],
    ['a problem without its code', 'GET', '/v1/deals/x', 404, { ...problem, code: undefined }, /code/],
    [
      'a status that is not documented',
      'GET',
      '/v1/deals/x',
      409,
      problem,
      /GET \/v1\/deals\/\{id\} 409 is not documented/,
    ],
    ['a method that is not documented', 'POST', '/v1/deals/x', 201, deal, /POST \/v1\/deals\/x is not documented/],
    ['a path that is not documented', 'GET', '/v1/deals/x/y', 200, deal, /is not documented/],
    ['a body where none is documented', 'GET', '/v1/deals/all', 204, {}, /without application\/json/],
  ])('fails with %s', (_, method, path, status, body, message) => {
    expect(() => assertDocumented(document, method, path, status, JSON.parse(JSON.stringify(body)))).toThrow(message);
  });
});
